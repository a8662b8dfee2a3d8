/** Which request logs go and which stay, first as a pure choice, then on a real disk. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeClock } from "../../tests/support/fake_clock.ts";
import { expiredLogs, startRetention } from "./retention.ts";

const DAY_MS = 86_400_000;
const NOW_AT = Date.UTC(2026, 5, 15);

const logOf = (name: string, { days, bytes = 100 }: { readonly days: number; readonly bytes?: number }) => ({
  name,
  bytes,
  modifiedAt: NOW_AT - days * DAY_MS,
});

const namesOf = (logs: readonly { readonly name: string }[]) => logs.map((log) => log.name);

Deno.test("logs older than the retention go, those of exactly its age stay", () => {
  const logs = [logOf("fresh", { days: 1 }), logOf("edge", { days: 14 }), logOf("old", { days: 14.1 }), logOf("older", { days: 30 })];
  assert.deepEqual(namesOf(expiredLogs(logs, { retentionDays: 14, maxBytes: 10_000, nowAt: NOW_AT })), ["older", "old"]);
});

Deno.test("logs beyond the size go oldest first, and only as many as needed", () => {
  const logs = [logOf("c", { days: 1 }), logOf("a", { days: 3 }), logOf("b", { days: 2 })];
  assert.deepEqual(namesOf(expiredLogs(logs, { retentionDays: 14, maxBytes: 200, nowAt: NOW_AT })), ["a"]);
  assert.deepEqual(namesOf(expiredLogs(logs, { retentionDays: 14, maxBytes: 199, nowAt: NOW_AT })), ["a", "b"]);
});

Deno.test("what goes for its age counts for the size", () => {
  const logs = [logOf("old", { days: 20, bytes: 1000 }), logOf("fresh", { days: 1 })];
  assert.deepEqual(namesOf(expiredLogs(logs, { retentionDays: 14, maxBytes: 150, nowAt: NOW_AT })), ["old"]);
});

Deno.test("0 lifts a limit", () => {
  const logs = [logOf("ancient", { days: 5000, bytes: 1e12 })];
  assert.deepEqual(expiredLogs(logs, { retentionDays: 0, maxBytes: 0, nowAt: NOW_AT }), []);
});

Deno.test("the rest always fits, nothing younger goes before something older, and no log goes without need", () => {
  const anyLog = fc.record({ name: fc.string(), bytes: fc.nat(1000), modifiedAt: fc.integer({ min: NOW_AT - 30 * DAY_MS, max: NOW_AT }) });
  fc.assert(fc.property(fc.uniqueArray(anyLog, { selector: (log) => log.name }), fc.integer({ min: 1, max: 5000 }), (logs, maxBytes) => {
    const gone = expiredLogs(logs, { retentionDays: 14, maxBytes, nowAt: NOW_AT });
    const kept = logs.filter((log) => !gone.includes(log));
    const keptBytes = kept.reduce((sum, log) => sum + log.bytes, 0);
    assert.ok(keptBytes <= maxBytes);
    const newestGone = gone.at(-1);
    if (newestGone === undefined) return;
    assert.ok(kept.every((log) => log.modifiedAt >= newestGone.modifiedAt));
    const isNeeded = newestGone.modifiedAt < NOW_AT - 14 * DAY_MS || keptBytes + newestGone.bytes > maxBytes;
    assert.ok(isNeeded);
  }));
});

function place() {
  const dataDir = Deno.makeTempDirSync();
  const root = join(dataDir, "logs", "detailed_logs");
  mkdirSync(root, { recursive: true });
  return {
    dataDir,
    root,
    clock: new FakeClock(NOW_AT),
    warnings: new Array<string>(),
    log(path: string, { days, bytes = 100 }: { readonly days: number; readonly bytes?: number }) {
      mkdirSync(path, { recursive: true });
      const file = join(path, "request.json");
      writeFileSync(file, "x".repeat(bytes));
      for (const each of [file, path]) utimesSync(each, NOW_AT / 1000 - days * 86_400, NOW_AT / 1000 - days * 86_400);
    },
    [Symbol.dispose]: () => Deno.removeSync(dataDir, { recursive: true }),
  };
}

Deno.test("expired logs are removed at start and then every hour, by the limits of that moment", async () => {
  using here = place();
  here.log(join(here.root, "20260501_000000_old"), { days: 20 });
  here.log(join(here.root, "20260614_000000_fresh"), { days: 1 });
  let maxBytes = 1000;
  const warn = (message: string) => here.warnings.push(message);
  const retention = startRetention({ dataDir: here.dataDir, limits: () => ({ retentionDays: 14, maxBytes }), clock: here.clock, warn });
  await retention.run();
  assert.deepEqual(readdirSync(here.root), ["20260614_000000_fresh"]);
  maxBytes = 50;
  here.clock.advance(3_600_000);
  await retention.run();
  assert.deepEqual(readdirSync(here.root), []);
  await retention.stop();
  assert.equal(here.clock.timerCount, 0);
  assert.deepEqual(here.warnings, []);
});

Deno.test("there is a round at the start and one each hour, until it is stopped", async () => {
  using here = place();
  let roundCount = 0;
  const limits = () => {
    roundCount++;
    return { retentionDays: 14, maxBytes: 0 };
  };
  const retention = startRetention({ dataDir: here.dataDir, limits, clock: here.clock, warn: (message) => here.warnings.push(message) });
  here.clock.advance(3_600_000 - 1);
  await retention.run();
  assert.equal(roundCount, 2);
  here.clock.advance(1);
  here.clock.advance(3_600_000);
  await retention.run();
  assert.equal(roundCount, 5);
  await retention.stop();
  assert.equal(here.clock.timerCount, 0);
});

Deno.test("only directories named like request logs are removed, and links are not followed", async () => {
  using here = place();
  const logs = join(here.dataDir, "logs");
  const outside = join(here.dataDir, "outside");
  const kept = [join(here.root, "notes"), join(logs, "mine", "20260101_000000_x"), join(outside, "20260101_000000_y")];
  for (const path of kept) here.log(path, { days: 100 });
  symlinkSync(outside, join(logs, "linked_logs"));
  symlinkSync(join(outside, "20260101_000000_y"), join(here.root, "20260101_000000_z"));
  here.log(join(logs, "qwen_code_logs", "20260101_000000_q"), { days: 100 });
  const warn = (message: string) => here.warnings.push(message);
  const limits = () => ({ retentionDays: 14, maxBytes: 1 });
  const retention = startRetention({ dataDir: here.dataDir, limits, clock: here.clock, warn });
  await retention.run();
  await retention.stop();
  for (const path of kept) assert.ok(existsSync(path), path);
  assert.deepEqual(readdirSync(join(logs, "qwen_code_logs")), []);
});

Deno.test("no logs yet is no trouble; a place that cannot be read is one warning", async () => {
  using here = place();
  const warn = (message: string) => here.warnings.push(message);
  const limits = () => ({ retentionDays: 14, maxBytes: 1 });
  const fine = startRetention({ dataDir: join(here.dataDir, "nowhere"), limits, clock: here.clock, warn });
  await fine.run();
  await fine.stop();
  assert.deepEqual(here.warnings, []);
  writeFileSync(join(here.dataDir, "file"), "");
  const blocked = startRetention({ dataDir: join(here.dataDir, "file"), limits, clock: here.clock, warn });
  await blocked.run();
  await blocked.run();
  await blocked.stop();
  assert.equal(here.warnings.length, 1);
});
