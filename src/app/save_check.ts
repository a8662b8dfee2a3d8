/** What must be known before changes of `.env` are written: the whole configuration as it would be. Pure. */
import { parseConfig, type Sources } from "../config/load.ts";
import { describeProblem } from "../config/problem.ts";
import { isLoopback } from "../kernel/address.ts";
import { CATALOG } from "../providers/catalog.ts";
import type { BrokenSetup, Setup } from "./setup.ts";

/** All that is wrong, a sentence each. */
export function problemsOf(setup: Setup | BrokenSetup): string[] {
  return "problems" in setup ? setup.problems.map(describeProblem) : [];
}

/** What would be wrong with `sources` that is not `known` to be wrong already. */
export function newProblems(sources: Sources, known: readonly string[]): string[] {
  const reading = parseConfig(sources, { rows: CATALOG });
  return "problems" in reading ? reading.problems.map(describeProblem).filter((it) => !known.includes(it)) : [];
}

/** Why a proxy with `sources` would not start: everybody could reach it and no key guards it; undefined when it would. */
export function openness(sources: Sources): string | undefined {
  const reading = parseConfig(sources, { rows: CATALOG });
  if ("problems" in reading) return undefined;
  const { host, proxyKeys } = reading.config;
  if (isLoopback(host) || proxyKeys.length > 0) return undefined;
  return `Without a proxy key the proxy will not start on ${host}, since everybody who reaches it could spend your keys.`;
}
