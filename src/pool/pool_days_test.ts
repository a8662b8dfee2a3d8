/** What changes under a pool that lives on: days, restarts, and other credentials or settings. */
import assert from "node:assert/strict";
import { FakeClock } from "../../tests/support/fake_clock.ts";
import { credential, failed, failureOf, failures, idsOf, leaseOf, MODEL, now, OK, poolBench } from "../../tests/support/pool_fixtures.ts";
import type { RestRow, StateBatch, StoredState, UsageRow } from "../store/store.ts";
import type { Journal } from "./keeper.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const [A, B] = [credential("a"), credential("b")];

/** A store in memory: what is journalled comes back as what was stored. */
class Memory implements Journal {
  readonly #usage = new Map<string, UsageRow>();
  readonly #rests = new Map<string, RestRow>();
  #lastResetAt: number | null = null;
  record(row: UsageRow): void {
    this.#usage.set(`${row.credential} ${row.model} ${row.day}`, row);
  }
  rest(row: RestRow): void {
    this.#rests.set(`${row.credential} ${row.model}`, row);
  }
  endRest({ credential, model }: StateBatch["endedRests"][number]): void {
    this.#rests.delete(`${credential} ${model}`);
  }
  reset(at: number): void {
    this.#lastResetAt = at;
  }
  get stored(): StoredState {
    return { usage: [...this.#usage.values()], rests: [...this.#rests.values()], lastResetAt: this.#lastResetAt };
  }
}

function at(text: string): FakeClock {
  return new FakeClock(Date.parse(text));
}

/** Stops a pool that had such failures on `a`, and starts it again after `downMs`. */
async function restarted(causes: ReturnType<typeof failures.limited>[], downMs: number, clock = at("2026-01-01T12:00:00Z")) {
  const memory = new Memory();
  const before = poolBench({ credentials: [A], clock, journal: memory, stored: memory.stored });
  for (const [index, cause] of causes.entries()) await before.use(failed(cause), { model: `${MODEL}${index || ""}` });
  before.pool.close();
  clock.advance(downMs);
  return poolBench({ credentials: [A], clock, journal: memory, stored: memory.stored });
}

Deno.test("days: counters, ladders and invented rests start again at the reset minute, hints and quarantines do not", async () => {
  const { use, pool, refused, clock } = poolBench({ credentials: [A, B], clock: at("2026-01-02T02:59:30Z") });
  const [onA, onB] = [{ exclude: idsOf(B) }, { exclude: idsOf(A) }];
  await use(failed(failures.limited()), onA);
  clock.advance(10 * SECOND);
  await use(failed(failures.limited()), onA);
  await use(failed(failures.limited(HOUR)), onB);
  await use(failed(failures.rejected()), { ...onB, model: "other" });
  assert.equal((await refused({ deadlineAt: clock.now() + SECOND })).kind, "all_resting");
  clock.advance(20 * SECOND);
  assert.deepEqual(pool.report(MODEL).map(({ state, today }) => [state, today.requestCount]), [["ready", 0], ["cooling", 0]]);
  await use(failed(failures.limited()));
  assert.equal(pool.report(MODEL)[0]?.usableAt, clock.now() + 10 * SECOND, "the first step of the ladder");
  assert.equal(pool.report()[1]?.state, "quarantined");
});

Deno.test("days: the reset wakes whoever waits for a rest that ends with it", async () => {
  const { use, ask, clock } = poolBench({ credentials: [A], clock: at("2026-01-02T02:59:55Z") });
  await use(failed(failures.limited()));
  const waiting = ask();
  clock.advance(5 * SECOND - 1);
  assert.equal(await now(waiting), "pending");
  clock.advance(1);
  leaseOf(await now(waiting)).settle(OK);
  assert.equal(clock.timerCount, 0);
});

Deno.test("days: a reload long after the reset minute still does the reset", async () => {
  const { use, pool, clock } = poolBench({ credentials: [A] });
  await use(OK);
  clock.advance(DAY);
  pool.replace([A], {});
  assert.equal(pool.report()[0]?.today.requestCount, 0);
});

Deno.test("days: a request that crosses the reset counts its tokens on the day on which it ends", async () => {
  const { take, pool, clock } = poolBench({ credentials: [A], clock: at("2026-01-02T02:59:59Z") });
  const lease = await take();
  clock.advance(2 * SECOND);
  lease.settle({ kind: "ok", usage: { inputTokens: 5, cachedTokens: 0, outputTokens: 1 } });
  assert.equal(pool.report()[0]?.today.inputTokens, 5);
});

Deno.test("restart: counters, rests, ladders and quarantines survive", async () => {
  const limited = await restarted([failures.limited()], 5 * SECOND);
  assert.equal((await limited.refused({ deadlineAt: limited.clock.now() + SECOND })).retryAfterMs, 5 * SECOND);
  assert.deepEqual(limited.pool.report()[0]?.today.failureCount, 1);
  limited.clock.advance(5 * SECOND);
  await limited.use(failed(failures.limited()));
  assert.equal((await limited.refused({ deadlineAt: limited.clock.now() + SECOND })).retryAfterMs, 30 * SECOND, "the second step");
  const rejected = await restarted([failures.rejected()], 10 * MINUTE);
  assert.equal(rejected.pool.report()[0]?.state, "quarantined");
  await rejected.use(failed(failures.rejected()));
  assert.equal((await rejected.refused()).retryAfterMs, 600 * SECOND, "the doubling goes on");
});

Deno.test("restart: a reset missed while down is made up for; a hint outlives it", async () => {
  const { pool, refused } = await restarted([failures.limited(), failures.limited(20 * HOUR)], 16 * HOUR);
  assert.deepEqual([pool.report(MODEL)[0]?.state, pool.report(`${MODEL}1`)[0]?.state], ["ready", "cooling"]);
  assert.equal(pool.report()[0]?.today.requestCount, 0);
  assert.equal((await refused({ model: `${MODEL}1`, deadlineAt: 0 })).kind, "deadline");
});

Deno.test("restart: the first failure on a new credential is not wiped by the store being new", async () => {
  const { pool } = await restarted([failures.limited()], SECOND, at("2026-01-02T03:00:01Z"));
  assert.equal(pool.report(MODEL)[0]?.state, "cooling");
});

Deno.test("restart: what a success cleared stays cleared", async () => {
  const memory = new Memory();
  const before = poolBench({ credentials: [A], journal: memory, stored: memory.stored });
  await before.use(failed(failures.rejected()));
  before.clock.advance(300 * SECOND);
  await before.use(OK);
  assert.deepEqual(memory.stored.rests, []);
});

Deno.test("reload: a credential that is added serves who waits, also when there was none", async () => {
  const { pool, take, ask } = poolBench({ credentials: [A] });
  await take();
  const waiting = ask();
  pool.replace([A, B], {});
  assert.equal(leaseOf(await now(waiting)).credential.id, B.id);
  const empty = poolBench({ credentials: [] });
  empty.pool.replace([A], {});
  await empty.take();
});

Deno.test("reload: a credential that is removed finishes what it has, gets nothing new, and is not shown", async () => {
  const { pool, take, ask } = poolBench({ credentials: [A, B] });
  const leases = [await take(), await take()];
  pool.replace([B], {});
  assert.deepEqual([pool.inFlightCount, pool.report().length], [2, 1]);
  const waiting = ask();
  leases.find((lease) => lease.credential.id === A.id)?.settle(OK);
  assert.equal(await now(waiting), "pending");
  leases.find((lease) => lease.credential.id === B.id)?.settle(OK);
  assert.equal(leaseOf(await now(waiting)).credential.id, B.id);
  assert.equal(pool.inFlightCount, 1);
});

Deno.test("reload: when every credential goes, whoever waits is refused", async () => {
  const { pool, take, ask, clock } = poolBench({ credentials: [A] });
  await take();
  const waiting = ask();
  pool.replace([], {});
  assert.equal(failureOf(await now(waiting)).kind, "no_credential");
  assert.equal(clock.timerCount, 0);
});

Deno.test("reload: health, counters and requests under way of unchanged credentials survive, also a removal that is taken back", async () => {
  const { pool, use, take } = poolBench({ credentials: [A, B] });
  await use(failed(failures.limited(HOUR)), { exclude: idsOf(B) });
  const lease = await take({ exclude: idsOf(A) });
  const before = pool.report(MODEL);
  pool.replace([A, B], {});
  assert.deepEqual(pool.report(MODEL), before);
  pool.replace([B], {});
  pool.replace([A, B], {});
  assert.deepEqual(pool.report(MODEL), before);
  lease.settle(OK);
  assert.equal(pool.inFlightCount, 0);
});

Deno.test("reload: order, tier and settings are the new ones", async () => {
  const { pool, use, ask, take } = poolBench({ credentials: [A, B], settings: { rotation: "sequential" } });
  assert.equal(await use(OK), "a");
  pool.replace([credential("a", { priority: 1 }), B], {});
  assert.equal(await use(OK), "b", "a is in a lower tier now");
  await take();
  const waiting = ask();
  assert.equal(await now(waiting), "pending");
  pool.replace([B], { maxInFlight: 2 });
  assert.equal(leaseOf(await now(waiting)).credential.id, B.id, "a higher limit serves who waits");
});

Deno.test("reload: a credential that joins gets what was stored about it", async () => {
  const memory = new Memory();
  const before = poolBench({ credentials: [B], journal: memory, stored: memory.stored });
  await before.use(failed(failures.limited(HOUR)));
  const { pool } = poolBench({ credentials: [A], clock: before.clock, stored: memory.stored });
  pool.replace([A, B], {});
  assert.deepEqual(pool.report(MODEL).map(({ state }) => state), ["ready", "cooling"]);
});
