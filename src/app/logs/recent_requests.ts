/** The last finished requests from all that knows of them: the running server first, then the logs on this disk. */
import { type AdminClient, AdminError, type Unreachable } from "../admin_client.ts";
import { failedRequests } from "./failure_log.ts";
import { newestLogged } from "./request_log.ts";
import { seenByServer, type SeenRequest } from "./seen_request.ts";

export interface RequestsAsk {
  readonly server: AdminClient;
  /** Undefined: the server is another one's, so its logs are not here. */
  readonly dataDir: string | undefined;
  readonly limit: number;
  readonly matches: (request: SeenRequest) => boolean;
}

export interface RecentRequests {
  /** Newest last, as a log reads. */
  readonly requests: readonly SeenRequest[];
  /** Why the server did not tell; null when it did. */
  readonly unreachable: Unreachable | null;
  /** Older requests of the log that were not looked at, although fewer than asked for were found. */
  readonly unseenCount: number;
}

/** Rejects when a log is there and cannot be read. */
export async function recentRequests({ server, dataDir, limit, matches }: RequestsAsk): Promise<RecentRequests> {
  const { told, unreachable } = await toldByServer(server);
  const wanted = told.filter(matches);
  const isEnough = wanted.length >= limit || dataDir === undefined;
  const { requests, unseenCount } = isEnough ? NONE : await onDisk(dataDir, { limit, matches, except: new Set(told.map(({ id }) => id)) });
  const all = [...wanted, ...requests].toSorted((left, right) => left.arrived_at - right.arrived_at);
  return { requests: all.slice(-limit), unreachable, unseenCount };
}

const NONE = { requests: [], unseenCount: 0 };

/** The requests in the server's memory, newest last; none, and why, when it cannot be asked. */
export async function toldByServer(
  server: AdminClient,
): Promise<{ readonly told: SeenRequest[]; readonly unreachable: Unreachable | null }> {
  try {
    return { told: (await server.status()).recent.map(seenByServer), unreachable: null };
  } catch (error) {
    if (!(error instanceof AdminError)) throw error;
    return { told: [], unreachable: { kind: error.kind, message: error.message } };
  }
}

/** What the logs know, each request once: the request log tells more than the failure log. */
async function onDisk(
  dataDir: string,
  { limit, matches, except }: Pick<RequestsAsk, "limit" | "matches"> & { readonly except: ReadonlySet<string> },
): Promise<{ readonly requests: SeenRequest[]; readonly unseenCount: number }> {
  const isNew = (request: SeenRequest) => !except.has(request.id) && matches(request);
  const { requests, unseenCount } = await newestLogged(dataDir, { limit, matches: isNew });
  const logged = new Set(requests.map(({ id }) => id));
  const oldestAt = requests.length < limit ? -Infinity : requests.at(-1)?.arrived_at ?? -Infinity;
  const failed = (await failedRequests(dataDir)).filter((it) => it.arrived_at >= oldestAt && !logged.has(it.id) && isNew(it));
  return { requests: [...requests, ...failed.slice(0, limit)], unseenCount };
}
