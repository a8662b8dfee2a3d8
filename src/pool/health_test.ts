/** Rests as numbers: how long each failure keeps a credential away, and who may test it meanwhile. */
import assert from "node:assert/strict";
import { credential, failures } from "../../tests/support/pool_fixtures.ts";
import type { Failure } from "../kernel/failure.ts";
import { afterFailure, availability, describe, endsWithDay, type FailureContext, isOutOfUse, standingRest, usableAt } from "./health.ts";
import { type Member, newMember, type Rest, type Slot, slotOf } from "./member.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 0, 1, 12);
const LADDER_MS = [10, 30, 60, 120, 300, 900, 3600].map((seconds) => seconds * SECOND);

function newSlot(): Slot {
  return slotOf(newMember(credential("a"), 0), "m");
}

function contextOf(more: Partial<FailureContext> = {}): FailureContext {
  return { now: NOW, random: () => 0.5, ladderMs: LADDER_MS, taken: 1, hasOthers: "others", trouble: "first", ...more };
}

/** Applies a failure as the pool would. */
function fail(slot: Slot, cause: Failure, more: Partial<FailureContext> = {}): void {
  const context = contextOf(more);
  const change = afterFailure(slot, cause, context);
  if (change.ladderStep !== undefined) slot.ladderStep = change.ladderStep;
  if (change.slotRest !== undefined) {
    slot.rest = change.slotRest;
    slot.lastRested = context.taken + 1;
  }
  if (change.memberRest !== undefined) {
    slot.member.rest = change.memberRest;
    slot.member.lastRested = context.taken + 1;
  }
}

function restOf(holder: Slot | Member): Rest {
  assert.ok(holder.rest !== null, "expected a rest");
  return holder.rest;
}

Deno.test("limits without a hint climb the ladder and stay on its last step", () => {
  const slot = newSlot();
  let now = NOW;
  const rests: number[] = [];
  for (let taken = 1; taken <= 9; taken++) {
    fail(slot, failures.limited(), { now, taken: taken * 10 });
    rests.push((restOf(slot).untilAt - now) / SECOND);
    now = restOf(slot).untilAt;
    assert.equal(availability(slot, now), "free");
    assert.equal(availability(slot, now - 1), now);
  }
  assert.deepEqual(rests, [10, 30, 60, 120, 300, 900, 3600, 3600, 3600]);
});

Deno.test("a ladder rest jitters by ten percent both ways and no further", () => {
  for (const [chance, expectedMs] of [[0, 9_000], [0.5, 10_000], [0.999999, 11_000]] as const) {
    const slot = newSlot();
    fail(slot, failures.limited(), { random: () => chance });
    assert.ok(Math.abs(restOf(slot).untilAt - NOW - expectedMs) < 1, `${chance}: ${restOf(slot).untilAt - NOW}`);
  }
});

Deno.test("requests that were under way together climb one step of the ladder", () => {
  const slot = newSlot();
  fail(slot, failures.limited(), { taken: 3 });
  const rest = restOf(slot);
  fail(slot, failures.limited(), { taken: 1, now: NOW + 2 * SECOND });
  assert.equal(slot.ladderStep, 1);
  assert.deepEqual(slot.rest, rest);
  fail(slot, failures.limited(), { taken: 2, now: rest.untilAt + 1 });
  assert.equal(slot.ladderStep, 2, "after the rest ended an old request's limit is news");
});

Deno.test("a hint is kept exactly, from one second to seven days", () => {
  for (const [hintMs, restMs] of [[0, SECOND], [999, SECOND], [1_500, 1_500], [7 * DAY, 7 * DAY], [8 * DAY, 7 * DAY]] as const) {
    const slot = newSlot();
    fail(slot, failures.limited(hintMs), { random: () => 0 });
    assert.equal(restOf(slot).untilAt - NOW, restMs);
    assert.equal(slot.ladderStep, 0, "a hint does not climb the ladder");
  }
});

Deno.test("a new hint never shortens a running rest, and lengthens it when it ends later", () => {
  const slot = newSlot();
  fail(slot, failures.limited(40 * MINUTE));
  fail(slot, failures.limited(MINUTE), { now: NOW + SECOND });
  assert.equal(restOf(slot).untilAt, NOW + 40 * MINUTE);
  fail(slot, failures.limited(), { now: NOW + SECOND, taken: 9 });
  assert.equal(restOf(slot).untilAt, NOW + 40 * MINUTE);
  fail(slot, failures.limited(50 * MINUTE), { now: NOW + SECOND });
  assert.equal(restOf(slot).untilAt, NOW + SECOND + 50 * MINUTE);
});

