/**
 * Makes one executable of the program in `dist/` and counts it as built only after it ran: a compiler may
 * exit 0 with something that is not our program.
 *
 * Usage: deno task build [--compiler deno|bun|auto] [--entry main.ts] [--out dist]
 */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import project from "./deno.json" with { type: "json" };

const ROOT = import.meta.dirname ?? ".";
const BUN = "bun@1.4.5";
/** Or the executable itself would read `.env` and `bunfig.toml` of the folder it starts in, before our configuration does. */
const BUN_PLAIN = ["--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig"] as const;
const START_COUNT = 7;
const COMPILERS = ["deno", "bun"] as const;
type Compiler = (typeof COMPILERS)[number];

/** What a compiler is told. */
interface Job {
  readonly entry: string;
  readonly output: string;
}

/** A command that ended well, or why it did not, in one line. */
type Outcome = { readonly ok: true; readonly output: string } | { readonly ok: false; readonly reason: string };

function run(command: string, args: readonly string[]): Outcome {
  const env = { ...process.env, NO_COLOR: "1" };
  // With it set `deno compile` puts whatever it names into the executable and reports success.
  Reflect.deleteProperty(env, "DENORT_BIN");
  const ended = spawnSync(command, args, {
    cwd: ROOT,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    shell: process.platform === "win32",
  });
  if (ended.error !== undefined) return { ok: false, reason: ended.error.message };
  if (ended.status === 0) return { ok: true, output: ended.stdout.trim() };
  return { ok: false, reason: reasonOf(`${ended.stderr}\n${ended.stdout}`) ?? `exit ${ended.status ?? ended.signal}` };
}

/** The last cause a compiler names, without the frame around it; undefined when it said nothing. */
function reasonOf(output: string): string | undefined {
  const lines = output.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.includes("<unknown>"));
  const cause = (lines.findLast((line) => /^(error\b|\d+:)/i.test(line)) ?? lines.at(-1))?.replace(/^(error:?|\d+:)\s*/i, "");
  return output.includes("denort") ? `its runtime base cannot be downloaded here (${cause})` : cause;
}

function compile(compiler: Compiler, { entry, output }: Job): Outcome {
  switch (compiler) {
    case "deno":
      return run(Deno.execPath(), ["compile", "--quiet", "--no-check", "-A", "--output", output, entry]);
    case "bun": {
      // Bun resolves packages from node_modules, which Deno lays out from deno.json.
      const installed = run(Deno.execPath(), ["install", "--quiet"]);
      return installed.ok ? run("npx", ["-y", BUN, "build", "--compile", ...BUN_PLAIN, entry, "--outfile", output]) : installed;
    }
  }
}

/** Runs `<executable> --version`: the proof that it is our program. */
function prove(executable: string): Outcome {
  const ran = run(executable, ["--version"]);
  if (!ran.ok) return { ok: false, reason: `the executable does not run: ${ran.reason}` };
  const said = ran.output.replace(/^keyproxy\s+v?/, "");
  if (said === project.version) return ran;
  return {
    ok: false,
    reason: `the executable is not our program: --version printed "${ran.output.slice(0, 80)}", expected ${project.version}`,
  };
}

/** Median time of `--version`, from the process's start to its end, in ms. */
function startUpMs(executable: string): number {
  const times = Array.from({ length: START_COUNT }, () => {
    const before = performance.now();
    execFileSync(executable, ["--version"], { stdio: "ignore" });
    return performance.now() - before;
  }).sort((a, b) => a - b);
  return times[Math.floor(START_COUNT / 2)] ?? NaN;
}

function executableName(): string {
  const system = { darwin: "macos", win32: "windows" }[process.platform as string] ?? process.platform;
  return `keyproxy-${system}-${process.arch}${process.platform === "win32" ? ".exe" : ""}`;
}

/** Writes SHA256SUMS for every executable of the folder, in the form `sha256sum -c` reads. */
function writeSums(folder: string): void {
  const names = readdirSync(folder).filter((name) => name.startsWith("keyproxy-")).sort();
  const sums = names.map((name) => `${createHash("sha256").update(readFileSync(join(folder, name))).digest("hex")}  ${name}\n`);
  writeFileSync(join(folder, "SHA256SUMS"), sums.join(""));
}

/** Tries the compilers in turn; the executable takes its final name only once it has run. */
function build(compilers: readonly Compiler[], { entry, folder }: { readonly entry: string; readonly folder: string }): boolean {
  const name = executableName();
  const partial = join(folder, `.partial-${name}`);
  mkdirSync(folder, { recursive: true });
  for (const compiler of compilers) {
    const compiled = compile(compiler, { entry, output: partial });
    const proved = compiled.ok ? prove(partial) : compiled;
    if (!proved.ok) {
      rmSync(partial, { force: true });
      console.error(`${compiler}: no executable: ${proved.reason}`);
      continue;
    }
    const executable = join(folder, name);
    renameSync(partial, executable);
    chmodSync(executable, 0o755);
    writeSums(folder);
    const megabytes = (statSync(executable).size / 1e6).toFixed(1);
    console.log(
      `${executable}: version ${project.version}, by ${compiler}, ${megabytes} MB, starts in ${startUpMs(executable).toFixed(0)} ms`,
    );
    return true;
  }
  return false;
}

function main(): number {
  const { values } = parseArgs({
    options: {
      compiler: { type: "string", default: "auto" },
      entry: { type: "string", default: "main.ts" },
      out: { type: "string", default: "dist" },
    },
  });
  const asked = COMPILERS.filter((it) => values.compiler === "auto" || values.compiler === it);
  if (asked.length === 0) {
    console.error(`Cannot build with --compiler "${values.compiler}": expected deno, bun or auto`);
    return 2;
  }
  return build(asked, { entry: resolve(values.entry), folder: resolve(values.out) }) ? 0 : 1;
}

if (import.meta.main) process.exitCode = main();
