/** Write-behind on a fake clock: what is saved when, and that trouble with the store loses as little as can be. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { restRow, usageRow } from "../../tests/contract/store_contract.ts";
import { FakeClock } from "../../tests/support/fake_clock.ts";
import { memoryStore } from "./memory.ts";
import type { StateBatch, Store } from "./store.ts";
import { WriteBehind } from "./write_behind.ts";

const EVER = { sinceDay: "" };

/** A memory store that records its saves, can be told to fail, and can be held in the middle of one. */
class StoreOnTrial implements Store {
  readonly name = "trial";
  readonly inner = memoryStore();
  readonly batches: StateBatch[] = [];
  failWith: Error | undefined;
  held: Promise<void> = Promise.resolve();
  tryCount = 0;
  openSaveCount = 0;
  mostOpenSaveCount = 0;
  isClosed = false;

  async save(batch: StateBatch): Promise<void> {
    this.tryCount++;
    this.openSaveCount++;
    this.mostOpenSaveCount = Math.max(this.mostOpenSaveCount, this.openSaveCount);
    await this.held;
    this.openSaveCount--;
    if (this.failWith !== undefined) throw this.failWith;
    this.batches.push(batch);
    await this.inner.save(batch);
  }

  load = this.inner.load;
  prune = this.inner.prune;

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

function setUp(options: { readonly maxRowCount?: number } = {}) {
  const store = new StoreOnTrial();
  const clock = new FakeClock();
  const warnings: string[] = [];
  const notes: string[] = [];
  const state = new WriteBehind({
    store,
    clock,
    warn: (message) => warnings.push(message),
    note: (message) => notes.push(message),
    ...options,
  });
  return { store, clock, warnings, notes, state };
}

Deno.test("a change is saved within a second, and not in the call that made it", async () => {
  const { store, clock, state } = setUp();
  state.record(usageRow());
  assert.equal(store.tryCount, 0);
  assert.ok((clock.nextTimerInMs ?? Infinity) < 1000);
  clock.advance(1000);
  await state.flush();
  assert.deepEqual((await store.load(EVER)).usage, [usageRow()]);
  assert.equal(clock.timerCount, 0);
});

Deno.test("later changes do not put the flush off", () => {
  const { clock, state } = setUp();
  state.record(usageRow());
  const firstMs = clock.nextTimerInMs ?? 0;
  clock.advance(100);
  state.record(usageRow({ requestCount: 9 }));
  assert.equal(clock.nextTimerInMs, firstMs - 100);
  assert.equal(clock.timerCount, 1);
});

Deno.test("a hot row is written once a flush, with its last value", async () => {
  const { store, state } = setUp();
  for (let requestCount = 1; requestCount <= 1000; requestCount++) state.record(usageRow({ requestCount }));
  await state.flush();
  assert.deepEqual(store.batches.map((batch) => batch.usage), [[usageRow({ requestCount: 1000 })]]);
});

Deno.test("nothing changed: nothing is saved", async () => {
  const { store, state } = setUp();
  await state.flush();
  assert.equal(store.tryCount, 0);
});

Deno.test("of a rest that begins and ends, and one that ends and begins, the last word is saved", async () => {
  const { store, state } = setUp();
  state.rest(restRow({ model: "over" }));
  state.endRest(restRow({ model: "over" }));
  state.endRest(restRow({ model: "again" }));
  state.rest(restRow({ model: "again" }));
  state.rest(restRow({ model: null }));
  await state.flush();
  assert.deepEqual((await store.load(EVER)).rests.map((row) => row.model), ["again", null]);
});

Deno.test("what changes while a save runs goes into the next one, and two never run at once", async () => {
  const { store, clock, state } = setUp();
  const gate = Promise.withResolvers<void>();
  store.held = gate.promise;
  state.record(usageRow({ requestCount: 1 }));
  const first = state.flush();
  await Promise.resolve();
  state.record(usageRow({ requestCount: 2 }));
  clock.advance(1000);
  const second = state.flush();
  gate.resolve();
  await Promise.all([first, second]);
  assert.deepEqual(store.batches.map((batch) => batch.usage[0]?.requestCount), [1, 2]);
  assert.equal(store.mostOpenSaveCount, 1);
});

Deno.test("a failing store: one warning, back-off up to a minute, then one note and nothing lost", async () => {
  const { store, clock, state, warnings, notes } = setUp();
  store.failWith = new Error("disk full");
  state.record(usageRow());
  const delaysMs: number[] = [];
  await state.flush();
  for (let round = 0; round < 8; round++) {
    delaysMs.push(clock.nextTimerInMs ?? -1);
    clock.advance(clock.nextTimerInMs ?? 0);
    await state.flush();
    state.record(usageRow({ model: `model-${round}` }));
  }
  assert.deepEqual(warnings.length, 1);
  assert.match(warnings[0] ?? "", /disk full/);
  // Each round tries twice, by its timer and by the test's own flush.
  assert.deepEqual(delaysMs, [1_000, 4_000, 16_000, 60_000, 60_000, 60_000, 60_000, 60_000]);
  store.failWith = undefined;
  clock.advance(60_000);
  await state.flush();
  state.record(usageRow({ model: "later" }));
  await state.flush();
  assert.equal(notes.length, 1);
  assert.equal(warnings.length, 1);
  assert.equal((await store.load(EVER)).usage.length, 10);
});

Deno.test("a new trouble after a recovery is a new warning", async () => {
  const { store, state, warnings, notes } = setUp();
  for (const requestCount of [1, 2]) {
    store.failWith = new Error("disk full");
    state.record(usageRow({ requestCount }));
    await state.flush();
    store.failWith = undefined;
    await state.flush();
  }
  assert.equal(warnings.length, 2);
  assert.equal(notes.length, 2);
});

Deno.test("a failed save does not overwrite what was recorded during it", async () => {
  const { store, state } = setUp();
  const gate = Promise.withResolvers<void>();
  store.held = gate.promise;
  store.failWith = new Error("busy");
  state.record(usageRow({ requestCount: 1 }));
  state.rest(restRow());
  state.reset(100);
  const failing = state.flush();
  await Promise.resolve();
  state.record(usageRow({ requestCount: 2 }));
  state.endRest(restRow());
  state.reset(200);
  gate.resolve();
  await failing;
  store.failWith = undefined;
  await state.flush();
  assert.deepEqual(await store.load(EVER), { usage: [usageRow({ requestCount: 2 })], rests: [], lastResetAt: 200 });
});

Deno.test("unsaved rows are bounded while the store fails, and the note says how many were lost", async () => {
  const { store, state, notes } = setUp({ maxRowCount: 10 });
  store.failWith = new Error("disk full");
  state.record(usageRow({ model: "first" }));
  await state.flush();
  for (let index = 0; index < 25; index++) state.record(usageRow({ model: `model-${index}` }));
  store.failWith = undefined;
  await state.flush();
  const kept = (await store.load(EVER)).usage.map((row) => row.model);
  assert.deepEqual(kept, Array.from({ length: 10 }, (_, index) => `model-${15 + index}`));
  assert.match(notes[0] ?? "", /16 changed rows/);
});

Deno.test("a large flush goes in several batches, and the reset comes with the last", async () => {
  const { store, state } = setUp();
  state.reset(5);
  state.endRest(restRow());
  for (let index = 0; index < 1200; index++) state.record(usageRow({ model: `model-${index}` }));
  await state.flush();
  assert.ok(store.batches.length > 2);
  assert.ok(store.batches.every((batch) => batch.usage.length <= 500));
  assert.deepEqual(store.batches.map((batch) => batch.lastResetAt), [...store.batches.slice(1).map(() => undefined), 5]);
  assert.equal((await store.load(EVER)).usage.length, 1200);
});

Deno.test("close saves what is left, leaves no timer and closes the store", async () => {
  const { store, clock, state, warnings } = setUp();
  state.record(usageRow());
  await state.close();
  assert.deepEqual((await store.load(EVER)).usage, [usageRow()]);
  assert.equal(clock.timerCount, 0);
  assert.equal(store.isClosed, true);
  assert.deepEqual(warnings, []);
  state.record(usageRow({ requestCount: 5 }));
  assert.equal(clock.timerCount, 0);
});

Deno.test("close with a failing store says what is lost and leaves no timer", async () => {
  const { store, clock, state, warnings } = setUp();
  store.failWith = new Error("disk full");
  state.record(usageRow());
  state.rest(restRow());
  await state.close();
  assert.match(warnings.at(-1) ?? "", /2 changed rows are lost/);
  assert.equal(clock.timerCount, 0);
  assert.equal(store.isClosed, true);
});

Deno.test("whatever fails in between, a good flush at the end brings the store to the recorded state", async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("record" as const), model: fc.constantFrom("a", "b", "c"), requestCount: fc.nat() }),
    fc.record({ kind: fc.constantFrom("rest" as const, "end" as const), model: fc.constantFrom("a", "b", null) }),
    fc.record({ kind: fc.constantFrom("good flush" as const, "bad flush" as const) }),
  );
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
    const { store, state } = setUp();
    const counts = new Map<string, number>();
    const resting = new Set<string | null>();
    for (const taken of steps) {
      if (taken.kind === "record") {
        state.record(usageRow(taken));
        counts.set(taken.model, taken.requestCount);
      } else if (taken.kind === "rest") {
        state.rest(restRow(taken));
        resting.add(taken.model);
      } else if (taken.kind === "end") {
        state.endRest(restRow(taken));
        resting.delete(taken.model);
      } else {
        store.failWith = taken.kind === "bad flush" ? new Error("no") : undefined;
        await state.flush();
      }
    }
    store.failWith = undefined;
    await state.flush();
    const loaded = await store.load(EVER);
    assert.deepEqual(new Map(loaded.usage.map((row) => [row.model, row.requestCount])), counts);
    assert.deepEqual(new Set(loaded.rests.map((row) => row.model)), resting);
  }));
});
