/**
 * What to do after a failed attempt. Pure decisions, and the budget that keeps a sick provider from being
 * hammered with retries.
 */
import type { Random } from "../kernel/clock.ts";
import type { Failure } from "../kernel/failure.ts";

const SAME_MEMBER_DELAY_MS = { least: 250, spread: 500 };
const BUDGET = { share: 0.2, extra: 10, windowMs: 10_000 };

export type NextStep =
  /** Another credential; `exclude` says whether this one is out for the rest of the request. */
  | { readonly kind: "rotate"; readonly exclude: "exclude" | "keep" }
  /** The same credential again, after a moment. */
  | { readonly kind: "same"; readonly afterMs: number }
  | { readonly kind: "next_target" }
  /** Nothing would help: the failure goes to the client. */
  | { readonly kind: "stop" };

export interface RetryContext {
  /**
   * The other credentials of the provider. `some`: one could serve this request, now or once a limit of it ends in
   * time; `out`: there are others, but not for this request; `none`: this is the only one that is not rejected.
   */
  readonly others: "some" | "out" | "none";
  readonly sameRetries: number;
  /** Time until the request's deadline. */
  readonly leftMs: number;
  readonly budget: RetryBudget;
  readonly now: number;
  readonly random: Random;
}

/** Decides by the failure's scope alone. */
export function nextStep(failed: Failure, context: RetryContext): NextStep {
  switch (failed.scope) {
    case "request":
    case "client":
      return { kind: "stop" };
    case "model":
    case "gateway":
      return { kind: "next_target" };
    case "credential":
    case "credential_model":
      // It rests now, and may serve this very request again once its rest is over.
      return { kind: "rotate", exclude: "keep" };
    case "provider":
    case "transport":
      return afterTrouble(failed, context);
  }
}

function afterTrouble(failed: Failure, context: RetryContext): NextStep {
  if (failed.kind === "withdrawn" || !context.budget.take(context.now)) return { kind: "next_target" };
  if (context.others === "some") return { kind: "rotate", exclude: "exclude" };
  if (context.others === "out" || context.sameRetries > 0) return { kind: "next_target" };
  const afterMs = SAME_MEMBER_DELAY_MS.least + SAME_MEMBER_DELAY_MS.spread * context.random();
  return afterMs < context.leftMs ? { kind: "same", afterMs } : { kind: "next_target" };
}

/** Retries after provider trouble: at most a share of the provider's requests and a few more, per window. */
export class RetryBudget {
  #windowAt = -Infinity;
  #requestCount = 0;
  #retryCount = 0;

  /** Counts one request at this provider. */
  request(now: number): void {
    this.#roll(now);
    this.#requestCount += 1;
  }

  /** Takes one retry out of the budget; false when it is used up. */
  take(now: number): boolean {
    this.#roll(now);
    if (this.#retryCount >= BUDGET.share * this.#requestCount + BUDGET.extra) return false;
    this.#retryCount += 1;
    return true;
  }

  #roll(now: number): void {
    if (now - this.#windowAt < BUDGET.windowMs) return;
    this.#windowAt = now;
    this.#requestCount = 0;
    this.#retryCount = 0;
  }
}

/** The budgets of all providers. */
export class RetryBudgets {
  readonly #budgets = new Map<string, RetryBudget>();

  of(provider: string): RetryBudget {
    let budget = this.#budgets.get(provider);
    if (budget === undefined) {
      budget = new RetryBudget();
      this.#budgets.set(provider, budget);
    }
    return budget;
  }
}
