/**
 * `logs follow`: each request as it ends, with its attempts, until Ctrl-C. When the server goes away it is waited
 * for, and what ended meanwhile is told once it is back.
 */
import { type AdminClient, AdminError } from "../../app/admin_client.ts";
import { seenByServer, type SeenRequest } from "../../app/logs/seen_request.ts";
import { serverOf } from "../../app/server_place.ts";
import type { RequestReport, StatusReport } from "../../gateway/status_report.ts";
import { systemClock } from "../../kernel/clock.ts";
import { pause } from "../../kernel/pause.ts";
import { listenForInterrupts } from "../../terminal/interrupts.ts";
import type { ExitCode } from "../../terminal/exit.ts";
import { harmlessJson } from "../../terminal/harmless.ts";
import { failed, Stop } from "../../terminal/stop.ts";
import { type Desk, type DeskFlags, look } from "../desk.ts";
import { attemptLines, requestTable } from "../request_lines.ts";
import { checkedUrl } from "../server_address.ts";
import { matcher } from "./list.ts";

export interface FollowFlags extends DeskFlags {
  readonly url?: string | undefined;
  readonly failed?: true | undefined;
  readonly model?: string | undefined;
}

const RETRY_MS = 1_000;
/** Ids that are remembered as told: more than a server ever tells at once. */
const MAX_TOLD = 1_000;

/** Ends with Ctrl-C only, and with 1 when no server is there at the start or it refuses. */
export function followRequests(flags: FollowFlags): Promise<ExitCode> {
  return look(flags, async (desk) => {
    const interrupts = listenForInterrupts();
    try {
      const url = checkedUrl(flags.url);
      await follow({ desk, flags, server: () => serverOf(desk, { url }), signal: interrupts.first });
      throw new Stop(130, "");
    } finally {
      interrupts.stop();
    }
  });
}

interface Following {
  readonly desk: Desk;
  readonly flags: FollowFlags;
  /** Where it is now: a server that starts again may do so on another port. */
  readonly server: () => AdminClient;
  readonly signal: AbortSignal;
}

async function follow({ desk, flags, server, signal }: Following): Promise<void> {
  const { terminal } = desk;
  const told = new Told();
  const matches = matcher(flags);
  const tell = (report: RequestReport) => {
    if (told.isNew(report) && matches(seenByServer(report))) print(report, { desk, flags });
  };
  let isFirst = true;
  let isAway = false;
  while (!signal.aborted) {
    const current = server();
    try {
      for await (const event of current.events(signal)) {
        if (event.kind === "request") tell(event.request);
        else if (isFirst) told.skip(event.report);
        else event.report.recent.forEach(tell);
        if (isFirst) terminal.say(`Following ${current.url}: requests are shown as they end; Ctrl-C to leave`);
        else if (isAway) terminal.say("The server is back");
        isFirst = isAway = false;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof AdminError)) throw error;
      if (isFirst || error.kind === "refused") throw failed(error.message);
    }
    if (signal.aborted) return;
    if (!isAway) terminal.say("The server is gone; waiting for it …");
    isAway = true;
    await pause(RETRY_MS, { clock: systemClock, signal });
  }
}

/** Which requests were shown. A server tells the last ones again with every report. */
class Told {
  readonly #seen = new Set<string>();

  isNew(report: RequestReport): boolean {
    // Ids are the client's to choose: two requests may share one.
    const name = `${report.arrived_at} ${report.id}`;
    if (this.#seen.has(name)) return false;
    this.#seen.add(name);
    const [oldest] = this.#seen;
    if (this.#seen.size > MAX_TOLD && oldest !== undefined) this.#seen.delete(oldest);
    return true;
  }

  /** What ended before anybody looked is not shown. */
  skip({ recent }: StatusReport): void {
    for (const report of recent) this.isNew(report);
  }
}

function print(report: RequestReport, { desk: { terminal }, flags }: Pick<Following, "desk" | "flags">): void {
  if (flags.json) {
    terminal.print(harmlessJson(report, "one_line"));
    return;
  }
  const request: SeenRequest = seenByServer(report);
  const page = { paint: terminal.paint, width: terminal.isOutputShown ? terminal.width : Infinity, now: systemClock.now() };
  for (const line of requestTable([request], page)) terminal.print(line.trimStart());
  for (const line of attemptLines(request.attempts, { ...page, reasons: "cut" })) terminal.print(line);
}
