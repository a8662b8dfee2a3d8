/**
 * Renews logins before anybody waits for them: looks at all of them every few minutes, one renewal at a time
 * for each provider. A renewal that has begun is let finish at the end, since dropping its answer loses the login.
 */
import type { Clock, Random } from "../../kernel/clock.ts";
import { pause, settledOr } from "../../kernel/pause.ts";
import type { LiveLogin } from "./live_login.ts";

/** From the start to the first look, so that a start is not slowed by it. */
const FIRST_DELAY_MS = 2_000;
const LEAST_INTERVAL_MS = 1_000;
/** Between two renewals at one provider. */
const PAUSE_MS = 500;
/** A renewal that takes longer goes on by itself while the others have their turn. */
const LOGIN_LIMIT_MS = 120_000;
const CLOSE_LIMIT_MS = 15_000;

/** What the refresher needs of a login. */
export type RefreshedLogin = Pick<LiveLogin, "provider" | "isDue" | "refreshAhead" | "close">;

export interface RefresherOptions {
  /** The logins of this moment; asked at every scan. */
  readonly logins: () => Iterable<RefreshedLogin>;
  /** Time between scans, asked at every scan. At least a second. */
  readonly intervalMs: () => number;
  /** `soon`: within a few seconds of the start. */
  readonly firstScan?: "soon" | "after_interval";
  readonly clock: Clock;
  readonly random: Random;
}

export interface Refresher {
  /** Begins no further renewal, and returns when those under way are done and saved, or after 15 s. */
  close(): Promise<void>;
}

/** Starts looking; the first scan comes within a few seconds. */
export function startRefresher(options: RefresherOptions): Refresher {
  const { logins, intervalMs, clock, random } = options;
  const end = new AbortController();
  /** Providers whose scan is still at work: a slow one is not scanned twice at once. */
  const busy = new Set<string>();
  let cancel = () => {};
  const arm = (delayMs: number) => {
    if (end.signal.aborted) return;
    cancel = clock.after(delayMs * (0.9 + 0.2 * random()), () => {
      for (const [provider, due] of dueByProvider(logins())) {
        if (busy.has(provider)) continue;
        busy.add(provider);
        void refreshAll(due, { clock, random, signal: end.signal }).finally(() => busy.delete(provider));
      }
      arm(Math.max(intervalMs(), LEAST_INTERVAL_MS));
    });
  };
  arm(options.firstScan === "after_interval" ? Math.max(intervalMs(), LEAST_INTERVAL_MS) : FIRST_DELAY_MS);
  return {
    close: async () => {
      end.abort();
      cancel();
      const closing = Promise.all(Array.from(logins(), (login) => login.close()));
      await within(CLOSE_LIMIT_MS, { clock, signal: new AbortController().signal, done: closing });
    },
  };
}

function dueByProvider(logins: Iterable<RefreshedLogin>): Map<string, RefreshedLogin[]> {
  const byProvider = new Map<string, RefreshedLogin[]>();
  for (const login of logins) {
    if (!login.isDue()) continue;
    const others = byProvider.get(login.provider);
    if (others === undefined) byProvider.set(login.provider, [login]);
    else others.push(login);
  }
  return byProvider;
}

async function refreshAll(
  logins: readonly RefreshedLogin[],
  { clock, random, signal }: { readonly clock: Clock; readonly random: Random; readonly signal: AbortSignal },
): Promise<void> {
  for (const [index, login] of logins.entries()) {
    if (index > 0) await pause(PAUSE_MS * (0.5 + random()), { clock, signal });
    if (signal.aborted) return;
    await within(LOGIN_LIMIT_MS, { clock, signal, done: login.refreshAhead(signal) });
  }
}

/** Waits for `done`, at most until the limit or the signal's end. Never rejects. */
async function within(
  limitMs: number,
  { clock, signal, done }: { readonly clock: Clock; readonly signal: AbortSignal; readonly done: Promise<unknown> },
): Promise<void> {
  const limit = new AbortController();
  const cancel = clock.after(limitMs, () => limit.abort());
  await settledOr(AbortSignal.any([signal, limit.signal]), done);
  cancel();
}
