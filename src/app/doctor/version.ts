/** What runs, and what a running server is. Pure. */
import { type Finding, findingsOf } from "./finding.ts";

const { ok, warning } = findingsOf("version");

export interface VersionFacts {
  readonly program: string;
  readonly version: string;
  /** Such as `deno 2.9.6`. */
  readonly runtime: string;
  /** Such as `linux x64`. */
  readonly machine: string;
  /** Version of the server that answers at our address; null when none does. */
  readonly running: string | null;
}

/** The version, and whether a server of another one is still running. */
export function judgeVersion({ program, version, runtime, machine, running }: VersionFacts): Finding[] {
  const own = ok(`${program} ${version} on ${runtime}, ${machine}`);
  if (running === null || running === version) return [own];
  return [own, warning(`The running server is version ${running}, this is ${version}`, "Stop the server, then run keyproxy serve again")];
}
