/**
 * A login as the rest of the program sees it: somebody who can be asked for a token that is good now. How it
 * is renewed and kept is behind it, in `oauth/`.
 */
import type { Failure } from "../kernel/failure.ts";
import type { Secret } from "../kernel/secret.ts";
import type { Grant } from "./grant.ts";

/** What may be told of a login. `reason` is one sentence for a person and holds no secret. */
export type LoginState =
  | { readonly kind: "ok" }
  /** Ends soon, or has ended, and will be renewed. */
  | { readonly kind: "due" }
  /** The last renewal failed for a reason that passes. */
  | { readonly kind: "failing"; readonly reason: string; readonly retryAt: number }
  /** A person must do something; nothing is tried again until the grant is replaced. */
  | { readonly kind: "needs_login"; readonly reason: string }
  /** The client id or secret is wrong or missing: the login itself may be fine. */
  | { readonly kind: "misconfigured"; readonly reason: string }
  /** The provider has ended this kind of login. */
  | { readonly kind: "withdrawn"; readonly reason: string };

export interface AccessOptions {
  /** Ends the wait; a refresh under way goes on for the others. */
  readonly signal: AbortSignal;
  /** The secret the provider has just refused: a refresh is forced unless it was replaced since. */
  readonly rejected?: Secret;
}

export interface Login {
  /** The grant as it is; its access token may have ended. */
  current(): Grant;
  state(): LoginState;
  /**
   * A grant whose token is good now, renewed first when needed; everybody who asks meanwhile shares one renewal.
   * Failures have scope `credential` (kind `rejected`) when a person must act, `provider` or `transport` when it passes.
   */
  access(options: AccessOptions): Promise<Grant | Failure>;
  /** The provider has ended this login, in its words: nothing is tried until the grant is replaced. */
  markWithdrawn(reason: string): void;
}
