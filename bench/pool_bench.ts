/**
 * What rotation costs: one acquire and its settle, for pools of several sizes. The best of several rounds
 * is taken, because everything else the machine does can only make a round slower.
 */
import process from "node:process";
import { apiKeyCredential } from "../src/credentials/credential.ts";
import { isFailure } from "../src/kernel/failure.ts";
import { Pool } from "../src/pool/pool.ts";

const KEY_COUNTS = [1, 10, 1_000];
const ROUND_COUNT = 12;
const PAIRS_PER_ROUND = 5_000;

/** Cost of one acquire and settle, in µs. */
export interface PoolCost {
  readonly keys: number;
  readonly acquireSettleMicros: number;
}

/** Measures an idle pool of each size. */
export async function benchPool(): Promise<PoolCost[]> {
  const costs: PoolCost[] = [];
  for (const keys of KEY_COUNTS) costs.push({ keys, acquireSettleMicros: await bestRoundMicros(keys) });
  return costs;
}

async function bestRoundMicros(keyCount: number): Promise<number> {
  const credentials = Array.from(
    { length: keyCount },
    (_, index) => apiKeyCredential({ provider: "bench", key: `sk-bench-${index}`, source: "bench", priority: 0 }),
  );
  const pool = new Pool({ provider: "bench", credentials });
  let best = Infinity;
  for (let round = 0; round < ROUND_COUNT; round++) best = Math.min(best, await roundMicros(pool));
  pool.close();
  return best;
}

async function roundMicros(pool: Pool): Promise<number> {
  const exclude = new Set<string>();
  const began = performance.now();
  for (let pair = 0; pair < PAIRS_PER_ROUND; pair++) {
    const lease = await pool.acquire({ model: "m", exclude, deadlineAt: Infinity });
    if (isFailure(lease)) throw new Error(`Cannot measure the pool: ${lease.message}`);
    lease.settle({ kind: "ok" });
  }
  return (performance.now() - began) * 1_000 / PAIRS_PER_ROUND;
}

if (import.meta.main) {
  for (const { keys, acquireSettleMicros } of await benchPool()) {
    process.stdout.write(`${String(keys).padStart(6)} keys  ${acquireSettleMicros.toFixed(2)} µs per acquire and settle\n`);
  }
}
