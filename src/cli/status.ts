/** `keyproxy status`: how providers and credentials stand now, from the running server, or from the store when none answers. */
import { AdminError } from "../app/admin_client.ts";
import { newestLogged } from "../app/logs/request_log.ts";
import { seenByServer, type SeenRequest } from "../app/logs/seen_request.ts";
import { serverOf } from "../app/server_place.ts";
import { type StoredStatus, storedStatus } from "../app/stored_status.ts";
import type { ProviderStatus, StatusReport } from "../gateway/status_report.ts";
import { VERSION } from "../kernel/version.ts";
import { whileBusy } from "../terminal/busy.ts";
import type { ExitCode } from "../terminal/exit.ts";
import { harmlessJson } from "../terminal/harmless.ts";
import { failed, usage } from "../terminal/stop.ts";
import { age } from "../terminal/words.ts";
import { refusedKey } from "./ask_server.ts";
import { type Desk, type DeskFlags, look } from "./desk.ts";
import { checkedUrl } from "./server_address.ts";
import { serverHead, statusLines } from "./status/page.ts";

export interface StatusFlags extends DeskFlags {
  readonly provider?: string | undefined;
  readonly url?: string | undefined;
}

/** Requests shown below the providers. */
const RECENT_COUNT = 5;
/** As many as a server's own report has. */
const REPORTED_COUNT = 50;

/** Exit code 1 when a server is there and does not tell. */
export function status(flags: StatusFlags): Promise<ExitCode> {
  return look(flags, async (desk) => {
    const server = serverOf(desk, { url: checkedUrl(flags.url) });
    try {
      const report = await whileBusy(desk.terminal, "Asking the server …", () => server.status());
      showLive(report, { desk, flags, url: server.url });
      return 0;
    } catch (error) {
      if (!(error instanceof AdminError)) throw error;
      if (error.kind === "refused") throw refusedKey(error);
      // Numbers of this folder say nothing about a server somewhere else.
      if (flags.url !== undefined) throw failed(error.message);
      await showStored(error, { desk, flags, url: server.url });
      return error.kind === "absent" ? 0 : 1;
    }
  });
}

interface Showing {
  readonly desk: Desk;
  readonly flags: StatusFlags;
  readonly url: string;
}

function showLive(report: StatusReport, { desk, flags, url }: Showing): void {
  const providers = chosen(report.providers, flags);
  const recent = report.recent.filter(({ provider }) => flags.provider === undefined || provider === flags.provider);
  if (flags.json) {
    desk.terminal.print(harmlessJson({ source: "server", url, stored_at: null, ...report, providers, recent }));
    return;
  }
  const head = serverHead(report, url);
  show({ head, providers, recent: recent.slice(-RECENT_COUNT).map(seenByServer) }, { desk, now: report.at });
}

async function showStored({ message }: AdminError, { desk, flags, url }: Showing): Promise<void> {
  const stored = await storedStatus(desk);
  const providers = chosen(stored.providers, flags);
  for (const warning of stored.warnings) desk.terminal.say(desk.terminal.paintMessage("yellow", warning));
  const matches = ({ provider }: SeenRequest) => flags.provider === undefined || provider === flags.provider;
  const logged = await newestLogged(desk.config.dataDir, { limit: flags.json ? REPORTED_COUNT : RECENT_COUNT, matches });
  const recent = logged.requests.toReversed();
  if (flags.json) desk.terminal.print(harmlessJson({ ...jsonOf(stored, url), providers, recent }));
  else show({ head: [message, ageOf(stored)], providers, recent }, { desk, now: stored.at });
}

function ageOf({ at, storedAt }: StoredStatus): string {
  if (storedAt === null) return "Nothing was stored in this folder yet: keyproxy serve starts a server";
  return `Shown is what was stored ${age(at - storedAt)} ago`;
}

/** The shape of a server's report; what only a running server has is null. */
function jsonOf({ at, storedAt }: StoredStatus, url: string) {
  return {
    source: "store",
    url,
    stored_at: storedAt,
    at,
    version: VERSION,
    pid: null,
    started_at: null,
    configured_at: null,
    is_stopping: false,
    is_request_log_on: null,
    requests: null,
  };
}

function chosen(providers: readonly ProviderStatus[], { provider }: StatusFlags): readonly ProviderStatus[] {
  if (provider === undefined) return providers;
  const own = providers.filter(({ id }) => id === provider);
  if (own.length > 0) return own;
  throw usage(`"${provider}" is not configured; configured are: ${providers.map(({ id }) => id).join(", ") || "none"}`);
}

function show(shown: Parameters<typeof statusLines>[0], { desk: { terminal }, now }: { readonly desk: Desk; readonly now: number }): void {
  const { paint, width } = terminal;
  for (const line of statusLines(shown, { paint, width, now })) terminal.print(line);
}
