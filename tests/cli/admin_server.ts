/** The admin routes of a server, played: a report that the test changes, and a stream of events that it feeds. */
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { RequestReport, StatusReport } from "../../src/gateway/status_report.ts";

type CredentialReport = StatusReport["providers"][number]["credentials"][number];

export interface AdminServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  report: StatusReport;
  /** Tells every follower of a request that ended. */
  tell(request: RequestReport): void;
  /** Resolves when somebody follows. */
  followed(): Promise<void>;
  /** Cuts what is open and stops listening. Safe to call twice. */
  close(): Promise<void>;
}

/** Listens on 127.0.0.1. `key`: what callers must send; any when left out. */
export async function startAdminServer(
  { report = reportOf(), key, port = 0 }: { readonly report?: StatusReport; readonly key?: string; readonly port?: number } = {},
): Promise<AdminServer> {
  const followers = new Set<ServerResponse>();
  const waiting: (() => void)[] = [];
  const server = createServer((request, response) => {
    if (key !== undefined && request.headers.authorization !== `Bearer ${key}`) {
      response.writeHead(401, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: "The admin key is missing or wrong" } }));
    } else if (request.url === "/admin/status") {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(played.report));
    } else if (request.url === "/admin/events") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(eventOf("status", played.report));
      followers.add(response);
      response.on("close", () => followers.delete(response));
      waiting.splice(0).forEach((resolve) => resolve());
    } else response.writeHead(404).end();
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const at = server.address();
  const chosen = typeof at === "object" && at !== null ? at.port : 0;
  const played: AdminServer = {
    url: `http://127.0.0.1:${chosen}`,
    port: chosen,
    report,
    tell(request) {
      for (const follower of followers) follower.write(eventOf("request", request));
    },
    followed: () => followers.size > 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)),
    async close() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
    [Symbol.asyncDispose]: () => played.close(),
  };
  return played;
}

function eventOf(name: string, value: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`;
}

/** The instant of these reports. */
export const AT = Date.UTC(2026, 10, 28, 12, 0, 0);

export function credentialOf(changes: Partial<CredentialReport> = {}): CredentialReport {
  return {
    id: "openai:0123456789ab",
    number: 1,
    display: "sk-a…aaa1",
    kind: "api_key",
    source: "OPENAI_API_KEY",
    priority: 0,
    state: "ready",
    reason: "",
    until_at: null,
    in_flight: 0,
    resting: [],
    login: null,
    today: { requests: 0, failures: 0, input_tokens: 0, cached_tokens: 0, output_tokens: 0, cost_usd: 0 },
    latencies_ms: [],
    ...changes,
  };
}

export function requestOf(changes: Partial<RequestReport> = {}): RequestReport {
  return {
    id: "req-1",
    model: "openai/gpt-5-mini",
    provider: "openai",
    status: 200,
    arrived_at: AT - 5_000,
    duration_ms: 1234,
    is_stream: false,
    failure: null,
    lossy: [],
    usage: { input_tokens: 1200, cached_tokens: 200, output_tokens: 340, cost_usd: 0.012 },
    attempts: [{
      provider: "openai",
      model: "gpt-5-mini",
      credential: "openai:0123456789ab",
      started_at: AT - 4_990,
      duration_ms: 1200,
      failure: null,
    }],
    ...changes,
  };
}

export function reportOf(changes: Partial<StatusReport> = {}): StatusReport {
  return {
    at: AT,
    version: "0.1.0",
    pid: 1,
    started_at: AT - 3 * 3_600_000,
    configured_at: AT - 3 * 3_600_000,
    is_stopping: false,
    is_request_log_on: false,
    requests: { in_flight: 2, finished: 341, failed: 12 },
    providers: [{
      id: "openai",
      name: "OpenAI",
      base_url: "https://api.openai.com/v1",
      rotation_mode: "balanced",
      circuit: "closed",
      queued: 0,
      in_flight: 0,
      max_in_flight: 1,
      credentials: [credentialOf()],
    }],
    recent: [],
    ...changes,
  };
}
