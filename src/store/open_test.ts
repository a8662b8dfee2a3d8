/** Which driver is chosen where: nothing here may throw because a place cannot be written. */
import assert from "node:assert/strict";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { batchOf, usageRow } from "../../tests/contract/store_contract.ts";
import { DATABASE_NAME, openStore } from "./open.ts";
import { NewerSchemaError } from "./sqlite.ts";

/** Runs `test` with a fresh directory and the warnings that `openStore` gave. */
function inDirectory(test: (here: { directory: string; warnings: string[]; warn: (message: string) => void }) => Promise<void>) {
  return async () => {
    const directory = Deno.makeTempDirSync();
    const warnings: string[] = [];
    try {
      await test({ directory, warnings, warn: (message) => warnings.push(message) });
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  };
}

Deno.test(
  "a directory that can be written gets SQLite, and is made private when it is missing",
  inDirectory(async ({ directory, warnings, warn }) => {
    const dataDir = join(directory, "a", "b");
    const store = await openStore({ dataDir, warn });
    assert.equal(store.name, "sqlite");
    await store.close();
    assert.equal(statSync(dataDir).mode & 0o777, 0o700);
    assert.equal(statSync(join(dataDir, DATABASE_NAME)).mode & 0o777, 0o600);
    assert.deepEqual(warnings, []);
  }),
);

/** Places where not even root can write a file, on any file system. */
const UNWRITABLE: readonly { readonly name: string; readonly dataDir: (directory: string) => string }[] = [
  {
    name: "a path below a regular file",
    dataDir: (directory) => {
      writeFileSync(join(directory, "file"), "");
      return join(directory, "file", "state");
    },
  },
  {
    name: "a directory in the way of the database file",
    dataDir: (directory) => {
      mkdirSync(join(directory, DATABASE_NAME));
      return directory;
    },
  },
  ...(Deno.build.os === "linux" ? [{ name: "a kernel directory that takes no files", dataDir: () => "/proc/self" }] : []),
];

for (const { name, dataDir } of UNWRITABLE) {
  Deno.test(
    `${name}: state is kept in memory, with one warning naming path and reason`,
    inDirectory(async ({ directory, warnings, warn }) => {
      const place = dataDir(directory);
      const store = await openStore({ dataDir: place, warn });
      assert.equal(store.name, "memory");
      await store.save(batchOf({ usage: [usageRow()] }));
      assert.deepEqual((await store.load({ sinceDay: "" })).usage, [usageRow()]);
      await store.close();
      assert.equal(warnings.length, 1);
      assert.ok(warnings[0]?.includes(join(place, DATABASE_NAME)), warnings.join());
      assert.match(warnings[0] ?? "", /ENOTDIR|not a directory|EISDIR|is a directory|EACCES|ENOENT|denied|no such/i);
    }),
  );
}

Deno.test(
  "a database of a newer schema refuses to open instead of being forgotten",
  inDirectory(async ({ directory, warnings, warn }) => {
    const database = new DatabaseSync(join(directory, DATABASE_NAME));
    database.exec("PRAGMA user_version = 99");
    database.close();
    await assert.rejects(openStore({ dataDir: directory, warn }), NewerSchemaError);
    assert.deepEqual(warnings, []);
  }),
);
