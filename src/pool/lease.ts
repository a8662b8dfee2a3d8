/**
 * A lease: the right to use one credential for one attempt. It has one exit: `settle`, called exactly
 * once; a second call is a bug and throws.
 */
import type { Credential } from "../credentials/credential.ts";
import type { Failure } from "../kernel/failure.ts";
import type { Usage } from "../kernel/usage.ts";

/** How the attempt ended. */
export type Outcome =
  | { readonly kind: "ok"; readonly usage?: Usage }
  | {
    readonly kind: "failed";
    readonly failure: Failure;
    /** `committed`: the client had bytes already; such a failure is counted but rests nobody. */
    readonly when: "before_commit" | "committed";
    /** Provider trouble that this request met before on another credential rests nobody again. */
    readonly trouble?: "first" | "repeated";
    readonly usage?: Usage;
  }
  /** The client left: no penalty. */
  | { readonly kind: "cancelled" };

export class Lease {
  readonly credential: Credential;
  readonly model: string;
  readonly #onAnswered: () => void;
  readonly #onSettle: (outcome: Outcome) => void;
  #isSettled = false;

  constructor(fields: { credential: Credential; model: string; onAnswered: () => void; onSettle: (outcome: Outcome) => void }) {
    this.credential = fields.credential;
    this.model = fields.model;
    this.#onAnswered = fields.onAnswered;
    this.#onSettle = fields.onSettle;
  }

  /**
   * Says early that the provider accepted the request, so that a long answer does not keep a trial or a
   * circuit's test open until its end. Optional; the lease stays out.
   */
  answered(): void {
    if (!this.#isSettled) this.#onAnswered();
  }

  /** Gives the credential back. Throws when called a second time. */
  settle(outcome: Outcome): void {
    if (this.#isSettled) throw new Error(`Cannot settle the lease on ${this.credential.id}: it was settled before`);
    this.#isSettled = true;
    this.#onSettle(outcome);
  }
}
