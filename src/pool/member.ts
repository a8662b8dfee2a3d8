/**
 * The mutable state of a pool: members (one a credential) and slots (one a credential and model). Only
 * `pool.ts` changes it; `health.ts` and `select.ts` decide from it without changing anything.
 */
import type { Credential } from "../credentials/credential.ts";
import type { DayCounters } from "../kernel/day_counters.ts";
import type { RestRow } from "../store/store.ts";

/** Why and until when something rests; the stored form without its key. */
export type Rest = Omit<RestRow, "credential" | "model">;

/** One credential of the pool. */
export interface Member {
  credential: Credential;
  /** The credential's tier, kept here because every choice reads it. */
  priority: number;
  /** Place in discovery order: the order of sequential mode. */
  position: number;
  /** Requests under way, over all models. */
  inFlight: number;
  /** Ordinal of the last acquire over all models; 0 = never. */
  lastUsed: number;
  /** Ordinal at which `rest` was last set by a failure: requests that set out earlier know nothing newer. */
  lastRested: number;
  /** A rest of the whole credential. */
  rest: Rest | null;
  /** A single request is testing a rest right now. */
  isOnTrial: boolean;
  /** Left the configuration: finishes what it has, gets nothing new. */
  isDraining: boolean;
  readonly slots: Map<string, Slot>;
}

/** One credential for one model. */
export interface Slot {
  readonly member: Member;
  readonly model: string;
  inFlight: number;
  /** Ordinal at which a failure last rested the slot, so that an older request's success does not undo it. */
  lastRested: number;
  rest: Rest | null;
  /** Next step of the cooldown ladder. */
  ladderStep: number;
  today: DayCounters;
}

export function noCounters(): DayCounters {
  return { requestCount: 0, failureCount: 0, inputTokens: 0, cachedTokens: 0, outputTokens: 0, costUsd: 0 };
}

export function newMember(credential: Credential, position: number): Member {
  return {
    credential,
    priority: credential.priority,
    position,
    inFlight: 0,
    lastUsed: 0,
    lastRested: 0,
    rest: null,
    isOnTrial: false,
    isDraining: false,
    slots: new Map(),
  };
}

export function newSlot(member: Member, model: string): Slot {
  return { member, model, inFlight: 0, lastRested: 0, rest: null, ladderStep: 0, today: noCounters() };
}

/** The member's slot for a model, made when it is first asked for. */
export function slotOf(member: Member, model: string): Slot {
  let slot = member.slots.get(model);
  if (slot === undefined) {
    slot = newSlot(member, model);
    member.slots.set(model, slot);
  }
  return slot;
}
