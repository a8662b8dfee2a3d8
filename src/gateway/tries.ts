/**
 * The tries of one request at one target: which credentials are out, what has failed so far, how much time
 * is left. Keeps the bookkeeping out of the request line.
 */
import { type Failure, failure, isFailure } from "../kernel/failure.ts";
import type { Lease } from "../pool/lease.ts";
import type { MemberReport } from "../pool/report.ts";
import { conversationKey } from "./conversation.ts";
import type { Committed } from "./attempt.ts";
import type { Deps } from "./deps.ts";
import type { Exchange } from "./exchange.ts";
import { type NextStep, nextStep } from "./retry.ts";
import type { Target } from "./route.ts";

/** A stream's try leaves time for the next one, but gets at least this share of the whole time. */
const LEAST_SHARE = 1 / 3;

export class Tries {
  readonly #exchange: Exchange;
  readonly #target: Target;
  readonly #deps: Deps;
  readonly #isLast: boolean;
  readonly #excluded: Set<string>;
  /** Out until it is certain that who knows what the request names cannot serve it. */
  #withheld: readonly string[];
  readonly #affinityKey: string | undefined;
  /** Who can read what the request brings back. */
  readonly #boundTo: string | undefined;
  #sameRetries = 0;
  #sawTrouble: "first" | "repeated" = "first";
  #last: Failure | undefined;
  #attemptAt = 0;
  #attemptMs = 0;

  constructor(input: { readonly exchange: Exchange; readonly target: Target; readonly deps: Deps; readonly isLast: boolean }) {
    this.#isLast = input.isLast;
    this.#exchange = input.exchange;
    this.#target = input.target;
    this.#deps = input.deps;
    input.exchange.target = input.target;
    this.#excluded = new Set(othersThan(input.exchange.only, input.target));
    this.#withheld = othersThan(ownerOf(input.exchange, input.target), input.target);
    this.#affinityKey = conversationKey(input.exchange, input.target);
    const { dialect, request } = input.exchange;
    const isChoice = input.target.provider.pool.size > 1;
    this.#boundTo = isChoice ? input.deps.owners.ownerOf(dialect.bound?.sent(request.native.body) ?? []) : undefined;
    input.deps.budget(input.target.provider.row.id).request(input.deps.clock.now());
  }

  /** Leases a credential for the next try; the wait counts as waiting, not as overhead. */
  async acquire(): Promise<Lease | Failure> {
    const { stopwatch, clock } = this.#deps;
    const began = stopwatch();
    let got = await this.#ask();
    if (isFailure(got) && got.scope !== "client" && this.#withheld.length > 0) {
      this.#withheld = [];
      got = await this.#ask();
    }
    this.#attemptAt = clock.now();
    this.#attemptMs = stopwatch();
    this.#exchange.waitedMs += this.#attemptMs - began;
    return got;
  }

