/**
 * A credential: an identity we may use at one provider. Its `id` and `display` may be stored, logged and
 * shown; its secret stays inside `Secret`.
 */
import { createHash } from "node:crypto";
import { Secret } from "../kernel/secret.ts";

export type CredentialKind = "api_key" | "none";

export interface Credential {
  /** `<provider>:<first 12 hex of SHA-256 of the secret or account>` */
  readonly id: string;
  readonly provider: string;
  readonly kind: CredentialKind;
  readonly secret: Secret;
  /** First 4 … last 4 characters, or "no key". */
  readonly display: string;
  /** Where it came from, e.g. the variable's name. */
  readonly source: string;
  /** Tier; lower is used first. Default 0. */
  readonly priority: number;
}

/** The id of a secret at a provider: stable over restarts, and says nothing about the secret. */
export function credentialId(provider: string, identity: string): string {
  return `${provider}:${createHash("sha256").update(identity).digest("hex").slice(0, 12)}`;
}

/** An API key as a credential. */
export function apiKeyCredential(
  fields: { readonly provider: string; readonly key: string; readonly source: string; readonly priority: number },
): Credential {
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
export function keylessCredential(provider: string, source: string): Credential {
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
