/**
 * When a credential may be used, and what a failure does to it (behaviour of rests, ladders, quarantine
 * and trials). Pure: the instant and the chance are arguments, nothing is changed here.
 */
import type { Random } from "../kernel/clock.ts";
import type { Failure } from "../kernel/failure.ts";
import type { Member, Rest, Slot } from "./member.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SHORTEST_HINT_MS = 1_000;
const LONGEST_HINT_MS = 7 * 24 * HOUR_MS;
/** A hinted rest longer than this may be tested once per this long. */
const TRIAL_EVERY_MS = HOUR_MS;
const REJECTED = { firstMs: 5 * MINUTE_MS, longestMs: 6 * HOUR_MS };
const OUT_OF_CREDIT = { firstMs: HOUR_MS, longestMs: 24 * HOUR_MS };
const PROVIDER_TROUBLE_MS = 30_000;
const MODEL_DENIED_MS = 10 * MINUTE_MS;
const MANY_MODELS = { count: 3, restMs: 5 * MINUTE_MS };

/** True while a rest stands: a quarantine stands until a trial succeeds, every other rest ends by itself. */
export function stands(rest: Rest | null, now: number): rest is Rest {
  return rest !== null && (now < rest.untilAt || isQuarantine(rest));
}

function isQuarantine(rest: Rest): boolean {
  return rest.reason === "rejected" || rest.reason === "out_of_credit";
}

/** True for a member that was rejected or is out of credit: no candidate until a trial succeeds. */
function isQuarantined(member: Member): boolean {
  return member.rest !== null && isQuarantine(member.rest);
}

/** True for a member that a person took out of use. */
export function isDisabled(member: Member): boolean {
  return member.rest?.reason === "disabled";
}

/** True for a member that nobody should count on: quarantined or disabled. */
export function isOutOfUse(member: Member): boolean {
  return isQuarantined(member) || isDisabled(member);
}

/** The instant from which a request may go out in spite of the rest, as a trial or because the rest is over. 0: at once. */
export function usableAt(rest: Rest | null, now: number): number {
  if (!stands(rest, now)) return 0;
  return rest.trialAt === null ? rest.untilAt : Math.min(rest.trialAt, rest.untilAt);
}

/** `free`: may be used now; `trial`: may be used now by one request only; a number: rests until then (epoch ms). */
export function availability(slot: Slot, now: number): "free" | "trial" | number {
  const { member } = slot;
  if (member.rest === null && slot.rest === null) return "free";
  const at = Math.max(usableAt(member.rest, now), usableAt(slot.rest, now));
  if (at > now) return at;
  return stands(member.rest, now) || stands(slot.rest, now) ? "trial" : "free";
}

/** The instant from which a slot is anybody's, trials aside; Infinity while only a successful trial can free it. */
export function restEndsAt(slot: Slot, now: number): number {
  const ends = [slot.member.rest, slot.rest].filter((rest) => stands(rest, now)).map((rest) =>
    isQuarantine(rest) ? Infinity : rest.untilAt
  );
  return Math.max(0, ...ends);
}

/** The rest that keeps a slot from being used longest, or null. */
export function standingRest(slot: Slot, now: number): Rest | null {
  const whole = stands(slot.member.rest, now) ? slot.member.rest : null;
  const own = stands(slot.rest, now) ? slot.rest : null;
  if (whole === null || own === null) return whole ?? own;
  return usableAt(whole, now) >= usableAt(own, now) ? whole : own;
}

/** What a failure changes about a slot and its member; absent fields stay as they are. */
export interface HealthChange {
  readonly slotRest?: Rest;
  readonly ladderStep?: number;
  readonly memberRest?: Rest;
}

export interface FailureContext {
  readonly now: number;
  readonly random: Random;
  readonly ladderMs: readonly number[];
  /** Ordinal of the acquire that led to the failure, to be held against `lastRested`. */
  readonly taken: number;
  /** Another member could take over: trouble of the provider rests this one only then. */
  readonly hasOthers: "others" | "alone";
  /** A request that met provider trouble before does not count a second time. */
  readonly trouble: "first" | "repeated";
}

/** Decides what a failed attempt does to the credential that made it. */
export function afterFailure(slot: Slot, failure: Failure, context: FailureContext): HealthChange {
  switch (failure.kind) {
    case "rate_limited":
      return afterLimit(slot, failure, context);
    case "rejected":
      return quarantine(slot.member, { reason: "rejected", ...REJECTED }, context);
    case "out_of_credit":
      return quarantine(slot.member, { reason: "out_of_credit", ...OUT_OF_CREDIT, hintMs: failure.retryAfterMs }, context);
    case "model_denied": {
      const rest = plainRest("model_denied", context.now + MODEL_DENIED_MS);
      return { slotRest: later(slot.rest, rest, rest.untilAt) };
    }
    default:
      return afterTrouble(slot, failure, context);
  }
}

function afterTrouble(slot: Slot, failure: Failure, context: FailureContext): HealthChange {
  const isTrouble = failure.scope === "provider" || failure.scope === "transport";
  if (!isTrouble || context.hasOthers === "alone" || context.trouble === "repeated") return {};
  const { now } = context;
  const rest = failure.retryAfterMs === undefined
    ? plainRest("provider_trouble", now + PROVIDER_TROUBLE_MS)
    : hintedRest("provider_trouble", now, failure.retryAfterMs);
  return { slotRest: later(slot.rest, rest, now + PROVIDER_TROUBLE_MS) };
}

