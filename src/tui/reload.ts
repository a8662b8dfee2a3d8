/** Has a running server take up what was saved, and says in words what came of it. */
import { AdminError } from "../app/admin_client.ts";
import { serverOf } from "../app/server_place.ts";
import type { Setup } from "../app/setup.ts";
import { describeProblem } from "../config/problem.ts";
import { line } from "../terminal/frame.ts";
import { look, prose, type Room, tell } from "./room.ts";

/** What came of it, as a sentence. Rejects for an interrupt only. */
export function reloaded({ stage }: Room, setup: Setup): Promise<string> {
  return stage.during("Telling the server …", reloadedNow(setup));
}

async function reloadedNow(setup: Setup): Promise<string> {
  const server = serverOf(setup);
  try {
    const problems = await server.reload();
    if (problems.length === 0) return `The server at ${server.url} uses it now.`;
    return `The server at ${server.url} keeps what it had: ${problems.join("; ")}`;
  } catch (error) {
    if (!(error instanceof AdminError)) throw error;
    if (error.kind === "absent") return "No server runs here; the next start uses it.";
    return `The server at ${server.url} could not be told: ${error.message}. It sees changes of .env by itself, within a second.`;
  }
}

export async function reloadNow(room: Room): Promise<void> {
  const { setup } = await look(room);
  if ("problems" in setup) {
    await tell(room, "The configuration has problems", [
      ...setup.problems.flatMap((it) => prose(room, describeProblem(it))),
      line(""),
      ...prose(room, "A running server keeps what it had."),
    ]);
    return;
  }
  await tell(room, "Configuration read again", prose(room, await reloaded(room, setup)));
}
