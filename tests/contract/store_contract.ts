/**
 * What every store driver promises, as one suite. A driver is ready when it passes; whatever only one
 * driver does is tested beside that driver.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { restKey, usageKey } from "../../src/store/row_keys.ts";
import type { RestRow, StateBatch, Store, StoredState, UsageRow } from "../../src/store/store.ts";

/** A fresh, empty store and the end of whatever it lives in. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly store: Store;
}

/** A usage row with small numbers of its own; `changes` replace fields. */
export function usageRow(changes: Partial<UsageRow> = {}): UsageRow {
  return {
    credential: "alpha:0123456789ab",
    model: "alpha/large",
    day: "2026-01-01",
    requestCount: 3,
    failureCount: 1,
    inputTokens: 1200,
    cachedTokens: 200,
    outputTokens: 340,
    costUsd: 0.0125,
    ...changes,
  };
}

/** A rest of one model for an hour; `changes` replace fields. */
export function restRow(changes: Partial<RestRow> = {}): RestRow {
  return {
    credential: "alpha:0123456789ab",
    model: "alpha/large",
    untilAt: Date.UTC(2026, 0, 1, 13),
    reason: "rate_limited",
    isHinted: false,
    step: 2,
    trialAt: null,
    ...changes,
  };
}

/** A batch with only the given parts. */
export function batchOf(parts: Partial<StateBatch>): StateBatch {
  return { usage: [], rests: [], endedRests: [], ...parts };
}

const EVER = { sinceDay: "0000-00-00" };

function inOrder(state: StoredState): StoredState {
  return {
    usage: [...state.usage].sort((left, right) => usageKey(left) < usageKey(right) ? -1 : 1),
    rests: [...state.rests].sort((left, right) => restKey(left) < restKey(right) ? -1 : 1),
    lastResetAt: state.lastResetAt,
  };
}

/** Registers the suite for the driver `name`; `makeStore` is called once for every test. */
export function storeContract(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  const promise = (behaviour: string, test: (store: Store) => Promise<void>) =>
    Deno.test(`${name} store: ${behaviour}`, async () => {
      await using underTest = await makeStore();
      await test(underTest.store);
      await underTest.store.close();
    });
  usagePromises(promise);
  restPromises(promise);
  wholeStorePromises(promise);
}

type PromiseTest = (behaviour: string, test: (store: Store) => Promise<void>) => void;

function usagePromises(promise: PromiseTest): void {
  promise("a saved usage row comes back unchanged", async (store) => {
    await store.save(batchOf({ usage: [usageRow()] }));
    assert.deepEqual((await store.load(EVER)).usage, [usageRow()]);
  });

  promise("saving a row again replaces it, and does not add to it", async (store) => {
    await store.save(batchOf({ usage: [usageRow()] }));
    await store.save(batchOf({ usage: [usageRow({ requestCount: 4 })] }));
    assert.deepEqual((await store.load(EVER)).usage, [usageRow({ requestCount: 4 })]);
  });

  promise("rows of another credential, model or day stay apart", async (store) => {
    const rows = [usageRow(), usageRow({ credential: "beta:1" }), usageRow({ model: "alpha/small" }), usageRow({ day: "2026-01-02" })];
    await store.save(batchOf({ usage: rows }));
    assert.equal((await store.load(EVER)).usage.length, rows.length);
  });

  promise("load leaves out the days before sinceDay and keeps that day itself", async (store) => {
    const rows = ["2025-12-31", "2026-01-01", "2026-01-02"].map((day) => usageRow({ day }));
    await store.save(batchOf({ usage: rows }));
    const loaded = await store.load({ sinceDay: "2026-01-01" });
    assert.deepEqual(loaded.usage.map((row) => row.day).sort(), ["2026-01-01", "2026-01-02"]);
  });

  promise("prune forgets the days before beforeDay and nothing else", async (store) => {
    const rows = ["2025-12-30", "2025-12-31", "2026-01-01"].map((day) => usageRow({ day }));
    await store.save(batchOf({ usage: rows, rests: [restRow()], lastResetAt: 7 }));
    await store.prune({ beforeDay: "2026-01-01" });
    assert.deepEqual(await store.load(EVER), { usage: [usageRow()], rests: [restRow()], lastResetAt: 7 });
  });

  promise("large, tiny and fractional numbers keep their value", async (store) => {
    const row = usageRow({ inputTokens: Number.MAX_SAFE_INTEGER, outputTokens: 0.5, costUsd: 1e-9 });
    await store.save(batchOf({ usage: [row] }));
    assert.deepEqual((await store.load(EVER)).usage, [row]);
  });
}

