/** The pool as a whole on a fake clock: queueing, waking, rests, trials and the circuit. Days and reload: see `pool_days_test.ts`. */
import assert from "node:assert/strict";
import { FakeClock } from "../../tests/support/fake_clock.ts";
import {
  CANCELLED,
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
  type PoolBench,
  poolBench,
} from "../../tests/support/pool_fixtures.ts";
import type { Lease } from "./lease.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const [A, B, C] = [credential("a"), credential("b"), credential("c")];

/** Its timers are late by `lagMs`. */
class LateClock extends FakeClock {
  lagMs = 0;
  override now(): number {
    return super.now() + this.lagMs;
  }
}

/** A pool whose only credential, `a`, was rejected and may be tested from now on. */
async function readyForTrial(more: { readonly settings?: { readonly maxInFlight: number } } = {}): Promise<PoolBench> {
  const bench = poolBench({ credentials: [A], ...more });
  await bench.use(failed(failures.rejected()));
  bench.clock.advance(300 * SECOND);
  return bench;
}

/** A pool of two whose circuit has just opened. */
async function withOpenCircuit(): Promise<PoolBench> {
  const bench = poolBench({ credentials: [A, B], settings: { maxInFlight: 9 } });
  const leases: Lease[] = [];
  for (let count = 0; count < 5; count++) leases.push(await bench.take());
  for (const lease of leases) lease.settle(failed(failures.unreachable(), { trouble: "repeated" }));
  assert.equal(bench.pool.circuit, "open");
  return bench;
}

Deno.test("queue: a released credential goes to the first waiter within the same turn, then to the next", async () => {
  const { pool, ask, take, clock } = poolBench({ credentials: [A] });
  const lease = await take();
  const order: string[] = [];
  const waiting = ["first", "second", "third"].map((name) =>
    ask().then((got) => {
      order.push(name);
      leaseOf(got).settle(OK);
    })
  );
  assert.equal(pool.queuedCount, 3);
  lease.settle(OK);
  assert.equal(pool.queuedCount, 2, "handed over before anybody else could run");
  await Promise.all(waiting);
  assert.deepEqual(order, ["first", "second", "third"]);
  assert.deepEqual([pool.queuedCount, pool.inFlightCount, clock.timerCount], [0, 0, 0]);
});

Deno.test("queue: who asks when a credential was just released does not overtake who waits for it", async () => {
  const { ask, take } = poolBench({ credentials: [A] });
  const lease = await take();
  const waiting = ask();
  lease.settle(OK);
  const newcomer = ask();
  const first = leaseOf(await now(waiting));
  assert.equal(await now(newcomer), "pending");
  first.settle(OK);
  leaseOf(await now(newcomer));
});

Deno.test("queue: a newcomer does not overtake a waiter whose rest is over before its timer fires", async () => {
  const clock = new LateClock();
  const { ask, use } = poolBench({ credentials: [A], clock });
  await use(failed(failures.limited(5 * SECOND)));
  const waiting = ask();
  clock.lagMs = 5 * SECOND;
  const newcomer = ask();
  const first = leaseOf(await now(waiting));
  assert.equal(await now(newcomer), "pending");
  first.settle(OK);
  leaseOf(await now(newcomer)).settle(OK);
});

Deno.test("queue: who takes anybody does not hold back who can use what is free", async () => {
  const low = credential("low", { priority: 1 });
  const { ask, take } = poolBench({ credentials: [A, low] });
  await take();
  const anybody = ask();
  const besides = ask({ exclude: idsOf(A) });
  assert.equal(leaseOf(await now(besides)).credential.id, low.id);
  assert.equal(await now(anybody), "pending");
});

Deno.test("queue: a release serves a later waiter when the first excludes what was released", async () => {
  const { ask, take } = poolBench({ credentials: [A, B] });
  const leases = [await take(), await take()];
  const first = ask({ exclude: idsOf(A) });
  const second = ask();
  leases.find((lease) => lease.credential.id === A.id)?.settle(OK);
  assert.equal(leaseOf(await now(second)).credential.id, A.id);
  assert.equal(await now(first), "pending");
  leases.find((lease) => lease.credential.id === B.id)?.settle(OK);
  assert.equal(leaseOf(await now(first)).credential.id, B.id);
});

