/**
 * Keeps the store off the request path: changes are collected in memory, the latest of each row wins, and
 * one flush at a time carries them to the driver within a second. A store in trouble never fails a request.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../kernel/clock.ts";
import { restKey, usageKey } from "./row_keys.ts";
import type { RestRow, StateBatch, Store, UsageRow } from "./store.ts";

/** From the first change to the flush. Half of the second that may be lost, to leave time for the saving itself. */
const FLUSH_DELAY_MS = 500;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
/** Rows of one transaction: a driver may block, so a large flush goes in steps of a few ms. */
const BATCH_ROW_COUNT = 500;
/** Changes kept of each sort while nothing can be saved. */
const DEFAULT_MAX_ROW_COUNT = 50_000;

type RestIdentity = StateBatch["endedRests"][number];
type RestChange = { readonly kind: "begun"; readonly row: RestRow } | { readonly kind: "ended"; readonly row: RestIdentity };

export interface WriteBehindOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Told once when saving begins to fail, and when something was lost for good. */
  readonly warn: (message: string) => void;
  /** Told once when saving works again. */
  readonly note: (message: string) => void;
  /** Most unsaved rows kept of each sort; the oldest go first. Default 50,000. */
  readonly maxRowCount?: number;
}

export class WriteBehind {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #warn: (message: string) => void;
  readonly #note: (message: string) => void;
  readonly #maxRowCount: number;
  #usage = new Map<string, UsageRow>();
  #rests = new Map<string, RestChange>();
  #resetAt: number | undefined;
  #cancelTimer: (() => void) | undefined;
  /** Every flush waits for the one before it. */
  #lastFlush: Promise<void> = Promise.resolve();
  #failedSaveCount = 0;
  #droppedRowCount = 0;
  #isClosed = false;

  constructor(options: WriteBehindOptions) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#warn = options.warn;
    this.#note = options.note;
    this.#maxRowCount = options.maxRowCount ?? DEFAULT_MAX_ROW_COUNT;
  }

  /** The row's new value; replaces an unsaved one of the same credential, model and day. */
  record(row: UsageRow): void {
    this.#put(this.#usage, { key: usageKey(row), value: row });
    this.#arm();
  }

  /** A rest that began or changed. */
  rest(row: RestRow): void {
    this.#put(this.#rests, { key: restKey(row), value: { kind: "begun", row } });
    this.#arm();
  }

  /** A rest that is over: its row is forgotten. */
  endRest({ credential, model }: RestIdentity): void {
    const row = { credential, model };
    this.#put(this.#rests, { key: restKey(row), value: { kind: "ended", row } });
    this.#arm();
  }

  /** The daily reset happened at the instant `at`, epoch ms. */
  reset(at: number): void {
    this.#resetAt = at;
    this.#arm();
  }

  /** Resolves when everything recorded before the call was saved, or its saving has failed. Never rejects. */
  flush(): Promise<void> {
    this.#lastFlush = this.#lastFlush.then(() => this.#saveChanges());
    return this.#lastFlush;
  }

  /** Saves what is left, without a further try, and closes the store. Changes recorded afterwards are not saved. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.flush();
    this.#disarm();
    const lostCount = this.#usage.size + this.#rests.size + this.#droppedRowCount;
    if (lostCount > 0) this.#warn(`Cannot save state before the end: ${lostCount} changed rows are lost`);
    await this.#store.close();
  }

  #put<Value>(rows: Map<string, Value>, { key, value }: { readonly key: string; readonly value: Value }): void {
    if (rows.size >= this.#maxRowCount && !rows.has(key)) {
      const oldest = rows.keys().next();
      if (oldest.done !== true) rows.delete(oldest.value);
      this.#droppedRowCount++;
    }
    rows.set(key, value);
  }

  #arm(): void {
    if (this.#cancelTimer !== undefined || this.#isClosed) return;
    const delayMs = this.#failedSaveCount === 0
      ? FLUSH_DELAY_MS
      : Math.min(FIRST_RETRY_MS * 2 ** (this.#failedSaveCount - 1), LONGEST_RETRY_MS);
    this.#cancelTimer = this.#clock.after(delayMs, () => {
      this.#cancelTimer = undefined;
      void this.flush();
    });
  }

  #disarm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  async #saveChanges(): Promise<void> {
    this.#disarm();
    const batches = this.#takeBatches();
    for (const [index, batch] of batches.entries()) {
      try {
        await this.#store.save(batch);
      } catch (error) {
        this.#onFailure({ error, unsaved: batches.slice(index) });
        return;
      }
      this.#onSuccess();
      if (index + 1 < batches.length) await nextTurn();
    }
  }

  /** Empties the maps into batches. The reset goes last: saved without the rests it ended, it would not be done again. */
  #takeBatches(): StateBatch[] {
    const batches: StateBatch[] = [];
    for (const changes of slices([...this.#rests.values()])) {
      batches.push({
        usage: [],
        rests: changes.flatMap((change) => change.kind === "begun" ? [change.row] : []),
        endedRests: changes.flatMap((change) => change.kind === "ended" ? [change.row] : []),
      });
    }
    for (const usage of slices([...this.#usage.values()])) batches.push({ usage, rests: [], endedRests: [] });
    if (this.#resetAt !== undefined) {
      const last = batches.pop() ?? { usage: [], rests: [], endedRests: [] };
      batches.push({ ...last, lastResetAt: this.#resetAt });
    }
    this.#usage = new Map();
    this.#rests = new Map();
    this.#resetAt = undefined;
    return batches;
  }

  #onSuccess(): void {
    if (this.#failedSaveCount > 0) {
      const lost = this.#droppedRowCount > 0 ? `; ${this.#droppedRowCount} changed rows were lost` : "";
      this.#note(`State is saved again${lost}`);
    }
    this.#failedSaveCount = 0;
    this.#droppedRowCount = 0;
  }

  #onFailure({ error, unsaved }: { readonly error: unknown; readonly unsaved: readonly StateBatch[] }): void {
    for (const batch of unsaved) this.#putBack(batch);
    if (this.#failedSaveCount === 0) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#warn(`Cannot save state to the ${this.#store.name} store: ${reason}; counting goes on in memory and saving is tried again`);
    }
    this.#failedSaveCount++;
    // A timer armed while the save ran has the wrong delay.
    this.#disarm();
    this.#arm();
  }

  /** Values recorded since the batch was taken are newer and stay. */
  #putBack(batch: StateBatch): void {
    for (const row of batch.usage) {
      const key = usageKey(row);
      if (!this.#usage.has(key)) this.#put(this.#usage, { key, value: row });
    }
    const changes: RestChange[] = [
      ...batch.rests.map((row) => ({ kind: "begun", row }) as const),
      ...batch.endedRests.map((row) => ({ kind: "ended", row }) as const),
    ];
    for (const change of changes) {
      const key = restKey(change.row);
      if (!this.#rests.has(key)) this.#put(this.#rests, { key, value: change });
    }
    this.#resetAt ??= batch.lastResetAt;
  }
}

function slices<Row>(rows: readonly Row[]): Row[][] {
  const parts: Row[][] = [];
  for (let from = 0; from < rows.length; from += BATCH_ROW_COUNT) parts.push(rows.slice(from, from + BATCH_ROW_COUNT));
  return parts;
}
