/** How long a grant's token lasts and when it is renewed. Pure; all instants are epoch ms. */
import type { Grant } from "../grant.ts";

/** A request waits for a renewal when the token has less left than this. */
const BLOCKING_MARGIN_MS = 60_000;
/** With this little left a token may end on its way to the provider. */
const USABLE_MARGIN_MS = 5_000;
/** Of a token whose endpoint does not say. */
const ASSUMED_LIFE_MS = 3_600_000;

export interface TokenLife {
  /** -Infinity: unknown, so to be renewed before first use; Infinity: nothing can renew it, so it is used until refused. */
  readonly endsAt: number;
  /** From the token endpoint's answer to the end; Infinity when this process did not see the answer. */
  readonly lifeMs: number;
}

/** `obtainedAt`: when this process got the token from the token endpoint, where it did. */
export function tokenLife(grant: Grant, obtainedAt: number | undefined): TokenLife {
  const endsAt = grant.expiresAt ??
    (obtainedAt !== undefined ? obtainedAt + ASSUMED_LIFE_MS : grant.refreshToken === null ? Infinity : -Infinity);
  return { endsAt, lifeMs: obtainedAt === undefined ? Infinity : Math.max(endsAt - obtainedAt, 0) };
}

/** Good enough that nobody need wait for a renewal. A token of short life is fresh for half of it. */
export function isFresh({ endsAt, lifeMs }: TokenLife, now: number): boolean {
  return now < endsAt - Math.min(BLOCKING_MARGIN_MS, lifeMs / 2);
}

/** Good enough when there is nothing better. */
export function isUsable({ endsAt, lifeMs }: TokenLife, now: number): boolean {
  return now < endsAt - Math.min(USABLE_MARGIN_MS, lifeMs / 2);
}

/** When the background renews it: at most half a life ahead of its end, so that one renewal is not followed by the next. */
export function dueAt({ endsAt, lifeMs }: TokenLife, aheadMs: number): number {
  return endsAt - Math.min(aheadMs, lifeMs / 2);
}