Deno.test("queue: the deadline ends the wait with 504", async () => {
  const { pool, ask, take, clock } = poolBench({ credentials: [A] });
  await take();
  const waiting = ask({ deadlineAt: clock.now() + 2 * SECOND });
  clock.advance(2 * SECOND - 1);
  assert.equal(await now(waiting), "pending");
  clock.advance(1);
  const failure = failureOf(await now(waiting));
  assert.deepEqual([failure.kind, failure.status, failure.credentials?.[0]?.state], ["deadline", 504, "busy"]);
  assert.deepEqual([pool.queuedCount, clock.timerCount], [0, 0]);
});

Deno.test("queue: a deadline that has passed gets nothing, also when a credential is free", async () => {
  const { refused, clock } = poolBench({ credentials: [A] });
  assert.equal((await refused({ deadlineAt: clock.now() })).kind, "deadline");
});

Deno.test("queue: a client that leaves while waiting leaves nothing behind, and the next is served", async () => {
  const { pool, ask, take, clock } = poolBench({ credentials: [A] });
  const lease = await take();
  const leaving = new AbortController();
  const gone = ask({ signal: leaving.signal });
  const staying = ask();
  leaving.abort();
  assert.deepEqual([failureOf(await now(gone)).scope, pool.queuedCount], ["client", 1]);
  lease.settle(OK);
  leaseOf(await now(staying)).settle(OK);
  assert.deepEqual([pool.inFlightCount, clock.timerCount], [0, 0]);
});

Deno.test("queue: a client that leaves after it was served changes nothing about the queue", async () => {
  const { pool, ask, take } = poolBench({ credentials: [A] });
  const lease = await take();
  const leaving = new AbortController();
  const served = ask({ signal: leaving.signal });
  lease.settle(OK);
  leaseOf(await now(served));
  const waiting = ask();
  leaving.abort();
  assert.deepEqual([pool.queuedCount, await now(waiting)], [1, "pending"]);
});

Deno.test("queue: a client that left before asking gets nothing", async () => {
  const { pool, refused } = poolBench({ credentials: [A] });
  assert.equal((await refused({ signal: AbortSignal.abort() })).kind, "client_gone");
  assert.equal(pool.inFlightCount, 0);
});

Deno.test("queue: a full queue refuses at once with 503, over all models, and leaves no timer", async () => {
  const { ask, take, refused, clock, pool } = poolBench({ credentials: [A], settings: { maxQueue: 2 } });
  await take();
  await take({ model: "other" });
  const waiting = [ask(), ask({ model: "other" })];
  const timerCount = clock.timerCount;
  const failure = await refused();
  assert.deepEqual([failure.kind, failure.status], ["queue_full", 503]);
  assert.deepEqual([clock.timerCount, pool.queuedCount], [timerCount, 2]);
  pool.close();
  await Promise.all(waiting);
});

Deno.test("queue: the end of a rest wakes it, as soon as the first of several ends", async () => {
  const { ask, use, clock } = poolBench({ credentials: [A, B] });
  await use(failed(failures.limited(20 * SECOND)));
  await use(failed(failures.limited(10 * SECOND)));
  const anybody = ask();
  const onlyA = ask({ exclude: idsOf(B) });
  clock.advance(10 * SECOND - 1);
  assert.equal(await now(anybody), "pending");
  clock.advance(1);
  assert.equal(leaseOf(await now(anybody)).credential.id, B.id);
  clock.advance(10 * SECOND);
  assert.equal(leaseOf(await now(onlyA)).credential.id, A.id);
});

Deno.test("queue: whoever cannot live to see the end of all rests is refused at once, also behind one who can", async () => {
  const { ask, take, refused, clock } = poolBench({ credentials: [A] });
  const lease = await take();
  const patient = ask({ deadlineAt: clock.now() + 30 * SECOND });
  const hasty = ask({ deadlineAt: clock.now() + 5 * SECOND });
  lease.settle(failed(failures.limited(10 * SECOND)));
  const failure = failureOf(await now(hasty));
  assert.deepEqual([failure.kind, failure.status, failure.retryAfterMs], ["all_resting", 429, 10 * SECOND]);
  assert.equal(await now(patient), "pending");
  assert.equal((await refused({ deadlineAt: clock.now() + 10 * SECOND })).kind, "all_resting");
  clock.advance(10 * SECOND);
  leaseOf(await now(patient));
});

