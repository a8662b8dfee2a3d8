/**
 * A login that keeps itself good: one renewal at a time whoever asks, nothing handed out before it is kept,
 * and after a failure no further try before its time. It never asks a person anything and never deletes a grant.
 */
import type { Failure } from "../../kernel/failure.ts";
import type { Secret } from "../../kernel/secret.ts";
import type { Grant } from "../grant.ts";
import type { AccessOptions, Login, LoginState } from "../login.ts";
import { settledOr } from "../../kernel/pause.ts";
import { backOffMs } from "./back_off.ts";
import { type Refusal, refusal } from "./flow.ts";
import { callSecret, hasSameTokens, Holding } from "./holding.ts";
import { type Need, renew, type RenewalEnd, type RenewalTools } from "./renewal.ts";
import { dueAt, isFresh, isUsable, type TokenLife, tokenLife } from "./token_life.ts";
import { leftFailure, type LoginName, refusedAgainFailure, stateOf, type Trouble, troubleFailure, Troubles, wordsOf } from "./trouble.ts";

/** Tries to save by timer after one that failed; later ones come with the scans. */
const MAX_TIMED_SAVE_COUNT = 6;
/** One renewal that others had begun, one's own, and one more each time a newer grant comes in between. */
const MAX_ROUND_COUNT = 4;
/** A token this young that is refused would be no better for another renewal. */
const YOUNG_MS = 120_000;

export interface LiveLoginOptions extends RenewalTools {
  readonly grant: Grant;
  /** How the login is shown: the account, or what stands for it. */
  readonly label: string;
  /** Told when a person must act, and when a renewed grant cannot be kept. */
  readonly warn: (message: string) => void;
  /** Told when a renewal fails for now, and when all is well again. */
  readonly note: (message: string) => void;
}

/** A renewal that succeeded and left nothing that can be used. */
const NO_GOOD = refusal({
  kind: "transient",
  code: "unusable",
  reason: "The renewal succeeded, but what it brought cannot be used: it has ended already or is incomplete",
});

type Verdict =
  | { readonly kind: "serve" }
  | { readonly kind: "fail"; readonly failure: Failure }
  | { readonly kind: "renew"; readonly need: Need };

export class LiveLogin implements Login {
  readonly #options: LiveLoginOptions;
  readonly #holding: Holding;
  readonly #troubles = new Troubles();
  readonly #listeners = new Set<() => void>();
  #flight: Promise<void> | undefined;
  /** What the provider refused, until something else takes its place or a renewal shows that there is nothing else. */
  #refused: Secret | undefined;
  /** What came before a completion that failed and is still to be made up for. */
  #missedCompletion: "load" | "refresh" | undefined;
  /** Spreads the renewals of logins that were made at the same time. */
  #aheadShare: number;
  #failedSaveCount = 0;
  #cancelSaving: (() => void) | undefined;
  #hasWarnedOfLock = false;
  #isClosed = false;

  constructor(options: LiveLoginOptions) {
    this.#options = options;
    this.#holding = new Holding(options.grant, () => this.#onGrant());
    this.#aheadShare = aheadShare(options);
  }

  /** Provider id of the catalog. */
  get provider(): string {
    return this.#options.endpoints().row.provider;
  }

  /** Counts the grants this login has had. */
  get generation(): number {
    return this.#holding.generation;
  }

  /** False while a renewed grant is in memory only. */
  get isKept(): boolean {
    return this.#holding.unsaved === undefined;
  }

  current(): Grant {
    return this.#holding.grant;
  }

