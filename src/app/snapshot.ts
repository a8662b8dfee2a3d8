/**
 * From configuration and credentials to the providers that are served. Pools are kept over reloads, so
 * health and requests under way survive; everything else is made anew.
 */
import type { Config, ProviderSettings } from "../config/config.ts";
import type { Credential } from "../credentials/credential.ts";
import type { EnvCredentials } from "../credentials/from_env.ts";
import type { Clock, Random } from "../kernel/clock.ts";
import type { Variables } from "../kernel/variables.ts";
import type { Journal } from "../pool/keeper.ts";
import { Pool, type PoolSettings } from "../pool/pool.ts";
import { findRow } from "../providers/catalog.ts";
import type { ProviderRow } from "../providers/row.ts";
import { rowInForce } from "./row_in_force.ts";
import type { ServedProvider, Snapshot } from "../gateway/snapshot.ts";
import type { StoredState } from "../store/store.ts";

const NO_SETTINGS: ProviderSettings = { rotation: "balanced", ignoreModels: [], whitelistModels: [], models: [], fallbacks: new Map() };

/** What a pool is made with, beyond its credentials. */
export interface PoolMaking {
  readonly clock: Clock;
  readonly random: Random;
  readonly journal: Journal;
  readonly stored: StoredState;
}

export interface SnapshotInput {
  readonly config: Config;
  readonly variables: Variables;
  readonly found: EnvCredentials;
  /** Pools by provider id; new ones are added, those of vanished providers drained. */
  readonly pools: Map<string, Pool>;
  readonly making: PoolMaking;
  readonly warn: (message: string) => void;
}

/** The snapshot for requests to come. */
export function makeSnapshot(input: SnapshotInput): Snapshot {
  const { config, found, pools } = input;
  const credentials = Map.groupBy(found.credentials, (credential) => credential.provider);
  const providers = new Map<string, ServedProvider>();
  for (const [id, own] of credentials) {
    const row = rowOf(id, input);
    if (row === undefined) continue;
    const settings = config.providers.get(id) ?? NO_SETTINGS;
    providers.set(id, { row, settings, pool: poolOf(id, { row, settings, own, input }) });
  }
  for (const [id, pool] of pools) if (!providers.has(id)) pool.replace([], {});
  return Object.freeze({ config, providers });
}

/** The row as it is configured; undefined, with a warning, when a part of its address is not. */
function rowOf(id: string, { found, variables, warn }: SnapshotInput): ProviderRow | undefined {
  const row = rowInForce(id, { found, variables });
  if (row === undefined || !("missing" in row)) return row;
  const prefix = findRow(id)?.prefixes[0] ?? id.toUpperCase();
  warn(`Cannot use provider "${id}": its address needs ${row.missing}; set it, or ${prefix}_API_BASE`);
  return undefined;
}

function poolOf(
  id: string,
  { row, settings, own, input }: {
    readonly row: ProviderRow;
    readonly settings: ProviderSettings;
    readonly own: readonly Credential[];
    readonly input: SnapshotInput;
  },
): Pool {
  const poolSettings = poolSettingsOf(row, settings, input.config);
  const known = input.pools.get(id);
  if (known !== undefined) {
    known.replace(own, poolSettings);
    return known;
  }
  const pool = new Pool({ provider: id, credentials: own, settings: poolSettings, ...input.making });
  input.pools.set(id, pool);
  return pool;
}

function poolSettingsOf(row: ProviderRow, settings: ProviderSettings, config: Config): PoolSettings {
  return {
    maxInFlight: settings.maxInFlight ?? (row.isLocal ? Infinity : 1),
    rotation: settings.rotation,
    tolerance: config.rotationTolerance,
    cooldownLadderMs: config.cooldownLadderMs,
    maxQueue: config.maxQueue,
    isAffinityOn: config.isAffinityOn,
    dailyResetMinute: config.dailyResetMinute,
    quotaGroups: row.quotaGroups ?? [],
  };
}
