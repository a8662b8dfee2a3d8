/** What clients are told when no credential can be had, and what operators see. */
import assert from "node:assert/strict";
import { credential, failures } from "../../tests/support/pool_fixtures.ts";
import type { FailureKind } from "../kernel/failure.ts";
import { afterFailure } from "./health.ts";
import { newMember, type Slot, slotOf } from "./member.ts";
import { type Refusal, refusal, reportMember, reportSlot } from "./report.ts";

const NOW = Date.parse("2026-01-01T12:00:00Z");

/** A slot that met this failure. */
function slotAfter(cause?: ReturnType<typeof failures.limited>): Slot {
  const slot = slotOf(newMember(credential("a"), 0), "m");
  if (cause === undefined) return slot;
  const change = afterFailure(slot, cause, {
    now: NOW,
    random: () => 0.5,
    ladderMs: [10_000],
    taken: 1,
    hasOthers: "others",
    trouble: "first",
  });
  slot.rest = change.slotRest ?? null;
  slot.member.rest = change.memberRest ?? null;
  return slot;
}

function refuse(kind: FailureKind, slots: Slot[], more: Partial<Refusal> = {}) {
  const members = slots.map((slot) => reportSlot(slot, NOW));
  return refusal({ kind, provider: "acme", model: "m", members, circuitUntilAt: undefined, now: NOW, ...more });
}

Deno.test("resting because of limits is 429 with the soonest end as the wait", () => {
  const failure = refuse("all_resting", [slotAfter(failures.limited(90_000)), slotAfter(failures.limited(60_000))]);
  assert.equal(failure.scope, "gateway");
  assert.equal(failure.status, 429);
  assert.equal(failure.retryAfterMs, 60_000);
  assert.match(failure.message, /"acme".*"m".*all 2 of its credentials rest$/);
});

Deno.test("resting for any other reason is 503", () => {
  for (const cause of [failures.rejected(), failures.outOfCredit(), failures.serverError(), failures.denied()]) {
    const failure = refuse("all_resting", [slotAfter(cause)]);
    assert.equal(failure.status, 503, cause.kind);
    assert.ok((failure.retryAfterMs ?? 0) > 0, cause.kind);
    assert.match(failure.message, /its one credential rests$/);
  }
  assert.equal(refuse("all_resting", [slotAfter(failures.rejected()), slotAfter(failures.limited())]).status, 429);
});

Deno.test("the deadline is 504, a full queue, an open circuit and no credential are 503, an unknown model is 404", () => {
  const kinds: FailureKind[] = ["deadline", "queue_full", "circuit_open", "no_credential", "unknown_model"];
  assert.deepEqual(kinds.map((kind) => refuse(kind, [slotAfter()]).status), [504, 503, 503, 503, 404]);
  assert.equal(refuse("unknown_model", [slotAfter()]).scope, "model");
});

Deno.test("the wait is the circuit's while that is open, short when credentials are only taken, absent when none exists", () => {
  assert.equal(refuse("circuit_open", [slotAfter()], { circuitUntilAt: NOW + 15_000 }).retryAfterMs, 15_000);
  assert.equal(refuse("queue_full", [slotAfter(), slotAfter(failures.limited(60_000))]).retryAfterMs, 1_000);
  assert.equal(refuse("no_credential", []).retryAfterMs, undefined);
  assert.equal(refuse("unknown_model", [slotAfter()]).retryAfterMs, undefined);
  assert.match(refuse("no_credential", []).message, /has no credentials/);
});

Deno.test("a refusal shows id, masked form, state, reason and end of each credential, and nothing else", () => {
  const { id, display } = credential("a");
  assert.deepEqual(refuse("all_resting", [slotAfter(failures.limited(60_000)), slotAfter(failures.rejected()), slotAfter()]).credentials, [
    { id, display, state: "cooling", reason: "rate limit", until: "2026-01-01T12:01:00.000Z" },
    { id, display, state: "quarantined", reason: "rejected by provider", until: "2026-01-01T12:05:00.000Z" },
    { id, display, state: "ready", reason: "", until: null },
  ]);
});

Deno.test("a member's report sums its models and shows only what rests it as a whole", () => {
  const slot = slotAfter(failures.limited(60_000));
  const other = slotOf(slot.member, "other");
  slot.today = { requestCount: 1, failureCount: 1, inputTokens: 2, cachedTokens: 3, outputTokens: 4, costUsd: 0.5 };
  other.today = { requestCount: 10, failureCount: 0, inputTokens: 20, cachedTokens: 30, outputTokens: 40, costUsd: 0.25 };
  slot.member.inFlight = 2;
  const report = reportMember(slot.member, NOW);
  assert.deepEqual(report.today, { requestCount: 11, failureCount: 1, inputTokens: 22, cachedTokens: 33, outputTokens: 44, costUsd: 0.75 });
  assert.deepEqual([report.state, report.inFlightCount, report.usableAt, report.until], ["busy", 2, 0, null]);
  assert.deepEqual([reportSlot(slot, NOW).state, reportSlot(slot, NOW).usableAt], ["cooling", NOW + 60_000]);
});

Deno.test("a quarantine whose period is over is still shown, with no end", () => {
  const slot = slotAfter(failures.rejected());
  const { state, until, usableAt } = reportSlot(slot, NOW + 300_000);
  assert.equal(state, "quarantined");
  assert.deepEqual([until, usableAt], [null, 0]);
});
