/**
 * The configuration as it stands at this moment, with all it was read from: what commands and screens look at
 * before and after an edit. Reads only.
 */
import { lstat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Config } from "../config/config.ts";
import { type FlagValues, mergeVariables, parseConfig, readSources, type Sources } from "../config/load.ts";
import type { Problem } from "../config/problem.ts";
import { type ProviderNames, providerNames, type Variables } from "../kernel/variables.ts";
import { CATALOG } from "../providers/catalog.ts";

export interface Setup {
  readonly sources: Sources;
  readonly config: Config;
  readonly variables: Variables;
  readonly names: ProviderNames;
  /** The file that edits go to; absolute, and it need not exist. */
  readonly envFile: string;
}

export interface SetupPlaces {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A file to read and write instead of `.env`; it may be new. */
  readonly envFile?: string | undefined;
  readonly flags?: FlagValues;
}

/** What was read, where it makes no configuration. */
export type BrokenSetup = Omit<Setup, "config"> & { readonly problems: readonly Problem[] };

/** Reads everything anew. Never rejects: all that is wrong is listed. */
export async function readSetup({ cwd, env, envFile, flags = {} }: SetupPlaces): Promise<Setup | BrokenSetup> {
  const named = envFile === undefined ? undefined : resolve(cwd, envFile);
  // A file to write to may be new.
  const isThere = named !== undefined && await lstat(named).then(() => true, () => false);
  const sources = await readSources({ cwd, env, flags, ...(named !== undefined && isThere ? { envFile: named } : {}) });
  const reading = parseConfig(sources, { rows: CATALOG });
  const variables = mergeVariables(sources);
  const read = { sources, variables, names: providerNames(CATALOG, variables), envFile: named ?? sources.envFile };
  return "problems" in reading ? { ...read, problems: reading.problems } : { ...read, config: reading.config };
}
