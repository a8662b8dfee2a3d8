/** What must be true of every rule, whatever it says. */
import assert from "node:assert/strict";
import { FAILURE_RULES } from "./failure_rules.ts";

const RULES = Object.entries(FAILURE_RULES).flatMap(([provider, rules]) => rules.map((rule) => ({ provider, rule })));

Deno.test("no rule takes everything a provider says", () => {
  for (const { provider, rule } of RULES) {
    assert.ok(rule.status ?? rule.code ?? rule.text ?? rule.body, `${provider} has a rule without a condition`);
  }
});

Deno.test("no pattern remembers where it stopped", () => {
  for (const { provider, rule } of RULES) {
    for (const pattern of [rule.text, rule.body]) assert.ok(!/[gy]/.test(pattern?.flags ?? ""), `${provider}: ${pattern}`);
  }
});

Deno.test("only answers that are no success have rules, and advice is a sentence", () => {
  for (const { provider, rule } of RULES) {
    for (const status of rule.status ?? []) assert.ok(status === 200 || status >= 400 && status < 600, `${provider}: ${status}`);
    if (rule.advice !== undefined) assert.match(rule.advice, /^[A-Z].*\.$/, provider);
  }
});
