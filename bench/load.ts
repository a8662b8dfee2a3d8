/** A closed-loop load: so many clients, each sending its next request when the last one has ended. */
import http from "node:http";
import type { Target } from "./target.ts";

export interface LoadOptions {
  readonly kind: "json" | "sse";
  readonly concurrency: number;
  readonly requestCount: number;
  readonly model: string;
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
  const body = JSON.stringify({
    model: options.model,
    messages: [{ role: "user", content: "Say hello." }],
    ...(options.kind === "sse" ? { stream: true } : {}),
  });
  const times: number[] = [];
  const firstBytes: number[] = [];
  let left = options.requestCount;
  const cpuBefore = await target.cpuMs();
  const began = performance.now();
  const client = async () => {
    while (left-- > 0) {
      const one = await request(target.port, agent, body, options.kind);
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

function request(port: number, agent: http.Agent, body: string, kind: "json" | "sse"): Promise<{ totalMs: number; firstByteMs: number }> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": String(body.length) };
    const sent = http.request({ host: "127.0.0.1", port, path: "/v1/chat/completions", method: "POST", headers, agent }, (answer) => {
      let firstByteMs = 0;
      let tail = "";
      answer.setEncoding("latin1");
      answer.on("data", (piece: string) => {
        if (firstByteMs === 0) firstByteMs = performance.now() - began;
        tail = piece;
      });
      answer.on("end", () => {
        const isWhole = kind === "json" ? tail.endsWith("}") : tail.includes("[DONE]");
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
