/**
 * What the credential of a lease is used with: a key as it is, a login's token after it was renewed if need
 * be. Decides also when a refused token is worth renewing once.
 */
import type { Credential } from "../credentials/credential.ts";
import { type Failure, failure, isFailure } from "../kernel/failure.ts";
import type { Secret } from "../kernel/secret.ts";
import { type Access, accessOfGrant, accessOfKey } from "../providers/access.ts";

/** The access of a credential now. `rejected`: the secret that was refused a moment ago. */
export async function accessOf(
  credential: Credential,
  options: { readonly signal: AbortSignal; readonly rejected?: Secret },
): Promise<Access | Failure> {
  if (credential.kind !== "oauth") return accessOfKey(credential);
  const grant = await credential.login.access(options);
  if (isFailure(grant)) return grant;
  const access = accessOfGrant(grant);
  return IN_A_HEADER.test(access.secret.reveal()) ? access : unsendable();
}

/** What a header carries as it is. Keys are checked when they are read; tokens come from files and providers. */
const IN_A_HEADER = /^[\x20-\x7e]*$/;

function unsendable(): Failure {
  return failure({
    scope: "credential",
    kind: "rejected",
    status: 503,
    isLasting: true,
    message: "The login's token has line breaks or signs beyond plain ASCII in it and cannot be sent; log in again",
  });
}

/** True when a token was refused that a renewal may replace. A refusal that outlasts a renewal says so itself. */
export function isWorthRenewing(credential: Credential, failed: Failure): boolean {
  return credential.kind === "oauth" && failed.kind === "rejected" && failed.upstreamStatus !== 403 && failed.isLasting !== true;
}

/** A login the provider has ended is out, but others of the same provider may be of another kind, e.g. paid for. */
export function withdrawn(credential: Credential, failed: Failure): Failure {
  if (credential.kind !== "oauth" || failed.kind !== "withdrawn") return failed;
  credential.login.markWithdrawn(failed.message);
  return failure({ ...failed, scope: "credential", kind: "rejected", status: 503, isLasting: true });
}
