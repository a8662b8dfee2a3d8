/**
 * What an executable knows about its making. The same for every compiler: the entry that is compiled says it,
 * then loads the program. `src/kernel/version.ts` reads it.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Outside git, and always the same place: its path is part of the executable. */
const ENTRY = ".build/entry.ts";

/** The commit of the source, marked when files of it were changed since; undefined where there is no git. */
export function commitOf(root: string): string | undefined {
  const git = (...args: string[]) => {
    const ended = spawnSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return ended.status === 0 ? ended.stdout.trim() : undefined;
  };
  const commit = git("rev-parse", "--short=7", "HEAD");
  if (commit === undefined || commit === "") return undefined;
  return git("status", "--porcelain", "--untracked-files=no") === "" ? commit : `${commit}-changed`;
}

/** Writes the entry to compile; returns its absolute path. */
export function writeEntry(root: string, commit: string | undefined): string {
  const path = join(root, ENTRY);
  mkdirSync(dirname(path), { recursive: true });
  const said = commit === undefined ? "" : `Reflect.set(globalThis, "KEYPROXY_COMMIT", ${JSON.stringify(commit)});\n`;
  writeFileSync(path, `${said}await import("../main.ts");\n`);
  return path;
}
