/** All models there are: those that can be called, those that a filter hides, and the providers that did not say. */
import type { ServedProvider } from "../gateway/snapshot.ts";
import type { HttpDeps } from "../http/deps.ts";
import { modelList, type ModelRow } from "../http/listings.ts";
import type { ModelListings } from "../providers/model_listings.ts";
import { hidingPattern } from "../providers/visibility.ts";

export type { ModelRow } from "../http/listings.ts";

export interface HiddenModel {
  /** `provider/model` */
  readonly id: string;
  readonly provider: string;
  /** The pattern of the provider's ignore list. */
  readonly pattern: string;
}

export interface ModelOverview {
  /** As `GET /v1/models` lists them. */
  readonly shown: readonly ModelRow[];
  readonly hidden: readonly HiddenModel[];
  /** Providers that did not say what they offer, and why in words for a person. */
  readonly silent: readonly { readonly provider: string; readonly reason: string }[];
}

/** Waits, 5 s at most, for providers that were not asked yet. Never rejects. */
export async function modelOverview(http: HttpDeps, listings: ModelListings): Promise<ModelOverview> {
  const { data } = await modelList(http, "enriched");
  const providers = [...http.snapshot().providers.values()];
  return {
    shown: data,
    hidden: providers.flatMap((provider) => hiddenOf(provider, listings)),
    silent: providers.flatMap((provider) => {
      const reason = reasonOf(provider, listings);
      return reason === undefined ? [] : [{ provider: provider.row.id, reason }];
    }),
  };
}

function reasonOf({ row, settings }: ServedProvider, listings: ModelListings): string | undefined {
  if (row.listing !== null) return listings.trouble(row.id);
  const isNamed = settings.models.length > 0 || listings.models(row.id).length > 0;
  return isNamed ? undefined : `it has no list; name them in ${row.prefixes[0] ?? "P"}_MODELS`;
}

function hiddenOf({ row, settings }: ServedProvider, listings: ModelListings): HiddenModel[] {
  const rules = { whitelist: settings.whitelistModels, ignore: settings.ignoreModels };
  const names = new Set([...settings.models.map(({ name }) => name), ...listings.models(row.id).map(({ id }) => id)]);
  return [...names].flatMap((name) => {
    const pattern = hidingPattern({ provider: row.id, name }, rules);
    return pattern === undefined ? [] : [{ id: `${row.id}/${name}`, provider: row.id, pattern }];
  });
}
