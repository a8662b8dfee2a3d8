/** What tests of a login that renews itself stand on: a token endpoint and a place to keep grants, both without sockets and files. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Grant, grantOf } from "../../src/credentials/grant.ts";
import { oauthEndpoints } from "../../src/credentials/oauth/endpoints.ts";
import type { GrantKeeper, Refusal } from "../../src/credentials/oauth/flow.ts";
import { refusal } from "../../src/credentials/oauth/flow.ts";
import { LiveLogin, type LiveLoginOptions } from "../../src/credentials/oauth/live_login.ts";
import { oauthRow } from "../../src/credentials/oauth/rows.ts";
import { type Clock, systemClock } from "../../src/kernel/clock.ts";
import { Secret } from "../../src/kernel/secret.ts";
import type { FakeClock } from "./fake_clock.ts";

export const HOUR_MS = 3_600_000;

/** A grant of the `generation`th rotation: tokens `access-<n>` and `refresh-<n>`. */
export function grantNumber(generation: number, expiresAt: number | null, more: Partial<Grant> = {}): Grant {
  return grantOf({
    accessToken: new Secret(`access-${generation}`),
    refreshToken: new Secret(`refresh-${generation}`),
    expiresAt,
    account: "someone@example.com",
    ...more,
  });
}

/** A token endpoint that rotates: each refresh token works once, and the answer brings the next. */
export class RotatingEndpoint {
  readonly #clock: Clock;
  /** Refresh tokens it was asked with, in order. */
  readonly asked: string[] = [];
  /** Answers in place of the usual one, used up from the front. */
  readonly scripted: (Refusal | Error)[] = [];
  generation: number;
  lifeMs = 6 * HOUR_MS;
  activeCount = 0;
  mostActiveCount = 0;
  #gate: Promise<void> | undefined;
  #open = () => {};

  constructor(clock: Clock, generation = 1) {
    this.#clock = clock;
    this.generation = generation;
  }

  /** Answers wait until {@link open}. */
  hold(): void {
    this.#gate = new Promise((resolve) => this.#open = resolve);
  }

  open(): void {
    this.#gate = undefined;
    this.#open();
  }

  readonly refresh = async (_call: unknown, grant: Grant): Promise<Grant | Refusal> => {
    const token = grant.refreshToken?.reveal() ?? "";
    this.asked.push(token);
    this.activeCount += 1;
    this.mostActiveCount = Math.max(this.mostActiveCount, this.activeCount);
    try {
      await nextTurn();
      await this.#gate;
      const scripted = this.scripted.shift();
      if (scripted instanceof Error) throw scripted;
      if (scripted !== undefined) return scripted;
      if (token !== `refresh-${this.generation}`) {
        return refusal({ kind: "needs_login", reason: "The refresh token is not valid any more", code: "invalid_grant", status: 400 });
      }
      this.generation += 1;
      const { accessToken, refreshToken, expiresAt } = grantNumber(this.generation, this.#clock.now() + this.lifeMs);
      return { ...grant, accessToken, refreshToken, expiresAt };
    } finally {
      this.activeCount -= 1;
    }
  };
}

/** A place to keep one grant, shared by as many logins as like to. */
export class MemoryKeeper implements GrantKeeper {
  readonly place = "oauth_creds/qwen_code_oauth_1.json";
  readonly lockPath: string | null;
  kept: Grant | undefined;
  readonly saved: Grant[] = [];
  /** A save that begins now rejects with this. */
  broken: Error | undefined;
  /** Called before a save takes effect. */
  onSave: (grant: Grant) => void | Promise<void> = () => {};
  /** Called before a load reads. */
  onLoad: () => void = () => {};

  constructor(kept: Grant | undefined, lockPath: string | null = null) {
    this.kept = kept;
    this.lockPath = lockPath;
  }

  async load(): Promise<Grant | undefined> {
    await nextTurn();
    this.onLoad();
    return this.kept;
  }

  async save(grant: Grant): Promise<void> {
    const { broken } = this;
    await this.onSave(grant);
    await nextTurn();
    if (broken !== undefined) throw broken;
    this.kept = grant;
    this.saved.push(grant);
  }
}

export interface Stage {
  readonly endpoint: RotatingEndpoint;
  readonly keeper: MemoryKeeper;
  readonly login: LiveLogin;
  readonly warnings: string[];
  readonly notes: string[];
}

/** A Qwen login with `grant`; whatever is given replaces the usual. */
export function stage(
  options: Partial<LiveLoginOptions> & {
    readonly clock: Clock;
    readonly grant: Grant;
    readonly endpoint?: RotatingEndpoint;
    readonly keeper?: MemoryKeeper;
  },
): Stage {
  const { clock, grant } = options;
  const endpoint = options.endpoint ?? new RotatingEndpoint(clock);
  const keeper = options.keeper ?? new MemoryKeeper(grant);
  const row = oauthRow("qwen_code");
  if (row === undefined) throw new Error("there is no row for qwen_code");
  const endpoints = oauthEndpoints(row, new Map());
  const warnings: string[] = [];
  const notes: string[] = [];
  const login = new LiveLogin({
    endpoints: () => endpoints,
    completion: undefined,
    client: () => Promise.resolve({ id: "client-of-a-test", secret: null }),
    refresh: endpoint.refresh,
    fetch: () => Promise.reject(new Error("no test fetches")),
    random: () => 0.5,
    label: "someone@example.com",
    warn: (message) => void warnings.push(message),
    note: (message) => void notes.push(message),
    ...options,
    keeper,
  });
  return { endpoint, keeper, login, warnings, notes };
}

/** A signal that never ends. */
export function forever(): AbortSignal {
  return new AbortController().signal;
}

/** No test waits longer for what must come. */
const LIMIT_MS = 10_000;

/** Lets everything that does not wait for the clock go on, until `isReached`. */
export async function until(isReached: () => boolean): Promise<void> {
  const endAt = systemClock.now() + LIMIT_MS;
  while (!isReached()) {
    if (systemClock.now() > endAt) throw new Error(`the awaited state was not reached in ${LIMIT_MS} ms`);
    await nextTurn();
  }
}

/** Lets go on what needs neither clock nor files: a hundred turns are far more than any of it takes. */
export async function idle(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await nextTurn();
}

/** Waits for `done` and moves the clock to its next timer whenever nothing else can happen. Not for what uses files. */
export async function drive<Value>(clock: FakeClock, done: Promise<Value>): Promise<Value> {
  let isDone = false;
  const end = () => void (isDone = true);
  void done.then(end, end);
  for (let timer = 0; timer < 1_000; timer++) {
    await idle();
    if (isDone) return await done;
    clock.advance(clock.nextTimerInMs ?? 0);
  }
  throw new Error("the promise did not settle within 1,000 timers");
}
