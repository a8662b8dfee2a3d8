/** Who serves next: tiers, affinity, idle first, fewest today, least recent, chance by weight, and turns. */
import assert from "node:assert/strict";
import { credential, seeded } from "../../tests/support/pool_fixtures.ts";
import { newMember, type Rest, type Slot, slotOf } from "./member.ts";
import { type Choice, choose, type Chosen } from "./select.ts";

const NOW = 1_000_000;

interface Shape {
  readonly name: string;
  readonly priority?: number;
  readonly inFlight?: number;
  /** In flight for other models. */
  readonly elsewhere?: number;
  readonly requests?: number;
  readonly lastUsed?: number;
  readonly rest?: Rest;
  readonly isOnTrial?: boolean;
}

/** Slots of one lane, in the order given, which must be best tier first. */
function lane(...shapes: Shape[]): Slot[] {
  return shapes.map((shape, position) => {
    const member = newMember(credential(shape.name, { priority: shape.priority ?? 0 }), position);
    const slot = slotOf(member, "m");
    slot.inFlight = shape.inFlight ?? 0;
    member.inFlight = slot.inFlight + (shape.elsewhere ?? 0);
    slot.today.requestCount = shape.requests ?? 0;
    member.lastUsed = shape.lastUsed ?? 0;
    slot.rest = shape.rest ?? null;
    member.isOnTrial = shape.isOnTrial ?? false;
    return slot;
  });
}

function restUntil(untilAt: number, trialAt: number | null = null): Rest {
  return { untilAt, reason: "rate_limited", isHinted: true, step: 0, trialAt };
}

const TESTABLE = restUntil(NOW + 9_000_000, NOW - 1);

function choiceOf(slots: Slot[], more: Partial<Choice> = {}): Choice {
  return {
    slots,
    now: NOW,
    exclude: new Set(),
    maxInFlight: 1,
    rotation: "balanced",
    tolerance: 0,
    random: () => 0.5,
    preferred: undefined,
    firstPosition: 0,
    ...more,
  };
}

/** Source name of the chosen one, or the kind of what there is instead. */
function pick(slots: Slot[], more: Partial<Choice> = {}): string {
  const chosen = choose(choiceOf(slots, more));
  return chosen.kind === "slot" ? chosen.slot.member.credential.source : chosen.kind;
}

function idsOf(slots: Slot[], ...names: string[]): Set<string> {
  return new Set(slots.map(({ member }) => member.credential).filter(({ source }) => names.includes(source)).map(({ id }) => id));
}

Deno.test("the best tier that has a candidate serves, also when it is busier", () => {
  assert.equal(pick(lane({ name: "a", requests: 50 }, { name: "b", priority: 1 })), "a");
  assert.equal(pick(lane({ name: "a", rest: restUntil(NOW + 1) }, { name: "b", priority: 1 }, { name: "c", priority: 2 })), "b");
});

Deno.test("a tier whose members are at their limit is waited for; the tier below does not step in", () => {
  const slots = lane({ name: "a", inFlight: 1 }, { name: "b", priority: 1 });
  assert.deepEqual(choose(choiceOf(slots)), { kind: "busy", restEndsAt: Infinity });
});

Deno.test("a member that is being tested holds back neither its tier nor the tiers below", () => {
  assert.equal(pick(lane({ name: "a", rest: TESTABLE, isOnTrial: true }, { name: "b", priority: 1 })), "b");
  assert.equal(pick(lane({ name: "a", rest: TESTABLE, inFlight: 1 }, { name: "b", priority: 1 })), "b");
});

Deno.test("while the only member is being tested the others wait", () => {
  assert.equal(pick(lane({ name: "a", rest: TESTABLE, isOnTrial: true })), "busy");
  assert.equal(pick(lane({ name: "a", rest: TESTABLE })), "a");
});

Deno.test("the affinity member serves when it is a candidate below its limit", () => {
  const slots = lane({ name: "a" }, { name: "b", requests: 9, elsewhere: 1 });
  const preferred = slots[1]?.member;
  assert.equal(pick(slots, { preferred }), "b");
  assert.equal(pick(slots, { preferred, exclude: idsOf(slots, "b") }), "a");
  const taken = lane({ name: "a" }, { name: "b", inFlight: 1 });
  assert.equal(pick(taken, { preferred: taken[1]?.member }), "a");
  const resting = lane({ name: "a" }, { name: "b", rest: restUntil(NOW + 1) });
  assert.equal(pick(resting, { preferred: resting[1]?.member }), "a");
  const lower = lane({ name: "a" }, { name: "b", priority: 1 });
  assert.equal(pick(lower, { preferred: lower[1]?.member }), "a");
});

Deno.test("idle members come before members that serve another model, however much they were used", () => {
  assert.equal(pick(lane({ name: "a", elsewhere: 1 }, { name: "b", requests: 99 })), "b");
  assert.equal(pick(lane({ name: "a", inFlight: 1 }, { name: "b", elsewhere: 3 }), { maxInFlight: 1 }), "b");
});

