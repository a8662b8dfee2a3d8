/**
 * Writes every generated file, or with `--check` names the stale ones and exits 1. A further generated file
 * is one more entry in `FILES`.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { CONFIG_FILES, type GeneratedFile } from "../src/config/docs.ts";
import { CLI_PAGE } from "./cli_page.ts";
import { PROVIDERS_PAGE } from "./providers_page.ts";

/** Everything that is generated and kept in the repository. */
export const FILES: readonly GeneratedFile[] = [...CONFIG_FILES, CLI_PAGE, PROVIDERS_PAGE];

/** Paths of the files whose text is not what it should be; a missing file is stale. */
export async function staleFiles(files: readonly GeneratedFile[], root: string): Promise<string[]> {
  const readings = await Promise.all(files.map(async ({ path, render }) => {
    const found = await readFile(resolve(root, path), "utf8").catch(() => undefined);
    return found === render() ? [] : [path];
  }));
  return readings.flat();
}

/** Writes the files below `root`. */
export async function writeFiles(files: readonly GeneratedFile[], root: string): Promise<void> {
  for (const { path, render } of files) {
    const target = resolve(root, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, render());
  }
}

async function main(): Promise<number> {
  const root = resolve(import.meta.dirname ?? ".", "..");
  const stale = await staleFiles(FILES, root);
  if (!process.argv.includes("--check")) {
    await writeFiles(FILES.filter(({ path }) => stale.includes(path)), root);
    console.log(stale.length === 0 ? "generated files are up to date" : `wrote ${stale.join(", ")}`);
    return 0;
  }
  if (stale.length === 0) return 0;
  console.error(`Stale generated files: ${stale.join(", ")}. Run "deno task docs" and keep the result.`);
  return 1;
}

if (import.meta.main) process.exitCode = await main();
