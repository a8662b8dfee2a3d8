/** A running server takes up what was saved while the screen says so. */
import { reloadServer } from "../app/reload_server.ts";
import type { Setup } from "../app/setup.ts";
import { describeProblem } from "../config/problem.ts";
import { line } from "../terminal/frame.ts";
import { look, prose, type Room, tell } from "./room.ts";

/** What came of it, as a sentence. Rejects for an interrupt only. */
export function reloaded({ stage }: Room, setup: Setup): Promise<string> {
  return stage.during("Telling the server …", reloadServer(setup));
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
