/**
 * What survives a restart, and the interface every driver implements: `memory`, `sqlite`. The request
 * path never waits for a store: `WriteBehind` collects changes and a driver saves them in batches.
 */

/** Counters of one credential, model and day. A day is named by the UTC date on which it began, `YYYY-MM-DD`. */
export interface UsageRow {
  readonly credential: string;
  readonly model: string;
  readonly day: string;
  readonly requestCount: number;
  readonly failureCount: number;
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly costUsd: number;
}

/** Why a credential rests. `model` is null when it rests as a whole. */
export interface RestRow {
  readonly credential: string;
  readonly model: string | null;
  /** Epoch ms; Infinity for what only a person ends. */
  readonly untilAt: number;
  readonly reason: "rate_limited" | "out_of_credit" | "rejected" | "provider_trouble" | "many_models" | "model_denied" | "disabled";
  /** The provider named the time; such a rest outlives the daily reset. */
  readonly isHinted: boolean;
  /** Consecutive failures so far: the step of the ladder or of the doubling. */
  readonly step: number;
  /** Next instant at which one trial request may test it, epoch ms, or null. */
  readonly trialAt: number | null;
}

export interface StoredState {
  readonly usage: readonly UsageRow[];
  readonly rests: readonly RestRow[];
  /** Instant of the last daily reset, epoch ms, or null on a fresh store. */
  readonly lastResetAt: number | null;
}

/** One batch of changes. Rows carry whole values, not differences, so saving one twice is harmless. */
export interface StateBatch {
  readonly usage: readonly UsageRow[];
  /** Rows to write, and rows to forget (named by credential and model). */
  readonly rests: readonly RestRow[];
  readonly endedRests: readonly { readonly credential: string; readonly model: string | null }[];
  readonly lastResetAt?: number;
}

/** A driver. `save` is atomic: all of a batch or nothing. Errors are thrown; the caller degrades. */
export interface Store {
  readonly name: string;
  load(options: { readonly sinceDay: string }): Promise<StoredState>;
  save(batch: StateBatch): Promise<void>;
  /** Forgets usage rows of days before `day`. */
  prune(options: { readonly beforeDay: string }): Promise<void>;
  close(): Promise<void>;
}
