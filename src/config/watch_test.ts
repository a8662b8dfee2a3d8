/** Watching: every way a file changes is told once, on real directories and a clock moved by hand. */
import assert from "node:assert/strict";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../kernel/clock.ts";
import { burstOf, WATCH_DEBOUNCE_MS, watchSources } from "./watch.ts";

/** A clock whose timers fire when the test says so, and that tells when one is set. */
function handClock() {
  const timers = new Set<() => void>();
  const delaysMs: number[] = [];
  let onTimer = () => {};
  const clock: Clock = {
    now: () => 0,
    after: (delayMs, fn) => {
      timers.add(fn);
      delaysMs.push(delayMs);
      onTimer();
      return () => void timers.delete(fn);
    },
  };
  return {
    clock,
    delaysMs,
    /** Resolves at the next timer that is set while `act` runs or after it. */
    async timerAfter(act: () => Promise<void>): Promise<void> {
      const set = new Promise<void>((resolve) => onTimer = resolve);
      await act();
      await set;
    },
    pendingCount: () => timers.size,
    fire: () => {
      const due = [...timers];
      timers.clear();
      for (const fn of due) fn();
    },
  };
}

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.tmp`, text);
  await rename(`${path}.tmp`, path);
}

const CHANGES: readonly (readonly [string, readonly string[], (folder: string) => Promise<void>])[] = [
  ["appears", [], (folder) => writeFile(join(folder, ".env"), "A=1")],
  ["is edited", [".env"], (folder) => writeFile(join(folder, ".env"), "A=2")],
  ["is replaced by another", [".env"], (folder) => replace(join(folder, ".env"), "A=2")],
  ["is removed", [".env"], (folder) => rm(join(folder, ".env"))],
  ["with the ending appears", [".env"], (folder) => replace(join(folder, "later.env"), "B=1")],
];

for (const [what, files, change] of CHANGES) {
  Deno.test(`a file that ${what} is told once, after the quiet time`, async () => {
    const folder = await mkdtemp(join(tmpdir(), "keyproxy-watch-"));
    for (const name of files) await writeFile(join(folder, name), "A=1");
    const hand = handClock();
    let changeCount = 0;
    const watcher = watchSources({
      paths: [join(folder, ".env"), join(folder, "*.env")],
      clock: hand.clock,
      onChange: () => changeCount++,
    });
    try {
      await hand.timerAfter(() => change(folder));
      assert.equal(changeCount, 0);
      assert.equal(hand.pendingCount(), 1);
      hand.fire();
      assert.equal(changeCount, 1);
      assert.equal(hand.delaysMs[0], WATCH_DEBOUNCE_MS);
    } finally {
      watcher.close();
      await rm(folder, { recursive: true });
    }
  });
}

Deno.test("other files of the directory are not told", async () => {
  const folder = await mkdtemp(join(tmpdir(), "keyproxy-watch-"));
  const hand = handClock();
  const watcher = watchSources({ paths: [join(folder, ".env")], clock: hand.clock, onChange: () => {} });
  try {
    // Events come in order: when the one for .env is here, those for the others have been seen.
    await hand.timerAfter(async () => {
      await writeFile(join(folder, "keyproxy.db"), "x");
      await writeFile(join(folder, ".env.bak"), "x");
      await rename(join(folder, ".env.bak"), join(folder, ".env"));
    });
    assert.equal(hand.delaysMs.length, 1);
  } finally {
    watcher.close();
    await rm(folder, { recursive: true });
  }
});

Deno.test("after close a change that waits is not told any more", async () => {
  const folder = await mkdtemp(join(tmpdir(), "keyproxy-watch-"));
  const hand = handClock();
  let changeCount = 0;
  const watcher = watchSources({ paths: [join(folder, ".env")], clock: hand.clock, onChange: () => changeCount++ });
  try {
    await hand.timerAfter(() => writeFile(join(folder, ".env"), "A=1"));
  } finally {
    watcher.close();
    await rm(folder, { recursive: true });
  }
  hand.fire();
  assert.equal(changeCount, 0);
});

Deno.test("a change that the system delivers after close is not told", () => {
  const hand = handClock();
  const burst = burstOf(hand.clock, () => assert.fail("told"));
  burst.noteChange();
  burst.close();
  burst.noteChange();
  assert.equal(hand.pendingCount(), 0);
  hand.fire();
});

Deno.test("a directory that is not there is no failure", () => {
  watchSources({ paths: ["/nowhere-at-all/keyproxy/.env"], clock: handClock().clock, onChange: () => {} }).close();
});
