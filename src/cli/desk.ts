/** What every action works with: the configuration as it is now, and the terminal. Read once an action. */
import process from "node:process";
import { readSetup, type Setup } from "../app/setup.ts";
import { describeProblem } from "../config/problem.ts";
import type { ExitCode } from "../terminal/exit.ts";
import { Stop, usage } from "../terminal/stop.ts";
import { openTerminal, type Terminal } from "../terminal/terminal.ts";
import { useProxyVariables } from "./proxy_variables.ts";

/** Flags of every action. */
export interface DeskFlags {
  readonly envFile?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly json?: true | undefined;
}

export interface Desk extends Setup {
  readonly terminal: Terminal;
  /** Reads everything again, after an edit. */
  read(): Promise<Desk>;
}

/**
 * Runs an action. What it stops with is printed, everything else that goes wrong is a failure: its message may
 * name files but no secret.
 */
export function perform(flags: DeskFlags, action: (desk: Desk) => Promise<ExitCode>): Promise<ExitCode> {
  return performBare(async (terminal) => action(await openDesk(flags, terminal)));
}

/** As {@link perform}, for actions that have a use for a configuration with problems too and read it themselves. */
export async function performBare(action: (terminal: Terminal) => Promise<ExitCode>): Promise<ExitCode> {
  const terminal = openTerminal();
  try {
    return await action(terminal);
  } catch (error) {
    if (!(error instanceof Stop)) {
      terminal.say(terminal.paintMessage("red", error instanceof Error ? error.message : String(error)));
      return 1;
    }
    if (error.message !== "") terminal.say(error.code === 130 ? error.message : terminal.paintMessage("red", error.message));
    return error.code;
  }
}

/** As {@link perform}, for actions that edit nothing: a file that is named must be there. */
export function look(flags: DeskFlags, action: (desk: Desk) => Promise<ExitCode>): Promise<ExitCode> {
  return perform(flags, (desk) => {
    const isRead = flags.envFile === undefined || desk.sources.files.some(({ path }) => path === desk.envFile);
    if (!isRead) throw usage(`Cannot read the file of --env-file: there is no ${desk.envFile}`);
    return action(desk);
  });
}

/** Reads everything. Throws a usage error that lists all problems of the configuration. */
async function openDesk({ envFile, dataDir, ...rest }: DeskFlags, terminal: Terminal): Promise<Desk> {
  const setup = await readSetup({ cwd: process.cwd(), env: process.env, envFile, flags: dataDir === undefined ? {} : { dataDir } });
  if ("problems" in setup) {
    throw usage(`Cannot read the configuration:\n${setup.problems.map((it) => `  ${describeProblem(it)}`).join("\n")}`);
  }
  useProxyVariables(setup.sources);
  return { ...setup, terminal, read: () => openDesk({ envFile, dataDir, ...rest }, terminal) };
}

/** A path as a person in this directory would write it. */
export function shownPath(path: string, { sources: { cwd } }: Pick<Desk, "sources">): string {
  return path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path;
}
