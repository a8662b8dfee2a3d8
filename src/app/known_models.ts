/**
 * All models of one provider, hidden ones too: asked for with its keys as a server would, else what is known without
 * asking. For previews; nothing is stored and no login is renewed.
 */
import { credentialsFromEnv } from "../credentials/from_env.ts";
import { closest } from "../config/suggest.ts";
import { jsonFetcher } from "../gateway/fetch_json.ts";
import { createSender } from "../gateway/send.ts";
import { systemClock } from "../kernel/clock.ts";
import { CATALOG } from "../providers/catalog.ts";
import { ModelListings } from "../providers/model_listings.ts";
import { listingSource } from "./model_sources.ts";
import { rowInForce } from "./row_in_force.ts";
import type { Setup } from "./setup.ts";

export interface KnownModels {
  /** As clients name them after `provider/`: defined ones first. */
  readonly names: readonly string[];
  /** Whether the provider itself said so. */
  readonly isListed: boolean;
}

/** Waits 5 s at most; never rejects. */
export async function knownModels(provider: string, { config, variables }: Pick<Setup, "config" | "variables">): Promise<KnownModels> {
  const found = credentialsFromEnv({ variables, rows: CATALOG, mentioned: config.providers.keys(), closest });
  const row = rowInForce(provider, { found, variables });
  const usable = row === undefined || "missing" in row ? undefined : row;
  const keys = found.credentials.filter((it) => it.provider === provider && it.kind !== "oauth");
  const sender = createSender(systemClock);
  const listings = new ModelListings({
    clock: systemClock,
    fetchJson: jsonFetcher(sender, systemClock),
    knownOf: () => usable?.models ?? [],
    sourceOf: () => usable && listingSource(usable, keys, systemClock.now()),
  });
  try {
    await listings.ensure([provider]);
    const defined = config.providers.get(provider)?.models.map(({ name }) => name) ?? [];
    return {
      names: [...new Set([...defined, ...listings.models(provider).map(({ id }) => id)])],
      isListed: listings.isKnown(provider),
    };
  } finally {
    listings.close();
    sender.close();
  }
}
