/** Where knowledge of models comes from: the providers' lists, and the facts laid over each other. */
import { writeFileAtomic } from "../kernel/atomic_file.ts";
import type { Config } from "../config/config.ts";
import { Facts } from "../gateway/facts.ts";
import { jsonFetcher } from "../gateway/fetch_json.ts";
import type { Sender } from "../gateway/send.ts";
import type { Snapshot } from "../gateway/snapshot.ts";
import type { Variables } from "../kernel/variables.ts";
import type { Credential } from "../credentials/credential.ts";
import { type Access, accessOfGrant, accessOfKey } from "../providers/access.ts";
import { listingCalls } from "../providers/adapter.ts";
import { type ListingSource, ModelListings } from "../providers/model_listings.ts";
import type { ProviderRow } from "../providers/row.ts";
import type { Told } from "./told.ts";

export interface ModelSources {
  readonly listings: ModelListings;
  readonly facts: Facts;
  close(): void;
}

export async function openModelSources(
  options: {
    readonly config: Config;
    readonly variables: Variables;
    readonly snapshot: () => Snapshot;
    readonly sender: Sender;
    readonly told: Told;
  },
): Promise<ModelSources> {
  const { config, variables, snapshot, sender, told } = options;
  const listings = new ModelListings({
    clock: told.clock,
    fetchJson: jsonFetcher(sender, told.clock),
    sourceOf: (provider) => sourceOf(snapshot(), provider, told.clock.now()),
    knownOf: (provider) => snapshot().providers.get(provider)?.row.models ?? [],
  });
  const facts = await Facts.start({
    ...told,
    dataDir: config.dataDir,
    listings,
    refresh: config.isModelInfoRefreshed ? "daily" : "off",
    modelsDevUrl: variables.get("KEYPROXY_MODELS_DEV_URL")?.value,
    saveText: (path, text) => writeFileAtomic(path, text, 0o600),
  });
  return {
    listings,
    facts,
    close() {
      facts.close();
      listings.close();
    },
  };
}

function sourceOf(snapshot: Snapshot, provider: string, now: number): ListingSource | undefined {
  const served = snapshot.providers.get(provider);
  if (served === undefined) return undefined;
  const disabled = new Set(served.pool.report().filter(({ state }) => state === "disabled").map(({ id }) => id));
  return listingSource(served.row, served.pool.credentials().filter(({ id }) => !disabled.has(id)), now);
}

/** How to ask a provider for its models: one set of headers a credential, as they would be sent with a call. */
export function listingSource(row: ProviderRow, credentials: readonly Credential[], now: number): ListingSource | undefined {
  if (row.listing === null) return undefined;
  const asked = credentials.map((credential) => listingCalls(row, accessNow(credential), now));
  const [chief, ...further] = (asked[0] ?? []).map(({ url }, at) => ({
    url: url.href,
    headerSets: asked.flatMap((calls) => calls.slice(at, at + 1)).map(({ headers }) => headers),
  }));
  return chief === undefined ? undefined : { ...chief, shape: row.listing.shape, further };
}

/** A list is no reason to renew a login: what is at hand must do. */
function accessNow(credential: Credential): Access {
  return credential.kind === "oauth" ? accessOfGrant(credential.login.current()) : accessOfKey(credential);
}
