/**
 * A credential: an identity we may use at one provider. Its `id` and `display` may be stored, logged and
 * shown; its secrets stay inside `Secret`.
 */
import { createHash } from "node:crypto";
import { Secret } from "../kernel/secret.ts";
import { type Grant, identityOf } from "./grant.ts";
import type { Login } from "./login.ts";

interface CredentialFields {
  /** `<provider>:<first 12 hex of SHA-256 of the secret or account>` */
  readonly id: string;
  readonly provider: string;
  /** First 4 … last 4 characters, the account, or "no key". */
  readonly display: string;
  /** Where it came from: the variable's name or the file's path. */
  readonly source: string;
  /** Tier; lower is used first. Default 0. */
  readonly priority: number;
}

/** A key that is sent as it is; `none` has an empty one, which is not sent. */
export interface KeyCredential extends CredentialFields {
  readonly kind: "api_key" | "none";
  readonly secret: Secret;
}

/** An OAuth login; its token changes. */
export interface LoginCredential extends CredentialFields {
  readonly kind: "oauth";
  readonly login: Login;
}

export type Credential = KeyCredential | LoginCredential;
export type CredentialKind = Credential["kind"];

/** The id of a secret at a provider: stable over restarts, and says nothing about the secret. */
export function credentialId(provider: string, identity: string): string {
  return `${provider}:${createHash("sha256").update(identity).digest("hex").slice(0, 12)}`;
}

/** An API key as a credential. */
export function apiKeyCredential(
  fields: { readonly provider: string; readonly key: string; readonly source: string; readonly priority: number },
): KeyCredential {
  const secret = new Secret(fields.key);
  return {
    id: credentialId(fields.provider, fields.key),
    provider: fields.provider,
    kind: "api_key",
    secret,
    display: secret.masked(),
    source: fields.source,
    priority: fields.priority,
  };
}

/** The one credential of a provider that needs no key. */
export function keylessCredential(provider: string, source: string): KeyCredential {
  return {
    id: credentialId(provider, "none"),
    provider,
    kind: "none",
    secret: new Secret(""),
    display: "no key",
    source,
    priority: 0,
  };
}

/** A login as a credential; its id depends on who logged in, not on the tokens of the day. */
export function loginCredential(
  fields: {
    readonly provider: string;
    readonly login: Login;
    readonly source: string;
    readonly priority: number;
    /** The user's own name for it. */
    readonly label?: string;
  },
): LoginCredential {
  const grant = fields.login.current();
  const id = credentialId(fields.provider, identityOf(grant));
  return {
    id,
    provider: fields.provider,
    kind: "oauth",
    login: fields.login,
    display: fields.label ?? loginDisplay(fields.provider, grant),
    source: fields.source,
    priority: fields.priority,
  };
}

/** What a login is called where the user gave it no name: its account, else the end of its id. */
export function loginDisplay(provider: string, grant: Grant): string {
  return grant.account ?? `login ${credentialId(provider, identityOf(grant)).slice(-6)}`;
}