Deno.test("a hinted rest of up to an hour is not tested before its end", () => {
  const slot = newSlot();
  fail(slot, failures.limited(HOUR));
  assert.equal(availability(slot, NOW + HOUR - 1), NOW + HOUR);
  assert.equal(availability(slot, NOW + HOUR), "free");
});

Deno.test("a hinted rest of more than an hour may be tested once an hour", () => {
  for (const cause of [failures.limited(), failures.limited(MINUTE), failures.limited(4 * HOUR)]) {
    const slot = newSlot();
    fail(slot, failures.limited(5 * HOUR));
    assert.equal(availability(slot, NOW + HOUR - 1), NOW + HOUR);
    assert.equal(availability(slot, NOW + HOUR), "trial");
    fail(slot, cause, { now: NOW + HOUR, taken: 5 });
    assert.equal(availability(slot, NOW + HOUR), NOW + 2 * HOUR, "the next test is an hour away");
    assert.equal(availability(slot, NOW + 2 * HOUR), "trial");
    assert.equal(availability(slot, NOW + 5 * HOUR), "free");
  }
});

Deno.test("a rejected credential rests as a whole for 300 s, doubling to 6 h, one trial at the end of each period", () => {
  const slot = newSlot();
  const other = slotOf(slot.member, "other");
  let now = NOW;
  const periods: number[] = [];
  for (let taken = 1; taken <= 9; taken++) {
    fail(slot, failures.rejected(7 * DAY), { now, taken: taken * 10 });
    const endsAt = usableAt(slot.member.rest, now);
    periods.push((endsAt - now) / SECOND);
    assert.equal(availability(other, endsAt - 1), endsAt, "other models rest too");
    assert.equal(availability(other, endsAt), "trial");
    assert.equal(availability(other, endsAt + DAY), "trial", "only a success ends a quarantine");
    now = endsAt;
  }
  assert.deepEqual(periods, [300, 600, 1200, 2400, 4800, 9600, 19200, 21600, 21600]);
});

Deno.test("a credential without credit rests as a whole for 1 h, doubling to 24 h", () => {
  const slot = newSlot();
  let now = NOW;
  const periods: number[] = [];
  for (let taken = 1; taken <= 7; taken++) {
    fail(slot, failures.outOfCredit(), { now, taken: taken * 10 });
    const endsAt = usableAt(slot.member.rest, now);
    periods.push((endsAt - now) / HOUR);
    assert.equal(availability(slot, endsAt), "trial");
    now = endsAt;
  }
  assert.deepEqual(periods, [1, 2, 4, 8, 16, 24, 24]);
});

Deno.test("credit that returns at a named time: that long, tested hourly, never shortened", () => {
  const slot = newSlot();
  fail(slot, failures.outOfCredit(3 * HOUR));
  assert.equal(restOf(slot.member).untilAt, NOW + 3 * HOUR);
  assert.equal(usableAt(slot.member.rest, NOW), NOW + HOUR);
  fail(slot, failures.outOfCredit(MINUTE), { now: NOW + HOUR, taken: 5 });
  assert.equal(restOf(slot.member).untilAt, NOW + 3 * HOUR);
  assert.equal(usableAt(slot.member.rest, NOW + HOUR), NOW + 2 * HOUR);
});

Deno.test("requests under way together are rejected once; the trial's failure doubles", () => {
  const slot = newSlot();
  fail(slot, failures.rejected(), { taken: 3 });
  const rest = slot.member.rest;
  fail(slot, failures.rejected(), { taken: 1, now: NOW + SECOND });
  fail(slot, failures.rejected(), { taken: 2, now: NOW + HOUR });
  assert.deepEqual(slot.member.rest, rest);
  fail(slot, failures.rejected(), { taken: 5, now: NOW + HOUR });
  assert.equal(restOf(slot.member).untilAt - NOW - HOUR, 600 * SECOND);
});

Deno.test("a quarantine is not replaced by a limit on several models", () => {
  const member = newMember(credential("a"), 0);
  fail(slotOf(member, "m1"), failures.rejected(), { taken: 3 });
  for (const model of ["m1", "m2", "m3"]) fail(slotOf(member, model), failures.limited(MINUTE), { now: NOW + 299 * SECOND, taken: 1 });
  assert.equal(member.rest?.reason, "rejected");
  assert.equal(availability(slotOf(member, "m3"), NOW + DAY), "trial");
});

Deno.test("trouble of the provider rests a slot for 30 s, without climbing the ladder", () => {
  for (const cause of [failures.serverError(), failures.unreachable()]) {
    const slot = newSlot();
    fail(slot, cause);
    assert.equal(restOf(slot).untilAt - NOW, 30 * SECOND);
    assert.equal(slot.ladderStep, 0);
    assert.equal(slot.member.rest, null);
  }
});

