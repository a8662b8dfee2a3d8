/** `logs list`: the last finished requests, from the running server and from the logs on disk. */
import { recentRequests } from "../../app/logs/recent_requests.ts";
import { hasFailed, type SeenRequest } from "../../app/logs/seen_request.ts";
import { serverOf } from "../../app/server_place.ts";
import { systemClock } from "../../kernel/clock.ts";
import { whileBusy } from "../../terminal/busy.ts";
import type { ExitCode } from "../../terminal/exit.ts";
import { harmlessJson } from "../../terminal/harmless.ts";
import { failed, usage } from "../../terminal/stop.ts";
import { counted } from "../../terminal/words.ts";
import { type Desk, type DeskFlags, look } from "../desk.ts";
import { requestTable } from "../request_lines.ts";
import { checkedUrl } from "../server_address.ts";

export interface LogsFlags extends DeskFlags {
  readonly url?: string | undefined;
  readonly limit?: string | undefined;
  readonly failed?: true | undefined;
  readonly model?: string | undefined;
}

const DEFAULT_COUNT = 20;
const MAX_COUNT = 1_000;

/** Newest last, as logs read. */
export function listRequests(flags: LogsFlags): Promise<ExitCode> {
  return look(flags, async (desk) => {
    const limit = countOf(flags.limit);
    const server = serverOf(desk, { url: checkedUrl(flags.url) });
    const dataDir = flags.url === undefined ? desk.config.dataDir : undefined;
    const matches = matcher(flags);
    const found = await whileBusy(desk.terminal, "Looking …", () => recentRequests({ server, dataDir, limit, matches }));
    if (found.unreachable !== null && flags.url !== undefined) throw failed(found.unreachable.message);
    show(found.requests, { desk, flags });
    if (found.unreachable !== null && found.unreachable.kind !== "absent") say(desk, found.unreachable.message);
    if (found.unseenCount > 0) say(desk, `${counted(found.unseenCount, "older request")} of the log were not looked at`);
    return 0;
  });
}

/** What of a request the flags ask for. */
export function matcher({ failed, model }: Pick<LogsFlags, "failed" | "model">): (request: SeenRequest) => boolean {
  const part = model?.toLowerCase() ?? "";
  return (request) => (failed !== true || hasFailed(request)) && namesOf(request).some((name) => name.toLowerCase().includes(part));
}

/** Clients may ask by another name than the provider is asked by. */
function namesOf({ model, attempts }: SeenRequest): string[] {
  return [model, ...attempts.map((attempt) => `${attempt.provider}/${attempt.model}`)];
}

function countOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_COUNT;
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > MAX_COUNT) {
    throw usage(`--limit "${text}": expected a whole number from 1 to ${MAX_COUNT}`);
  }
  return count;
}

function show(requests: readonly SeenRequest[], { desk, flags }: { readonly desk: Desk; readonly flags: LogsFlags }): void {
  const { terminal } = desk;
  if (flags.json) {
    terminal.print(harmlessJson(requests));
    return;
  }
  if (requests.length === 0) {
    const hint = flags.failed === true || flags.model !== undefined ? "No request that is known matches" : "No request is known yet";
    say(desk, `${hint}. The running server knows its last ones; serve --enable-request-logging keeps all`);
    return;
  }
  const width = terminal.isOutputShown ? terminal.width : Infinity;
  const header = terminal.isOutputShown ? "yes" : "no";
  const lines = requestTable(requests, { paint: terminal.paint, width, now: systemClock.now(), header });
  for (const line of lines) terminal.print(terminal.isOutputShown ? line : line.trimStart());
  if (terminal.isOutputShown) {
    say(desk, terminal.paintMessage("dim", "keyproxy logs show <id> tells all about one; show last, about the last one"));
  }
}

function say({ terminal }: Desk, line: string): void {
  terminal.say(line);
}