Deno.test("among equals the fewest requests today win, then the least recently used", () => {
  assert.equal(pick(lane({ name: "a", requests: 2 }, { name: "b", requests: 1, lastUsed: 9 }, { name: "c", requests: 3 })), "b");
  assert.equal(pick(lane({ name: "a", lastUsed: 3 }, { name: "b", lastUsed: 1 }, { name: "c", lastUsed: 2 })), "b");
  assert.equal(pick(lane({ name: "a" }, { name: "b" })), "a");
});

Deno.test("a limit of more than one shares out by use", () => {
  const slots = lane({ name: "a", inFlight: 2, requests: 7 }, { name: "b", inFlight: 1, requests: 6 }, {
    name: "c",
    inFlight: 3,
    requests: 1,
  });
  assert.equal(pick(slots, { maxInFlight: 3 }), "b");
});

Deno.test("with tolerance chance follows the weights (most − own) + tolerance + 1", () => {
  const slots = lane({ name: "a", requests: 4 }, { name: "b", requests: 2 }, { name: "c", requests: 0 }, { name: "busy", elsewhere: 1 });
  const counts = new Map<string, number>();
  const random = seeded(7);
  const drawCount = 30_000;
  for (let draw = 0; draw < drawCount; draw++) {
    const name = pick(slots, { tolerance: 1, random });
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const weights = { a: 2, b: 4, c: 6 };
  for (const [name, weight] of Object.entries(weights)) {
    const expected = drawCount * weight / 12;
    assert.ok(Math.abs((counts.get(name) ?? 0) - expected) < expected * 0.05, `${name}: ${counts.get(name)} of ${expected}`);
  }
  assert.equal(counts.get("busy"), undefined, "members with something in flight are another group");
});

Deno.test("chance chooses only among those that may serve", () => {
  const slots = lane(
    { name: "out" },
    { name: "resting", rest: restUntil(NOW + 1) },
    { name: "testing", rest: TESTABLE, isOnTrial: true },
    { name: "a", requests: 3 },
    { name: "lower", priority: 1 },
  );
  const exclude = idsOf(slots, "out");
  for (const chance of [0, 0.3, 0.999999]) assert.equal(pick(slots, { tolerance: 5, exclude, random: () => chance }), "a");
});

Deno.test("affinity goes before chance", () => {
  const slots = lane({ name: "a" }, { name: "b", requests: 90 });
  assert.equal(pick(slots, { tolerance: 1, random: () => 0, preferred: slots[1]?.member }), "b");
});

Deno.test("sequential: the current member serves however much it was used, then the next in turn, round the end", () => {
  const slots = lane({ name: "a" }, { name: "b", requests: 99, elsewhere: 2 }, { name: "c" });
  const sequential = { rotation: "sequential", firstPosition: 1, tolerance: 5 } as const;
  assert.equal(pick(slots, sequential), "b");
  assert.equal(pick(slots, { ...sequential, exclude: idsOf(slots, "b") }), "c");
  assert.equal(pick(slots, { ...sequential, exclude: idsOf(slots, "b", "c") }), "a");
});

Deno.test("sequential: a current member at its limit spills to the next", () => {
  assert.equal(pick(lane({ name: "a", inFlight: 1 }, { name: "b" }, { name: "c" }), { rotation: "sequential" }), "b");
});

Deno.test("nobody free: busy tells when a rest of the tier ends, resting the soonest end of all, none that waiting is vain", () => {
  const cases: [Slot[], Partial<Choice>, Chosen][] = [
    [lane({ name: "a", inFlight: 1 }, { name: "b", rest: restUntil(NOW + 5) }), {}, { kind: "busy", restEndsAt: NOW + 5 }],
    [lane({ name: "a", rest: restUntil(NOW + 9) }, { name: "b", priority: 1, rest: restUntil(NOW + 5) }), {}, {
      kind: "resting",
      restEndsAt: NOW + 5,
    }],
    [lane({ name: "a", rest: restUntil(NOW + 99, NOW + 7) }), {}, { kind: "resting", restEndsAt: NOW + 7 }],
    [[], {}, { kind: "none" }],
  ];
  for (const [slots, more, expected] of cases) assert.deepEqual(choose(choiceOf(slots, more)), expected);
  const slots = lane({ name: "a" }, { name: "b", rest: restUntil(NOW + 5) });
  assert.deepEqual(choose(choiceOf(slots, { exclude: idsOf(slots, "a", "b") })), { kind: "none" });
});

Deno.test("excluding a whole tier opens the next", () => {
  const slots = lane({ name: "a", inFlight: 1 }, { name: "b", priority: 1 });
  assert.equal(pick(slots, { exclude: idsOf(slots, "a") }), "b");
});
