/**
 * A grant: everything a login gave us, as one immutable value. A refresh makes a new one; fields an answer
 * leaves out keep their old value.
 */
import { createHash } from "node:crypto";
import type { Secret } from "../kernel/secret.ts";

export interface Grant {
  readonly accessToken: Secret;
  /** Null: it cannot be renewed and ends with its access token. */
  readonly refreshToken: Secret | null;
  /** Epoch ms at which the access token ends; null = unknown: refresh before first use. */
  readonly expiresAt: number | null;
  readonly tokenType: string;
  readonly scope: string | null;
  readonly idToken: Secret | null;
  /** Who logged in: e-mail, phone or a label the user gave; null where the provider does not say. */
  readonly account: string | null;
  /**
   * Stands for the account where there is none: SHA-256 (hex) of the first refresh token that was seen. It is kept
   * beside the tokens, so that rotation does not change who a credential is.
   */
  readonly origin: string | null;
  /** Key to call with in place of the access token (iFlow). */
  readonly apiKey: Secret | null;
  /** Host to call, as the token endpoint named it (Qwen). */
  readonly resourceUrl: string | null;
  /** Cloud project that calls are made for, and the account's tier (Gemini CLI). */
  readonly projectId: string | null;
  readonly tier: string | null;
  /** Epoch ms at which project and tier were last asked for; null = never. */
  readonly checkedAt: number | null;
  /** The client the tokens belong to, where it came with them. */
  readonly clientId: string | null;
  readonly clientSecret: Secret | null;
  readonly tokenUrl: string | null;
  readonly universeDomain: string | null;
}

/** The part of a grant that a token endpoint always gives. */
export type GrantCore = Pick<Grant, "accessToken" | "refreshToken" | "expiresAt">;

/** A grant of which only the tokens are known. */
export function grantOf(fields: GrantCore & Partial<Grant>): Grant {
  return {
    tokenType: "Bearer",
    scope: null,
    idToken: null,
    account: null,
    origin: null,
    apiKey: null,
    resourceUrl: null,
    projectId: null,
    tier: null,
    checkedAt: null,
    clientId: null,
    clientSecret: null,
    tokenUrl: null,
    universeDomain: null,
    ...fields,
  };
}

/** What tells logins of one provider apart: the account, else where its tokens began. Never a token itself. */
export function identityOf(grant: Grant): string {
  if (grant.account !== null) return grant.account.trim().toLowerCase();
  return grant.origin ?? originOf((grant.refreshToken ?? grant.accessToken).reveal());
}

/** The fingerprint of a first refresh token. */
export function originOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
