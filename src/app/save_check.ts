/** What must be known before changes of `.env` are written: the whole configuration as it would be. Pure. */
import { basename } from "node:path";
import { parseConfig, type Sources } from "../config/load.ts";
import { describeProblem, type Problem } from "../config/problem.ts";
import { isLoopback } from "../kernel/address.ts";
import { CATALOG } from "../providers/catalog.ts";
import type { BrokenSetup, Setup } from "./setup.ts";

/** All that is wrong, a sentence each. */
export function problemsOf(setup: Setup | BrokenSetup): string[] {
  return "problems" in setup ? setup.problems.map(describeProblem) : [];
}

/**
 * What would be wrong with `sources` that is not `known` to be wrong already. A file that is not text is wrong in any
 * case: an edit would spoil it.
 */
export function newProblems(sources: Sources, known: readonly string[]): string[] {
  const reading = parseConfig(sources, { rows: CATALOG });
  if (!("problems" in reading)) return [];
  const isSpoilt = ({ file, line, variable }: Problem) => file === sources.envFile && line === undefined && variable === basename(file);
  const fresh = reading.problems.filter((it) => isSpoilt(it) || !known.includes(describeProblem(it)));
  return fresh.map(describeProblem);
}

/** Why a proxy with `sources` would not start: everybody could reach it and no key guards it; undefined when it would. */
export function openness(sources: Sources): string | undefined {
  const reading = parseConfig(sources, { rows: CATALOG });
  if ("problems" in reading) return undefined;
  const { host, proxyKeys } = reading.config;
  if (isLoopback(host) || proxyKeys.length > 0) return undefined;
  return `Without a proxy key the proxy will not start on ${host}, since everybody who reaches it could spend your keys.`;
}
