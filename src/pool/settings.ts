/** How a pool chooses and rests, and what it is made of. Durations are ms, instants epoch ms. */
import type { Credential } from "../credentials/credential.ts";
import type { Clock, Random } from "../kernel/clock.ts";
import type { StoredState } from "../store/store.ts";
import type { Journal } from "./keeper.ts";

/** How a pool chooses and rests. */
export interface PoolSettings {
  /** Requests at once per credential and model; `Infinity` = unlimited. */
  readonly maxInFlight: number;
  readonly rotation: "balanced" | "sequential";
  readonly tolerance: number;
  readonly cooldownLadderMs: readonly number[];
  readonly maxQueue: number;
  readonly isAffinityOn: boolean;
  /** Minutes after 00:00 UTC at which daily counters start again. */
  readonly dailyResetMinute: number;
  /** Models that share a quota: when one is limited, its whole group rests on that credential. */
  readonly quotaGroups: readonly (readonly string[])[];
}

export const DEFAULT_POOL_SETTINGS: PoolSettings = {
  maxInFlight: 1,
  rotation: "balanced",
  tolerance: 0,
  cooldownLadderMs: [10_000, 30_000, 60_000, 120_000, 300_000, 900_000, 3_600_000],
  maxQueue: 1_000,
  isAffinityOn: true,
  dailyResetMinute: 180,
  quotaGroups: [],
};

export interface PoolOptions {
  readonly provider: string;
  readonly credentials: readonly Credential[];
  readonly settings?: Partial<PoolSettings>;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Receives every change that should survive a restart. */
  readonly journal?: Journal;
  /** What survived the last one. */
  readonly stored?: StoredState;
}
