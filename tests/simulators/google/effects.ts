/**
 * What a fault rule can make the simulated Google do, beyond the effects of the wire that every simulator
 * knows: as data, with a name for each scenario worth testing.
 */
import type { JsonObject } from "../../../src/kernel/json.ts";
import type { Rotation } from "../oauth/token_families.ts";
import type { ContentName } from "./content.ts";
import { type ErrorForm, errorInfo, type GoogleErrorFields } from "./errors.ts";
import type { LimitFields } from "./limits.ts";
import type { StreamShape } from "./stream.ts";

/** Refusals of the account, in place of an answer. */
export type Denial = "validation" | "subscription" | "model" | "unsupported_client";

export type GoogleEffect =
  /** `exchange`, `refresh`, `tokeninfo`, `userinfo`: an OAuth error. Default status 400. */
  | {
    readonly kind: "oauth_error";
    readonly error: string;
    readonly status?: number;
    readonly description?: string;
    readonly fields?: JsonObject;
    readonly headers?: Readonly<Record<string, string>>;
  }
  /** `refresh`: what becomes of the refresh token, this time. */
  | { readonly kind: "rotation"; readonly rotation: Rotation }
  /** `exchange`: the answer has no refresh token. */
  | { readonly kind: "no_refresh_token" }
  /** API: the token the call came with has just ended, or its whole login was revoked. */
  | { readonly kind: "expired_token" | "revoked" }
  /** API: a refusal for want of quota or capacity. Only calls that are otherwise right get it. */
  | { readonly kind: "limit"; readonly limit: LimitFields }
  | { readonly kind: "denial"; readonly denial: Denial }
  | { readonly kind: "error"; readonly error: GoogleErrorFields }
  /** generateContent, streamGenerateContent: what the model says. */
  | { readonly kind: "content"; readonly content: ContentName }
  /** generateContent, streamGenerateContent: exactly these parts, one event each. */
  | { readonly kind: "parts"; readonly parts: readonly JsonObject[]; readonly finishReason?: string }
  /** streamGenerateContent: exactly these `response` objects, one event each. generateContent gives the last. */
  | { readonly kind: "responses"; readonly responses: readonly JsonObject[] }
  /** streamGenerateContent: how the events are cut, ordered or spoilt. */
  | { readonly kind: "stream"; readonly stream: StreamShape }
  /** API answers: `consumedCredits` and `remainingCredits` beside the response. */
  | { readonly kind: "credits"; readonly consumed: string; readonly remaining: string }
  /** onboardUser: a new operation needs so many polls, or ends with an error. */
  | { readonly kind: "onboarding"; readonly polls?: number; readonly error?: { readonly code: number; readonly message: string } };

const limit = (fields: LimitFields): GoogleEffect => ({ kind: "limit", limit: fields });
const wrapped = (form: ErrorForm): GoogleEffect =>
  limit({ reason: "QUOTA_EXHAUSTED", quotaResetDelay: "1h2m3.5s", retryInfo: "3723.5s", messageDelay: "1h2m3s", form });
const oauth = (fields: Omit<Extract<GoogleEffect, { readonly kind: "oauth_error" }>, "kind">): GoogleEffect => ({
  kind: "oauth_error",
  ...fields,
});