Deno.test("queue: closing turns everybody away and leaves no timer", async () => {
  const { pool, ask, take, use, clock } = poolBench({ credentials: [A] });
  await use(failed(failures.limited(5 * SECOND)), { model: "resting" });
  await take();
  const waiting = [ask(), ask({ model: "resting" })];
  pool.close();
  for (const one of waiting) assert.equal(failureOf(await now(one)).kind, "no_credential");
  assert.deepEqual([pool.queuedCount, clock.timerCount], [0, 0]);
});

Deno.test("limits: in flight per credential and model; unlimited when told so", async () => {
  const two = poolBench({ credentials: [A], settings: { maxInFlight: 2 } });
  await two.take();
  await two.take();
  assert.equal(await now(two.ask()), "pending");
  await two.take({ model: "other" });
  const unlimited = poolBench({ credentials: [A], settings: { maxInFlight: Infinity } });
  for (let count = 0; count < 50; count++) await unlimited.take();
  assert.equal(unlimited.pool.inFlightCount, 50);
});

Deno.test("exclusion: excluded credentials are not given; when none is left the refusal says whether all rest", async () => {
  const { take, use, refused } = poolBench({ credentials: [A, B] });
  (await take({ exclude: idsOf(A) })).settle(OK);
  assert.equal((await refused({ exclude: idsOf(A, B) })).kind, "no_credential");
  await use(failed(failures.limited(MINUTE)), { exclude: idsOf(B) });
  await use(failed(failures.limited(HOUR)), { exclude: idsOf(A) });
  const failure = await refused({ exclude: idsOf(A, B) });
  assert.deepEqual([failure.kind, failure.status, failure.retryAfterMs], ["all_resting", 429, MINUTE]);
});

Deno.test("no credentials at all is 503 at once", async () => {
  const { refused, pool } = poolBench({ credentials: [] });
  const failure = await refused();
  assert.deepEqual([failure.kind, failure.status, failure.credentials, pool.isUsable], ["no_credential", 503, [], false]);
});

Deno.test("settling twice throws, and counts once", async () => {
  const { pool, take } = poolBench({ credentials: [A] });
  const lease = await take();
  lease.settle(OK);
  assert.throws(() => lease.settle(OK), /settled before/);
  assert.equal(pool.inFlightCount, 0);
});

Deno.test("balanced: keys take turns, also when each request is for another model", async () => {
  const same = poolBench({ credentials: credentials("a", "b", "c") });
  const other = poolBench({ credentials: credentials("a", "b", "c") });
  const [bySame, byOther] = [[], []] as [string[], string[]];
  for (let turn = 0; turn < 6; turn++) {
    bySame.push(await same.use(OK));
    byOther.push(await other.use(OK, { model: `m${turn}` }));
  }
  assert.deepEqual([bySame.join(""), byOther.join("")], ["abcabc", "abcabc"]);
});

Deno.test("sequential: stays, spills when at its limit, moves on when it rests and does not come back", async () => {
  const { use, take, clock } = poolBench({ credentials: [A, B, C], settings: { rotation: "sequential" } });
  assert.deepEqual([await use(OK), await use(OK)], ["a", "a"]);
  const busy = await take();
  assert.equal(await use(OK), "b", "spills");
  busy.settle(failed(failures.limited(10 * SECOND)));
  assert.deepEqual([await use(OK), await use(OK)], ["b", "b"]);
  clock.advance(MINUTE);
  assert.equal(await use(OK), "b", "stays although the first is back");
  await use(failed(failures.limited(10 * SECOND)));
  assert.equal(await use(failed(failures.limited(10 * SECOND))), "c");
  assert.equal(await use(OK), "a", "round the end");
});

Deno.test("sequential: the current member keeps its place when it was only busy", async () => {
  const { use, take } = poolBench({ credentials: [A, B], settings: { rotation: "sequential" } });
  const busy = await take();
  assert.equal(await use(OK), "b");
  busy.settle(OK);
  assert.equal(await use(OK), "a");
});

Deno.test("sequential: a better tier is taken up again when it is back", async () => {
  const low = credential("low", { priority: 1 });
  const low2 = credential("low2", { priority: 1 });
  const { use, clock } = poolBench({ credentials: [low, low2, A, B], settings: { rotation: "sequential" } });
  await use(failed(failures.limited(10 * SECOND)));
  await use(failed(failures.limited(10 * SECOND)));
  assert.equal(await use(OK), "low");
  clock.advance(10 * SECOND);
  assert.equal(await use(failed(failures.limited(10 * SECOND))), "a");
  assert.equal(await use(OK), "b");
  clock.advance(10 * SECOND);
  assert.equal(await use(OK), "b", "the current one of the better tier");
});

