/**
 * Chooses the driver: SQLite when its file can be written, memory when not. A machine without a place to
 * write still serves; it only forgets at exit, and says so once.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Clock, systemClock } from "../kernel/clock.ts";
import { memoryStore } from "./memory.ts";
import { NewerSchemaError, openSqliteStore } from "./sqlite.ts";
import type { Store } from "./store.ts";

/** Name of the database file inside the data directory. */
export const DATABASE_NAME = "keyproxy.db";

export interface OpenStoreOptions {
  /** Made when it is missing. */
  readonly dataDir: string;
  /** Called at most once with each trouble, naming path and reason. */
  readonly warn: (message: string) => void;
  /** Names the copy of a corrupt file; the machine's clock by default. */
  readonly clock?: Clock;
}

/**
 * SQLite at `<dataDir>/keyproxy.db`, or memory with one warning when that cannot be opened for writing.
 * Rejects with {@link NewerSchemaError} when a newer program wrote the file: going on would lose its state.
 */
export function openStore({ dataDir, warn, clock = systemClock }: OpenStoreOptions): Promise<Store> {
  const path = join(dataDir, DATABASE_NAME);
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    return Promise.resolve(openSqliteStore({ path, clock, warn }));
  } catch (error) {
    if (error instanceof NewerSchemaError) return Promise.reject(error);
    const reason = error instanceof Error ? error.message : String(error);
    warn(`Cannot keep state in "${path}": ${reason}; usage counts and cooldowns stay in memory and are lost at exit`);
    return Promise.resolve(memoryStore());
  }
}
