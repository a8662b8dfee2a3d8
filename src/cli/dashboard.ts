/** `keyproxy status --watch`: the live status of the server that the configuration of this directory names. */
import { serverOf } from "../app/server_place.ts";
import type { ExitCode } from "../terminal/exit.ts";
import { usage } from "../terminal/stop.ts";
import { openDashboard } from "../tui/dashboard.ts";
import { look } from "./desk.ts";
import { checkedUrl } from "./server_address.ts";
import type { StatusFlags } from "./status.ts";

export function watchStatus(flags: StatusFlags): Promise<ExitCode> {
  return look(flags, (desk) => {
    if (flags.json) throw usage("--watch is for a person to look at: leave out --json, or use keyproxy logs follow --json");
    const url = checkedUrl(flags.url);
    return openDashboard({
      locate: () => serverOf(desk, { url }),
      terminal: desk.terminal,
      filter: flags.provider ?? "",
    });
  });
}
