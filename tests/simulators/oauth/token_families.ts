/**
 * All tokens a simulated provider gave out. Tokens that follow from one login are a family: they are revoked
 * together, and each refresh token knows whether it was replaced.
 */
import type { Clock } from "../../../src/kernel/clock.ts";
import type { SeededTokens } from "./seeded_tokens.ts";

/**
 * What a refresh does to the refresh token. `keep`: it stays and is not sent again; `rotate`: a new one takes
 * its place; `reuse_kill`: as well, and showing the old one again ends the family.
 */
export type Rotation = "keep" | "rotate" | "reuse_kill";

/** What one login gave. */
export interface TokenFamily {
  readonly account: string;
  readonly clientId: string;
  readonly scope: string;
  readonly isRevoked: boolean;
}

export interface IssuedTokens {
  readonly accessToken: string;
  /** The one that is good now. */
  readonly refreshToken: string;
  /** Whether `refreshToken` is a new one. */
  readonly isRotated: boolean;
  /** Epoch ms. */
  readonly expiresAt: number;
  readonly family: TokenFamily;
}

/** Why there are no new tokens. `replaced`: the token was good once; under `reuse_kill` its family is now dead. */
export type RefreshRefusal = "unknown" | "revoked" | "replaced" | "other_client";

/** What an access token is worth now. */
export type AccessState =
  | { readonly kind: "good" | "expired" | "revoked"; readonly family: TokenFamily }
  | { readonly kind: "unknown" };

/** How tokens are made. */
export interface TokenRules {
  readonly clock: Clock;
  readonly tokens: SeededTokens;
  readonly accessPrefix: string;
  readonly refreshPrefix: string;
  readonly lifetimeMs: number;
  readonly rotation: Rotation;
}

interface Family extends TokenFamily {
  isRevoked: boolean;
  refreshToken: string;
}

interface AccessToken {
  readonly family: Family;
  expiresAt: number;
}

export class TokenFamilies {
  /** May be changed at any time. */
  rotation: Rotation;
  /** May be changed at any time; holds for tokens made from then on. */
  lifetimeMs: number;
  readonly #rules: TokenRules;
  readonly #families: Family[] = [];
  readonly #access = new Map<string, AccessToken>();
  /** Every refresh token ever given. */
  readonly #refresh = new Map<string, Family>();

  constructor(rules: TokenRules) {
    this.#rules = rules;
    this.rotation = rules.rotation;
    this.lifetimeMs = rules.lifetimeMs;
  }

  /** Tokens of a new login. */
  open(login: { readonly account: string; readonly clientId: string; readonly scope: string }): IssuedTokens {
    const family: Family = { ...login, isRevoked: false, refreshToken: "" };
    this.#families.push(family);
    this.#replaceRefreshToken(family);
    return this.#issue(family, true);
  }

  /** `rotation`: for this refresh only. `clientId`: who asks; left out, it is not compared. */
  refresh(refreshToken: string, options: { readonly clientId?: string; readonly rotation?: Rotation } = {}): IssuedTokens | RefreshRefusal {
    const family = this.#refresh.get(refreshToken);
    const rotation = options.rotation ?? this.rotation;
    if (family === undefined) return "unknown";
    if (family.isRevoked) return "revoked";
    if (family.refreshToken !== refreshToken) {
      if (rotation === "reuse_kill") family.isRevoked = true;
      return "replaced";
    }
    if (options.clientId !== undefined && options.clientId !== family.clientId) return "other_client";
    if (rotation !== "keep") this.#replaceRefreshToken(family);
    return this.#issue(family, rotation !== "keep");
  }

  /** What `accessToken` is worth now. */
  access(accessToken: string): AccessState {
    const token = this.#access.get(accessToken);
    if (token === undefined) return { kind: "unknown" };
    const { family } = token;
    if (family.isRevoked) return { kind: "revoked", family };
    return { kind: this.#rules.clock.now() < token.expiresAt ? "good" : "expired", family };
  }

  /** The account of any token ever given, also a dead one. */
  ownerOf(token: string): string | undefined {
    return (this.#access.get(token)?.family ?? this.#refresh.get(token))?.account;
  }

  /** Epoch ms; undefined for a token nobody gave. */
  expiryOf(accessToken: string): number | undefined {
    return this.#access.get(accessToken)?.expiresAt;
  }

  /** Ends access tokens before their time; refresh tokens stay good. Without an account: everybody's. */
  expireAccessTokens(account?: string): void {
    for (const token of this.#access.values()) {
      if (account === undefined || token.family.account === account) token.expiresAt = Math.min(token.expiresAt, this.#rules.clock.now());
    }
  }

  /** Ends one access token before its time. */
  expire(accessToken: string): void {
    const token = this.#access.get(accessToken);
    if (token !== undefined) token.expiresAt = Math.min(token.expiresAt, this.#rules.clock.now());
  }

  /** Ends every family of an account. */
  revokeAccount(account: string): void {
    for (const family of this.#families) if (family.account === account) family.isRevoked = true;
  }

  /** Ends the family of an access or refresh token; false when nobody gave it. */
  revokeToken(token: string): boolean {
    const family = this.#access.get(token)?.family ?? this.#refresh.get(token);
    if (family === undefined) return false;
    family.isRevoked = true;
    return true;
  }

  #issue(family: Family, isRotated: boolean): IssuedTokens {
    const accessToken = `${this.#rules.accessPrefix}${this.#rules.tokens.text(`access:${family.account}`, 40)}`;
    const expiresAt = this.#rules.clock.now() + this.lifetimeMs;
    this.#access.set(accessToken, { family, expiresAt });
    return { accessToken, refreshToken: family.refreshToken, isRotated, expiresAt, family };
  }

  #replaceRefreshToken(family: Family): void {
    family.refreshToken = `${this.#rules.refreshPrefix}${this.#rules.tokens.text(`refresh:${family.account}`, 40)}`;
    this.#refresh.set(family.refreshToken, family);
  }
}