Deno.test("trouble rests nobody when there is no other member, or when the request met it before", () => {
  for (const more of [{ hasOthers: "alone" }, { trouble: "repeated" }] as const) {
    const slot = newSlot();
    fail(slot, failures.serverError(), more);
    fail(slot, failures.unreachable(), more);
    assert.equal(slot.rest, null);
  }
});

Deno.test("trouble with a named time lasts that long", () => {
  const slot = newSlot();
  fail(slot, failures.serverError(90 * SECOND));
  assert.equal(restOf(slot).untilAt - NOW, 90 * SECOND);
  assert.equal(restOf(slot).isHinted, true);
});

Deno.test("a request's own fault, an unknown model and the gateway's faults rest nobody", () => {
  for (const cause of [failures.badRequest(), failures.unknownModel(), failures.internal()]) {
    assert.deepEqual(afterFailure(newSlot(), cause, contextOf()), {});
  }
});

Deno.test("a model that is denied to a credential rests for ten minutes, other models do not", () => {
  const slot = newSlot();
  fail(slot, failures.denied());
  assert.equal(restOf(slot).untilAt - NOW, 10 * MINUTE);
  assert.equal(slot.member.rest, null);
});

Deno.test("three models limited at once rest the whole credential for 300 s; two do not, nor do ended rests", () => {
  const member = newMember(credential("a"), 0);
  const limit = (model: string, now: number) => fail(slotOf(member, model), failures.limited(MINUTE), { now });
  limit("m1", NOW);
  limit("m2", NOW + SECOND);
  assert.equal(member.rest, null);
  limit("m3", NOW + 2 * MINUTE);
  assert.equal(member.rest, null, "the first two are over");
  limit("m1", NOW + 2 * MINUTE);
  limit("m2", NOW + 2 * MINUTE);
  assert.equal(restOf(member).untilAt, NOW + 7 * MINUTE);
  assert.equal(availability(slotOf(member, "m4"), NOW + 7 * MINUTE - 1), NOW + 7 * MINUTE);
  assert.equal(availability(slotOf(member, "m4"), NOW + 7 * MINUTE), "free");
});

Deno.test("trouble on three models is no limit of the account", () => {
  const member = newMember(credential("a"), 0);
  for (const model of ["m1", "m2", "m3"]) fail(slotOf(member, model), failures.serverError());
  assert.equal(member.rest, null);
});

Deno.test("a slot rests as long as the longer of its own and its member's rest", () => {
  const slot = newSlot();
  fail(slot, failures.limited(MINUTE));
  fail(slot, failures.rejected());
  assert.equal(availability(slot, NOW), NOW + 300 * SECOND);
  assert.equal(standingRest(slot, NOW)?.reason, "rejected");
  fail(slot, failures.limited(20 * MINUTE));
  assert.equal(availability(slot, NOW), NOW + 20 * MINUTE);
  assert.equal(standingRest(slot, NOW)?.reason, "rate_limited");
  assert.equal(availability(slot, NOW + 20 * MINUTE), "trial", "the quarantine outlasts the limit");
});

Deno.test("a day ends what the proxy invented, but neither a hint nor the quarantine of a bad key", () => {
  const endings = [
    [failures.limited(), true],
    [failures.limited(HOUR), false],
    [failures.serverError(), true],
    [failures.denied(), true],
  ] as const;
  for (const [cause, ends] of endings) {
    const slot = newSlot();
    fail(slot, cause);
    assert.equal(endsWithDay(restOf(slot)), ends, cause.kind);
  }
  for (
    const [cause, ends] of [[failures.rejected(), false], [failures.outOfCredit(), true], [failures.outOfCredit(HOUR), false]] as const
  ) {
    const slot = newSlot();
    fail(slot, cause);
    assert.equal(endsWithDay(restOf(slot.member)), ends, cause.kind);
  }
});

Deno.test("only a bad key and an empty account are quarantines", () => {
  const quarantined = [failures.rejected(), failures.outOfCredit(), failures.limited(), failures.serverError()].map((cause) => {
    const slot = newSlot();
    fail(slot, cause);
    return isOutOfUse(slot.member);
  });
  assert.deepEqual(quarantined, [true, true, false, false]);
});

Deno.test("states have words for people", () => {
  const slot = newSlot();
  assert.deepEqual(describe(null), { state: "ready", reason: "" });
  fail(slot, failures.rejected());
  assert.deepEqual(describe(slot.member.rest), { state: "quarantined", reason: "rejected by provider" });
  fail(slot, failures.limited());
  assert.deepEqual(describe(slot.rest), { state: "cooling", reason: "rate limit" });
});
