/**
 * Which member serves next. Pure: reads slots, changes nothing. One pass over the slots, no allocation,
 * because it runs on every request and a pool may hold thousands of keys.
 */
import type { Random } from "../kernel/clock.ts";
import { availability, restEndsAt } from "./health.ts";
import type { Member, Slot } from "./member.ts";

export interface Choice {
  /** By priority, best tier first. */
  readonly slots: readonly Slot[];
  readonly now: number;
  readonly exclude: ReadonlySet<string>;
  /** In-flight limit per slot. */
  readonly maxInFlight: number;
  readonly rotation: "balanced" | "sequential";
  /** > 0: weighted random in balanced mode. */
  readonly tolerance: number;
  readonly random: Random;
  /** Member that served this conversation last. */
  readonly preferred: Member | undefined;
  /** Sequential mode: position of the member in use at present, where the order begins. */
  readonly firstPosition: number;
}

/**
 * `slot`: take it. `busy`: a candidate is at its limit, or a test of one that rests is under way.
 * `resting`: all rest. In both the first rest ends at `restEndsAt` (epoch ms; Infinity when nobody
 * rests). `none`: nobody is left to wait for.
 */
export type Chosen =
  | { readonly kind: "slot"; readonly slot: Slot }
  | { readonly kind: "busy" | "resting"; readonly restEndsAt: number }
  | { readonly kind: "none" };

/** Chooses among the candidates of the best priority tier that has any. */
export function choose(choice: Choice): Chosen {
  const found = scan(choice);
  if (found.preferred !== undefined) return { kind: "slot", slot: found.preferred };
  if (found.free !== undefined) {
    const isWeighted = choice.rotation === "balanced" && choice.tolerance > 0;
    return { kind: "slot", slot: isWeighted ? weighted(choice, found.free) : found.free };
  }
  if (found.hasCandidate || found.isTesting) return { kind: "busy", restEndsAt: found.restEndsAt };
  return found.restEndsAt === Infinity ? { kind: "none" } : { kind: "resting", restEndsAt: found.restEndsAt };
}

interface Found {
  free: Slot | undefined;
  preferred: Slot | undefined;
  /** A tier has a candidate, be it at its limit. */
  hasCandidate: boolean;
  /** Somebody who rests is being tested, or will be as soon as older requests end. */
  isTesting: boolean;
  restEndsAt: number;
}

/** Added to the rank of members with something in flight: more than anybody's requests of a day. */
const BUSY_RANK = 2 ** 30;

/** One loop that calls next to nothing: with thousands of keys every call in it is felt. */
function scan(choice: Choice): Found {
  const { exclude, slots, maxInFlight, preferred: wanted } = choice;
  const isExcluding = exclude.size > 0;
  const isSequential = choice.rotation === "sequential";
  const found: Found = { free: undefined, preferred: undefined, hasCandidate: false, isTesting: false, restEndsAt: Infinity };
  let tier = slots[0]?.member.priority;
  let free: Slot | undefined;
  let freeRank = 0;
  for (const slot of slots) {
    const { member } = slot;
    if (member.priority !== tier) {
      if (found.hasCandidate) break;
      tier = member.priority;
    }
    if (isExcluding && exclude.has(member.credential.id)) continue;
    if ((member.rest !== null || slot.rest !== null) && isKept(slot, choice, found)) continue;
    found.hasCandidate = true;
    if (slot.inFlight >= maxInFlight) continue;
    if (member === wanted) found.preferred = slot;
    const { requestCount } = slot.today;
    const rank = isSequential ? turn(member, choice.firstPosition) : member.inFlight === 0 ? requestCount : BUSY_RANK + requestCount;
    if (free !== undefined && (rank > freeRank || (rank === freeRank && member.lastUsed >= free.member.lastUsed))) continue;
    free = slot;
    freeRank = rank;
  }
  found.free = free;
  return found;
}

/** True when a rest keeps the slot from this request; notes when that may change. */
function isKept(slot: Slot, choice: Choice, found: Found): boolean {
  const state = availability(slot, choice.now);
  if (typeof state === "number") {
    found.restEndsAt = Math.min(found.restEndsAt, state);
    return true;
  }
  if (state === "free" || isUsable(slot, choice)) return false;
  // Still at rest, so no reason to hold back the tiers below.
  found.isTesting = true;
  found.restEndsAt = Math.min(found.restEndsAt, restEndsAt(slot, choice.now));
  return true;
}

/** More than any pool has members. */
const ROUND_LENGTH = 2 ** 31;

/** Place of a member in the round that begins at a position. */
function turn({ position }: Member, firstPosition: number): number {
  return (position - firstPosition + ROUND_LENGTH) % ROUND_LENGTH;
}

/** Weighted random within the group of `best`: weight = (max usage − usage) + tolerance + 1. */
function weighted(choice: Choice, best: Slot): Slot {
  const isBestIdle = best.member.inFlight === 0;
  const group = choice.slots.filter((slot) =>
    slot.member.priority === best.member.priority &&
    (slot.member.inFlight === 0) === isBestIdle &&
    !choice.exclude.has(slot.member.credential.id) && isUsable(slot, choice)
  );
  const most = group.reduce((max, slot) => Math.max(max, slot.today.requestCount), 0);
  const weightOf = (slot: Slot) => most - slot.today.requestCount + choice.tolerance + 1;
  let left = choice.random() * group.reduce((sum, slot) => sum + weightOf(slot), 0);
  for (const slot of group) {
    left -= weightOf(slot);
    if (left < 0) return slot;
  }
  return best;
}

/** True when one more request may have the slot now. */
function isUsable(slot: Slot, { now, maxInFlight }: Choice): boolean {
  if (slot.inFlight >= maxInFlight) return false;
  const state = availability(slot, now);
  return state === "free" || (state === "trial" && !slot.member.isOnTrial);
}
