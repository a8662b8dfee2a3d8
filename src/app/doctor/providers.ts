/** Providers and their credentials: what an address answered, what a key was worth, how a login stands. Pure. */
import type { LoginStatus } from "../../providers/login_status.ts";
import type { Verdict } from "../check.ts";
import type { CredentialView } from "../credential_view.ts";
import { type Finding, findingsOf } from "./finding.ts";

const { ok, note, warning, error } = findingsOf("providers");

/** What came of asking a provider's address without any key. */
export type Reach =
  | { readonly kind: "answered"; readonly status: number; readonly tookMs: number }
  /** `reason` is one sentence. */
  | { readonly kind: "failed"; readonly reason: string }
  /** Its address needs this variable. */
  | { readonly kind: "no_address"; readonly variable: string }
  | { readonly kind: "not_asked" };

export interface ProviderFact {
  readonly id: string;
  /** Where calls go; empty when that is not known. */
  readonly baseUrl: string;
  /** It has an address of its own in this variable. */
  readonly baseVariable: string;
  readonly isLocal: boolean;
  readonly isProxied: boolean;
  readonly reach: Reach;
  readonly credentials: readonly CredentialFact[];
  /** How its kind of login stands; null when none of its credentials is a login. */
  readonly login: LoginStatus | null;
}

/** A credential; `verdict` is null when it was not tried. */
export interface CredentialFact {
  readonly view: Pick<CredentialView, "provider" | "number" | "display" | "kind" | "standing" | "source">;
  readonly verdict: Verdict | null;
}

/** Everything about one provider, the provider first. */
export function judgeProvider(fact: ProviderFact): Finding[] {
  const { reach, credentials } = fact;
  return [
    ...ofReach(fact),
    ...ofLoginStatus(fact),
    ...credentials.flatMap((it) => ofCredential(it, reach.kind)),
  ];
}

/** What to say when there is nobody to call. */
export function judgeNoCredentials(demo: string): Finding[] {
  return [
    warning("There is no provider key and no login yet: nothing can be called", "keyproxy creds add"),
    note("To see it work without any key", demo),
  ];
}

function ofReach({ id, baseUrl, baseVariable, isLocal, isProxied, reach }: ProviderFact): Finding[] {
  switch (reach.kind) {
    case "not_asked":
      return [];
    case "no_address":
      return [error(`${id}: its address needs ${reach.variable}`, `${reach.variable}=<value>`)];
    case "answered":
      if (reach.status === 407) {
        return [error(`${id}: the proxy wants a user name and password (407)`, "HTTPS_PROXY=http://<user>:<password>@<host>:<port>")];
      }
      return reach.status >= 500
        ? [
          warning(
            `${id}: ${baseUrl} answers with status ${reach.status}`,
            "Wait, and run keyproxy doctor again: the trouble is at the provider",
          ),
        ]
        : [ok(`${id}: ${baseUrl} answers (${reach.tookMs} ms)`)];
    case "failed":
      return [
        error(
          `${id}: ${baseUrl} cannot be reached${isProxied ? " through the proxy" : ""}: ${reach.reason}`,
          unreachableFix({ id, baseUrl, baseVariable, isLocal, isProxied }),
        ),
      ];
  }
}

function unreachableFix(
  { id, baseUrl, baseVariable, isLocal, isProxied }: Pick<ProviderFact, "id" | "baseUrl" | "baseVariable" | "isLocal" | "isProxied">,
): string {
  if (isLocal) return `Start the server of ${id}, or set ${baseVariable} to where it is`;
  if (isProxied) return `curl -I ${baseUrl}, and correct HTTPS_PROXY, HTTP_PROXY or NO_PROXY`;
  return `curl -I ${baseUrl}, and correct the network or ${baseVariable}; behind a proxy set HTTPS_PROXY`;
}

function ofLoginStatus({ id, login }: ProviderFact): Finding[] {
  if (login === null || login.status === "open") return [];
  const how = login.status === "ended" ? "was ended by the provider on" : "is restricted by the provider since";
  return [warning(`${id}: this kind of login ${how} ${login.since}. ${login.summary.replace(/\.$/, "")}`, login.advice.replace(/\.$/, ""))];
}

function ofCredential({ view, verdict }: CredentialFact, reach: Reach["kind"]): Finding[] {
  const name = view.kind === "none" ? `${view.provider}:${view.number}` : `${view.provider}:${view.number} ${view.display}`;
  const standing = ofStanding(name, view);
  // What the provider says now outranks what is remembered.
  if (verdict === null) return standing ?? (reach === "not_asked" ? [ok(`${name} is there; it was not tried`)] : []);
  switch (verdict.kind) {
    case "valid":
      return [ok(`${name} works${verdict.reason === "" ? "" : `: ${verdict.reason}`}`)];
    case "rejected":
      return [error(`${name} is rejected${verdict.reason === "" ? "" : `: ${verdict.reason}`}`, replaceFix(view))];
    case "limited":
      return [
        warning(
          `${name} is at a limit${verdict.reason === "" ? "" : `: ${verdict.reason}`}`,
          `Wait, top up the account, or add another with keyproxy creds add ${view.provider}`,
        ),
      ];
    case "unreachable":
      return [warning(`${name} could not be tried: ${verdict.reason}`, `keyproxy creds check ${view.provider}:${view.number}`)];
    case "not_checkable":
      return standing ?? [note(`${name} was not tried: ${verdict.reason}`)];
  }
}

function replaceFix({ provider, source, kind }: CredentialFact["view"]): string {
  return kind === "oauth" ? `keyproxy creds add ${provider}` : `Put a valid key into ${source}`;
}

/** What is known without a call; undefined when there is nothing to say. */
function ofStanding(name: string, { standing, provider, number }: CredentialFact["view"]): Finding[] | undefined {
  const why = standing.reason === "" ? "" : `: ${standing.reason}`;
  switch (standing.word) {
    case "needs_login":
      return [error(`${name} needs a new login${why}`, `keyproxy creds add ${provider}`)];
    case "quarantined":
      return [warning(`${name} is quarantined${why}`, `keyproxy creds check ${provider}:${number}`)];
    case "expired":
      return [
        note(
          `${name}: its token has expired and is renewed at its next use; it was not tried`,
          `keyproxy creds check ${provider}:${number}`,
        ),
      ];
    case "due":
      return [note(`${name}: its token ${standing.reason}; it was not tried`, `keyproxy creds check ${provider}:${number}`)];
    case "resting":
      return [note(`${name} rests${why}`)];
    case "disabled":
      return [note(`${name} is switched off${why}`, "keyproxy status --watch switches it on with e")];
    case "ready":
      return undefined;
  }
}
