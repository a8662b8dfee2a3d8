/**
 * The SQLite driver beyond the common contract: what is on the disk, and what a damaged, locked or foreign
 * file does.
 */
import assert from "node:assert/strict";
import { readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { batchOf, restRow, usageRow } from "../../tests/contract/store_contract.ts";
import { FakeClock } from "../../tests/support/fake_clock.ts";
import { examineSqlite, NewerSchemaError, openSqliteStore, readSqliteState, SCHEMA_VERSION } from "./sqlite.ts";

const EVER = { sinceDay: "" };

/** A directory for one test, with a way to open its database again and again. */
function place() {
  const directory = Deno.makeTempDirSync();
  const path = join(directory, "state.db");
  const warnings: string[] = [];
  return {
    directory,
    path,
    warnings,
    open: () => openSqliteStore({ path, clock: new FakeClock(Date.UTC(2026, 4, 6, 7, 8, 9)), warn: (message) => warnings.push(message) }),
    [Symbol.dispose]: () => Deno.removeSync(directory, { recursive: true }),
  };
}

Deno.test("what was saved is there after the file is opened again", async () => {
  using here = place();
  const first = here.open();
  await first.save(batchOf({ usage: [usageRow()], rests: [restRow({ model: null })], lastResetAt: 42 }));
  await first.close();
  const second = here.open();
  assert.deepEqual(await second.load(EVER), { usage: [usageRow()], rests: [restRow({ model: null })], lastResetAt: 42 });
  await second.close();
  assert.deepEqual(here.warnings, []);
});

Deno.test("the database and the files beside it are for their owner only", async () => {
  using here = place();
  const store = here.open();
  await store.save(batchOf({ usage: [usageRow()] }));
  const modes = readdirSync(here.directory).map((name) => [name, statSync(join(here.directory, name)).mode & 0o777]);
  await store.close();
  assert.deepEqual(modes.sort(), [["state.db", 0o600], ["state.db-shm", 0o600], ["state.db-wal", 0o600]]);
});

Deno.test("the file is in WAL mode and carries the schema version", async () => {
  using here = place();
  await here.open().close();
  const database = new DatabaseSync(here.path);
  assert.equal(database.prepare("PRAGMA journal_mode").get()?.["journal_mode"], "wal");
  assert.equal(database.prepare("PRAGMA user_version").get()?.["user_version"], SCHEMA_VERSION);
  database.close();
});

Deno.test("a batch that fails half way leaves nothing of itself", async () => {
  using here = place();
  const store = here.open();
  const other = new DatabaseSync(here.path);
  other.exec("CREATE TRIGGER trap BEFORE INSERT ON usage WHEN NEW.model = 'trap' BEGIN SELECT RAISE(ABORT, 'sprung'); END");
  const usage = [usageRow(), usageRow({ model: "trap" })];
  await assert.rejects(store.save(batchOf({ usage, rests: [restRow()], lastResetAt: 1 })), /sprung/);
  assert.deepEqual(await store.load(EVER), { usage: [], rests: [], lastResetAt: null });
  other.exec("DROP TRIGGER trap");
  other.close();
  await store.save(batchOf({ usage }));
  assert.equal((await store.load(EVER)).usage.length, 2);
  await store.close();
});

Deno.test("a lock held by another process fails the save, and the next one succeeds", async () => {
  using here = place();
  const store = here.open();
  const other = new DatabaseSync(here.path);
  other.exec("BEGIN IMMEDIATE");
  await assert.rejects(store.save(batchOf({ usage: [usageRow()] })), /locked/);
  other.exec("COMMIT");
  other.close();
  await store.save(batchOf({ usage: [usageRow()] }));
  assert.deepEqual((await store.load(EVER)).usage, [usageRow()]);
  await store.close();
});

Deno.test("a counter that is not a number is kept as 0 and does not stop its batch", async () => {
  using here = place();
  const store = here.open();
  await store.save(batchOf({ usage: [usageRow({ costUsd: NaN }), usageRow({ model: "other" })] }));
  assert.deepEqual((await store.load(EVER)).usage.map((row) => row.costUsd), [0, usageRow().costUsd]);
  await store.close();
});

Deno.test("a file that is not a database is set aside with one warning and a fresh one begun", async () => {
  using here = place();
  const junk = "this was never a database\n".repeat(400);
  writeFileSync(here.path, junk);
  const store = here.open();
  await store.save(batchOf({ usage: [usageRow()] }));
  assert.deepEqual((await store.load(EVER)).usage, [usageRow()]);
  await store.close();
  const asidePath = `${here.path}.corrupt-20260506T070809000Z`;
  assert.equal(Deno.readTextFileSync(asidePath), junk);
  assert.equal(here.warnings.length, 1);
  assert.ok(here.warnings[0]?.includes(asidePath));
  assert.equal(statSync(here.path).mode & 0o777, 0o600);
});

Deno.test("a database with damaged pages is set aside", async () => {
  using here = place();
  const store = here.open();
  const usage = Array.from({ length: 2000 }, (_, index) => usageRow({ model: `model-${index}` }));
  await store.save(batchOf({ usage }));
  await store.close();
  truncateSync(here.path, 3 * 4096);
  const fresh = here.open();
  assert.deepEqual(await fresh.load(EVER), { usage: [], rests: [], lastResetAt: null });
  await fresh.close();
  assert.equal(here.warnings.length, 1);
});

Deno.test("a log left beside a corrupt file does not reach the fresh one", async () => {
  using here = place();
  writeFileSync(here.path, "junk".repeat(4000));
  writeFileSync(`${here.path}-wal`, "stale");
  const store = here.open();
  assert.deepEqual(await store.load(EVER), { usage: [], rests: [], lastResetAt: null });
  await store.close();
  assert.deepEqual(readdirSync(here.directory).filter((name) => name.startsWith("state.db-")), []);
});

Deno.test("an empty file is a fresh database, not a corrupt one", async () => {
  using here = place();
  writeFileSync(here.path, "");
  await here.open().close();
  assert.deepEqual(here.warnings, []);
});

Deno.test("a database of a newer schema is an error that says so, and stays as it is", async () => {
  using here = place();
  const store = here.open();
  await store.save(batchOf({ usage: [usageRow()] }));
  await store.close();
  setVersion(here.path, SCHEMA_VERSION + 1);
  assert.throws(() => here.open(), (error) => {
    assert.ok(error instanceof NewerSchemaError);
    assert.match(error.message, new RegExp(`schema version is ${SCHEMA_VERSION + 1}.*up to ${SCHEMA_VERSION}`));
    return true;
  });
  setVersion(here.path, SCHEMA_VERSION);
  const again = here.open();
  assert.deepEqual((await again.load(EVER)).usage, [usageRow()]);
  await again.close();
});

Deno.test("reading and examining see what is there, beside a writer too, and leave no file behind", async () => {
  using here = place();
  const store = here.open();
  await store.save(batchOf({ usage: [usageRow()] }));
  const whileOpen = readdirSync(here.directory);
  assert.deepEqual(readSqliteState({ path: here.path, ...EVER }).usage, [usageRow()]);
  assert.deepEqual(examineSqlite(here.path), { kind: "sound", version: SCHEMA_VERSION });
  assert.deepEqual(readdirSync(here.directory), whileOpen);
  await store.close();
  assert.deepEqual(readSqliteState({ path: here.path, ...EVER }).usage, [usageRow()]);
  assert.deepEqual(examineSqlite(here.path), { kind: "sound", version: SCHEMA_VERSION });
  assert.deepEqual(readdirSync(here.directory), ["state.db"]);
});

Deno.test("examining tells a newer, a damaged and a missing file apart and changes none", async () => {
  using here = place();
  await here.open().close();
  setVersion(here.path, SCHEMA_VERSION + 1);
  assert.deepEqual(examineSqlite(here.path), { kind: "newer", version: SCHEMA_VERSION + 1 });
  writeFileSync(here.path, "this is no database. ".repeat(100));
  assert.equal(examineSqlite(here.path).kind, "corrupt");
  assert.equal(examineSqlite(join(here.directory, "gone.db")).kind, "unreadable");
  assert.deepEqual(readdirSync(here.directory), ["state.db"]);
});

Deno.test("a rest for a reason unknown to this program is left out", async () => {
  using here = place();
  const store = here.open();
  await store.save(batchOf({ rests: [restRow(), restRow({ model: "odd" })] }));
  const other = new DatabaseSync(here.path);
  other.exec("UPDATE rest SET reason = 'moon_phase' WHERE model = 'odd'");
  other.close();
  assert.deepEqual((await store.load(EVER)).rests, [restRow()]);
  await store.close();
});

function setVersion(path: string, version: number): void {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA user_version = ${version}`);
  database.close();
}
