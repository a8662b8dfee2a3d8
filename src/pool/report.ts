/**
 * The pool in words: the state of each credential, and the failure a request gets when none can be had.
 * Ids and masked forms only. Pure.
 */
import type { Credential } from "../credentials/credential.ts";
import { type CredentialReport, type Failure, failure, type FailureKind } from "../kernel/failure.ts";
import { describe, standingRest, stands, usableAt } from "./health.ts";
import type { DayCounters } from "../kernel/day_counters.ts";
import type { Member, Rest, Slot } from "./member.ts";

/** Suggested wait when nothing says how long a credential stays taken. */
const SHORT_WAIT_MS = 1_000;

/** One credential as `GET /v1/providers` and pool failures show it. */
export interface MemberReport extends CredentialReport {
  readonly inFlightCount: number;
  readonly today: Readonly<DayCounters>;
  /** Epoch ms of `until`; 0 when it may be used now, Infinity when nothing but a person ends that. */
  readonly usableAt: number;
  readonly isLimited: boolean;
}

/** A member as a whole; counters summed over its models. */
export function reportMember(member: Member, now: number): MemberReport {
  const rest = stands(member.rest, now) ? member.rest : null;
  const today = { requestCount: 0, failureCount: 0, inputTokens: 0, cachedTokens: 0, outputTokens: 0, costUsd: 0 };
  for (const slot of member.slots.values()) {
    today.requestCount += slot.today.requestCount;
    today.failureCount += slot.today.failureCount;
    today.inputTokens += slot.today.inputTokens;
    today.cachedTokens += slot.today.cachedTokens;
    today.outputTokens += slot.today.outputTokens;
    today.costUsd += slot.today.costUsd;
  }
  return { ...reportRest(member, rest, now), today };
}

/** A credential with all that is known of how it is. */
export interface MemberStatus {
  readonly credential: Credential;
  readonly report: MemberReport;
  /** Models it cannot serve now, while it serves others. `untilAt`: epoch ms. */
  readonly resting: readonly { readonly model: string; readonly reason: string; readonly untilAt: number }[];
}

/** Models that are told of one credential at most. */
const MAX_RESTING = 32;

export function memberStatus(member: Member, now: number): MemberStatus {
  const slots = stands(member.rest, now) ? [] : [...member.slots.values()].filter(({ rest }) => stands(rest, now));
  return {
    credential: member.credential,
    report: reportMember(member, now),
    resting: slots.slice(0, MAX_RESTING).map(({ model, rest }) => ({ model, reason: describe(rest).reason, untilAt: usableAt(rest, now) })),
  };
}

/** A member as one model sees it. */
export function reportSlot(slot: Slot, now: number): MemberReport {
  return { ...reportRest(slot.member, standingRest(slot, now), now), today: { ...slot.today } };
}

function reportRest(member: Member, rest: Rest | null, now: number): Omit<MemberReport, "today"> {
  const at = usableAt(rest, now);
  const { state, reason } = describe(rest);
  return {
    id: member.credential.id,
    display: member.credential.display,
    state: state === "ready" && member.inFlight > 0 ? "busy" : state,
    reason,
    until: at > now && at < Infinity ? new Date(at).toISOString() : null,
    inFlightCount: member.inFlight,
    usableAt: at > now ? at : 0,
    isLimited: rest?.reason === "rate_limited" || rest?.reason === "many_models",
  };
}

export interface Refusal {
  readonly kind: FailureKind;
  readonly provider: string;
  readonly model: string;
  readonly members: readonly MemberReport[];
  readonly circuitUntilAt: number | undefined;
  readonly now: number;
}

/** The failure for a request that got no credential: 429 when limits are the cause, 504 at the deadline, else 503. */
export function refusal(refused: Refusal): Failure {
  const { kind, members } = refused;
  return failure({
    scope: kind === "unknown_model" ? "model" : "gateway",
    kind,
    status: statusOf(refused),
    message: messageOf(refused),
    ...retryAfter(refused),
    credentials: members.map(({ id, display, state, reason, until }) => ({ id, display, state, reason, until })),
  });
}

/** When asking again makes sense: at the soonest end of a rest, or shortly when credentials are only taken. */
function retryAfter({ kind, members, circuitUntilAt, now }: Refusal): { retryAfterMs?: number } {
  if (kind === "unknown_model" || members.length === 0) return {};
  if (circuitUntilAt !== undefined) return { retryAfterMs: Math.max(circuitUntilAt - now, 0) };
  if (members.some((member) => member.usableAt === 0)) return { retryAfterMs: SHORT_WAIT_MS };
  const soonest = members.reduce((at, member) => Math.min(at, member.usableAt), Infinity);
  return soonest === Infinity ? {} : { retryAfterMs: soonest - now };
}

function statusOf({ kind, members }: Refusal): number {
  if (kind === "deadline") return 504;
  if (kind === "unknown_model") return 404;
  return kind === "all_resting" && members.some((member) => member.isLimited) ? 429 : 503;
}

function messageOf({ kind, provider, model, members }: Refusal): string {
  const usedCount = members.filter(({ state }) => state !== "disabled").length;
  const who = usedCount === 1 ? "its one credential rests" : `all ${usedCount} of its credentials rest`;
  switch (kind) {
    case "deadline":
      return `No credential of "${provider}" became free for "${model}" in time`;
    case "queue_full":
      return `Too many requests wait for a credential of "${provider}"`;
    case "circuit_open":
      return `Provider "${provider}" cannot be reached at present`;
    case "unknown_model":
      return `Provider "${provider}" does not offer the model "${model}"`;
    case "all_resting":
      return `Provider "${provider}" cannot serve "${model}" now: ${who}`;
    default:
      if (members.length === 0) return `Provider "${provider}" has no credentials`;
      return usedCount === 0 ? `Every credential of "${provider}" is disabled` : `No credential of "${provider}" can serve "${model}"`;
  }
}
