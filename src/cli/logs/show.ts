/** `logs show`: one request with its attempts in order, from its directory, else from the server's memory or the failure log. */
import { basename } from "node:path";
import type { AdminClient } from "../../app/admin_client.ts";
import { failedRequests } from "../../app/logs/failure_log.ts";
import { recentRequests, toldByServer } from "../../app/logs/recent_requests.ts";
import { type LoggedDetail, readLoggedDetail } from "../../app/logs/request_directory.ts";
import { findLogged } from "../../app/logs/request_log.ts";
import type { SeenRequest } from "../../app/logs/seen_request.ts";
import { serverOf } from "../../app/server_place.ts";
import { systemClock } from "../../kernel/clock.ts";
import { whileBusy } from "../../terminal/busy.ts";
import type { ExitCode } from "../../terminal/exit.ts";
import { harmless, harmlessJson } from "../../terminal/harmless.ts";
import { failed, usage } from "../../terminal/stop.ts";
import { type DeskFlags, look } from "../desk.ts";
import { checkedUrl } from "../server_address.ts";
import { detailPage, type ShownRequest } from "./detail.ts";

export interface ShowFlags extends DeskFlags {
  readonly url?: string | undefined;
}

/** Stands for the newest request. */
export const LAST = "last";
const NAMED_COUNT = 5;

/** `which` is an id, its beginning, the name of a directory, or `last`. */
export function showRequest(which: string, flags: ShowFlags): Promise<ExitCode> {
  return look(flags, async (desk) => {
    const place = {
      server: serverOf(desk, { url: checkedUrl(flags.url) }),
      dataDir: flags.url === undefined ? desk.config.dataDir : undefined,
    };
    const found = await whileBusy(desk.terminal, "Looking …", () => find(which, place));
    const { terminal } = desk;
    if (flags.json) {
      terminal.print(harmlessJson(asJson(found)));
      return 0;
    }
    const { paint, width } = terminal;
    for (const line of detailPage(found, { paint, width, now: systemClock.now() })) terminal.print(line);
    return 0;
  });
}

interface Place {
  readonly server: AdminClient;
  /** Undefined: the server is another one's, so its logs are not here. */
  readonly dataDir: string | undefined;
}

async function find(which: string, place: Place): Promise<ShownRequest> {
  if (which === LAST) return await newest(place);
  const known = await remembered(which, place);
  const inLog = place.dataDir === undefined ? [] : await findLogged(place.dataDir, which);
  const details = await readSome(inLog);
  const ids = [...new Set([...details.map(({ request }) => request.id), ...known.map(({ id }) => id)])];
  // Ids are the client's to choose: one may be the beginning of another.
  const id = ids.includes(which) ? which : ids[0];
  if (id === undefined) throw failed(inLog[0] === undefined ? unknown(which) : `${harmless(which)} has not ended; so far: ${inLog[0]}`);
  if (id !== which && ids.length > 1) {
    const named = ids.slice(0, NAMED_COUNT).map(harmless).join(", ");
    throw usage(`"${harmless(which)}" could mean several requests: ${named}${ids.length > NAMED_COUNT ? ", …" : ""}`);
  }
  const detail = details.find(({ request }) => request.id === id);
  const request = detail?.request ?? known.find((it) => it.id === id);
  if (request === undefined) throw failed(unknown(which));
  return { request, detail };
}

function unknown(which: string): string {
  return `No request "${harmless(which)}" is known; keyproxy logs lists the last ones`;
}

async function newest({ server, dataDir }: Place): Promise<ShownRequest> {
  const { requests: [request], unreachable } = await recentRequests({ server, dataDir, limit: 1, matches: () => true });
  if (unreachable !== null && dataDir === undefined) throw failed(unreachable.message);
  if (request === undefined) throw failed("No request is known yet");
  if (request.directory !== null) return { request, detail: await readLoggedDetail(request.directory) };
  const inLog = dataDir === undefined ? [] : await findLogged(dataDir, request.id);
  const detail = (await readSome(inLog)).find((it) => it.request.id === request.id);
  return { request: detail?.request ?? request, detail };
}

/** What the server's memory and the failure log have, newest first. */
async function remembered(which: string, { server, dataDir }: Place): Promise<readonly SeenRequest[]> {
  const { told, unreachable } = await toldByServer(server);
  if (unreachable !== null && dataDir === undefined) throw failed(unreachable.message);
  const inFailures = dataDir === undefined ? [] : await failedRequests(dataDir);
  return [...told.toReversed(), ...inFailures].filter(({ id }) => id.startsWith(which));
}

async function readSome(directories: readonly string[]): Promise<LoggedDetail[]> {
  const read = await Promise.all(directories.slice(0, NAMED_COUNT + 1).map((directory) => readLoggedDetail(directory)));
  return read.filter((detail) => detail !== undefined);
}

function asJson({ request, detail }: ShownRequest) {
  return {
    ...request,
    method: detail?.method ?? null,
    path: detail?.path ?? null,
    finish_reason: detail?.finishReason ?? null,
    request_body: detail?.sent?.json ?? null,
    response_body: detail?.answer?.json ?? null,
    log: request.directory === null ? null : basename(request.directory),
  };
}