Deno.test("sequential: when the current member is removed, the one that takes over is the current one", async () => {
  const { pool, use, clock } = poolBench({ credentials: [A, B, C], settings: { rotation: "sequential" } });
  await use(failed(failures.limited(10 * SECOND)));
  assert.equal(await use(OK), "b");
  pool.replace([A, C], {});
  assert.equal(await use(failed(failures.limited(10 * SECOND))), "c");
  clock.advance(MINUTE - 50 * SECOND);
  assert.equal(await use(OK), "c");
  await use(failed(failures.limited(10 * SECOND)));
  assert.equal(await use(OK), "a");
  clock.advance(MINUTE);
  assert.equal(await use(OK), "a");
});

Deno.test("affinity: a conversation stays with the credential that served it last, as long as that may serve", async () => {
  const { use, clock } = poolBench({ credentials: [A, B, C] });
  const talk = { affinityKey: "talk" };
  const home = await use(OK, talk);
  await use(OK, { exclude: idsOf(A) });
  assert.deepEqual([await use(OK, talk), await use(OK, talk)], [home, home]);
  await use(failed(failures.limited(10 * SECOND)), talk);
  const refuge = await use(OK, talk);
  assert.notEqual(refuge, home);
  clock.advance(MINUTE);
  assert.equal(await use(OK, talk), refuge, "the last one that served, not the first");
});

Deno.test("affinity: it ends after an hour, and a pool may go without", async () => {
  const { use, clock } = poolBench({ credentials: [A, B] });
  const talk = { affinityKey: "talk" };
  assert.equal(await use(OK, talk), "a");
  clock.advance(HOUR);
  assert.equal(await use(OK, talk), "b");
  const off = poolBench({ credentials: [A, B], settings: { isAffinityOn: false } });
  assert.deepEqual([await off.use(OK, talk), await off.use(OK, talk)], ["a", "b"]);
});

Deno.test("rests: a limit rests one model of one credential, and a success starts the ladder again", async () => {
  const { use, refused, clock } = poolBench({ credentials: [A] });
  await use(failed(failures.limited()));
  assert.equal((await refused({ deadlineAt: clock.now() + SECOND })).retryAfterMs, 10 * SECOND);
  await use(OK, { model: "other" });
  clock.advance(10 * SECOND);
  await use(failed(failures.limited()));
  assert.equal((await refused({ deadlineAt: clock.now() + SECOND })).retryAfterMs, 30 * SECOND);
  clock.advance(30 * SECOND);
  await use(OK);
  await use(failed(failures.limited()));
  assert.equal((await refused({ deadlineAt: clock.now() + SECOND })).retryAfterMs, 10 * SECOND);
});

Deno.test("rests: the late success of an older request does not clear a newer rest of the model or of the credential", async () => {
  const { take, pool, refused, clock } = poolBench({ credentials: [A], settings: { maxInFlight: 3 } });
  const older = [await take(), await take()] as const;
  const elsewhere = [await take({ model: "other" }), await take({ model: "other" })] as const;
  (await take()).settle(failed(failures.limited(10 * SECOND)));
  older[0].settle(OK);
  assert.equal((await refused({ deadlineAt: clock.now() + SECOND })).kind, "all_resting");
  elsewhere[0].settle(failed(failures.rejected()));
  elsewhere[1].settle(OK);
  older[1].settle(OK);
  assert.equal(pool.report()[0]?.state, "quarantined");
});

Deno.test("rests: a limit that several requests met together counts once", async () => {
  const { take, refused, clock } = poolBench({ credentials: [A], settings: { maxInFlight: 4 } });
  const leases = [await take(), await take(), await take(), await take()];
  for (const lease of leases) lease.settle(failed(failures.limited()));
  assert.equal((await refused({ deadlineAt: clock.now() + SECOND })).retryAfterMs, 10 * SECOND);
});

