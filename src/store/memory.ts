/**
 * The driver that forgets at exit: for tests, and for machines where nothing can be written. It passes
 * the same contract as every other driver.
 */
import { restKey, usageKey } from "./row_keys.ts";
import type { RestRow, StateBatch, Store, UsageRow } from "./store.ts";

/** A new, empty store in memory. */
export function memoryStore(): Store {
  const usage = new Map<string, UsageRow>();
  const rests = new Map<string, RestRow>();
  let lastResetAt: number | null = null;
  return {
    name: "memory",
    load: ({ sinceDay }) =>
      Promise.resolve({
        usage: [...usage.values()].filter((row) => row.day >= sinceDay),
        rests: [...rests.values()],
        lastResetAt,
      }),
    save: (batch: StateBatch) => {
      for (const row of batch.usage) usage.set(usageKey(row), row);
      for (const row of batch.rests) rests.set(restKey(row), row);
      for (const ended of batch.endedRests) rests.delete(restKey(ended));
      lastResetAt = batch.lastResetAt ?? lastResetAt;
      return Promise.resolve();
    },
    prune: ({ beforeDay }) => {
      for (const [key, row] of usage) {
        if (row.day < beforeDay) usage.delete(key);
      }
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}
