/** The state that survives a restart: what the last process left, and the journal that this one writes. */
import type { Config } from "../config/config.ts";
import { dayName } from "../pool/quota.ts";
import { openStore } from "../store/open.ts";
import type { Store, StoredState } from "../store/store.ts";
import { WriteBehind } from "../store/write_behind.ts";
import type { Told } from "./told.ts";

/** Usage of older days is forgotten at start. */
const USAGE_KEPT_MS = 90 * 24 * 3_600_000;

export interface State {
  /** Closing it closes the store as well. */
  readonly journal: WriteBehind;
  readonly stored: StoredState;
}

/** Rejects only when a newer version of the program wrote the database. */
export async function openState({ dataDir, dailyResetMinute }: Config, told: Told): Promise<State> {
  const store = await openStore({ dataDir, ...told });
  const dayAt = (at: number) => dayName(at, dailyResetMinute);
  await forgetOld(store, dayAt(told.clock.now() - USAGE_KEPT_MS), told);
  const stored = await store.load({ sinceDay: dayAt(told.clock.now()) });
  return { journal: new WriteBehind({ store, ...told }), stored };
}

/** Old rows do no harm, so a disk that cannot forget them is no reason not to serve. */
async function forgetOld(store: Store, beforeDay: string, told: Told): Promise<void> {
  try {
    await store.prune({ beforeDay });
  } catch (error) {
    told.warn(`Cannot forget old usage: ${error instanceof Error ? error.message : String(error)}`);
  }
}
