/** What one call is made with: the key or token of this moment, and what else came with the login. */
import type { KeyCredential } from "../credentials/credential.ts";
import type { Grant } from "../credentials/grant.ts";
import type { Secret } from "../kernel/secret.ts";

export interface Access {
  /** The text of the authorization header, or of whatever carries the key; empty = none is sent. */
  readonly secret: Secret;
  /** Null for plain keys. */
  readonly grant: Grant | null;
}

export function accessOfKey({ secret }: KeyCredential): Access {
  return { secret, grant: null };
}

/** Some providers give a key with the login and take only that. */
export function accessOfGrant(grant: Grant): Access {
  return { secret: grant.apiKey ?? grant.accessToken, grant };
}
