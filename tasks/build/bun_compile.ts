/**
 * Run by Bun, not by Deno: `bun run bun_compile.ts <entry> <output> <target>` makes one executable. What is read
 * at start stays small: lazily imported commands stay apart, and the tables of the tokenizer are packed.
 */
import { Buffer } from "node:buffer";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";

/** The part of Bun's bundler that is used here: https://bun.com/docs/bundler/executables */
interface Bundler {
  build(options: {
    readonly entrypoints: readonly string[];
    readonly target: "bun";
    readonly env: "disable";
    readonly minify: {
      readonly whitespace: boolean;
      readonly syntax: boolean;
      readonly identifiers: boolean;
      readonly keepNames: boolean;
    };
    readonly splitting: boolean;
    readonly compile: {
      readonly target: string;
      readonly outfile: string;
      readonly autoloadDotenv: boolean;
      readonly autoloadBunfig: boolean;
    };
    readonly plugins: readonly Plugin[];
  }): Promise<unknown>;
}

interface Plugin {
  readonly name: string;
  setup(build: {
    onLoad(
      which: { readonly filter: RegExp },
      load: (file: { readonly path: string }) => Promise<{ readonly loader: "js"; readonly contents: string }>,
    ): void;
  }): void;
}

declare const Bun: Bundler;

/** Each is one array of some hundred thousand texts; as JSON, compressed, it takes half the room and loads as fast. */
const TABLES = /[\\/]gpt-tokenizer[\\/].*[\\/]bpeRanks[\\/]\w+_base\.js$/;

const packedTables: Plugin = {
  name: "packed tables",
  setup(build) {
    build.onLoad({ filter: TABLES }, async ({ path }) => {
      const { default: table } = await import(pathToFileURL(path).href);
      // The best quality, 11, takes ten times as long and saves 0.1 MB more.
      const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS };
      const packed = brotliCompressSync(Buffer.from(JSON.stringify(table)), { params }).toString("base64");
      return {
        loader: "js",
        contents: `import { Buffer } from "node:buffer";\nimport { brotliDecompressSync } from "node:zlib";\n` +
          `export default JSON.parse(brotliDecompressSync(Buffer.from("${packed}", "base64")).toString());\n`,
      };
    });
  },
};

const [entry = "", outfile = "", target = ""] = process.argv.slice(2);
try {
  await Bun.build({
    entrypoints: [entry],
    target: "bun",
    env: "disable",
    minify: { whitespace: true, syntax: true, identifiers: true, keepNames: true },
    splitting: true,
    // Or the executable itself would read `.env` and `bunfig.toml` of the folder it starts in, before our configuration does.
    compile: { target, outfile, autoloadDotenv: false, autoloadBunfig: false },
    plugins: [packedTables],
  });
} catch (error) {
  const causes = error instanceof AggregateError ? error.errors : [error];
  for (const cause of causes) console.error(`error: ${cause instanceof Error ? cause.message : String(cause)}`);
  process.exitCode = 1;
}
