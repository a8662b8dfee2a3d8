/**
 * What one request sees of the world: configuration and providers, fixed when it arrived. A reload makes a
 * new snapshot; pools live on across reloads.
 */
import type { Config, ProviderSettings } from "../config/config.ts";
import type { Pool } from "../pool/pool.ts";
import type { ProviderRow } from "../providers/row.ts";

/** A provider that is configured: where it is, how it is used, and its credentials. */
export interface ServedProvider {
  /** Its row with the base URL in force. */
  readonly row: ProviderRow;
  readonly settings: ProviderSettings;
  readonly pool: Pool;
}

export interface Snapshot {
  readonly config: Config;
  /** By provider id. */
  readonly providers: ReadonlyMap<string, ServedProvider>;
}
