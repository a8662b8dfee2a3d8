/** The queue before the disk: order, bounds, and what trouble with the disk does. */
import assert from "node:assert/strict";
import { FakeClock } from "../../../tests/support/fake_clock.ts";
import { type DiskJob, DiskQueue, RETRY_DELAY_MS } from "./disk_queue.ts";

function setUp({ limitBytes = 100_000 } = {}) {
  const clock = new FakeClock();
  const warnings: string[] = [];
  const notes: string[] = [];
  const events: string[] = [];
  const queue = new DiskQueue({
    subject: "the test log",
    path: "/somewhere/log",
    limitBytes,
    clock,
    warn: (message) => warnings.push(message),
    note: (message) => notes.push(message),
  });
  const job = (name: string, changes: Partial<DiskJob> = {}): DiskJob => ({
    bytes: 0,
    weight: "bulk",
    run: () => {
      events.push(`ran ${name}`);
      return Promise.resolve();
    },
    drop: () => events.push(`dropped ${name}`),
    ...changes,
  });
  const failing = { run: () => Promise.reject(new Error("ENOSPC: no space left")) };
  return { clock, warnings, notes, events, queue, job, failing };
}

Deno.test("jobs run in order, one at a time, and none inside the call that offers it", async () => {
  const { queue, job, events } = setUp();
  const gate = Promise.withResolvers<void>();
  queue.offer(job("first", { run: () => gate.promise.then(() => void events.push("ran first")) }));
  queue.offer(job("second"));
  assert.deepEqual(events, []);
  gate.resolve();
  await queue.flush();
  assert.deepEqual(events, ["ran first", "ran second"]);
});

Deno.test("jobs beyond the limit are refused, essential ones may use a quarter more, and room comes back", async () => {
  const { queue, job } = setUp({ limitBytes: 10_000 });
  assert.equal(queue.offer(job("large", { bytes: 9_000 })), true);
  assert.equal(queue.offer(job("too much", { bytes: 2_000 })), false);
  assert.equal(queue.offer(job("essential", { bytes: 2_000, weight: "essential" })), true);
  assert.equal(queue.offer(job("too much", { bytes: 2_000, weight: "essential" })), false);
  await queue.flush();
  assert.equal(queue.offer(job("again", { bytes: 9_000 })), true);
  await queue.flush();
});

Deno.test("jobs that carry nothing are bounded too", () => {
  const { queue, job } = setUp({ limitBytes: 10_000 });
  let takenCount = 0;
  while (takenCount < 1000 && queue.offer(job("small"))) takenCount++;
  assert.ok(takenCount < 100);
  return queue.flush();
});

Deno.test("a failing disk: one warning, waiting jobs are dropped, further ones refused until the retry", async () => {
  const { clock, queue, job, failing, events, warnings, notes } = setUp();
  queue.offer(job("bad", failing));
  queue.offer(job("waiting"));
  await queue.flush();
  assert.deepEqual(events, ["dropped waiting", "dropped bad"]);
  assert.equal(queue.offer(job("refused")), false);
  for (let round = 0; round < 3; round++) {
    clock.advance(RETRY_DELAY_MS - 1);
    assert.equal(queue.isOpen, false);
    clock.advance(1);
    assert.equal(queue.offer(job("bad again", failing)), true);
    await queue.flush();
  }
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /the test log at "\/somewhere\/log": ENOSPC/);
  clock.advance(RETRY_DELAY_MS);
  queue.offer(job("good"));
  queue.offer(job("better"));
  await queue.flush();
  assert.deepEqual(events.slice(-2), ["ran good", "ran better"]);
  assert.deepEqual(notes, ["The test log is written again"]);
  await queue.close();
});

Deno.test("dropped jobs give their room back", async () => {
  const { clock, queue, job, failing } = setUp({ limitBytes: 10_000 });
  queue.offer(job("bad", { ...failing, bytes: 4_000 }));
  queue.offer(job("waiting", { bytes: 4_000 }));
  await queue.flush();
  clock.advance(RETRY_DELAY_MS);
  assert.equal(queue.offer(job("large", { bytes: 9_000 })), true);
  await queue.close();
});

Deno.test("close runs what was taken, takes no more and leaves no timer", async () => {
  const { clock, queue, job, failing, events } = setUp();
  queue.offer(job("last"));
  queue.offer(job("bad", failing));
  await queue.close();
  assert.deepEqual(events, ["ran last", "dropped bad"]);
  assert.equal(queue.offer(job("late")), false);
  assert.equal(clock.timerCount, 0);
});
