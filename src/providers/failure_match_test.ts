/** Rules hold only when all their conditions do, in order, and hints and rests are weighed as written. */
import assert from "node:assert/strict";
import { type FailureEvidence, findRule, restOf } from "./failure_match.ts";
import type { FailureRule } from "./row.ts";

const EVIDENCE: FailureEvidence = {
  statuses: [200, 429],
  codes: ["1113", "slow"],
  message: "No Money",
  body: '{"x":"No Money"}',
  hasShortWait: true,
};
const NOW = Date.parse("2026-03-04T23:00:00Z");
const HOUR = 3_600_000;

Deno.test("all conditions of a rule must hold", () => {
  const holding: readonly Omit<FailureRule, "kind">[] = [
    {},
    { status: [429] },
    { status: [200] },
    { code: ["SLOW"] },
    { text: /no money/i },
    { body: /"x":/ },
    { status: [429], code: ["1113"], text: /money/i, body: /x/ },
  ];
  const failing: readonly Omit<FailureRule, "kind">[] = [
    { status: [400] },
    { code: ["111"] },
    { text: /credit/ },
    { body: /"y":/ },
    { unlessShortWait: true },
    { status: [429], code: ["other"] },
  ];
  for (const rule of holding) assert.ok(findRule([{ ...rule, kind: "rejected" }], EVIDENCE), JSON.stringify(rule));
  for (const rule of failing) assert.equal(findRule([{ ...rule, kind: "rejected" }], EVIDENCE), undefined, JSON.stringify(rule));
});

Deno.test("the first rule that holds decides", () => {
  const rules: readonly FailureRule[] = [{ status: [400], kind: "rejected" }, { status: [429], kind: "out_of_credit" }, {
    kind: "rate_limited",
  }];
  assert.equal(findRule(rules, EVIDENCE)?.kind, "out_of_credit");
});

Deno.test("a hint goes before a rule's own rest unless the rule knows better", () => {
  const rule: FailureRule = { kind: "rate_limited", rest: { forMs: 5_000 } };
  assert.equal(restOf(undefined, { hintMs: undefined, now: NOW }), undefined);
  assert.equal(restOf(undefined, { hintMs: 7, now: NOW }), 7);
  assert.equal(restOf(rule, { hintMs: undefined, now: NOW }), 5_000);
  assert.equal(restOf(rule, { hintMs: 7, now: NOW }), 7);
  assert.equal(restOf({ ...rule, restOutranksHint: true }, { hintMs: 7, now: NOW }), 5_000);
  assert.equal(restOf({ ...rule, restOutranksHint: true }, { hintMs: 9_000, now: NOW }), 9_000);
  assert.equal(restOf({ kind: "rate_limited", rest: { untilMidnight: "UTC" } }, { hintMs: undefined, now: NOW }), HOUR);
});
