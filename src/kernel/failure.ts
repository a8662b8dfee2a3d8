/**
 * `Failure`: what went wrong with a request, decided once at birth (`gateway/classify.ts` for anything a
 * provider said, the pool for its own refusals). Everybody else switches on `scope` and `kind` and never
 * looks at status codes or message text again.
 */

/** Whose fault it is, and so what may be tried next. */
export type FailureScope =
  /** The request itself: no other credential would help. */
  | "request"
  /** The whole credential: rejected or out of money. */
  | "credential"
  /** This credential for this model: a limit. */
  | "credential_model"
  /** The provider does not offer the model. */
  | "model"
  /** The provider is in trouble, whatever the credential. */
  | "provider"
  /** The way to the provider: connect, TLS, time-outs, cuts. */
  | "transport"
  /** The client left. */
  | "client"
  /** This gateway: nothing free, nothing usable, no time left. */
  | "gateway";

export type FailureKind =
  // request
  | "invalid_request"
  | "too_large"
  | "context_overflow"
  | "content_refused"
  // credential
  | "rejected"
  | "out_of_credit"
  // credential_model
  | "rate_limited"
  | "model_denied"
  // model
  | "unknown_model"
  // provider
  | "server_error"
  | "malformed_answer"
  | "empty_answer"
  | "withdrawn"
  // transport
  | "connect_failed"
  | "first_byte_timeout"
  | "read_timeout"
  | "cut_stream"
  // client
  | "client_gone"
  // gateway
  | "unauthorized"
  | "not_found"
  | "no_credential"
  | "queue_full"
  | "all_resting"
  | "circuit_open"
  | "deadline"
  | "internal";

/** One credential that was considered and could not serve, as a client is told of it. */
export interface CredentialReport {
  readonly id: string;
  readonly display: string;
  readonly state: string;
  readonly reason: string;
  /** ISO 8601 instant at which it may be used again, or null when unknown. */
  readonly until: string | null;
}

/** A failed attempt or request. Holds no secret: `message` is redacted where it is made. */
export interface Failure {
  readonly scope: FailureScope;
  readonly kind: FailureKind;
  /** HTTP status a client sees when this is the request's end. */
  readonly status: number;
  /** One sentence for a person. */
  readonly message: string;
  /** Wait the provider (or the pool) asked for, ms. */
  readonly retryAfterMs?: number;
  /** HTTP status the provider answered with, when it answered. */
  readonly upstreamStatus?: number;
  /** The credential stays refused whatever token it brings: renewing a login would not help. */
  readonly isLasting?: true;
  /** The provider's own machine-readable code and parameter, passed on for request failures. */
  readonly code?: string;
  readonly param?: string;
  readonly type?: string;
  /** What the provider said beside its message, as JSON text without secrets; for clients of its own dialect. */
  readonly details?: string;
  readonly credentials?: readonly CredentialReport[];
}

const FAILURE = Symbol("failure");

/** Marks a value as a {@link Failure}, so that `isFailure` needs no guess about shapes. */
export function failure(fields: Failure): Failure {
  return Object.defineProperty({ ...fields }, FAILURE, { value: true });
}

/** True for values made by {@link failure}. */
export function isFailure(value: unknown): value is Failure {
  return typeof value === "object" && value !== null && FAILURE in value;
}

/** Ends a `switch` over a union: a case that was forgotten does not compile. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