function afterLimit(slot: Slot, failure: Failure, context: FailureContext): HealthChange {
  const { now } = context;
  const retestAt = now + TRIAL_EVERY_MS;
  if (failure.retryAfterMs !== undefined) {
    const rest = hintedRest("rate_limited", now, failure.retryAfterMs);
    return withManyModels(slot, { slotRest: later(slot.rest, rest, retestAt) }, now);
  }
  // Requests that were under way together met one limit: only the first of them climbs the ladder.
  if (context.taken < slot.lastRested && slot.rest?.reason === "rate_limited" && stands(slot.rest, now)) return {};
  const step = Math.min(slot.ladderStep, context.ladderMs.length - 1);
  const jitter = 0.9 + 0.2 * context.random();
  const restMs = (context.ladderMs[step] ?? 0) * jitter;
  const rest = { ...plainRest("rate_limited", now + restMs), step: slot.ladderStep };
  return withManyModels(slot, { slotRest: later(slot.rest, rest, retestAt), ladderStep: slot.ladderStep + 1 }, now);
}

/** Several models limited at once mean that the limit is the account's, not the model's. */
function withManyModels(slot: Slot, change: HealthChange, now: number): HealthChange {
  const { member } = slot;
  if (isOutOfUse(member)) return change;
  // Models that share a quota share one rest: they are one limit.
  const limits = new Set<Rest>();
  for (const other of member.slots.values()) {
    if (other !== slot && other.rest?.reason === "rate_limited" && other.rest !== slot.rest && stands(other.rest, now)) {
      limits.add(other.rest);
    }
  }
  if (limits.size + 1 < MANY_MODELS.count) return change;
  return { ...change, memberRest: plainRest("many_models", now + MANY_MODELS.restMs) };
}

interface Quarantine {
  readonly reason: "rejected" | "out_of_credit";
  readonly firstMs: number;
  readonly longestMs: number;
  readonly hintMs?: number | undefined;
}

/** Rests a whole credential until a trial succeeds; each failed trial doubles the time to the next. */
function quarantine(member: Member, { reason, firstMs, longestMs, hintMs }: Quarantine, context: FailureContext): HealthChange {
  const { now } = context;
  if (isDisabled(member)) return {};
  const running = stands(member.rest, now) ? member.rest : null;
  const same = running?.reason === reason ? running : null;
  // A request that set out before the rest began fails for the cause that is known already.
  const isKnown = same !== null && context.taken < member.lastRested;
  if (isKnown && hintMs === undefined) return {};
  const step = same === null ? 0 : same.step + (isKnown ? 0 : 1);
  const ownUntilAt = now + Math.min(firstMs * 2 ** step, longestMs);
  const rest = hintMs === undefined ? { ...plainRest(reason, ownUntilAt), trialAt: ownUntilAt } : hintedRest(reason, now, hintMs);
  const memberRest = later(running, { ...rest, step }, now + TRIAL_EVERY_MS);
  return { memberRest: same === null ? memberRest : { ...memberRest, step } };
}

/** A rest of the provider's own length; a long one may be tested now and then. */
function hintedRest(reason: Rest["reason"], now: number, hintMs: number): Rest {
  const restMs = clampHint(hintMs);
  const trialAt = restMs > TRIAL_EVERY_MS ? now + TRIAL_EVERY_MS : null;
  return { untilAt: now + restMs, reason, isHinted: true, step: 0, trialAt };
}

function plainRest(reason: Rest["reason"], untilAt: number): Rest {
  return { untilAt, reason, isHinted: false, step: 0, trialAt: null };
}

/** A new rest never shortens a running one; where the running one stays, its next trial is not before `retestAt`. */
function later(running: Rest | null, fresh: Rest, retestAt: number): Rest {
  if (running === null || running.untilAt <= fresh.untilAt) return fresh;
  return running.trialAt === null ? running : { ...running, trialAt: Math.max(running.trialAt, retestAt) };
}

function clampHint(hintMs: number): number {
  return Math.min(Math.max(hintMs, SHORTEST_HINT_MS), LONGEST_HINT_MS);
}

/** True for rests that end when a new day begins: those the proxy invented and that are not a quarantine for a bad key. */
export function endsWithDay(rest: Rest): boolean {
  return !rest.isHinted && rest.reason !== "rejected" && rest.reason !== "disabled";
}

/** The state of a slot in one word, and why, for people. */
export function describe(rest: Rest | null): { readonly state: string; readonly reason: string } {
  switch (rest?.reason) {
    case undefined:
      return { state: "ready", reason: "" };
    case "rejected":
      return { state: "quarantined", reason: "rejected by provider" };
    case "out_of_credit":
      return { state: "quarantined", reason: "out of credit" };
    case "rate_limited":
      return { state: "cooling", reason: "rate limit" };
    case "many_models":
      return { state: "cooling", reason: "rate limits on several models" };
    case "model_denied":
      return { state: "cooling", reason: "no access to this model" };
    case "provider_trouble":
      return { state: "cooling", reason: "provider trouble" };
    case "disabled":
      return { state: "disabled", reason: "switched off by hand" };
  }
}
