/**
 * A provider's circuit: when the way to it fails again and again for several credentials, it is left
 * alone for a moment, then tested by one request. Pure: each function returns the next state.
 */
import type { Failure } from "../kernel/failure.ts";

const OPENS_AFTER = { failureCount: 5, memberCount: 2, withinMs: 30_000 };
const OPEN_MS = 15_000;

export type Circuit =
  | { readonly kind: "closed"; readonly failures: readonly { readonly at: number; readonly credential: string }[] }
  | { readonly kind: "open"; readonly untilAt: number }
  /** One request is out to test it. */
  | { readonly kind: "half_open" };

export const CLOSED: Circuit = { kind: "closed", failures: [] };

/** An answer came: whatever it said, the way works. */
export function onReached(circuit: Circuit): Circuit {
  return circuit.kind === "closed" && circuit.failures.length === 0 ? circuit : CLOSED;
}

/** A transport failure of one credential. */
function onUnreached(circuit: Circuit, event: { readonly at: number; readonly credential: string }): Circuit {
  if (circuit.kind === "half_open") return { kind: "open", untilAt: event.at + OPEN_MS };
  if (circuit.kind === "open") return circuit;
  const failures = [...circuit.failures, event]
    .filter((failure) => event.at - failure.at < OPENS_AFTER.withinMs)
    .slice(-OPENS_AFTER.failureCount);
  const memberCount = new Set(failures.map((failure) => failure.credential)).size;
  const opens = failures.length >= OPENS_AFTER.failureCount && memberCount >= OPENS_AFTER.memberCount;
  return opens ? { kind: "open", untilAt: event.at + OPEN_MS } : { kind: "closed", failures };
}

/** An attempt failed: what that says about the way depends on whose fault it was. */
export function onFailed(
  circuit: Circuit,
  failure: Pick<Failure, "scope">,
  event: { readonly at: number; readonly credential: string; readonly isTest: boolean },
): Circuit {
  switch (failure.scope) {
    case "transport":
      return onUnreached(circuit, { at: event.at, credential: event.credential });
    case "client":
    case "gateway":
      return event.isTest ? onUndecided(circuit, event.at) : circuit;
    default:
      return onReached(circuit);
  }
}

/** A test request ended without saying whether the way works (the client left): the next request tests. */
export function onUndecided(circuit: Circuit, now: number): Circuit {
  return circuit.kind === "half_open" ? { kind: "open", untilAt: now } : circuit;
}

/** `pass`: send; `test`: send this one and become half-open; a number: wait until then; `wait`: until the test ends. */
export function gate(circuit: Circuit, now: number): "pass" | "test" | "wait" | number {
  switch (circuit.kind) {
    case "closed":
      return "pass";
    case "open":
      return now < circuit.untilAt ? circuit.untilAt : "test";
    case "half_open":
      return "wait";
  }
}
