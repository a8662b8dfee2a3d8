/** `keyproxy status --watch`: the live status of the server that the configuration of this directory names. */
import { serverOf } from "../app/server_place.ts";
import type { ExitCode } from "../terminal/exit.ts";
import { openDashboard } from "../tui/dashboard.ts";
import { type DeskFlags, perform } from "./desk.ts";

/** `url`: address of another server. */
export function watchStatus(flags: DeskFlags & { readonly url?: string | undefined }): Promise<ExitCode> {
  return perform(flags, (desk) => openDashboard({ server: serverOf(desk, { url: flags.url }), terminal: desk.terminal }));
}
