/**
 * What stands in the way of a login: the last refusal, since when it counts, and when trying again has a
 * chance. Told as a state to people who look and as a failure to requests; neither holds a secret.
 */
import type { Random } from "../../kernel/clock.ts";
import { type Failure, failure, isFailure } from "../../kernel/failure.ts";
import type { LoginState } from "../login.ts";
import { nextTry } from "./back_off.ts";
import type { Refusal } from "./flow.ts";

/** The environment may have been put right by a reload. */
const MISCONFIGURED_RETRY_MS = 300_000;

export interface Trouble {
  readonly refusal: Refusal;
  /** Before this instant nothing is tried; Infinity: not until the grant is replaced. Epoch ms. */
  readonly retryAt: number;
  /** Set when a person must act. */
  readonly end: "needs_login" | "misconfigured" | "withdrawn" | undefined;
}

/** The trouble a login is in, with the counts its next wait depends on. */
export class Troubles {
  #failureCount = 0;
  #suspiciousCount = 0;
  #current: Trouble | undefined;

  get current(): Trouble | undefined {
    return this.#current;
  }

  /** True while nothing may be tried. */
  isBlocking(now: number): boolean {
    return this.#current !== undefined && now < this.#current.retryAt;
  }

  /** Adds a refusal. */
  add(refusal: Refusal, { now, random }: { readonly now: number; readonly random: Random }): Trouble {
    this.#failureCount += 1;
    if (refusal.kind === "suspicious") this.#suspiciousCount += 1;
    const next = nextTry(refusal, { failureCount: this.#failureCount, suspiciousCount: this.#suspiciousCount }, random);
    const end = next.kind === "end" ? next.state : undefined;
    const waitMs = next.kind === "again" ? next.afterMs : end === "misconfigured" ? MISCONFIGURED_RETRY_MS : Infinity;
    this.#current = { refusal, retryAt: now + waitMs, end };
    return this.#current;
  }

  /** All is well. */
  clear(): void {
    this.#failureCount = 0;
    this.#suspiciousCount = 0;
    this.#current = undefined;
  }
}

export function stateOf({ refusal: { reason }, end, retryAt }: Trouble): LoginState {
  return end === undefined ? { kind: "failing", reason, retryAt } : { kind: end, reason };
}

/** Who is told of, for messages: the provider's name and the login's label. */
export interface LoginName {
  readonly providerId: string;
  readonly providerName: string;
  readonly label: string;
}

/** One sentence or two: what is wrong, and what to run where that helps. */
export function wordsOf({ refusal, end }: Trouble, { providerId, providerName, label }: LoginName): string {
  const reason = refusal.reason.replace(/[.\s]+$/, "");
  const remedy = end === "needs_login" ? `. Log in again with "keyproxy creds add ${providerId}"` : "";
  return `${providerName} login ${label}: ${reason}${remedy}`;
}

/** What a request is told that the login cannot serve. */
export function troubleFailure(trouble: Trouble, { name, now }: { readonly name: LoginName; readonly now: number }): Failure {
  const message = wordsOf(trouble, name);
  if (trouble.end !== undefined) {
    return failure({ scope: "credential", kind: "rejected", status: 503, message, isLasting: true });
  }
  const { status, code } = trouble.refusal;
  const retryAfterMs = Math.max(trouble.retryAt - now, 0);
  return status === undefined && code === undefined
    ? failure({ scope: "transport", kind: "connect_failed", status: 502, message, retryAfterMs })
    : failure({
      scope: "provider",
      kind: "server_error",
      status: 502,
      message,
      retryAfterMs,
      ...(status === undefined ? {} : { upstreamStatus: status }),
    });
}

/** The provider did not take what a renewal had brought a moment before. */
export function refusedAgainFailure({ providerName, label }: LoginName): Failure {
  const message = `${providerName} refused the login ${label} although it has just been renewed`;
  return failure({ scope: "credential", kind: "rejected", status: 503, message, isLasting: true });
}

/** Why a wait ended that its own signal ended. */
export function leftFailure(signal: AbortSignal): Failure {
  if (isFailure(signal.reason)) return signal.reason;
  return failure({ scope: "client", kind: "client_gone", status: 499, message: "The client left while a login was renewed" });
}
