/** A closed-loop load: so many clients, each sending its next request when the last one has ended. */
import http from "node:http";
import type { Target } from "./target.ts";

export interface LoadOptions {
  readonly kind: "json" | "sse";
  readonly concurrency: number;
  readonly requestCount: number;
  readonly model: string;
  /** A surface other than chat completions. */
  readonly surface?: LoadSurface;
}

/** How a stream is asked for on a surface, and the end that a whole one has. */
export interface LoadSurface {
  readonly name: string;
  path(model: string): string;
  body(model: string): object;
  readonly end: string;
}

/** What one run measured. Times are ms. */
export interface Measured {
  readonly requestsPerSecond: number;
  readonly cpuMsPerRequest: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly firstByteP50Ms: number;
}

/** Runs the load to its end. Rejects when any answer is not a whole 200. */
export async function runLoad(target: Target, options: LoadOptions): Promise<Measured> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: options.concurrency });
  const { surface = CHAT, model, kind } = options;
  const asked = surface.body(model);
  const call: Call = {
    port: target.port,
    agent,
    path: surface.path(model),
    body: JSON.stringify(kind === "sse" ? asked : { ...asked, stream: undefined }),
    end: kind === "sse" ? surface.end : "}",
  };
  const times: number[] = [];
  const firstBytes: number[] = [];
  let left = options.requestCount;
  const cpuBefore = await target.cpuMs();
  const began = performance.now();
  const client = async () => {
    while (left-- > 0) {
      const one = await request(call);
      times.push(one.totalMs);
      firstBytes.push(one.firstByteMs);
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, client));
  const tookMs = performance.now() - began;
  const cpuMs = await target.cpuMs() - cpuBefore;
  agent.destroy();
  return {
    requestsPerSecond: options.requestCount / tookMs * 1000,
    cpuMsPerRequest: cpuMs / options.requestCount,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    firstByteP50Ms: quantile(firstBytes, 0.5),
  };
}

const CHAT: LoadSurface = {
  name: "chat completions",
  path: () => "/v1/chat/completions",
  body: (model) => ({ model, messages: [{ role: "user", content: "Say hello." }], stream: true }),
  end: "[DONE]",
};

/** Surfaces whose streams are carried over from OpenAI's chat. */
export const CROSSINGS: readonly LoadSurface[] = [
  CHAT,
  {
    name: "messages",
    path: () => "/v1/messages",
    body: (model) => ({ model, max_tokens: 1_000, messages: [{ role: "user", content: "Say hello." }], stream: true }),
    end: "message_stop",
  },
  {
    name: "responses",
    path: () => "/v1/responses",
    body: (model) => ({ model, input: "Say hello.", stream: true }),
    end: "response.completed",
  },
  {
    name: "generateContent",
    path: (model) => `/v1beta/models/${model}:streamGenerateContent?alt=sse`,
    body: () => ({ contents: [{ role: "user", parts: [{ text: "Say hello." }] }] }),
    end: "finishReason",
  },
];

interface Call {
  readonly port: number;
  readonly agent: http.Agent;
  readonly path: string;
  readonly body: string;
  readonly end: string;
}

/** The end of an answer that is looked at: the last event of some surfaces holds all that was said. */
const TAIL_CHARS = 64 * 1024;

function request({ port, agent, path, body, end }: Call): Promise<{ totalMs: number; firstByteMs: number }> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": String(body.length) };
    const sent = http.request({ host: "127.0.0.1", port, path, method: "POST", headers, agent }, (answer) => {
      let firstByteMs = 0;
      let tail = "";
      answer.setEncoding("latin1");
      answer.on("data", (piece: string) => {
        if (firstByteMs === 0) firstByteMs = performance.now() - began;
        tail = piece.length >= TAIL_CHARS ? piece : (tail + piece).slice(-TAIL_CHARS);
      });
      answer.on("end", () => {
        const isWhole = end === "}" ? tail.endsWith(end) : tail.includes(end);
        if (answer.statusCode === 200 && isWhole) resolve({ totalMs: performance.now() - began, firstByteMs });
        else reject(new Error(`Cannot measure: answered ${answer.statusCode} ending in ${JSON.stringify(tail.slice(-80))}`));
      });
      answer.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? 0;
}