  state(): LoginState {
    const trouble = this.#troubles.current;
    if (trouble !== undefined) return stateOf(trouble);
    const now = this.#options.clock.now();
    if (this.current().refreshToken === null) {
      return isUsable(this.#life(), now) ? { kind: "ok" } : { kind: "needs_login", reason: "The login has ended and cannot be renewed" };
    }
    return now < this.#dueAt() ? { kind: "ok" } : { kind: "due" };
  }

  async access({ signal, rejected }: AccessOptions): Promise<Grant | Failure> {
    for (let round = 1;; round++) {
      if (signal.aborted) return leftFailure(signal);
      const verdict = this.#verdict(rejected);
      if (verdict.kind === "serve") return this.current();
      if (verdict.kind === "fail") return verdict.failure;
      if (round > MAX_ROUND_COUNT) return this.#failureOf({ refusal: NO_GOOD, retryAt: 0, end: undefined });
      await settledOr(signal, this.#fly(verdict.need));
    }
  }

  /** True when {@link refreshAhead} has something to do. */
  isDue(): boolean {
    return this.#isUpToPerson() || this.#holding.unsaved !== undefined || this.#needAhead() !== undefined;
  }

  /** What the background does: renews ahead of time, saves what could not be saved, looks whether somebody has logged in anew. */
  async refreshAhead(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    if (this.#isUpToPerson()) await this.#lookForNewLogin();
    const need = this.#needAhead();
    if (need !== undefined) await settledOr(signal, this.#fly(need));
    if (this.#holding.unsaved !== undefined && !signal.aborted) await settledOr(signal, this.#fly({ kind: "saving" }));
  }

  /**
   * Takes a newer grant from outside, e.g. after a new login: whatever stood in the way is forgotten. A grant that
   * is held already, or that the renewal under way has just written, changes nothing.
   */
  replace(grant: Grant): void {
    if (this.#flight !== undefined && hasSameTokens(grant, this.current())) return;
    if (!this.#holding.replace(grant)) return;
    this.#troubles.clear();
    this.#missedCompletion = undefined;
    this.#stopSaving();
    this.#tell();
  }

  /** The provider has ended this kind of login: nothing is tried until the grant is replaced. */
  markWithdrawn(reason: string): void {
    if (this.#troubles.current?.end === "withdrawn") return;
    this.#onRefusal(refusal({ kind: "withdrawn", reason }));
    this.#tell();
  }

  /** `listener` is called after every change of the grant, and when the login comes to need a person or ceases to. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Waits for a renewal under way, and tries once more to save what is not. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopSaving();
    await this.#flight;
    if (this.#holding.unsaved !== undefined) await this.#fly({ kind: "saving" });
  }

  /** What a request that asks now gets. */
  #verdict(rejected: Secret | undefined): Verdict {
    const now = this.#options.clock.now();
    const trouble = this.#troubles.current;
    if (trouble?.end === "withdrawn") return { kind: "fail", failure: this.#failureOf(trouble) };
    const refused = this.#noteRefused(rejected, now);
    if (refused === "again") return { kind: "fail", failure: refusedAgainFailure(this.#name()) };
    const need = this.#needNow(refused);
    if (need === undefined) {
      this.#makeUpForCompletion();
      return { kind: "serve" };
    }
    if (trouble === undefined || now >= trouble.retryAt) return { kind: "renew", need };
    return refused === "no" && this.#isServable() ? { kind: "serve" } : { kind: "fail", failure: this.#failureOf(trouble) };
  }

  /** Whether what is held was refused. `again`: a renewal would bring nothing better. */
  #noteRefused(rejected: Secret | undefined, now: number): "no" | "yes" | "again" {
    if (this.#refused !== undefined) return "yes";
    const secret = callSecret(this.current());
    if (rejected === undefined || rejected.reveal() !== secret.reveal()) return "no";
    const { obtainedAt } = this.#holding;
    if (obtainedAt !== undefined && now - obtainedAt < YOUNG_MS) return "again";
    this.#refused = secret;
    return "yes";
  }

  #needNow(refused: "no" | "yes"): Need | undefined {
    const { clock } = this.#options;
    if (refused === "yes" && this.#missedCompletion !== undefined) return { kind: "completion", after: this.#missedCompletion };
    const isMet = () => isFresh(this.#life(), clock.now()) && this.#refused === undefined;
    if (!isMet()) return { kind: "token", isMet };
    return this.#isComplete() ? undefined : { kind: "completion", after: "load" };
  }

  /** What the background would do now; undefined when nothing, or not yet. */
  #needAhead(): Need | undefined {
    const { clock } = this.#options;
    if (this.#troubles.isBlocking(clock.now())) return undefined;
    const isMet = () => clock.now() < this.#dueAt() && this.#refused === undefined;
    if (this.#missedCompletion !== undefined) return { kind: "completion", after: this.#missedCompletion };
    return isMet() || this.current().refreshToken === null ? undefined : { kind: "token", isMet };
  }

  /** Served with what there is; the wait for what is missing is nobody's. */
  #makeUpForCompletion(): void {
    if (this.#missedCompletion === undefined || this.#troubles.isBlocking(this.#options.clock.now())) return;
    void this.#fly({ kind: "completion", after: this.#missedCompletion });
  }

  /** Starts a renewal, or joins the one under way, whatever that one is for. Never rejects. */
  #fly(need: Need): Promise<void> {
    this.#flight ??= this.#renew(need).finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  async #renew(need: Need): Promise<void> {
    const { replacedCount, generation } = this.#holding;
    const endBefore = this.#troubles.current?.end;
    const result = await renew({
      tools: this.#options,
      holding: this.#holding,
      need,
      onNoLock: (reason) => this.#warnOfLock(reason),
    });
    this.#onSaving();
    if (this.#holding.replacedCount !== replacedCount) return;
    if (need.kind !== "saving") this.#onEnd(need, result);
    if (this.#holding.generation !== generation || this.#troubles.current?.end !== endBefore) this.#tell();
  }

  #onEnd(need: Need, result: RenewalEnd): void {
    if (result.kind === "refused") {
      if (result.missed !== undefined) this.#missedCompletion = result.missed;
      this.#onRefusal(result.refusal);
      return;
    }
    const hasUse = need.kind !== "token" || isUsable(this.#life(), this.#options.clock.now());
    if (hasUse && this.#isComplete()) this.#onSuccess();
    else this.#onRefusal(NO_GOOD);
  }

  #onSuccess(): void {
    const trouble = this.#troubles.current;
    if (trouble?.end === "withdrawn") return;
    this.#missedCompletion = undefined;
    this.#refused = undefined;
    this.#troubles.clear();
    if (trouble !== undefined) this.#options.note(`${this.#name().providerName} login ${this.#options.label} works again`);
  }

  #onRefusal(refusal: Refusal): void {
    const { clock, random, warn, note } = this.#options;
    const before = this.#troubles.current;
    if (before?.end === "withdrawn") return;
    const trouble = this.#troubles.add(refusal, { now: clock.now(), random });
    const words = wordsOf(trouble, this.#name());
    if (trouble.end === undefined) {
      if (before === undefined) note(`${words}; it is tried again`);
    } else if (before?.end !== trouble.end || before.refusal.reason !== refusal.reason) {
      warn(words);
    }
  }

  /** After every renewal: whether there is still something to save, and when. */
  #onSaving(): void {
    const { clock, random, keeper, warn, note, label } = this.#options;
    const { unsaved } = this.#holding;
    const name = `${this.#name().providerName} login ${label}`;
    if (unsaved === undefined) {
      if (this.#failedSaveCount > 0) note(`${name} is kept in ${keeper.place} again`);
      this.#stopSaving();
      return;
    }
    if (this.#failedSaveCount === 0) {
      warn(
        `${name} was renewed but cannot be kept in ${keeper.place}: ${unsaved}; it is tried again, and a restart before that would lose the login`,
      );
    }
    this.#failedSaveCount += 1;
    this.#cancelSaving?.();
    this.#cancelSaving = undefined;
    if (this.#isClosed || this.#failedSaveCount > MAX_TIMED_SAVE_COUNT) return;
    this.#cancelSaving = clock.after(backOffMs(this.#failedSaveCount, random), () => void this.#fly({ kind: "saving" }));
  }

  #stopSaving(): void {
    this.#cancelSaving?.();
    this.#cancelSaving = undefined;
    this.#failedSaveCount = 0;
  }

  /** A new login that was written where this one is kept, by somebody who could not tell us. */
  async #lookForNewLogin(): Promise<void> {
    const { replacedCount } = this.#holding;
    const found = await this.#options.keeper.load().catch(() => undefined);
    if (found === undefined || hasSameTokens(found, this.#holding.kept)) return;
    if (this.#flight === undefined && this.#holding.replacedCount === replacedCount) this.replace(found);
  }

  #warnOfLock(reason: string): void {
    if (this.#hasWarnedOfLock) return;
    this.#hasWarnedOfLock = true;
    const { keeper, warn, label } = this.#options;
    warn(
      `Cannot lock ${keeper.lockPath ?? keeper.place} (${reason}): the login ${label} is renewed all the same, ` +
        `but another process that uses it too may end it`,
    );
  }

  /** A refusal was of the secret of before. */
  #onGrant(): void {
    this.#aheadShare = aheadShare(this.#options);
    if (this.#refused?.reveal() !== callSecret(this.current()).reveal()) this.#refused = undefined;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  /** True when a request could be served, if need be with the last moments of a token. */
  #isServable(): boolean {
    return isUsable(this.#life(), this.#options.clock.now()) && this.#isComplete();
  }

  #isComplete(): boolean {
    return this.#options.completion?.isComplete(this.current()) ?? true;
  }

  /** True when nothing happens before somebody has logged in anew. */
  #isUpToPerson(): boolean {
    const end = this.#troubles.current?.end;
    return end === "needs_login" || end === "withdrawn";
  }

  #life(): TokenLife {
    return tokenLife(this.current(), this.#holding.obtainedAt);
  }

  #dueAt(): number {
    return dueAt(this.#life(), this.#options.endpoints().row.refreshAheadMs * this.#aheadShare);
  }

  #failureOf(trouble: Trouble): Failure {
    return troubleFailure(trouble, { name: this.#name(), now: this.#options.clock.now() });
  }

  #name(): LoginName {
    const { row } = this.#options.endpoints();
    return { providerId: row.provider, providerName: row.name, label: this.#options.label };
  }
}

/** From four fifths of the time ahead to all of it. */
function aheadShare({ random }: LiveLoginOptions): number {
  return 0.8 + 0.2 * random();
}
