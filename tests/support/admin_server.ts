/**
 * The admin routes of a server that tells what a test wants told: any report, a refusal, silence. Remembers what was
 * asked of it. Closing it cuts what is open.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { RequestReport, StatusReport } from "../../src/gateway/status_report.ts";

export interface AdminServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** `POST` paths so far. */
  readonly asked: readonly string[];
  /** How many streams were opened so far. */
  readonly streamCount: number;
  /** Tells it to all streams, and first to those to come. Anything that is JSON: servers of other versions exist. */
  tell(report: StatusReport | Record<string, unknown>): void;
  tellRequest(request: RequestReport): void;
  /** Streams to come are told nothing until it tells something again. */
  hush(): void;
  /** Resolves when somebody follows. */
  followed(): Promise<void>;
  /** What a reload answers from now on. */
  problems: readonly string[];
  close(): Promise<void>;
}

/** `key`: the one it accepts; without one it accepts all. */
export async function startAdminServer(
  first: StatusReport | Record<string, unknown>,
  { key, port = 0 }: { readonly key?: string; readonly port?: number } = {},
): Promise<AdminServer> {
  let report: typeof first | undefined = first;
  const asked: string[] = [];
  const streams = new Set<ServerResponse>();
  const waiting: (() => void)[] = [];
  let streamCount = 0;
  const event = (name: string, value: unknown) => `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`;
  const answer = (response: ServerResponse, status: number, value: unknown) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
  };
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    request.resume();
    if (key !== undefined && request.headers.authorization !== `Bearer ${key}`) {
      return answer(response, 401, { error: { message: "The admin key is missing or wrong" } });
    }
    if (request.method === "GET" && request.url === "/admin/status") return answer(response, 200, report);
    if (request.method === "GET" && request.url === "/admin/events") {
      streamCount += 1;
      streams.add(response);
      response.once("close", () => streams.delete(response));
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.flushHeaders();
      if (report !== undefined) response.write(event("status", report));
      waiting.splice(0).forEach((resolve) => resolve());
      return;
    }
    if (request.method !== "POST") return void response.writeHead(404).end();
    asked.push(decodeURIComponent(request.url ?? ""));
    const changed = /^\/admin\/credentials\/([^/]+)\/(reset|disable|enable)$/.exec(request.url ?? "");
    if (changed === null) return answer(response, 200, { problems: self.problems });
    const state = changed[2] === "disable" ? "disabled" : "ready";
    return answer(response, 200, { id: decodeURIComponent(changed[1] ?? ""), display: "", state, reason: "", until_at: null });
  };
  const server = createServer(handle).listen(port, "127.0.0.1");
  await once(server, "listening");
  const at = server.address();
  const ownPort = typeof at === "object" && at !== null ? at.port : 0;
  const toAll = (text: string) => streams.forEach((stream) => stream.write(text));
  const close = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((closed) => server.close(closed));
  };
  const self: AdminServer = {
    url: `http://127.0.0.1:${ownPort}`,
    port: ownPort,
    asked,
    get streamCount() {
      return streamCount;
    },
    problems: [],
    tell(next) {
      report = next;
      toAll(event("status", next));
    },
    hush: () => void (report = undefined),
    tellRequest: (request) => toAll(event("request", request)),
    followed: () => streams.size > 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)),
    close,
    [Symbol.asyncDispose]: close,
  };
  return self;
}
