/** What the pool remembers of a lease until it is settled. */
import { type Failure, failure } from "../kernel/failure.ts";
import type { Ask, Lane } from "./lane.ts";
import type { Slot } from "./member.ts";

/** A lease that is out. */
export interface Held {
  readonly lane: Lane;
  readonly slot: Slot;
  readonly ask: Ask;
  /** Ordinal of the acquire. */
  readonly taken: number;
  /** It tests a rest of its member; until the provider answers. */
  isTrial: boolean;
}

/** The trial, if it is one, is decided. */
export function endTrial(held: Held): void {
  if (held.isTrial) held.slot.member.isOnTrial = false;
  held.isTrial = false;
}

/** The failure of a client that left while it waited. */
export function clientGone(): Failure {
  return failure({ scope: "client", kind: "client_gone", status: 499, message: "The client closed the connection" });
}
