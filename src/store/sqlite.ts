/**
 * The driver that survives: one SQLite file in WAL mode. A batch is one transaction, so a process killed
 * at any moment leaves a sound file that holds whole batches only.
 */
import { closeSync, existsSync, openSync, renameSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import type { Clock } from "../kernel/clock.ts";
import type { RestRow, StateBatch, Store, StoredState, UsageRow } from "./store.ts";

/** Another process may hold the file's lock for so long; the event loop stands still meanwhile, so it is short. */
const BUSY_TIMEOUT_MS = 250;

/** Size the write-ahead log is cut back to after a burst. */
const WAL_KEPT_BYTES = 4 * 1024 * 1024;

/**
 * Each entry lifts the file from the version of its index to the next. Entries are never changed once
 * released. Numbers are REAL because that is what a JavaScript number is: nothing is lost or refused.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE usage (
     credential TEXT NOT NULL,
     model TEXT NOT NULL,
     day TEXT NOT NULL,
     request_count REAL NOT NULL,
     failure_count REAL NOT NULL,
     input_tokens REAL NOT NULL,
     cached_tokens REAL NOT NULL,
     output_tokens REAL NOT NULL,
     cost_usd REAL NOT NULL,
     PRIMARY KEY (credential, model, day)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX usage_by_day ON usage (day);
   CREATE TABLE rest (
     credential TEXT NOT NULL,
     is_whole INTEGER NOT NULL,
     model TEXT NOT NULL,
     until_at REAL NOT NULL,
     reason TEXT NOT NULL,
     is_hinted INTEGER NOT NULL,
     step REAL NOT NULL,
     trial_at REAL,
     PRIMARY KEY (credential, is_whole, model)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE mark (name TEXT PRIMARY KEY, at REAL NOT NULL) STRICT, WITHOUT ROWID;`,
];

/** The schema this program writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** The file was written by a newer program; it is neither read nor touched. */
export class NewerSchemaError extends Error {
  override readonly name = "NewerSchemaError";
}

export interface SqliteOptions {
  /** The database file; its directory must exist. */
  readonly path: string;
  /** Names the copy of a corrupt file. */
  readonly clock: Clock;
  readonly warn: (message: string) => void;
}

/**
 * Opens or makes the database. A corrupt file is set aside as `<path>.corrupt-<timestamp>` with one
 * warning and a fresh one begun. Throws {@link NewerSchemaError}, or whatever kept the file from opening.
 */
export function openSqliteStore(options: SqliteOptions): Store {
  // Made before SQLite sees it, so that the file and the two beside it (they take over its mode) are private from birth.
  closeSync(openSync(options.path, "a", 0o600));
  return storeOn(openSound(options));
}

/**
 * What the file says now, read without changing anything, while another process may be writing it. Throws
 * {@link NewerSchemaError}, or whatever kept the file from being read.
 */
export function readSqliteState({ path, sinceDay }: { readonly path: string; readonly sinceDay: string }): StoredState {
  const database = openToLook(path);
  try {
    const found = versionOf(database);
    if (found > SCHEMA_VERSION) throw newerSchema(path, found);
    return found === 0 ? { usage: [], rests: [], lastResetAt: null } : load(prepare(database), sinceDay);
  } finally {
    database.close();
  }
}

/** How a database file stands. `reason` is SQLite's own. */
export type FileVerdict =
  | { readonly kind: "sound"; readonly version: number }
  | { readonly kind: "newer"; readonly version: number }
  | { readonly kind: "corrupt"; readonly reason: string }
  | { readonly kind: "unreadable"; readonly reason: string };

/** Looks whether a file could be used. Changes nothing and never throws. */
export function examineSqlite(path: string): FileVerdict {
  try {
    const database = openToLook(path);
    try {
      requireSound(database);
      const version = versionOf(database);
      return { kind: version > SCHEMA_VERSION ? "newer" : "sound", version };
    } finally {
      database.close();
    }
  } catch (error) {
    return { kind: isCorruption(error) ? "corrupt" : "unreadable", reason: messageOf(error) };
  }
}

/** A reader in WAL mode makes the files beside the database and leaves them; where they are missing nobody writes, so it can do without. */
function openToLook(path: string): DatabaseSync {
  const options = { readOnly: true, timeout: BUSY_TIMEOUT_MS };
  return existsSync(`${path}-wal`) ? new DatabaseSync(path, options) : new DatabaseSync(`${pathToFileURL(path).href}?immutable=1`, options);
}

function newerSchema(path: string, found: number): NewerSchemaError {
  return new NewerSchemaError(
    `Cannot open "${path}": its schema version is ${found}, this program knows versions up to ${SCHEMA_VERSION}; ` +
      "use the newer program or move the file away",
  );
}

function openSound({ path, clock, warn }: SqliteOptions): DatabaseSync {
  try {
    return connect(path);
  } catch (error) {
    if (!isCorruption(error)) throw error;
    const asidePath = `${path}.corrupt-${new Date(clock.now()).toISOString().replace(/[-:.]/g, "")}`;
    setAside({ path, asidePath });
    warn(`Cannot read state from "${path}": ${messageOf(error)}; it was set aside as "${asidePath}" and a fresh one begun`);
    closeSync(openSync(path, "a", 0o600));
    return connect(path);
  }
}

function connect(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = ${WAL_KEPT_BYTES}`);
    requireSound(database);
    migrate({ database, path });
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

class CorruptFileError extends Error {
  override readonly name = "CorruptFileError";
}

function requireSound(database: DatabaseSync): void {
  const verdict = database.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
  if (verdict !== "ok") throw new CorruptFileError(`quick check says ${String(verdict)}`);
}

/** SQLITE_CORRUPT and SQLITE_NOTADB. Some runtimes give only the message, never the code. */
function isCorruption(error: unknown): boolean {
  return error instanceof CorruptFileError || /file is not a database|disk image is malformed/.test(messageOf(error));
}

/** The files beside the database belong to it: left behind, they would be taken for those of the fresh one. */
function setAside({ path, asidePath }: { readonly path: string; readonly asidePath: string }): void {
  renameSync(path, asidePath);
  for (const ending of ["-wal", "-shm"]) {
    try {
      renameSync(path + ending, asidePath + ending);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    }
  }
}

function migrate({ database, path }: { readonly database: DatabaseSync; readonly path: string }): void {
  if (versionOf(database) === SCHEMA_VERSION) return;
  inTransaction(database, () => {
    // Read again under the write lock: another process may have migrated in between.
    const found = versionOf(database);
    if (found > SCHEMA_VERSION) throw newerSchema(path, found);
    for (const step of MIGRATIONS.slice(found)) database.exec(step);
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  });
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
}

function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    work();
    database.exec("COMMIT");
  } catch (error) {
    // A full disk has already rolled back by itself.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function storeOn(database: DatabaseSync): Store {
  const statements = prepare(database);
  let isOpen = true;
  return {
    name: "sqlite",
    load: ({ sinceDay }) => promised(() => load(statements, sinceDay)),
    save: (batch) => promised(() => inTransaction(database, () => write(statements, batch))),
    prune: ({ beforeDay }) => promised(() => void statements.pruneUsage.run(beforeDay)),
    close: () =>
      promised(() => {
        if (isOpen) database.close();
        isOpen = false;
      }),
  };
}

/** Runs at once; what is thrown becomes a rejection, as for a driver that waits for a network. */
function promised<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}

type Statements = ReturnType<typeof prepare>;

/** A value that is not a number binds as NULL; one such counter must not keep a whole batch from the disk. */
function prepare(database: DatabaseSync) {
  return {
    usageSince: database.prepare("SELECT * FROM usage WHERE day >= ? ORDER BY day, credential, model"),
    rests: database.prepare("SELECT * FROM rest ORDER BY credential, is_whole, model"),
    lastReset: database.prepare("SELECT at FROM mark WHERE name = 'last_reset'"),
    putUsage: database.prepare(
      `INSERT OR REPLACE INTO usage
         (credential, model, day, request_count, failure_count, input_tokens, cached_tokens, output_tokens, cost_usd)
       VALUES (?, ?, ?, COALESCE(?, 0), COALESCE(?, 0), COALESCE(?, 0), COALESCE(?, 0), COALESCE(?, 0), COALESCE(?, 0))`,
    ),
    putRest: database.prepare(
      `INSERT OR REPLACE INTO rest (credential, is_whole, model, until_at, reason, is_hinted, step, trial_at)
       VALUES (?, ?, ?, COALESCE(?, 0), ?, ?, COALESCE(?, 0), ?)`,
    ),
    dropRest: database.prepare("DELETE FROM rest WHERE credential = ? AND is_whole = ? AND model = ?"),
    putLastReset: database.prepare("INSERT OR REPLACE INTO mark (name, at) VALUES ('last_reset', ?)"),
    pruneUsage: database.prepare("DELETE FROM usage WHERE day < ?"),
  };
}

function write(statements: Statements, batch: StateBatch): void {
  for (const row of batch.usage) {
    statements.putUsage.run(
      row.credential,
      row.model,
      row.day,
      row.requestCount,
      row.failureCount,
      row.inputTokens,
      row.cachedTokens,
      row.outputTokens,
      row.costUsd,
    );
  }
  for (const row of batch.rests) {
    statements.putRest.run(
      ...restIdentity(row),
      row.untilAt,
      row.reason,
      row.isHinted ? 1 : 0,
      row.step,
      row.trialAt,
    );
  }
  for (const ended of batch.endedRests) statements.dropRest.run(...restIdentity(ended));
  if (batch.lastResetAt !== undefined) statements.putLastReset.run(batch.lastResetAt);
}

/** Columns of the primary key: a whole credential is told from a model by a column of its own. */
function restIdentity(row: Pick<RestRow, "credential" | "model">): [credential: string, isWhole: number, model: string] {
  return [row.credential, row.model === null ? 1 : 0, row.model ?? ""];
}

type Row = Readonly<Record<string, unknown>>;

function load(statements: Statements, sinceDay: string): StoredState {
  const lastReset = statements.lastReset.get();
  return {
    usage: statements.usageSince.all(sinceDay).map(usageOf),
    rests: statements.rests.all().flatMap(restOf),
    lastResetAt: lastReset === undefined ? null : Number(lastReset["at"]),
  };
}

function usageOf(row: Row): UsageRow {
  return {
    credential: String(row["credential"]),
    model: String(row["model"]),
    day: String(row["day"]),
    requestCount: Number(row["request_count"]),
    failureCount: Number(row["failure_count"]),
    inputTokens: Number(row["input_tokens"]),
    cachedTokens: Number(row["cached_tokens"]),
    outputTokens: Number(row["output_tokens"]),
    costUsd: Number(row["cost_usd"]),
  };
}

const REASONS = {
  rate_limited: true,
  out_of_credit: true,
  rejected: true,
  provider_trouble: true,
  many_models: true,
  model_denied: true,
  disabled: true,
} as const satisfies Record<RestRow["reason"], true>;

function isReason(text: string): text is RestRow["reason"] {
  return Object.hasOwn(REASONS, text);
}

/** A rest for a reason this program does not know is left out: better one request too many than a guess. */
function restOf(row: Row): RestRow[] {
  const reason = String(row["reason"]);
  if (!isReason(reason)) return [];
  return [{
    credential: String(row["credential"]),
    model: row["is_whole"] === 1 ? null : String(row["model"]),
    untilAt: Number(row["until_at"]),
    reason,
    isHinted: row["is_hinted"] === 1,
    step: Number(row["step"]),
    trialAt: row["trial_at"] === null ? null : Number(row["trial_at"]),
  }];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
