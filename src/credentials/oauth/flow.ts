/**
 * What the two login flows, refreshing and the completions of single providers share: what they are given,
 * and how a token endpoint's refusal is told.
 */
import type { Clock } from "../../kernel/clock.ts";
import type { Secret } from "../../kernel/secret.ts";
import type { Grant } from "../grant.ts";
import type { OAuthEndpoints } from "./endpoints.ts";

/** The client a token is asked for. */
export interface OAuthClient {
  readonly id: string;
  /** Null for public clients. */
  readonly secret: Secret | null;
}

/** How a call to a login's endpoints is made. `fetch` as the web defines it; redirects are not followed. */
export interface OAuthCall {
  readonly endpoints: OAuthEndpoints;
  readonly client: OAuthClient;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** What a refusal means for the login; the first three pass by themselves. */
export type RefusalKind =
  /** Connection, 5xx, HTML or other noise: says nothing about the token. */
  | "transient"
  | "rate_limited"
  /** A 400 nobody knows: a few more tries, far apart, then `needs_login`. */
  | "suspicious"
  /** The grant is dead, or a person must act at the provider first. */
  | "needs_login"
  /** Client id or secret wrong: the grant itself may be fine. */
  | "misconfigured"
  /** This kind of login has been ended by the provider. */
  | "withdrawn"
  /** The user said no, or the login took too long. Only at login. */
  | "denied"
  | "timed_out"
  | "cancelled";

const REFUSAL = Symbol("refusal");

/** Why there is no grant. `reason` is one sentence for a person and holds no secret. */
export interface Refusal {
  readonly kind: RefusalKind;
  readonly reason: string;
  /** The endpoint's own `error` code. */
  readonly code?: string;
  /** HTTP status, when there was an answer. */
  readonly status?: number;
  /** Wait the endpoint asked for, ms. */
  readonly retryAfterMs?: number;
}

export function refusal(fields: Refusal): Refusal {
  return Object.defineProperty({ ...fields }, REFUSAL, { value: true });
}

/** True for values made by {@link refusal}. */
export function isRefusal(value: unknown): value is Refusal {
  return typeof value === "object" && value !== null && REFUSAL in value;
}

/**
 * What one provider needs beyond tokens before its grant can be used: who logged in, a key, a project. Runs after a
 * login, after every refresh, and before first use of a grant that is not complete. A provider without one needs nothing.
 */
export interface Completion {
  /** The grant can be used as it is. */
  isComplete(grant: Grant): boolean;
  /** `after` says what went before. The result keeps every field it does not know better. */
  complete(grant: Grant, call: OAuthCall, after: "login" | "refresh" | "load"): Promise<Grant | Refusal>;
}

/** Where a grant is kept. */
export interface GrantKeeper {
  /** File path or variable name, for messages. */
  readonly place: string;
  /** File that other processes look at before they refresh too; null: nobody else can have this grant. */
  readonly lockPath: string | null;
  /** The grant as it is kept now, perhaps newer than the one in memory; undefined when it is gone or unreadable. */
  load(): Promise<Grant | undefined>;
  /** Returns when it is safe on disk. Rejects when it cannot be kept; the grant then lives in memory only. */
  save(grant: Grant): Promise<void>;
}
