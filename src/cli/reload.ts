/** `keyproxy reload`: the running server reads its configuration anew, and keeps the old one where something is wrong with it. */
import process from "node:process";
import { readSetup } from "../app/setup.ts";
import { describeProblem } from "../config/problem.ts";
import type { ExitCode } from "../terminal/exit.ts";
import { harmless, harmlessJson } from "../terminal/harmless.ts";
import { openTerminal, type Terminal } from "../terminal/terminal.ts";
import { counted } from "../terminal/words.ts";
import { askServer } from "./ask_server.ts";
import { type DeskFlags, look } from "./desk.ts";

export interface ReloadFlags extends DeskFlags {
  readonly url?: string | undefined;
}

/** Exit code 0 when the configuration is in force, 1 when the old one stays. */
export async function reload(flags: ReloadFlags): Promise<ExitCode> {
  const setup = await readSetup({ cwd: process.cwd(), env: process.env, envFile: flags.envFile });
  // Where the server is and its key stand in the same configuration.
  if ("problems" in setup) return tell({ url: null, problems: setup.problems.map(describeProblem) }, openTerminal(), flags);
  return await look(flags, (desk) =>
    askServer(desk, {
      url: flags.url,
      need: "Only a running server has something to read anew",
      ask: async (server) => tell({ url: server.url, problems: await server.reload() }, desk.terminal, flags),
    }));
}

interface Outcome {
  /** Of the server; null when it was not asked. */
  readonly url: string | null;
  readonly problems: readonly string[];
}

function tell({ url, problems }: Outcome, terminal: Terminal, { json }: ReloadFlags): ExitCode {
  const isInForce = problems.length === 0;
  if (json) terminal.print(harmlessJson({ is_in_force: isInForce, url, problems }));
  else if (isInForce) terminal.print(`The server at ${url} read its configuration anew; it is in force`);
  else terminal.say(terminal.paintMessage("red", refusal(url, problems)));
  return isInForce ? 0 : 1;
}

function refusal(url: string | null, problems: readonly string[]): string {
  const kept = url === null ? "The server was not asked, and keeps the one it has" : `The server at ${url} keeps the one it has`;
  return [`The configuration was not taken: ${counted(problems.length, "problem")}`, ...problems.map((it) => `  ${harmless(it)}`), kept]
    .join("\n");
}
