/**
 * The same login found in several places: the strongest place counts, whatever the others hold. Who is who is
 * told by the account, and where one of two names none, by the tokens they began with.
 */
import { type Grant, originOf } from "../grant.ts";
import type { OAuthRow } from "./row.ts";

/** A grant and where it was found. */
export interface PlacedGrant {
  readonly grant: Grant;
  /** Variable name or path, as shown. */
  readonly source: string;
  /** Fingerprint of the refresh token that a copy was made of. */
  readonly importedOrigin: string | null;
}

export interface Deduplicated<Placed> {
  readonly unique: readonly Placed[];
  /** One for each that is not used; names both places. */
  readonly warnings: readonly string[];
}

/** Keeps the first of each login; `candidates` are of one provider, the strongest place first. */
export function withoutDuplicates<Placed extends PlacedGrant>(
  candidates: readonly Placed[],
  row: Pick<OAuthRow, "name" | "rotates">,
): Deduplicated<Placed> {
  const unique: Placed[] = [];
  const warnings: string[] = [];
  const byAccount = new Map<string, Placed>();
  const byToken = new Map<string, Placed[]>();
  for (const it of candidates) {
    const account = accountOf(it.grant);
    const marks = [...tokenMarks(it)];
    const first = byAccount.get(account ?? "") ??
      marks.flatMap((mark) => byToken.get(mark) ?? []).find((other) => isSameLogin(it, other));
    if (first === undefined) {
      unique.push(it);
      if (account !== null) byAccount.set(account, it);
      for (const mark of marks) byToken.set(mark, [...byToken.get(mark) ?? [], it]);
    } else if (first.source !== it.source) warnings.push(warningOf(first, it, row));
  }
  return { unique, warnings };
}

/** True when both are one login at the provider, perhaps at different times. */
export function isSameLogin(left: PlacedGrant, right: PlacedGrant): boolean {
  const [account, other] = [accountOf(left.grant), accountOf(right.grant)];
  if (account !== null && other !== null) return account === other;
  return !tokenMarks(left).isDisjointFrom(tokenMarks(right));
}

function accountOf({ account }: Grant): string | null {
  return account?.trim().toLowerCase() || null;
}

/** Fingerprints of all tokens that are known to have belonged to this login. */
function tokenMarks({ grant: { origin, refreshToken, accessToken }, importedOrigin }: PlacedGrant): Set<string> {
  const marks = [origin, importedOrigin, originOf((refreshToken ?? accessToken).reveal())];
  return new Set(marks.filter((mark) => mark !== null));
}

function warningOf(first: PlacedGrant, second: PlacedGrant, { name, rotates }: Pick<OAuthRow, "name" | "rotates">): string {
  const places = `${name}: the same account is in ${first.source} and in ${second.source}; the first one is used`;
  const isSecondNewer = (second.grant.expiresAt ?? 0) > (first.grant.expiresAt ?? 0);
  if (!isSecondNewer) return `${places}.`;
  const advice = rotates
    ? ". Each renewal ends the tokens before it, so if the first one asks for a login, remove it and the second one is used."
    : ".";
  return `${places}, although the token in the second one ends later${advice}`;
}