Deno.test("rests: provider trouble rests a member only when another one could take over", async () => {
  const alone = poolBench({ credentials: [A] });
  await alone.use(failed(failures.serverError()));
  assert.equal(await alone.use(OK), "a");
  const two = poolBench({ credentials: [A, B] });
  assert.equal(await two.use(failed(failures.serverError())), "a");
  assert.deepEqual([await two.use(OK), await two.use(OK)], ["b", "b"]);
  two.clock.advance(30 * SECOND);
  assert.equal(await two.use(OK), "a");
  const left = poolBench({ credentials: [A, B] });
  await left.use(failed(failures.rejected()));
  await left.use(failed(failures.serverError()));
  assert.equal(await left.use(OK), "b", "nobody could take over from b while a is in quarantine");
});

Deno.test("rests: a poison request does not empty the pool", async () => {
  const { use, take } = poolBench({ credentials: [A, B, C] });
  await use(failed(failures.serverError(), { trouble: "first" }));
  await use(failed(failures.serverError(), { trouble: "repeated" }));
  await use(failed(failures.serverError(), { trouble: "repeated" }));
  await take();
  await take();
});

Deno.test("rests: a failure after the commit, a cancelled request and a bad request rest nobody", async () => {
  const { use, pool } = poolBench({ credentials: [A, B] });
  await use(failed(failures.limited(), { when: "committed" }));
  await use(CANCELLED);
  await use(failed(failures.badRequest()));
  assert.deepEqual(pool.report(MODEL).map(({ state }) => state), ["ready", "ready"]);
  assert.deepEqual(pool.report(MODEL).map(({ today }) => today.failureCount), [2, 0]);
});

Deno.test("rests: a model the provider does not offer is refused for ten minutes, whoever is free or waits", async () => {
  const { take, ask, use, refused, clock } = poolBench({ credentials: [A] });
  const lease = await take();
  const waiting = ask();
  lease.settle(failed(failures.unknownModel()));
  const failure = failureOf(await now(waiting));
  assert.deepEqual([failure.kind, failure.scope, failure.status], ["unknown_model", "model", 404]);
  await use(OK, { model: "other" });
  clock.advance(10 * MINUTE - 1);
  await refused();
  clock.advance(1);
  await use(OK);
});

Deno.test("trial: at the end of a quarantine's period one request tests it, the others wait for the verdict", async () => {
  const { take, ask, pool } = await readyForTrial({ settings: { maxInFlight: 5 } });
  const trial = await take();
  const waiting = [ask(), ask({ model: "other" })];
  assert.equal(await now(Promise.race(waiting)), "pending");
  trial.settle(OK);
  for (const one of waiting) leaseOf(await now(one)).settle(OK);
  assert.equal(pool.report()[0]?.state, "ready");
});

Deno.test("trial: a failure doubles the period and refuses whoever cannot wait so long", async () => {
  const { take, ask } = await readyForTrial();
  const trial = await take();
  const waiting = ask();
  trial.settle(failed(failures.rejected()));
  assert.equal(failureOf(await now(waiting)).retryAfterMs, 600 * SECOND);
});

Deno.test("trial: one that the client leaves, or that says nothing about the credential, is repeated by the next request", async () => {
  for (const outcome of [CANCELLED, failed(failures.serverError()), failed(failures.badRequest())]) {
    const { use, take, ask } = await readyForTrial();
    await use(outcome);
    await take();
    assert.equal(await now(ask()), "pending");
  }
});

Deno.test("trial: the provider's acceptance ends it, without waiting for the end of the answer", async () => {
  const { take, pool } = await readyForTrial({ settings: { maxInFlight: 2 } });
  const trial = await take();
  trial.answered();
  assert.equal(pool.report()[0]?.state, "busy");
  const second = await take();
  second.settle(failed(failures.rejected()));
  trial.settle(OK);
  assert.equal(pool.report()[0]?.state, "quarantined", "the long answer's end is older news");
});

Deno.test("trial: while a better tier is tested the next tier serves", async () => {
  const { use, take, clock } = poolBench({ credentials: [A, credential("low", { priority: 1 })] });
  await use(failed(failures.rejected()));
  clock.advance(300 * SECOND);
  assert.equal((await take()).credential.id, A.id);
  assert.equal((await take()).credential.source, "low");
});