  #ask(): Promise<Lease | Failure> {
    const { deadlineAt, signal } = this.#exchange;
    return this.#target.provider.pool.acquire({
      model: this.#target.model,
      exclude: this.#withheld.length === 0 ? this.#excluded : new Set([...this.#excluded, ...this.#withheld]),
      deadlineAt,
      signal,
      ...(this.#affinityKey === undefined ? {} : { affinityKey: this.#affinityKey }),
      ...(this.#boundTo === undefined ? {} : { boundTo: this.#boundTo }),
    });
  }

  /** How long the next try may take until its first byte. */
  timeoutMs(lease: Lease): number {
    const { snapshot, request, arrivedAt, deadlineAt } = this.#exchange;
    if (!request.isStream) return snapshot.config.answerTimeoutMs;
    const leftMs = Math.max(deadlineAt - this.#attemptAt, 1);
    if (this.#isLast && !this.#hasOther(lease)) return leftMs;
    return Math.min(Math.max(leftMs / 2, (deadlineAt - arrivedAt) * LEAST_SHARE), leftMs);
  }

  /** Notes a try that ended or committed. */
  record(lease: Lease, result: Committed | Failure): void {
    const durationMs = this.#deps.stopwatch() - this.#attemptMs;
    this.#exchange.waitedMs += durationMs;
    const record = {
      provider: this.#target.provider.row.id,
      model: this.#target.model,
      credential: lease.credential.id,
      startedAt: this.#attemptAt,
      durationMs,
      ...(isFailure(result) ? { failure: result } : {}),
    };
    this.#exchange.attempts.push(record);
    this.#deps.onAttempt(this.#exchange, record);
  }

  /** Gives the credential back after a failed try and says what comes next. */
  settle(lease: Lease, failed: Failure): NextStep {
    this.#last = failed;
    lease.settle(
      failed.scope === "client"
        ? { kind: "cancelled" }
        : { kind: "failed", failure: failed, when: "before_commit", trouble: this.#sawTrouble },
    );
    if (isTrouble(failed)) this.#sawTrouble = "repeated";
    const now = this.#deps.clock.now();
    const next = nextStep(failed, {
      others: this.#others(lease),
      sameRetries: this.#sameRetries,
      leftMs: this.#exchange.deadlineAt - now,
      budget: this.#deps.budget(this.#target.provider.row.id),
      now,
      random: this.#deps.random,
    });
    if (next.kind === "rotate" && next.exclude === "exclude") this.#excluded.add(lease.credential.id);
    // Half of the time is gone: what is left is the next target's.
    if (next.kind === "same" && failed.kind === "first_byte_timeout" && !this.#isLast) return { kind: "next_target" };
    if (next.kind === "same") this.#sameRetries += 1;
    return next;
  }

  /** Waits before the same credential is tried again; ends early when the client leaves. */
  pause(delayMs: number): Promise<void> {
    const { signal } = this.#exchange;
    if (signal.aborted) return Promise.resolve();
    this.#exchange.waitedMs += delayMs;
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        signal.removeEventListener("abort", done);
        resolve();
      };
      const cancel = this.#deps.clock.after(delayMs, done);
      signal.addEventListener("abort", done, { once: true });
    });
  }

  /** What the client is told of a failure after which nothing more is tried: trouble comes with the state of the credentials. */
  conclusion(failed: Failure): Failure {
    if (!isTrouble(failed)) return failed;
    const reports = this.#reports();
    const now = this.#deps.clock.now();
    const waitMs = Math.min(...reports.map(({ usableAt }) => Math.max(usableAt - now, 0)));
    return failure({
      ...failed,
      ...(waitMs > 0 && waitMs < Infinity ? { retryAfterMs: waitMs } : {}),
      credentials: reports.map(({ id, display, state, reason, until }) => ({ id, display, state, reason, until })),
    });
  }

  /**
   * What the client is told when no credential can be had (any more): the provider's own trouble when that
   * is all there was, else the state of the pool.
   */
  verdict(refusal: Failure): Failure {
    const last = this.#last;
    if (last === undefined || refusal.scope === "client" || refusal.status === 429) return refusal;
    if (!isTrouble(last)) return failure({ ...refusal, message: `${refusal.message}. The last attempt: ${last.message}` });
    const { credentials = [], retryAfterMs } = refusal;
    const status = refusal.kind === "deadline" ? refusal.status : last.status;
    // Where a credential is ready a new request need not wait for those that rest.
    const mustWait = credentials.every(({ until, state }) => until !== null || state === "disabled");
    return failure({ ...last, status, credentials, ...(mustWait && retryAfterMs !== undefined ? { retryAfterMs } : {}) });
  }

  /** Trouble of one may be a limit of another away from an answer; who rests because of trouble is not waited for. */
  #others(lease: Lease): "some" | "out" | "none" {
    if (this.#hasOther(lease)) return "some";
    const others = this.#reports().filter(({ id, state }) => id !== lease.credential.id && state !== "quarantined" && state !== "disabled");
    const isSoon = others.some(({ id, isLimited, usableAt }) =>
      isLimited && usableAt < this.#exchange.deadlineAt && !this.#excluded.has(id)
    );
    return isSoon ? "some" : others.length > 0 ? "out" : "none";
  }

  #reports(): readonly MemberReport[] {
    return this.#target.provider.pool.report(this.#target.model);
  }

  #hasOther(lease: Lease): boolean {
    const { pool } = this.#target.provider;
    return pool.size > 1 && pool.canServe(this.#target.model, new Set([...this.#excluded, lease.credential.id]));
  }
}

/** Every credential but the one whose id ends so; none when any may serve. */
function othersThan(only: string | undefined, { provider }: Target): readonly string[] {
  if (only === undefined) return [];
  return provider.pool.credentials().map(({ id }) => id).filter((id) => !id.endsWith(`:${only}`));
}

/** The mark of the last credential here that knows something the request names; undefined where it can be served by all alike. */
function ownerOf({ owned }: Exchange, { provider }: Target): string | undefined {
  if (owned.size === 0) return undefined;
  const ids = provider.pool.credentials().map(({ id }) => id);
  return [...owned.values()].findLast((mark) => ids.some((id) => id.endsWith(`:${mark}`)));
}

/** Not the fault of a credential. */
function isTrouble({ scope }: Failure): boolean {
  return scope === "provider" || scope === "transport";
}
