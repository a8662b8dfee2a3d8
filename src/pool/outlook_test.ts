/** What a request can expect, and what its deadline makes of that. */
import assert from "node:assert/strict";
import { FakeClock } from "../../tests/support/fake_clock.ts";
import { credential } from "../../tests/support/pool_fixtures.ts";
import type { Circuit } from "./circuit.ts";
import { Lane } from "./lane.ts";
import { newMember, type Rest, slotOf } from "./member.ts";
import { type Outlook, outlookOf, within } from "./outlook.ts";

const clock = new FakeClock();
const NOW = clock.now();
const CLOSED: Circuit = { kind: "closed", failures: [] };

function laneOf(...rests: (Rest | null)[]): Lane {
  const lane = new Lane({ model: "m", clock, wake: () => {} });
  lane.slots = rests.map((rest, position) => {
    const slot = slotOf(newMember(credential(`c${position}`), position), "m");
    slot.rest = rest;
    return slot;
  });
  return lane;
}

function restUntil(untilAt: number): Rest {
  return { untilAt, reason: "rate_limited", isHinted: false, step: 0, trialAt: null };
}

function outlook(lane: Lane, more: { circuit?: Circuit; nextDayAt?: number; excludesAll?: true } = {}): Outlook {
  const exclude = more.excludesAll === true ? new Set(lane.slots.map(({ member }) => member.credential.id)) : new Set<string>();
  const choice = {
    slots: lane.slots,
    now: NOW,
    exclude,
    maxInFlight: 1,
    rotation: "balanced" as const,
    tolerance: 0,
    random: () => 0,
    preferred: undefined,
    firstPosition: 0,
  };
  return outlookOf({ lane, circuit: more.circuit ?? CLOSED, choice, nextDayAt: more.nextDayAt ?? Infinity });
}

Deno.test("a free slot is had at once; a model the provider does not offer is not, until it is asked again", () => {
  const lane = laneOf(null);
  assert.equal(outlook(lane).kind, "slot");
  lane.absentUntilAt = NOW + 1;
  assert.deepEqual(outlook(lane), { kind: "refuse", as: "unknown_model" });
  lane.absentUntilAt = NOW;
  assert.equal(outlook(lane).kind, "slot");
});

Deno.test("an open circuit is waited for, a half-open one until its test ends", () => {
  const open = outlook(laneOf(null), { circuit: { kind: "open", untilAt: NOW + 5 } });
  assert.deepEqual(open, { kind: "wait", wakeAt: NOW + 5, notBefore: NOW + 5, otherwise: "circuit_open" });
  assert.equal(outlook(laneOf(null), { circuit: { kind: "open", untilAt: NOW } }).kind, "slot");
  const testing = outlook(laneOf(null), { circuit: { kind: "half_open" } });
  assert.deepEqual(testing, { kind: "wait", wakeAt: Infinity, notBefore: NOW, otherwise: "circuit_open" });
});

Deno.test("a rest is waited for until its end, or until the day that ends it", () => {
  assert.deepEqual(outlook(laneOf(restUntil(NOW + 9))), { kind: "wait", wakeAt: NOW + 9, notBefore: NOW + 9, otherwise: "all_resting" });
  const overnight = outlook(laneOf(restUntil(NOW + 9)), { nextDayAt: NOW + 4 });
  assert.deepEqual(overnight, { kind: "wait", wakeAt: NOW + 4, notBefore: NOW + 9, otherwise: "all_resting" });
});

Deno.test("a taken slot is waited for until the deadline, whenever it is released", () => {
  const lane = laneOf(null);
  for (const slot of lane.slots) slot.inFlight = 1;
  assert.deepEqual(outlook(lane), { kind: "wait", wakeAt: Infinity, notBefore: NOW, otherwise: "deadline" });
});

Deno.test("who excludes everybody is told whether they rest", () => {
  assert.deepEqual(outlook(laneOf(null, restUntil(NOW + 9)), { excludesAll: true }), { kind: "refuse", as: "no_credential" });
  assert.deepEqual(outlook(laneOf(restUntil(NOW + 9)), { excludesAll: true }), { kind: "refuse", as: "all_resting" });
  assert.deepEqual(outlook(laneOf()), { kind: "refuse", as: "no_credential" });
});

Deno.test("waiting past the deadline is refused at once, for the reason of the wait", () => {
  const wait: Outlook = { kind: "wait", wakeAt: NOW + 9, notBefore: NOW + 9, otherwise: "all_resting" };
  assert.equal(within(NOW + 10, wait, NOW), wait);
  assert.deepEqual(within(NOW + 9, wait, NOW), { kind: "refuse", as: "all_resting" });
  assert.deepEqual(within(NOW, outlook(laneOf(null)), NOW), { kind: "refuse", as: "deadline" });
});
