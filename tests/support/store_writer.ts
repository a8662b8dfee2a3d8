/**
 * A process that counts steadily through `WriteBehind` until it is killed, for tests that need a real
 * death or a real full disk. Each line it prints is one event; see {@link WriterEvent}.
 *
 * Arguments: data directory, first sequence number, sequence numbers to write (`Infinity` = until killed).
 */
import process from "node:process";
import { writeSync } from "node:fs";
import { systemClock } from "../../src/kernel/clock.ts";
import { openStore } from "../../src/store/open.ts";
import type { StateBatch, Store } from "../../src/store/store.ts";
import { WriteBehind } from "../../src/store/write_behind.ts";

/** Rows that the sequence runs over, each holding the last number it was given: fewer than one batch takes. */
export const WRITER_ROW_COUNT = 400;
const NUMBERS_PER_STEP = 20;
const STEP_MS = 2;

/** What the writer prints, one JSON value a line. `seq` is the last sequence number concerned, `atMs` the instant. */
export type WriterEvent =
  | { readonly kind: "opened"; readonly store: string }
  | { readonly kind: "wrote" | "saving" | "saved"; readonly seq: number; readonly atMs: number }
  | { readonly kind: "warned" | "noted"; readonly message: string }
  | { readonly kind: "closed" };

/** Written at once, so that a line that was printed before a kill is never lost in a buffer. */
function print(event: WriterEvent): void {
  writeSync(1, `${JSON.stringify(event)}\n`);
}

/** The store, with a line before and after each save. */
function announced(store: Store): Store {
  const lastSeqOf = (batch: StateBatch) => Math.max(...batch.usage.map((row) => row.requestCount));
  return {
    name: store.name,
    load: (options) => store.load(options),
    save: async (batch) => {
      print({ kind: "saving", seq: lastSeqOf(batch), atMs: systemClock.now() });
      await store.save(batch);
      print({ kind: "saved", seq: lastSeqOf(batch), atMs: systemClock.now() });
    },
    prune: (options) => store.prune(options),
    close: () => store.close(),
  };
}

async function run(dataDir: string, firstSeq: number, endSeq: number): Promise<void> {
  const warn = (message: string) => print({ kind: "warned", message });
  const store = await openStore({ dataDir, warn });
  print({ kind: "opened", store: store.name });
  const note = (message: string) => print({ kind: "noted", message });
  const state = new WriteBehind({ store: announced(store), clock: systemClock, warn, note });
  let seq = firstSeq;
  const step = async () => {
    for (let written = 0; written < NUMBERS_PER_STEP && seq < endSeq; written++) {
      state.record(rowOf(seq));
      seq++;
    }
    print({ kind: "wrote", seq: seq - 1, atMs: systemClock.now() });
    if (seq < endSeq) return void systemClock.after(STEP_MS, () => void step());
    await state.close();
    print({ kind: "closed" });
  };
  await step();
}

function rowOf(seq: number) {
  return {
    credential: "alpha:0123456789ab",
    model: `model-${seq % WRITER_ROW_COUNT}`,
    day: "2026-01-01",
    requestCount: seq,
    failureCount: 0,
    inputTokens: seq,
    cachedTokens: 0,
    outputTokens: seq,
    costUsd: 0,
  };
}

if (import.meta.main) {
  const [dataDir = "", firstSeq = "0", endSeq = "Infinity"] = process.argv.slice(2);
  await run(dataDir, Number(firstSeq), Number(endSeq));
}
