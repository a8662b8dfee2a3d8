/** What reaches the journal, and what a start makes of what was stored. */
import assert from "node:assert/strict";
import { CANCELLED, credential, failed, failures, OK } from "../../tests/support/pool_fixtures.ts";
import type { RestRow, StoredState, UsageRow } from "../store/store.ts";
import { type Journal, Keeper } from "./keeper.ts";
import { newMember, type Rest, slotOf } from "./member.ts";

const RESET_MINUTE = 180;
const NOW = Date.parse("2026-01-02T12:00:00Z");
const TODAY = "2026-01-02";
const RESET_TODAY = Date.parse("2026-01-02T03:00:00Z");

type Entry = UsageRow | RestRow | { readonly ended: string | null } | { readonly resetAt: number };

function recorder(): { journal: Journal; entries: Entry[] } {
  const entries: Entry[] = [];
  return {
    entries,
    journal: {
      record: (row) => entries.push(row),
      rest: (row) => entries.push(row),
      endRest: ({ model }) => entries.push({ ended: model }),
      reset: (resetAt) => entries.push({ resetAt }),
    },
  };
}

const ID = credential("a").id;

function restRow(more: Partial<RestRow>): RestRow {
  return { credential: ID, model: "m", untilAt: NOW + 60_000, reason: "rate_limited", isHinted: false, step: 0, trialAt: null, ...more };
}

function usageRow(more: Partial<UsageRow>): UsageRow {
  const counters = { requestCount: 5, failureCount: 1, inputTokens: 10, cachedTokens: 2, outputTokens: 3, costUsd: 0.5 };
  return { credential: ID, model: "m", day: TODAY, ...counters, ...more };
}

/** A member made at `now` from what was stored. */
function revived(stored: Partial<StoredState>, now = NOW) {
  const { journal, entries } = recorder();
  const keeper = new Keeper({ journal, stored: { usage: [], rests: [], lastResetAt: RESET_TODAY, ...stored } });
  keeper.start(now, RESET_MINUTE);
  const member = newMember(credential("a"), 0);
  keeper.revive(member, now, RESET_MINUTE);
  return { keeper, member, slot: slotOf(member, "m"), entries };
}

Deno.test("today's counters come back, those of other days and credentials do not", () => {
  const { member, slot } = revived({
    usage: [usageRow({}), usageRow({ model: "old", day: "2026-01-01" }), usageRow({ model: "other", credential: credential("b").id })],
  });
  assert.deepEqual(slot.today, { requestCount: 5, failureCount: 1, inputTokens: 10, cachedTokens: 2, outputTokens: 3, costUsd: 0.5 });
  assert.deepEqual([...member.slots.keys()], ["m"]);
});

Deno.test("rests come back as they were, of the model and of the whole credential", () => {
  const whole = restRow({ model: null, reason: "rejected", step: 2, trialAt: NOW + 1 });
  const { member, slot } = revived({
    rests: [restRow({ isHinted: true }), whole, restRow({ credential: credential("b").id, model: "x" })],
  });
  const { credential: _credential, model: _model, ...expected } = whole;
  assert.deepEqual(member.rest, expected);
  assert.equal(slot.rest?.untilAt, NOW + 60_000);
  assert.deepEqual([...member.slots.keys()], ["m"]);
});

Deno.test("the ladder goes on where it was, also from a rest that is over", () => {
  assert.equal(revived({ rests: [restRow({ step: 3 })] }).slot.ladderStep, 4);
  assert.equal(revived({ rests: [restRow({ step: 3, untilAt: NOW - 1 })] }).slot.ladderStep, 4);
  assert.equal(revived({ rests: [restRow({ isHinted: true })] }).slot.ladderStep, 0);
  assert.equal(revived({ rests: [restRow({ reason: "provider_trouble" })] }).slot.ladderStep, 0);
});

Deno.test("a reset missed while down ends invented rests and ladders, not hints and quarantines", () => {
  const { member, slot, entries } = revived({
    lastResetAt: RESET_TODAY - 1,
    rests: [restRow({ step: 3 }), restRow({ model: "hinted", isHinted: true }), restRow({ model: null, reason: "rejected" })],
  });
  assert.equal(slot.rest, null);
  assert.equal(slot.ladderStep, 0);
  assert.equal(member.slots.get("hinted")?.rest?.isHinted, true);
  assert.equal(member.rest?.reason, "rejected");
  assert.deepEqual(entries, [{ resetAt: NOW }, { ended: "m" }]);
});

