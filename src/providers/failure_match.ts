/**
 * Finds the rule that decides an error answer. Pure: it compares, it does not know any provider.
 */
import { untilMidnightMs } from "../wire/hints.ts";
import type { FailureRule } from "./row.ts";

/** What is known of an error answer when it is held against rules. */
export interface FailureEvidence {
  /** The HTTP status; for an error inside a 200 also the status its own code stands for. */
  readonly statuses: readonly number[];
  /** Machine-readable code and type, in lower case. */
  readonly codes: readonly string[];
  readonly message: string;
  /** The whole body as text. */
  readonly body: string;
  /** The provider declared a wait of less than an hour. */
  readonly hasShortWait: boolean;
}

/** The first rule all of whose conditions hold. */
export function findRule(rules: readonly FailureRule[], evidence: FailureEvidence): FailureRule | undefined {
  return rules.find((rule) => holds(rule, evidence));
}

function holds(rule: FailureRule, evidence: FailureEvidence): boolean {
  if (rule.status !== undefined && !rule.status.some((status) => evidence.statuses.includes(status))) return false;
  if (rule.code !== undefined && !rule.code.some((code) => evidence.codes.includes(code.toLowerCase()))) return false;
  if (rule.text !== undefined && !rule.text.test(evidence.message)) return false;
  if (rule.body !== undefined && !rule.body.test(evidence.body)) return false;
  return rule.unlessShortWait !== true || !evidence.hasShortWait;
}

/** The wait a rule leads to, ms: the provider's hint, else the rule's own rest, or the longer where hints are known to be wrong. */
export function restOf(
  rule: FailureRule | undefined,
  at: { readonly hintMs: number | undefined; readonly now: number },
): number | undefined {
  if (rule?.rest === undefined) return at.hintMs;
  const ownMs = "forMs" in rule.rest ? rule.rest.forMs : untilMidnightMs(at.now, rule.rest.untilMidnight);
  if (at.hintMs === undefined) return ownMs;
  return rule.restOutranksHint === true ? Math.max(at.hintMs, ownMs) : at.hintMs;
}
