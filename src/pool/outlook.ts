/**
 * What a request can expect of its lane at present: a slot, a wait until some instant, or a refusal. Pure:
 * one outlook holds for every request that excludes the same credentials, whatever its deadline.
 */
import type { FailureKind } from "../kernel/failure.ts";
import { type Circuit, gate } from "./circuit.ts";
import { availability, isDisabled } from "./health.ts";
import type { Lane } from "./lane.ts";
import type { Slot } from "./member.ts";
import { type Choice, choose } from "./select.ts";

export type Outlook =
  | { readonly kind: "slot"; readonly slot: Slot }
  /** Nothing can be had before `notBefore`: who has less time is refused as `otherwise`. Worth another look at `wakeAt`. Both epoch ms. */
  | { readonly kind: "wait"; readonly wakeAt: number; readonly notBefore: number; readonly otherwise: FailureKind }
  | { readonly kind: "refuse"; readonly as: FailureKind };

/** The outlook of a request with these exclusions; a new day at `nextDayAt` (epoch ms) may end rests early. */
export function outlookOf(
  at: { readonly lane: Lane; readonly circuit: Circuit; readonly choice: Choice; readonly nextDayAt: number },
): Outlook {
  const { lane, circuit, choice, nextDayAt } = at;
  const { now } = choice;
  if (now < lane.absentUntilAt) return { kind: "refuse", as: "unknown_model" };
  const passage = gate(circuit, now);
  if (passage === "wait") return { kind: "wait", wakeAt: Infinity, notBefore: now, otherwise: "circuit_open" };
  if (typeof passage === "number") return { kind: "wait", wakeAt: passage, notBefore: passage, otherwise: "circuit_open" };
  const chosen = choose(choice);
  switch (chosen.kind) {
    case "slot":
      return chosen;
    case "busy":
      return { kind: "wait", wakeAt: Math.min(chosen.restEndsAt, nextDayAt), notBefore: now, otherwise: "deadline" };
    case "resting":
      return { kind: "wait", wakeAt: Math.min(chosen.restEndsAt, nextDayAt), notBefore: chosen.restEndsAt, otherwise: "all_resting" };
    case "none":
      return { kind: "refuse", as: allRest(lane, now) ? "all_resting" : "no_credential" };
  }
}

/** What an outlook means for a request with that deadline: waiting past it is pointless. */
export function within(deadlineAt: number, outlook: Outlook, now: number): Outlook {
  if (now >= deadlineAt) return { kind: "refuse", as: "deadline" };
  if (outlook.kind !== "wait" || outlook.notBefore < deadlineAt) return outlook;
  return { kind: "refuse", as: outlook.otherwise };
}

/**
 * Also those that the request excludes rest, so the rests and not the request are why it gets nobody. Disabled ones
 * are as good as not there.
 */
function allRest(lane: Lane, now: number): boolean {
  const used = lane.slots.filter(({ member }) => !isDisabled(member));
  return used.length > 0 && used.every((slot) => typeof availability(slot, now) === "number");
}