/** Scenarios by name; the functions make an effect, with a delay in the wire's notation where there is one. */
export const scenarios = {
  "g.token.expired": (): GoogleEffect => ({ kind: "expired_token" }),
  "g.token.revoked": (): GoogleEffect => ({ kind: "revoked" }),
  "g.token.invalid_grant": (): GoogleEffect => oauth({ error: "invalid_grant", description: "Token has been expired or revoked." }),
  "g.token.rapt": (): GoogleEffect =>
    oauth({
      error: "invalid_grant",
      description: "reauth related error (invalid_rapt)",
      fields: { error_subtype: "invalid_rapt", error_uri: "https://support.google.com/a/answer/9368756" },
    }),
  "g.token.deleted": (): GoogleEffect => oauth({ error: "invalid_grant", description: "Account has been deleted" }),
  "g.token.invalid_client": (): GoogleEffect =>
    oauth({ error: "invalid_client", status: 401, description: "The OAuth client was not found." }),
  "g.token.429": (delayS = "7"): GoogleEffect => oauth({ error: "rate_limit_exceeded", status: 429, headers: { "retry-after": delayS } }),
  "g.token.500": (): GoogleEffect => oauth({ error: "internal_failure", status: 500 }),
  "g.429.retryinfo": (delay = "3.5s"): GoogleEffect => limit({ retryInfo: delay }),
  "g.429.quotaResetDelay": (delay = "373.801628ms"): GoogleEffect => limit({ quotaResetDelay: delay }),
  "g.429.quotaResetTimeStamp": (at = "2026-01-01T18:00:00Z"): GoogleEffect => limit({ reason: "QUOTA_EXHAUSTED", quotaResetAt: at }),
  "g.429.message_only": (delay = "18h31m10s"): GoogleEffect => limit({ reason: null, messageDelay: delay }),
  "g.429.retry_in": (delay = "12.5s"): GoogleEffect => limit({ reason: null, retryIn: delay }),
  "g.429.header_only": (delayS = "7"): GoogleEffect => limit({ reason: null, headers: { "retry-after": delayS } }),
  "g.429.nothing": (): GoogleEffect => limit({}),
  "g.429.quota": (delay = "18h31m10.608s"): GoogleEffect =>
    limit({ reason: "QUOTA_EXHAUSTED", quotaResetDelay: delay, messageDelay: delay.replace(/\.\d+s$/, "s") }),
  "g.429.per_day": (): GoogleEffect => limit({ reason: null, quotaFailure: "PerDay" }),
  "g.429.per_minute": (): GoogleEffect => limit({ reason: null, quotaFailure: "PerMinute" }),
  "g.429.limit0": (): GoogleEffect => limit({ reason: null, isZeroLimit: true, retryIn: "32.5s" }),
  "g.429.array_wrapped": (): GoogleEffect => wrapped("array"),
  "g.429.stringified": (): GoogleEffect => wrapped("stringified"),
  "g.429.stringified_twice": (): GoogleEffect => wrapped("stringified_twice"),
  "g.429.corrupt_commas": (): GoogleEffect => wrapped("corrupt_commas"),
  "g.429.corrupt_domain": (): GoogleEffect => wrapped("corrupt_domain"),
  "g.429.corrupt_key": (): GoogleEffect => wrapped("corrupt_key"),
  "g.429.corrupt_nbsp": (): GoogleEffect => wrapped("corrupt_nbsp"),
  "g.429.corrupt_newline": (): GoogleEffect => wrapped("corrupt_newline"),
  "g.429.credits": (): GoogleEffect => limit({ reason: "INSUFFICIENT_G1_CREDITS_BALANCE" }),
  "g.429.capacity": (): GoogleEffect => limit({ reason: "MODEL_CAPACITY_EXHAUSTED" }),
  "g.503.capacity": (): GoogleEffect => limit({ status: 503, reason: "MODEL_CAPACITY_EXHAUSTED" }),
  "g.499": (): GoogleEffect => ({ kind: "error", error: { status: 499, message: "The operation was cancelled." } }),
  "g.500": (): GoogleEffect => ({ kind: "error", error: { status: 500, message: "Internal error encountered." } }),
  "g.404.model": (): GoogleEffect => ({ kind: "denial", denial: "model" }),
  "g.403.validation": (): GoogleEffect => ({ kind: "denial", denial: "validation" }),
  "g.403.subscription": (): GoogleEffect => ({ kind: "denial", denial: "subscription" }),
  "g.403.unsupported_client": (): GoogleEffect => ({ kind: "denial", denial: "unsupported_client" }),
  "g.403.disabled": (): GoogleEffect => ({
    kind: "error",
    error: {
      status: 403,
      message: "Gemini for Google Cloud API has not been used in project sim before or it is disabled.",
      details: [errorInfo("SERVICE_DISABLED", { service: "cloudaicompanion.googleapis.com" }, "googleapis.com")],
    },
  }),
} satisfies Record<string, (delay?: string) => GoogleEffect>;

const WIRE_KINDS = new Set(["limit", "denial", "error"]);

/** Effects that take the place of an API's answer. */
export type Refusing = Extract<GoogleEffect, { readonly kind: "limit" | "denial" | "error" }>;

export function isRefusing(effect: { readonly kind: string }): effect is Refusing {
  return WIRE_KINDS.has(effect.kind);
}

/** A guard for one kind of effect. */
export function ofKind<K extends GoogleEffect["kind"]>(...kinds: readonly K[]) {
  const wanted: readonly string[] = kinds;
  return (effect: { readonly kind: string }): effect is Extract<GoogleEffect, { readonly kind: K }> => wanted.includes(effect.kind);
}
