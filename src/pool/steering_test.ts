/** What a person does to a credential by hand: switched off nothing brings it back but that person; a reset makes it fresh. */
import assert from "node:assert/strict";
import {
  credential,
  credentials,
  failed,
  failureOf,
  failures,
  idsOf,
  leaseOf,
  MODEL,
  now,
  OK,
  poolBench,
} from "../../tests/support/pool_fixtures.ts";
import { memoryStore } from "../store/memory.ts";
import type { RestRow } from "../store/store.ts";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const [A, B] = [credential("a"), credential("b")];
const EVER = { sinceDay: "" };

Deno.test("disabled: it gets nothing more and shows as such, what it has under way ends as usual", async () => {
  const { pool, take, use } = poolBench({ credentials: [A, B] });
  const lease = await take();
  assert.equal(lease.credential.id, A.id);
  const report = pool.disable(A.id);
  assert.deepEqual([report?.state, report?.until, report?.usableAt, report?.inFlightCount], ["disabled", null, Infinity, 1]);
  assert.equal(await use(OK), "b");
  lease.answered();
  lease.settle(OK);
  assert.deepEqual(pool.report().map(({ state }) => state), ["disabled", "ready"]);
  assert.equal(pool.report()[0]?.today.requestCount, 1);
});

Deno.test("disabled: no failure, success, day or reset brings it back", async () => {
  const { pool, clock, take } = poolBench({ credentials: [A], settings: { maxInFlight: Infinity } });
  const causes = [failures.limited(), failures.limited(5 * SECOND), failures.rejected(), failures.outOfCredit(), failures.serverError()];
  const held = [...await Promise.all(causes.map(() => take())), await take()];
  const others = await Promise.all(["x", "y", "z"].map((model) => take({ model })));
  pool.disable(A.id);
  causes.forEach((cause, at) => held[at]?.settle(failed(cause)));
  for (const lease of others) lease.settle(failed(failures.limited()));
  held.at(-1)?.settle(OK);
  pool.reset(A.id);
  pool.reinstate(A.id);
  pool.replace([A], {});
  clock.advance(48 * HOUR);
  assert.deepEqual(pool.report().map(({ state, usableAt }) => [state, usableAt]), [["disabled", Infinity]]);
  assert.equal(pool.isUsable, false);
  assert.equal(pool.canServe(MODEL, new Set()), false);
});

Deno.test("disabled: when all are, requests are refused with 503 at once and told why; there is no time to come again", async () => {
  const { pool, ask, refused } = poolBench({ credentials: [A, B] });
  const leases = [leaseOf(await now(ask())), leaseOf(await now(ask()))];
  const waiting = ask();
  pool.disable(A.id);
  assert.equal(await now(waiting), "pending", "the other one may become free");
  pool.disable(B.id);
  for (const failure of [failureOf(await now(waiting)), await refused({ deadlineAt: Infinity })]) {
    assert.deepEqual([failure.kind, failure.status, failure.retryAfterMs], ["no_credential", 503, undefined]);
    assert.equal(failure.message, 'Every credential of "acme" is disabled');
    assert.deepEqual(failure.credentials?.map(({ state, until }) => [state, until]), [["disabled", null], ["disabled", null]]);
  }
  for (const lease of leases) lease.settle(OK);
});

Deno.test("disabled: those that rest are told by their own end, as if the disabled one were not there", async () => {
  const { pool, use, refused } = poolBench({ credentials: [A, B] });
  pool.disable(B.id);
  await use(failed(failures.limited(60 * SECOND)));
  const failure = await refused();
  assert.deepEqual([failure.kind, failure.status, failure.retryAfterMs], ["all_resting", 429, 60 * SECOND]);
  assert.match(failure.message, /its one credential rests$/);
  const again = await refused({ exclude: idsOf(A), deadlineAt: Infinity });
  assert.deepEqual([again.kind, again.retryAfterMs], ["all_resting", 60 * SECOND]);
});

Deno.test("disabled: trouble of the provider does not rest the one that is left", async () => {
  const { pool, use } = poolBench({ credentials: [A, B] });
  pool.disable(B.id);
  assert.equal(await use(failed(failures.serverError())), "a");
  assert.equal(await use(OK), "a");
});

