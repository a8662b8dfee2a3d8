/** The lock between processes, on real files. Two takers in one process differ no more than two processes would. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { FakeClock } from "../../tests/support/fake_clock.ts";
import { until } from "../../tests/support/live_login_fixtures.ts";
import { systemClock } from "./clock.ts";
import { type HeldLock, type LockOptions, STALE_LOCK_MS, takeLock } from "./lock_file.ts";

async function inDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "keyproxy-lock-"));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

function optionsFor(directory: string, more: Partial<LockOptions> = {}): LockOptions {
  return { path: join(directory, "grant.lock"), clock: systemClock, random: () => 0, signal: new AbortController().signal, ...more };
}

async function take(options: LockOptions): Promise<HeldLock> {
  const result = await takeLock(options);
  if (result.kind !== "held") assert.fail(`the lock is ${result.kind}`);
  return result;
}

Deno.test("a lock is taken, and nothing is left when it is given back", () =>
  inDirectory(async (directory) => {
    const lock = await take(optionsFor(directory));
    assert.deepEqual(await readdir(directory), ["grant.lock"]);
    await lock.release();
    await lock.release();
    assert.deepEqual(await readdir(directory), []);
  }));

Deno.test("takers hold it one after the other", () =>
  inDirectory(async (directory) => {
    let holderCount = 0;
    let mostHolderCount = 0;
    let turnCount = 0;
    await Promise.all(Array.from({ length: 5 }, async () => {
      const lock = await take(optionsFor(directory));
      mostHolderCount = Math.max(mostHolderCount, ++holderCount);
      await stat(directory);
      holderCount--;
      turnCount++;
      await lock.release();
    }));
    assert.deepEqual({ mostHolderCount, turnCount }, { mostHolderCount: 1, turnCount: 5 });
    assert.deepEqual(await readdir(directory), []);
  }));

Deno.test("a lock whose holder died is taken over by one of those who wait", () =>
  inDirectory(async (directory) => {
    const options = optionsFor(directory);
    await writeFile(options.path, "left by a process that died");
    const longAgoS = systemClock.now() / 1_000 - 60;
    await utimes(options.path, longAgoS, longAgoS);
    let holderCount = 0;
    let mostHolderCount = 0;
    await Promise.all(Array.from({ length: 8 }, async () => {
      const lock = await take(options);
      mostHolderCount = Math.max(mostHolderCount, ++holderCount);
      await stat(directory);
      holderCount--;
      await lock.release();
    }));
    assert.equal(mostHolderCount, 1);
    assert.deepEqual(await readdir(directory), []);
  }));

Deno.test("an empty lock file whose maker died half-way is taken over too", () =>
  inDirectory(async (directory) => {
    const options = optionsFor(directory);
    await writeFile(options.path, "");
    await utimes(options.path, 1_000, 1_000);
    await (await take(options)).release();
    assert.deepEqual(await readdir(directory), []);
  }));

Deno.test("a claim whose maker died does not keep a dead lock for ever", () =>
  inDirectory(async (directory) => {
    const options = optionsFor(directory);
    await writeFile(options.path, "left by a process that died");
    await utimes(options.path, 1_000, 1_000);
    const instance = createHash("sha256").update("left by a process that died").digest("hex").slice(0, 16);
    const claim = `${options.path}.${instance}`;
    await writeFile(claim, "left by another");
    await utimes(claim, 1_000, 1_000);
    await (await take(options)).release();
    assert.deepEqual(await readdir(directory), []);
  }));

Deno.test("a lock of a machine whose clock is ahead is taken over after it was watched long enough", () =>
  inDirectory(async (directory) => {
    const clock = new FakeClock();
    const options = optionsFor(directory, { clock });
    await writeFile(options.path, "left by a process that died");
    const aheadS = clock.now() / 1_000 + 86_400;
    await utimes(options.path, aheadS, aheadS);
    const taking = take(options);
    let waitedMs = 0;
    while (waitedMs <= STALE_LOCK_MS) {
      await until(() => clock.timerCount === 1);
      waitedMs += clock.nextTimerInMs ?? 0;
      clock.advance(clock.nextTimerInMs ?? 0);
    }
    await (await taking).release();
  }));

Deno.test("a holder that takes long keeps its lock by touching it", () =>
  inDirectory(async (directory) => {
    const clock = new FakeClock();
    const options = optionsFor(directory, { clock });
    const lock = await take(options);
    for (let touch = 0; touch < 5; touch++) {
      clock.advance(5_000);
      const nowAt = clock.now();
      for (let tries = 0; (await stat(options.path)).mtimeMs !== nowAt; tries++) assert.ok(tries < 10_000);
    }
    assert.deepEqual(await takeLock({ ...options, maxWaitMs: 0 }), { kind: "busy" });
    await lock.release();
    assert.equal(clock.timerCount, 0);
  }));

Deno.test("a lock that was taken over is not given back by its first holder", () =>
  inDirectory(async (directory) => {
    const options = optionsFor(directory);
    const first = await take(options);
    await utimes(options.path, 1_000, 1_000);
    const second = await take(options);
    const content = await readFile(options.path, "utf8");
    await first.release();
    assert.equal(await readFile(options.path, "utf8"), content);
    await second.release();
    assert.deepEqual(await readdir(directory), []);
  }));

Deno.test("waiting for a holder ends with its bound and with its signal", () =>
  inDirectory(async (directory) => {
    const options = optionsFor(directory);
    const lock = await take(options);
    assert.deepEqual(await takeLock({ ...options, maxWaitMs: 0 }), { kind: "busy" });
    const stop = new AbortController();
    const waiting = takeLock({ ...options, signal: stop.signal });
    stop.abort();
    assert.deepEqual(await waiting, { kind: "busy" });
    await lock.release();
  }));

Deno.test("where no lock can be made, the reason is told", () =>
  inDirectory(async (directory) => {
    const result = await takeLock(optionsFor(join(directory, "missing")));
    assert.deepEqual(result, { kind: "unavailable", reason: "ENOENT" });
    assert.equal(existsSync(join(directory, "missing")), false);
  }));

Deno.test("a lock of a process of this machine that is gone is taken over at once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "keyproxy-lock-"));
  try {
    const path = join(folder, "login.lock");
    const gone = spawnSync(process.execPath, ["--version"]).pid;
    await writeFile(path, `some-id ${gone} ${hostname()}`);
    const lock = await takeLock({ path, clock: systemClock, random: () => 0.5, signal: new AbortController().signal, maxWaitMs: 5_000 });
    assert.equal(lock.kind, "held");
    if (lock.kind === "held") await lock.release();
    await writeFile(path, `some-id ${process.pid} ${hostname()}`);
    const busy = await takeLock({ path, clock: systemClock, random: () => 0.5, signal: new AbortController().signal, maxWaitMs: 0 });
    assert.equal(busy.kind, "busy");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
