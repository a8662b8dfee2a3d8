/** What every action works with: the configuration as it is now, and the terminal. Read once an action. */
import { lstat } from "node:fs/promises";
import { resolve } from "node:path";
import process from "node:process";
import type { Config } from "../../config/config.ts";
import { parseConfig, readSources, type Sources } from "../../config/load.ts";
import { describeProblem } from "../../config/problem.ts";
import { type ProviderNames, providerNames, type Variables } from "../../kernel/variables.ts";
import { CATALOG } from "../../providers/catalog.ts";
import type { ExitCode } from "../exit.ts";
import { useProxyVariables } from "../proxy_variables.ts";
import { Stop, usage } from "./stop.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

/** Flags of every action. */
export interface DeskFlags {
  readonly envFile?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly json?: true | undefined;
}

export interface Desk {
  readonly terminal: Terminal;
  readonly sources: Sources;
  readonly config: Config;
  readonly variables: Variables;
  readonly names: ProviderNames;
  /** The file that is edited; it need not exist. */
  readonly envFile: string;
  /** Reads everything again, after an edit. */
  read(): Promise<Desk>;
}

/**
 * Runs an action. What it stops with is printed, everything else that goes wrong is a failure: its message may
 * name files but no secret.
 */
export async function perform(flags: DeskFlags, action: (desk: Desk) => Promise<ExitCode>): Promise<ExitCode> {
  const terminal = openTerminal();
  try {
    return await action(await openDesk(flags, terminal));
  } catch (error) {
    if (!(error instanceof Stop)) {
      terminal.say(terminal.paintMessage("red", error instanceof Error ? error.message : String(error)));
      return 1;
    }
    if (error.message !== "") terminal.say(error.code === 130 ? error.message : terminal.paintMessage("red", error.message));
    return error.code;
  }
}

/** Reads everything. Throws a usage error that lists all problems of the configuration. */
async function openDesk(flags: DeskFlags, terminal: Terminal): Promise<Desk> {
  const cwd = process.cwd();
  const named = flags.envFile === undefined ? undefined : resolve(cwd, flags.envFile);
  // A file to write to may be new.
  const isThere = named !== undefined && await lstat(named).then(() => true, () => false);
  const sources = await readSources({
    cwd,
    env: process.env,
    flags: flags.dataDir === undefined ? {} : { dataDir: flags.dataDir },
    ...(named !== undefined && isThere ? { envFile: named } : {}),
  });
  const reading = parseConfig(sources, { rows: CATALOG });
  if ("problems" in reading) {
    throw usage(`Cannot read the configuration:\n${reading.problems.map((it) => `  ${describeProblem(it)}`).join("\n")}`);
  }
  useProxyVariables(sources);
  const { config, variables } = reading;
  return {
    terminal,
    sources,
    config,
    variables,
    names: providerNames(CATALOG, variables),
    envFile: named ?? sources.envFile,
    read: () => openDesk(flags, terminal),
  };
}

/** A path as a person in this directory would write it. */
export function shownPath(path: string, { sources: { cwd } }: Pick<Desk, "sources">): string {
  return path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path;
}
