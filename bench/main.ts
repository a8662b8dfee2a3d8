/**
 * `deno task bench`: keyproxy beside a bare Hono pass-through and the upstream itself, in one run on one
 * machine. Rounds of the targets alternate, so that a noisy machine is noisy for all of them.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { CROSSINGS, type LoadOptions, type Measured, quantile, runLoad } from "./load.ts";
import { benchPool } from "./pool_bench.ts";
import { startTarget, type Target } from "./target.ts";

const KEY_COUNTS = [1, 10, 1_000];
const CONCURRENCIES = [1, 32, 256];
const ROUNDS = 5;
const REQUEST_COUNTS = { json: { 1: 400, 32: 2_000, 256: 2_000 }, sse: { 1: 60, 32: 200, 256: 300 } } as const;
const OPEN_STREAMS = 1_000;

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

async function keyproxy(keyCount: number, upstreamPort: number, cwd: string): Promise<Target> {
  const keys = Object.fromEntries(
    Array.from({ length: keyCount }, (_, index) => [`LOCAL_API_KEY_${index + 1}`, `sk-bench-${index}-0123456789`]),
  );
  await mkdir(cwd);
  return await startTarget(`keyproxy, ${keyCount} ${keyCount === 1 ? "key" : "keys"}`, here("../main.ts"), {
    args: ["serve", "--host", "127.0.0.1", "--port", "0", "--log-level", "warning", "--data-dir", cwd],
    cwd,
    env: {
      ...keys,
      LOCAL_API_BASE: `http://127.0.0.1:${upstreamPort}/v1`,
      // The bench asks how fast requests pass, not how they queue for a key.
      MAX_CONCURRENT_REQUESTS_PER_KEY_LOCAL: "0",
      MODEL_INFO_REFRESH: "off",
    },
  });
}

function median(runs: readonly Measured[]): Measured {
  const of = (field: keyof Measured) => quantile(runs.map((run) => run[field]), 0.5);
  return {
    requestsPerSecond: of("requestsPerSecond"),
    cpuMsPerRequest: of("cpuMsPerRequest"),
    p50Ms: of("p50Ms"),
    p99Ms: of("p99Ms"),
    firstByteP50Ms: of("firstByteP50Ms"),
  };
}

async function compare(targets: readonly Target[], options: LoadOptions): Promise<Measured[]> {
  const runs: Measured[][] = targets.map(() => []);
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [index, target] of targets.entries()) {
      const measured = await runLoad(target, {
        ...options,
        model: target.name === "bare" || target.name === "direct" ? "bench" : "local/bench",
      });
      // The first round warms up.
      if (round > 0) runs[index]?.push(measured);
    }
  }
  return runs.map(median);
}

function print(line = ""): void {
  process.stdout.write(`${line}\n`);
}

function row(name: string, measured: Measured, bare: Measured): string {
  const cell = (value: number, digits: number) => value.toFixed(digits).padStart(9);
  return `${name.padEnd(22)}${cell(measured.requestsPerSecond, 0)}${cell(measured.requestsPerSecond / bare.requestsPerSecond, 2)}` +
    `${cell(measured.cpuMsPerRequest, 3)}${cell(bare.cpuMsPerRequest / measured.cpuMsPerRequest, 2)}` +
    `${cell(measured.p50Ms - bare.p50Ms, 2)}${cell(measured.p99Ms - bare.p99Ms, 2)}${cell(measured.firstByteP50Ms, 2)}`;
}

const HEAD = `${"".padEnd(22)}${
  ["req/s", "÷ bare", "CPU ms", "bare ÷", "+p50 ms", "+p99 ms", "TTFB ms"].map((name) => name.padStart(9)).join("")
}`;

async function openStreams(target: Target): Promise<number> {
  const agent = new http.Agent({ maxSockets: Infinity });
  const before = await target.residentBytes();
  const body = JSON.stringify({ model: "local/bench", stream: true, user: "hold", messages: [{ role: "user", content: "x" }] });
  const opened = Array.from({ length: OPEN_STREAMS }, () =>
    new Promise<http.ClientRequest>((resolve, reject) => {
      const sent = http.request({ host: "127.0.0.1", port: target.port, path: "/v1/chat/completions", method: "POST", agent }, (answer) => {
        answer.once("data", () => resolve(sent));
        answer.on("error", () => {});
      });
      sent.on("error", reject);
      sent.end(body);
    }));
  const streams = await Promise.all(opened);
  const after = await target.residentBytes();
  for (const stream of streams) stream.destroy();
  agent.destroy();
  print(
    `${target.name}: ${OPEN_STREAMS} open streams take ${(after / 2 ** 20).toFixed(0)} MB resident (${
      (before / 2 ** 20).toFixed(0)
    } MB before)`,
  );
  return after;
}

/** The same upstream stream relayed as it is, and carried over into each other dialect. */
async function compareCrossings(target: Target): Promise<void> {
  print(`\nSSE, 200 chunks, 32 at once: carried over from OpenAI's chat (CPU ÷ relayed; at most 2.5 is the aim)`);
  const runs = new Map<string, Measured[]>(CROSSINGS.map(({ name }) => [name, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const surface of CROSSINGS) {
      const measured = await runLoad(target, {
        kind: "sse",
        concurrency: 32,
        requestCount: REQUEST_COUNTS.sse[32],
        model: "local/bench",
        surface,
      });
      if (round > 0) runs.get(surface.name)?.push(measured);
    }
  }
  const relayed = median(runs.get(CROSSINGS[0]?.name ?? "") ?? []).cpuMsPerRequest;
  for (const [name, measured] of runs) {
    const { cpuMsPerRequest } = median(measured);
    print(`${name.padEnd(22)}${cpuMsPerRequest.toFixed(3).padStart(9)} ms${(cpuMsPerRequest / relayed).toFixed(2).padStart(9)}`);
  }
}

const folder = await mkdtemp(join(tmpdir(), "keyproxy-bench-"));
const started: Target[] = [];
try {
  const upstream = await startTarget("direct", here("./upstream.ts"));
  started.push(upstream);
  const bare = await startTarget("bare", here("./bare.ts"), { args: [String(upstream.port)] });
  started.push(bare);
  for (const count of KEY_COUNTS) started.push(await keyproxy(count, upstream.port, join(folder, String(count))));
  for (const kind of ["json", "sse"] as const) {
    for (const concurrency of CONCURRENCIES) {
      const requestCount = REQUEST_COUNTS[kind][concurrency as 1 | 32 | 256];
      print(`\n${kind === "json" ? "JSON" : "SSE, 200 chunks"}, ${concurrency} at once`);
      print(HEAD);
      const measured = await compare(started, { kind, concurrency, requestCount, model: "bench" });
      const bareMeasured = measured[1];
      if (bareMeasured === undefined) continue;
      for (const [index, target] of started.entries()) {
        const one = measured[index];
        if (one !== undefined) print(row(target.name, one, bareMeasured));
      }
    }
  }
  const proxy = started[3];
  if (proxy !== undefined) await compareCrossings(proxy);
  print();
  for (const { keys, acquireSettleMicros } of await benchPool()) {
    print(`acquire + settle with ${keys} ${keys === 1 ? "key" : "keys"}: ${acquireSettleMicros.toFixed(2)} µs`);
  }
  // A process that has done nothing yet: memory that earlier runs left behind is not the streams'.
  const fresh = await keyproxy(10, upstream.port, join(folder, "fresh"));
  started.push(fresh);
  await openStreams(fresh);
} finally {
  for (const target of started) target.stop();
  await rm(folder, { recursive: true, force: true });
}
