/** Modes, locks, the data directory and its database: each state has its level and fix. */
import assert from "node:assert/strict";
import type { Finding } from "./finding.ts";
import { type DataFacts, type FileFact, judgeData, judgeFiles } from "./files.ts";

const MIB = 1024 * 1024;
const SOUND: DataFacts = {
  path: "/d",
  directory: { kind: "writable" },
  databasePath: "/d/keyproxy.db",
  database: { kind: "sound", version: 1 },
  freeBytes: 1024 * MIB,
};

function short(findings: readonly Finding[]): string[] {
  return findings.map(({ level, fix = "" }) => `${level} ${fix}`.trim());
}

Deno.test("modes: secrets are for their owner, records not for everybody, settings not for everybody to change", () => {
  const at = (content: FileFact["content"], mode: number | null, isFolder = false): FileFact => ({ path: "/a b", content, isFolder, mode });
  const judged = (file: FileFact) => short(judgeFiles({ files: [file], launcher: { kind: "absent" }, locks: [] }));
  assert.deepEqual(judged(at("secrets", 0o100600)), ["ok"]);
  assert.deepEqual(judged(at("secrets", 0o100640)), ["warning chmod 600 '/a b'"]);
  assert.deepEqual(judged(at("secrets", 0o40755, true)), ["warning chmod 700 '/a b'"]);
  assert.deepEqual(judged(at("records", 0o100640)), []);
  assert.deepEqual(judged(at("records", 0o100644)), ["note chmod 600 '/a b'"]);
  assert.deepEqual(judged(at("settings", 0o100644)), []);
  assert.deepEqual(judged(at("settings", 0o100666)), ["warning chmod o-w '/a b'"]);
  assert.deepEqual(judged(at("secrets", null)), []);
});

Deno.test("only a lock that nobody touched for long is told of", () => {
  const locks = [{ path: "/new.lock", ageMs: 5_000 }, { path: "/old.lock", ageMs: 3_600_000 }];
  assert.deepEqual(short(judgeFiles({ files: [], launcher: { kind: "sound" }, locks })), ["note rm /old.lock"]);
});

Deno.test("a data directory that cannot be written is a warning, something else in its place an error", () => {
  const levels = (facts: Partial<DataFacts>) => judgeData({ ...SOUND, ...facts }).map(({ level }) => level);
  const none = { database: { kind: "absent" } } as const;
  assert.deepEqual(levels({}), ["ok"]);
  assert.deepEqual(levels(none), ["ok"]);
  assert.deepEqual(levels({ ...none, directory: { kind: "read_only", code: "EROFS" } }), ["warning"]);
  assert.deepEqual(levels({ ...none, directory: { kind: "absent", canBeMade: true } }), ["ok"]);
  assert.deepEqual(levels({ ...none, directory: { kind: "absent", canBeMade: false } }), ["warning"]);
  assert.deepEqual(levels({ ...none, directory: { kind: "blocked", by: "/d" } }), ["error"]);
});

Deno.test("a database is sound, newer, damaged or unreadable; a disk is roomy, low or full", () => {
  const levels = (facts: Partial<DataFacts>) => judgeData({ ...SOUND, ...facts }).map(({ level }) => level);
  assert.deepEqual(levels({ database: { kind: "newer", version: 9 } }), ["error"]);
  assert.deepEqual(levels({ database: { kind: "corrupt", reason: "x" } }), ["warning"]);
  assert.deepEqual(levels({ database: { kind: "unreadable", reason: "x" } }), ["warning"]);
  assert.deepEqual(levels({ freeBytes: 100 * MIB }), ["ok", "warning"]);
  assert.deepEqual(levels({ freeBytes: MIB }), ["ok", "error"]);
  assert.deepEqual(levels({ freeBytes: null }), ["ok"]);
});
