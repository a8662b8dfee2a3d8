/** Credentials, failures and a pool on a fake clock, for everything that tests rotation. */
import assert from "node:assert/strict";
import { apiKeyCredential, type Credential } from "../../src/credentials/credential.ts";
import { type Failure, failure, type FailureKind, type FailureScope, isFailure } from "../../src/kernel/failure.ts";
import type { Journal } from "../../src/pool/keeper.ts";
import { Lease, type Outcome } from "../../src/pool/lease.ts";
import { type Ask, Pool, type PoolSettings } from "../../src/pool/pool.ts";
import type { StoredState } from "../../src/store/store.ts";
import { FakeClock } from "./fake_clock.ts";

export const PROVIDER = "acme";
export const MODEL = "m";

/** A credential whose id is the same whenever the name is. */
export function credential(name: string, fields: { readonly priority?: number } = {}): Credential {
  return apiKeyCredential({ provider: PROVIDER, key: `sk-${name}-0123456789`, source: name, priority: fields.priority ?? 0 });
}

export function credentials(...names: string[]): Credential[] {
  return names.map((name) => credential(name));
}

function failing(scope: FailureScope, kind: FailureKind, status: number): (retryAfterMs?: number) => Failure {
  return (retryAfterMs) => failure({ scope, kind, status, message: kind, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}

/** Failures by what the provider said; the argument is its hint in ms. */
export const failures = {
  limited: failing("credential_model", "rate_limited", 429),
  denied: failing("credential_model", "model_denied", 403),
  rejected: failing("credential", "rejected", 401),
  outOfCredit: failing("credential", "out_of_credit", 402),
  serverError: failing("provider", "server_error", 500),
  unreachable: failing("transport", "connect_failed", 502),
  badRequest: failing("request", "invalid_request", 400),
  unknownModel: failing("model", "unknown_model", 404),
  internal: failing("gateway", "internal", 500),
};

export const OK: Outcome = { kind: "ok" };
export const CANCELLED: Outcome = { kind: "cancelled" };

export function failed(cause: Failure, more: { readonly trouble?: "first" | "repeated"; readonly when?: "committed" } = {}): Outcome {
  return {
    kind: "failed",
    failure: cause,
    when: more.when ?? "before_commit",
    ...(more.trouble === undefined ? {} : { trouble: more.trouble }),
  };
}

export interface PoolBench {
  readonly pool: Pool;
  readonly clock: FakeClock;
  /** Acquires, with a deadline 30 s from now unless given. */
  ask(ask?: Partial<Ask>): Promise<Lease | Failure>;
  /** Acquires what must be free at once. */
  take(ask?: Partial<Ask>): Promise<Lease>;
  /** Acquires what must be refused at once. */
  refused(ask?: Partial<Ask>): Promise<Failure>;
  /** Takes, and settles at once; gives the source name of the credential that was used. */
  use(outcome: Outcome, ask?: Partial<Ask>): Promise<string>;
}

/** A pool on a fake clock. Chance is 0.5 (no jitter) unless given. */
export function poolBench(
  options: {
    readonly credentials: readonly Credential[];
    readonly settings?: Partial<PoolSettings>;
    readonly clock?: FakeClock;
    readonly random?: () => number;
    readonly journal?: Journal;
    readonly stored?: StoredState;
  },
): PoolBench {
  const clock = options.clock ?? new FakeClock();
  const pool = new Pool({ provider: PROVIDER, random: () => 0.5, ...options, clock });
  const ask = (wish: Partial<Ask> = {}) => pool.acquire({ model: MODEL, exclude: new Set(), deadlineAt: clock.now() + 30_000, ...wish });
  const take = async (wish?: Partial<Ask>) => leaseOf(await now(ask(wish)));
  return {
    pool,
    clock,
    ask,
    take,
    refused: async (wish) => failureOf(await now(ask(wish))),
    use: async (outcome, wish) => {
      const lease = await take(wish);
      lease.settle(outcome);
      return lease.credential.source;
    },
  };
}

/** Lets everything run that needs no timer and no input. */
export async function flush(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await Promise.resolve();
}

/** The promise's value, or "pending" when it has none without time passing. */
export function now<T>(promise: Promise<T>): Promise<T | "pending"> {
  return Promise.race([promise, flush().then(() => "pending" as const)]);
}

export function leaseOf(result: Lease | Failure | "pending"): Lease {
  assert.ok(result instanceof Lease, `expected a lease, got ${result === "pending" ? result : JSON.stringify(result)}`);
  return result;
}

export function failureOf(result: Lease | Failure | "pending"): Failure {
  assert.ok(isFailure(result), `expected a failure, got ${result === "pending" ? result : "a lease"}`);
  return result;
}

/** Ids of credentials, to exclude them. */
export function idsOf(...some: readonly Credential[]): ReadonlySet<string> {
  return new Set(some.map(({ id }) => id));
}

/** A repeatable chance (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