Deno.test("trial: a long hinted rest is tested once an hour", async () => {
  const { use, refused, take, clock } = poolBench({ credentials: [A] });
  await use(failed(failures.limited(5 * HOUR)));
  assert.equal((await refused()).retryAfterMs, HOUR);
  clock.advance(HOUR);
  await use(failed(failures.limited()));
  assert.equal((await refused()).retryAfterMs, HOUR);
  clock.advance(HOUR);
  const trial = await take();
  assert.equal((await refused({ exclude: idsOf(A) })).kind, "no_credential");
  trial.settle(OK);
  await take();
});

Deno.test("circuit: it opens, is waited for or refused by deadline, and lets one request test it", async () => {
  const { pool, ask, refused, clock } = await withOpenCircuit();
  const failure = await refused({ deadlineAt: clock.now() + 15 * SECOND });
  assert.deepEqual([failure.kind, failure.status, failure.retryAfterMs], ["circuit_open", 503, 15 * SECOND]);
  const [first, second] = [ask(), ask()];
  clock.advance(15 * SECOND - 1);
  assert.equal(await now(first), "pending");
  clock.advance(1);
  const test = leaseOf(await now(first));
  assert.deepEqual([pool.circuit, await now(second)], ["half_open", "pending"]);
  test.settle(OK);
  assert.equal(pool.circuit, "closed");
  leaseOf(await now(second));
});

Deno.test("circuit: a test that fails opens it for another 15 s", async () => {
  const { pool, ask, take, clock } = await withOpenCircuit();
  clock.advance(15 * SECOND);
  const test = await take();
  const waiting = ask();
  test.settle(failed(failures.unreachable(), { trouble: "repeated" }));
  assert.equal(pool.circuit, "open");
  clock.advance(15 * SECOND - 1);
  assert.equal(await now(waiting), "pending");
  clock.advance(1);
  leaseOf(await now(waiting));
});

Deno.test("circuit: a test whose client leaves is repeated; another client that leaves decides nothing", async () => {
  const bench = poolBench({ credentials: [A, B], settings: { maxInFlight: 9 } });
  const leases: Lease[] = [];
  for (let count = 0; count < 6; count++) leases.push(await bench.take());
  const bystander = leases.pop();
  for (const lease of leases) lease.settle(failed(failures.unreachable(), { trouble: "repeated" }));
  bench.clock.advance(15 * SECOND);
  const test = await bench.take();
  const waiting = bench.ask();
  bystander?.settle(CANCELLED);
  assert.deepEqual([bench.pool.circuit, await now(waiting)], ["half_open", "pending"]);
  test.settle(CANCELLED);
  const next = leaseOf(await now(waiting));
  assert.equal(bench.pool.circuit, "half_open");
  next.answered();
  assert.equal(bench.pool.circuit, "closed", "acceptance is enough");
});

Deno.test("circuit: a limit of one member does not rest another", async () => {
  const { use, pool } = poolBench({ credentials: [A, B] });
  await use(failed(failures.limited(HOUR)));
  assert.deepEqual(pool.report(MODEL).map(({ state }) => state), ["cooling", "ready"]);
});

Deno.test("lanes: what clients ask for is bounded; the model unused longest is forgotten, one in use never", async () => {
  const { use, take, pool, ask } = poolBench({ credentials: [A] });
  const held = await take({ model: "held" });
  await use(failed(failures.limited(10 * MINUTE)), { model: "kept" });
  for (let index = 0; index < 2_100; index++) {
    await use(OK, { model: `m${index}` });
    if (index % 500 === 0) await ask({ model: "kept", deadlineAt: 0 });
  }
  assert.equal(pool.report("m0")[0]?.today.requestCount, 0, "forgotten");
  assert.equal(pool.report("m2000")[0]?.today.requestCount, 1);
  assert.equal(pool.report("kept")[0]?.state, "cooling");
  const waiting = ask({ model: "held" });
  assert.equal(await now(waiting), "pending", "its limit is remembered");
  held.settle(OK);
  leaseOf(await now(waiting));
  assert.ok((pool.report()[0]?.today.requestCount ?? 0) <= 2_001);
});

Deno.test("reports: a model that nobody used is ready everywhere, and counters are of the model or of all", async () => {
  const { pool, use } = poolBench({ credentials: [A, B] });
  await use(OK);
  assert.deepEqual(pool.report("never").map(({ state, today }) => [state, today.requestCount]), [["ready", 0], ["ready", 0]]);
  assert.deepEqual(pool.report().map(({ today }) => today.requestCount), [1, 0]);
});