Deno.test("a reset that was not missed is not done again", () => {
  const { slot, entries } = revived({ rests: [restRow({ step: 3 })] });
  assert.equal(slot.ladderStep, 4);
  assert.deepEqual(entries, []);
});

Deno.test("a store that knows no reset has missed none: its rests stand, and the start is noted", () => {
  const { slot, entries } = revived({ lastResetAt: null, rests: [restRow({})] });
  assert.equal(slot.rest?.reason, "rate_limited");
  assert.deepEqual(entries, [{ resetAt: NOW }]);
});

Deno.test("a credential that joins days after the start gets nothing that ended since", () => {
  const { keeper } = revived({ rests: [restRow({})] });
  const late = newMember(credential("a"), 0);
  keeper.revive(late, NOW + 86_400_000, RESET_MINUTE);
  assert.equal(late.slots.get("m")?.rest ?? null, null);
});

Deno.test("every rest that begins or ends is written, with its key", () => {
  const { journal, entries } = recorder();
  const keeper = new Keeper({ journal, stored: undefined });
  const member = newMember(credential("a"), 0);
  const slot = slotOf(member, "m");
  const rest: Rest = { untilAt: NOW, reason: "rejected", isHinted: false, step: 1, trialAt: NOW };
  keeper.setSlotRest(slot, rest);
  keeper.setMemberRest(member, rest);
  keeper.setSlotRest(slot, null);
  keeper.setSlotRest(slot, null);
  keeper.setMemberRest(member, null);
  assert.deepEqual(entries, [
    { credential: ID, model: "m", ...rest },
    { credential: ID, model: null, ...rest },
    { ended: "m" },
    { ended: null },
  ]);
  assert.equal(slot.rest ?? member.rest, null);
});

Deno.test("each settled lease writes the day's whole row: failures, tokens and known costs added", () => {
  const { journal, entries } = recorder();
  const keeper = new Keeper({ journal, stored: undefined });
  const slot = slotOf(newMember(credential("a"), 0), "m");
  const day = { now: Date.parse("2026-01-03T02:00:00Z"), resetMinute: RESET_MINUTE };
  slot.today.requestCount = 3;
  keeper.count(slot, { kind: "ok", usage: { inputTokens: 7, cachedTokens: 1, outputTokens: 2, costUsd: 0.25 } }, day);
  keeper.count(slot, { kind: "ok", usage: { inputTokens: 1, cachedTokens: 0, outputTokens: 1 } }, day);
  keeper.count(slot, failed(failures.serverError()), day);
  keeper.count(slot, CANCELLED, day);
  keeper.count(slot, OK, day);
  assert.equal(entries.length, 5);
  assert.deepEqual(entries.at(-1), {
    ...usageRow({ requestCount: 3, failureCount: 1, inputTokens: 8, cachedTokens: 1, outputTokens: 3, costUsd: 0.25 }),
  });
});

Deno.test("a new day starts counters and ladders again, ends invented rests, and is written", () => {
  const { journal, entries } = recorder();
  const keeper = new Keeper({ journal, stored: undefined });
  const member = newMember(credential("a"), 0);
  const slot = slotOf(member, "m");
  slot.today.requestCount = 4;
  slot.ladderStep = 2;
  const rest: Rest = { untilAt: NOW + 1, reason: "rate_limited", isHinted: false, step: 1, trialAt: null };
  keeper.setSlotRest(slot, rest);
  keeper.setSlotRest(slotOf(member, "hinted"), { ...rest, isHinted: true });
  keeper.setMemberRest(member, { ...rest, reason: "rejected" });
  entries.length = 0;
  keeper.beginDay([member], NOW);
  assert.deepEqual([slot.today.requestCount, slot.ladderStep, slot.rest], [0, 0, null]);
  assert.equal(member.slots.get("hinted")?.rest?.isHinted, true);
  assert.equal(member.rest?.reason, "rejected");
  assert.deepEqual(entries, [{ ended: "m" }, { resetAt: NOW }]);
});
