/**
 * The only place that calls a provider. One call in, one reply or failure out; a call that was told to
 * stop is destroyed at once. Bodies stay node streams.
 */
import { Buffer } from "node:buffer";
import http from "node:http";
import https from "node:https";
import { HttpsProxyAgent } from "https-proxy-agent";
import { getProxyForUrl } from "proxy-from-env";
import type { Clock } from "../kernel/clock.ts";
import { type Failure, failure, isFailure } from "../kernel/failure.ts";
import type { UpstreamCall } from "../providers/adapter.ts";
import { plainHeaders } from "../wire/headers.ts";
import { classifyTransport } from "./classify.ts";

/** Status and headers have come; the body is still on its way. */
export interface UpstreamReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: http.IncomingMessage;
}

export interface SendOptions {
  readonly connectTimeoutMs: number;
  /** Aborted with a {@link Failure} as its reason. */
  readonly signal: AbortSignal;
}

export interface Sender {
  send(call: UpstreamCall, options: SendOptions): Promise<UpstreamReply | Failure>;
  /** Closes idle connections. */
  close(): void;
}

/** A kept connection that breaks later than this after a request was not stale: the provider may have begun to work. */
const STALE_WITHIN_MS = 1_000;
/** Idle connections kept per provider. */
const MAX_IDLE_SOCKETS = 256;

/** A sender with its own connection pool. Proxies come from `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`. */
export function createSender(clock: Clock): Sender {
  /** By origin; their number is that of the configured providers. */
  const agents = new Map<string, http.Agent>();
  const agentFor = (url: URL): http.Agent => {
    let agent = agents.get(url.origin);
    if (agent === undefined) {
      agent = newAgent(url, { keepAlive: true });
      agents.set(url.origin, agent);
    }
    return agent;
  };
  return {
    async send(call, options) {
      const sent = await sendOnce(call, options, { agent: agentFor(call.url), clock });
      if (sent !== "stale_socket") return sent;
      // A kept connection that the provider closed meanwhile says nothing about the provider: once more on a new one.
      const again = await sendOnce(call, options, { agent: newAgent(call.url, { keepAlive: false }), clock });
      return again === "stale_socket" ? classifyTransport(closed(), "first_byte") : again;
    },
    close() {
      for (const agent of agents.values()) agent.destroy();
    },
  };
}

function newAgent(url: URL, { keepAlive }: { readonly keepAlive: boolean }): http.Agent {
  const proxy = getProxyForUrl(url.href);
  const options = { keepAlive, maxSockets: Infinity, maxFreeSockets: MAX_IDLE_SOCKETS };
  if (proxy !== "") return new HttpsProxyAgent(proxy, options);
  return url.protocol === "https:" ? new https.Agent(options) : new http.Agent(options);
}

function closed(): Error {
  return Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" });
}

function sendOnce(
  call: UpstreamCall,
  options: SendOptions,
  means: { readonly agent: http.Agent; readonly clock: Clock },
): Promise<UpstreamReply | Failure | "stale_socket"> {
  const { signal } = options;
  if (signal.aborted) return Promise.resolve(reasonOf(signal));
  return new Promise((resolve) => {
    const isSecure = call.url.protocol === "https:";
    const sent = (isSecure ? https : http).request(call.url, { method: call.method, headers: withLength(call), agent: means.agent });
    let isReused = takeReuse(sent);
    let phase: "connect" | "first_byte" = "first_byte";
    const sentAt = means.clock.now();
    let isSettled = false;
    let cancelConnect = () => {};
    const stop = () => sent.destroy();
    const settle = (result: () => UpstreamReply | Failure | "stale_socket") => {
      if (isSettled) return;
      isSettled = true;
      cancelConnect();
      resolve(result());
    };
    const fail = (error: Error) => {
      signal.removeEventListener("abort", stop);
      settle(() => signal.aborted ? reasonOf(signal) : classifyTransport(error, phase));
    };
    signal.addEventListener("abort", stop);
    sent.on("socket", (socket) => {
      isReused ||= takeReuse(sent);
      if (!socket.connecting) return;
      phase = "connect";
      cancelConnect = means.clock.after(options.connectTimeoutMs, () => {
        fail(new Error("connect timed out"));
        sent.destroy();
      });
      socket.once(isSecure ? "secureConnect" : "connect", () => {
        phase = "first_byte";
        cancelConnect();
      });
    });
    sent.on("response", (body) => {
      // From here on the reader of the body sees an abort as a destroyed stream.
      body.once("close", () => signal.removeEventListener("abort", stop));
      settle(() => ({ status: body.statusCode ?? 0, headers: plainHeaders(body.headers), body }));
    });
    sent.on("error", (error) => {
      const isEarly = means.clock.now() - sentAt < STALE_WITHIN_MS;
      if (!signal.aborted && isReused && isEarly && isReset(error)) settle(() => "stale_socket");
      fail(error);
    });
    sent.on("close", () => {
      if (!isSettled) fail(closed());
    });
    sent.end(call.bytes ?? call.body);
  });
}

/**
 * Whether a request goes out on a kept connection; it is asked as soon as that is known. The runtime is not left to know:
 * Deno sends such a request anew by itself when its connection ends, also when it was ended here.
 */
function takeReuse(sent: http.ClientRequest): boolean {
  const isReused = sent.reusedSocket;
  sent.reusedSocket = false;
  return isReused;
}

function withLength(call: UpstreamCall): Record<string, string> {
  const content = call.bytes ?? call.body;
  return content === undefined ? { ...call.headers } : { ...call.headers, "content-length": String(Buffer.byteLength(content)) };
}

function isReset(error: Error): boolean {
  return "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
}

/** Why a signal was aborted: the failure it carries. */
export function reasonOf(signal: AbortSignal): Failure {
  const reason: unknown = signal.reason;
  return isFailure(reason)
    ? reason
    : failure({ scope: "client", kind: "client_gone", status: 499, message: "The client closed the connection" });
}

/**
 * Reads a body whole.
 * `cut`: the connection broke before its end; `too_long`: it exceeds `maxBytes` and reading was stopped.
 */
export function readBody(body: http.IncomingMessage, maxBytes: number): Promise<Buffer | "cut" | "too_long"> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let size = 0;
    body.on("data", (piece: Buffer) => {
      size += piece.length;
      if (size > maxBytes) {
        resolve("too_long");
        body.destroy();
        return;
      }
      pieces.push(piece);
    });
    body.on("end", () => resolve(body.complete ? Buffer.concat(pieces) : "cut"));
    body.on("error", () => resolve("cut"));
    body.on("close", () => resolve("cut"));
  });
}
