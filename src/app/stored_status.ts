/**
 * What can be said of the providers while no server answers: the credentials there are, and what the last server
 * left about them. In the form a server's own report has. Reads only.
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import type { Config } from "../config/config.ts";
import type { ProviderStatus } from "../gateway/status_report.ts";
import { systemClock } from "../kernel/clock.ts";
import { DATABASE_NAME } from "../store/open.ts";
import { statusOf } from "./credential_status.ts";
import { viewCredentials } from "./credential_view.ts";
import { rowInForce } from "./row_in_force.ts";
import type { Setup } from "./setup.ts";

export interface StoredStatus {
  /** Now, epoch ms. */
  readonly at: number;
  /** When a server last wrote into the store; null when none ever did. */
  readonly storedAt: number | null;
  readonly providers: readonly ProviderStatus[];
  readonly warnings: readonly string[];
}

/** Never rejects: what cannot be read is a warning. */
export async function storedStatus({ config, variables, sources }: Setup): Promise<StoredStatus> {
  const now = systemClock.now();
  const storedAt = await lastWrite(config);
  const { views, warnings, found } = await viewCredentials({ config, variables, cwd: sources.cwd, env: process.env, now });
  const providers = [...Map.groupBy(views, ({ provider }) => provider)].map(([id, own]): ProviderStatus => {
    const row = rowInForce(id, { found, variables });
    const isPlaced = row !== undefined && !("missing" in row);
    const settings = config.providers.get(id);
    const maxInFlight = settings?.maxInFlight ?? (isPlaced && row.isLocal ? Infinity : 1);
    return {
      id,
      name: own[0]?.providerName ?? id,
      base_url: isPlaced ? row.baseUrl : "",
      rotation_mode: settings?.rotation ?? "balanced",
      circuit: "closed",
      queued: 0,
      in_flight: 0,
      max_in_flight: Number.isFinite(maxInFlight) ? maxInFlight : null,
      credentials: own.map(statusOf),
    };
  });
  return { at: now, storedAt, providers, warnings };
}

/** The write-ahead file is younger than the database while it holds what was written last; readers may leave an empty one. */
async function lastWrite({ dataDir }: Config): Promise<number | null> {
  const times = await Promise.all([DATABASE_NAME, `${DATABASE_NAME}-wal`].map(async (name) => {
    return await stat(join(dataDir, name)).then(({ mtimeMs, size }) => size === 0 ? null : mtimeMs, () => null);
  }));
  const known = times.filter((at) => at !== null);
  return known.length === 0 ? null : Math.round(Math.max(...known));
}