function restPromises(promise: PromiseTest): void {
  promise("a saved rest comes back unchanged, hinted or not, with or without a trial", async (store) => {
    const rests = [restRow(), restRow({ model: "alpha/small", isHinted: true, trialAt: 12.5, reason: "out_of_credit" })];
    await store.save(batchOf({ rests }));
    assert.deepEqual((await store.load(EVER)).rests, rests);
  });

  promise("a rest that ends at no known time stays endless", async (store) => {
    await store.save(batchOf({ rests: [restRow({ untilAt: Infinity })] }));
    assert.equal((await store.load(EVER)).rests[0]?.untilAt, Infinity);
  });

  promise("the rest of a whole credential is apart from those of its models", async (store) => {
    await store.save(batchOf({ rests: [restRow({ model: null }), restRow({ model: "" }), restRow()] }));
    await store.save(batchOf({ rests: [], endedRests: [{ credential: restRow().credential, model: null }] }));
    const left = (await store.load(EVER)).rests.map((row) => row.model);
    assert.deepEqual(left.sort(), ["", "alpha/large"]);
  });

  promise("a rest saved again replaces the earlier one", async (store) => {
    await store.save(batchOf({ rests: [restRow()] }));
    await store.save(batchOf({ rests: [restRow({ step: 3, reason: "rejected" })] }));
    assert.deepEqual((await store.load(EVER)).rests, [restRow({ step: 3, reason: "rejected" })]);
  });

  promise("ending a rest that was never saved is harmless", async (store) => {
    await store.save(batchOf({ rests: [restRow()], endedRests: [{ credential: "beta:1", model: "x" }] }));
    assert.deepEqual((await store.load(EVER)).rests, [restRow()]);
  });
}

function wholeStorePromises(promise: PromiseTest): void {
  promise("a fresh store is empty and knows of no reset", async (store) => {
    assert.deepEqual(await store.load(EVER), { usage: [], rests: [], lastResetAt: null });
  });

  promise("the last reset is kept by batches that do not name one", async (store) => {
    await store.save(batchOf({ lastResetAt: 1_767_225_600_000 }));
    await store.save(batchOf({ usage: [usageRow()] }));
    assert.equal((await store.load(EVER)).lastResetAt, 1_767_225_600_000);
    await store.save(batchOf({ lastResetAt: 1_767_312_000_000 }));
    assert.equal((await store.load(EVER)).lastResetAt, 1_767_312_000_000);
  });

  promise("closing twice is harmless", async (store) => {
    await store.close();
  });

  promise("after any batches, each saved twice, it holds the last value of each row", async (store) => {
    // One store serves all runs: names of a run carry its number, so that runs do not meet.
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyBatch, { maxLength: 6 }), async (drafts) => {
        run++;
        const batches = drafts.map((draft) => inRun(draft, `run${run}`));
        const usage = new Map<string, UsageRow>();
        const rests = new Map<string, RestRow>();
        for (const batch of batches) {
          await store.save(batch);
          await store.save(batch);
          for (const row of batch.usage) usage.set(usageKey(row), row);
          for (const row of batch.rests) rests.set(restKey(row), row);
          for (const row of batch.endedRests) rests.delete(restKey(row));
        }
        const loaded = inOrder(await store.load(EVER));
        const wanted = inOrder({ usage: [...usage.values()], rests: [...rests.values()], lastResetAt: null });
        assert.deepEqual(loaded.usage.filter((row) => row.credential.startsWith(`run${run}:`)), wanted.usage);
        assert.deepEqual(loaded.rests.filter((row) => row.credential.startsWith(`run${run}:`)), wanted.rests);
      }),
      { numRuns: 60 },
    );
  });
}

const anyName = fc.oneof(fc.constantFrom("", "a", "b'\"`;--", "模型/💡", "line\nbreak"), fc.string({ unit: "grapheme", maxLength: 8 }));
const anyRestIdentity = fc.record({ credential: anyName, model: fc.option(anyName) });
const anyBatch: fc.Arbitrary<StateBatch> = fc.record({
  usage: fc.array(fc.record({ model: anyName, requestCount: fc.nat() }).map((changes) => usageRow(changes)), { maxLength: 5 }),
  rests: fc.array(
    fc.record({ identity: anyRestIdentity, step: fc.nat(7), isHinted: fc.boolean() }).map(({ identity, ...rest }) =>
      restRow({ ...identity, ...rest })
    ),
    { maxLength: 5 },
  ),
  endedRests: fc.array(anyRestIdentity, { maxLength: 3 }),
});

function inRun(batch: StateBatch, run: string): StateBatch {
  const named = <Row extends { readonly credential: string }>(row: Row): Row => ({ ...row, credential: `${run}:${row.credential}` });
  return { usage: batch.usage.map(named), rests: batch.rests.map(named), endedRests: batch.endedRests.map(named) };
}
