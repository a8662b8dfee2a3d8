/**
 * When a renewal that failed is tried again, and when trying ends. `nextTry` is pure: the counts and the
 * chance come in.
 */
import { assertNever } from "../../kernel/failure.ts";
import type { Random } from "../../kernel/clock.ts";
import type { Refusal } from "./flow.ts";

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 300_000;
const RATE_LIMIT_WAIT_MS = 60_000;
/** A server that asks for a longer wait is asked again after this one: the number may be nonsense. */
const LONGEST_ASKED_WAIT_MS = 3_600_000;
/** Waits after the first, second … answer nobody knows; after the last of them one more is the end. */
const SUSPICIOUS_WAITS_MS: readonly number[] = [30_000, 90_000];

/** Failures in a row, this one counted. */
export interface FailureCounts {
  readonly failureCount: number;
  /** Of those, the suspicious ones. */
  readonly suspiciousCount: number;
}

export type NextTry =
  | { readonly kind: "again"; readonly afterMs: number }
  /** Not by itself: the state says what has to happen first. */
  | { readonly kind: "end"; readonly state: "needs_login" | "misconfigured" | "withdrawn" };

/** What follows a refusal at renewal. Waits vary by chance, never below what the server asked for. */
export function nextTry(refused: Refusal, counts: FailureCounts, random: Random): NextTry {
  switch (refused.kind) {
    case "needs_login":
    case "misconfigured":
    case "withdrawn":
      return { kind: "end", state: refused.kind };
    case "suspicious": {
      const waitMs = SUSPICIOUS_WAITS_MS[counts.suspiciousCount - 1];
      return waitMs === undefined ? { kind: "end", state: "needs_login" } : { kind: "again", afterMs: atLeast(waitMs, random) };
    }
    case "rate_limited":
      return { kind: "again", afterMs: atLeast(askedMs(refused) ?? RATE_LIMIT_WAIT_MS, random) };
    case "transient":
    case "denied":
    case "timed_out":
    case "cancelled":
      return { kind: "again", afterMs: Math.max(backOffMs(counts.failureCount, random), askedMs(refused) ?? 0) };
    default:
      return assertNever(refused.kind);
  }
}

/** 1, 2, 4 s … up to 5 min, a fifth more or less, after the `failureCount`th failure in a row. */
export function backOffMs(failureCount: number, random: Random): number {
  const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (failureCount - 1), LONGEST_WAIT_MS);
  return Math.min(waitMs * (0.8 + 0.4 * random()), LONGEST_WAIT_MS);
}

function askedMs({ retryAfterMs }: Refusal): number | undefined {
  return retryAfterMs === undefined ? undefined : Math.min(Math.max(retryAfterMs, FIRST_WAIT_MS), LONGEST_ASKED_WAIT_MS);
}

function atLeast(waitMs: number, random: Random): number {
  return waitMs * (1 + 0.1 * random());
}
