/** Rests that another proxy knew of, put where this one looks at its next start. */
import type { Config } from "../config/config.ts";
import { openStore } from "../store/open.ts";
import type { Told } from "./told.ts";

/** A model that rests on a credential. `untilAt`: epoch ms. */
export interface KnownRest {
  readonly credential: string;
  readonly model: string;
  readonly untilAt: number;
}

/** Saves them all, or rejects with the reason. A server that runs meanwhile does not see them. */
export async function importRests({ dataDir }: Config, rests: readonly KnownRest[], told: Told): Promise<void> {
  const store = await openStore({ dataDir, ...told });
  try {
    const rows = rests.map((rest) => ({ ...rest, reason: "rate_limited" as const, isHinted: true, step: 0, trialAt: null }));
    await store.save({ usage: [], rests: rows, endedRests: [] });
  } finally {
    await store.close();
  }
}