Deno.test("disabled: a sequential pool goes on with the next, and stays there", async () => {
  const { pool, use } = poolBench({ credentials: credentials("a", "b", "c"), settings: { rotation: "sequential" } });
  assert.equal(await use(OK), "a");
  pool.disable(A.id);
  assert.equal(await use(OK), "b");
  pool.enable(A.id);
  assert.equal(await use(OK), "b");
});

Deno.test("enabled: who waits is served at once; a credential that was not disabled keeps its rest", async () => {
  const { pool, ask, use } = poolBench({ credentials: [A, B] });
  await use(failed(failures.limited(10 * SECOND)));
  assert.equal(pool.enable(A.id)?.state, "ready");
  assert.equal(pool.report(MODEL)[0]?.state, "cooling");
  pool.disable(B.id);
  const waiting = ask();
  assert.equal(await now(waiting), "pending");
  pool.enable(B.id);
  assert.equal(leaseOf(await now(waiting)).credential.id, B.id);
});

Deno.test("enabled: what rested it before it was disabled is over, its models' own rests are not", async () => {
  const { pool, use } = poolBench({ credentials: [A] });
  await use(failed(failures.limited(HOUR)), { model: "n" });
  await use(failed(failures.rejected()));
  pool.disable(A.id);
  pool.enable(A.id);
  assert.equal(await use(OK), "a");
  assert.deepEqual(pool.status()[0]?.resting.map(({ model }) => model), ["n"]);
});

Deno.test("reset: quarantines, the rests of all models and of their groups, and ladders are over; who waits is served", async () => {
  const { pool, clock, ask, use } = poolBench({ credentials: [A], settings: { quotaGroups: [["g1", "g2"]] } });
  await use(failed(failures.limited()));
  await use(failed(failures.limited(20 * SECOND)), { model: "g1" });
  const waiting = ask({ model: "g2", deadlineAt: clock.now() + HOUR });
  await use(failed(failures.rejected()), { model: "other" });
  assert.equal(await now(waiting), "pending");
  assert.equal(pool.reset(A.id)?.state, "busy", "with the request that waited");
  leaseOf(await now(waiting)).settle(OK);
  assert.deepEqual(pool.status()[0]?.resting, []);
  const before = pool.report(MODEL)[0]?.usableAt;
  await use(failed(failures.limited()));
  assert.equal(before, 0);
  const { usableAt } = pool.report(MODEL)[0] ?? { usableAt: 0 };
  assert.equal(usableAt - clock.now(), 10 * SECOND, "the ladder begins at its first step");
});

Deno.test("who is not there, or not any more, cannot be changed", () => {
  const { pool } = poolBench({ credentials: [A, B] });
  pool.replace([A], {});
  for (const id of [B.id, "acme:000000000000", ""]) {
    assert.deepEqual([pool.disable(id), pool.enable(id), pool.reset(id)], [undefined, undefined, undefined]);
  }
  pool.replace([A, B], {});
  assert.deepEqual(pool.report().map(({ state }) => state), ["ready", "ready"]);
});

Deno.test("restart: disabled survives, also a reset of the day that was missed; enabled and reset survive as well", async () => {
  const store = memoryStore();
  const rests = new Map<string, RestRow>();
  const keyOf = ({ credential, model }: Pick<RestRow, "credential" | "model">) => `${credential} ${model}`;
  const journal = {
    record: () => {},
    reset: () => {},
    rest: (row: RestRow) => void rests.set(keyOf(row), row),
    endRest: (key: Pick<RestRow, "credential" | "model">) => void rests.delete(keyOf(key)),
  };
  const first = poolBench({ credentials: [A, B], journal });
  first.pool.disable(A.id);
  first.pool.disable(B.id);
  first.pool.enable(B.id);
  await first.use(failed(failures.limited(48 * HOUR)));
  first.pool.reset(B.id);
  await store.save({ usage: [], rests: [...rests.values()], endedRests: [], lastResetAt: first.clock.now() });
  first.clock.advance(24 * HOUR);
  const second = poolBench({ credentials: [A, B], clock: first.clock, stored: await store.load(EVER) });
  assert.deepEqual(second.pool.report(MODEL).map(({ state }) => state), ["disabled", "ready"]);
});
