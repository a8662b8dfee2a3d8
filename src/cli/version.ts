/** `keyproxy version`: what this is, which commit, and on which runtime and machine it runs. */
import process from "node:process";
import { commit, VERSION, versionLine } from "../kernel/version.ts";

export interface VersionFlags {
  readonly json?: true | undefined;
}

export function version(flags: VersionFlags): void {
  if (flags.json !== true) {
    process.stdout.write(`${versionLine()}\n`);
    return;
  }
  const { deno, bun, node } = process.versions;
  const runtime = bun !== undefined ? `bun ${bun}` : deno !== undefined ? `deno ${deno}` : `node ${node}`;
  const facts = { version: VERSION, commit: commit() ?? null, runtime, os: process.platform, arch: process.arch };
  process.stdout.write(`${JSON.stringify(facts, null, 2)}\n`);
}
