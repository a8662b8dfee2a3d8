/**
 * The token endpoint: a code for a grant, an old grant for a new one. Every refusal is told by what it means
 * for the login; what an answer leaves out keeps its old value.
 */
import * as oauth from "oauth4webapi";
import { asNumber, asString, type JsonObject } from "../../kernel/json.ts";
import { Secret } from "../../kernel/secret.ts";
import { type Grant, grantOf, originOf } from "../grant.ts";
import { clientAuthOf, type EndpointAnswer, Refused, requestOptions, serverOf } from "./endpoint_call.ts";
import { type OAuthCall, type Refusal, refusal } from "./flow.ts";

/** Changes an authorization code for a grant. */
export function exchangeCode(
  call: OAuthCall,
  { code, redirectUri, codeVerifier }: { readonly code: string; readonly redirectUri: string; readonly codeVerifier?: string },
): Promise<Grant | Refusal> {
  const form = { code, redirect_uri: redirectUri, ...(codeVerifier === undefined ? {} : { code_verifier: codeVerifier }) };
  return askForGrant(call, { grantType: "authorization_code", form });
}

/** Renews a grant. The result has every field of `grant` that the answer does not bring. */
export function refreshGrant(call: OAuthCall, grant: Grant): Promise<Grant | Refusal> {
  if (grant.refreshToken === null) {
    return Promise.resolve(refusal({ kind: "needs_login", reason: "The login cannot be renewed: it has no refresh token" }));
  }
  return askForGrant(call, { grantType: "refresh_token", form: { refresh_token: grant.refreshToken.reveal() }, grant });
}

export interface GrantAsk {
  readonly grantType: string;
  readonly form: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** What is renewed. */
  readonly grant?: Grant;
}

/** One request for a grant of any type. */
export async function askForGrant(call: OAuthCall, { grantType, form, headers, grant }: GrantAsk): Promise<Grant | Refusal> {
  let answer: EndpointAnswer | undefined;
  const client = { client_id: call.client.id };
  try {
    const options = requestOptions(call, (seen) => answer = seen, headers);
    const reply = await oauth.genericTokenEndpointRequest(serverOf(call), client, clientAuthOf(call), grantType, { ...form }, options);
    await oauth.processGenericTokenEndpointResponse(serverOf(call), client, reply);
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    if (answer === undefined) return refusal({ kind: "transient", reason: "The token endpoint could not be asked" });
    return refusalOf(answer, { call, how: grantType === "refresh_token" ? "refresh" : "login" });
  }
  return answer === undefined
    ? refusal({ kind: "transient", reason: "The token endpoint gave no answer" })
    : grantFrom(answer.body, call, grant);
}

function grantFrom(body: JsonObject, { clock }: OAuthCall, before: Grant | undefined): Grant {
  const text = (name: string) => asString(body[name]) || undefined;
  const refreshToken = text("refresh_token");
  const idToken = text("id_token");
  const seconds = asNumber(typeof body.expires_in === "string" ? Number(body.expires_in) : body.expires_in);
  const tokens = {
    accessToken: new Secret(text("access_token") ?? ""),
    refreshToken: refreshToken === undefined ? before?.refreshToken ?? null : new Secret(refreshToken),
    expiresAt: seconds === undefined ? null : clock.now() + seconds * 1000,
  };
  const first = before?.refreshToken?.reveal() ?? refreshToken;
  return grantOf({
    ...before,
    ...tokens,
    tokenType: text("token_type") ?? before?.tokenType ?? "Bearer",
    scope: text("scope") ?? before?.scope ?? null,
    idToken: idToken === undefined ? before?.idToken ?? null : new Secret(idToken),
    resourceUrl: text("resource_url") ?? before?.resourceUrl ?? null,
    origin: before?.origin ?? (first === undefined ? null : originOf(first)),
  });
}

interface Setting {
  readonly call: OAuthCall;
  readonly how: "login" | "refresh";
}

/** What a refusing answer means. HTML, silence and 5xx never come here. */
function refusalOf({ status, body, retryAfterMs }: EndpointAnswer, { call, how }: Setting): Refusal {
  const { row } = call.endpoints;
  const code = asString(body.error);
  const told = { status, ...(code === undefined ? {} : { code }), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  const said = saidOf(body);
  if (status < 300) {
    // iFlow answers so when it is overloaded, and also when a login has died.
    return refusal({ kind: "suspicious", reason: `${row.name} gave no token${said}`, ...told });
  }
  if (code === "invalid_client" || code === "unauthorized_client") {
    const reason = `${row.name} refused the OAuth client${said}: check ${row.prefix}_CLIENT_ID and ${row.prefix}_CLIENT_SECRET`;
    return refusal({ kind: "misconfigured", reason, ...told });
  }
  if (code === "access_denied") return refusal({ kind: "denied", reason: `${row.name} says that access was denied`, ...told });
  if (how === "login") {
    const isCode = code === "invalid_grant";
    const reason = isCode ? "The code was used before or has expired: begin the login again" : `${row.name} refused the login${said}`;
    return refusal({ kind: "needs_login", reason, ...told });
  }
  if (asString(body.error_subtype) === "invalid_rapt" || said.includes("invalid_rapt")) {
    const reason = `${row.name} wants a new login: the account's organisation limits how long a session lasts, so this will come again`;
    return refusal({ kind: "needs_login", reason, ...told });
  }
  if (meansRelogin({ code, status, body, call })) {
    return refusal({ kind: "needs_login", reason: `${row.name} has ended the login${said}`, ...told });
  }
  return refusal({ kind: "suspicious", reason: `${row.name} refused to renew the login${said}`, ...told });
}

function meansRelogin(
  { code, status, body, call }: {
    readonly code: string | undefined;
    readonly status: number;
    readonly body: JsonObject;
    readonly call: OAuthCall;
  },
): boolean {
  const { reloginErrors } = call.endpoints.row;
  if (code === "invalid_grant" || (code !== undefined && reloginErrors.includes(code))) return true;
  // Endpoints with errors of their own use plain statuses where the standard has `invalid_grant`.
  const isOwnWay = reloginErrors.length > 0 && (status === 401 || status === 403);
  return isOwnWay || (reloginErrors.length > 0 && /invalid/i.test(asString(body.message) ?? asString(body.error_description) ?? ""));
}

/** The endpoint's own words, short, and without anything that could be a token. */
function saidOf(body: JsonObject): string {
  const words = asString(body.error_description) ?? asString(body.message) ?? asString(body.error);
  if (words === undefined || words === "") return "";
  return ` (${words.replace(/[A-Za-z0-9_\-./+=]{24,}/g, "…").replace(/\s+/g, " ").slice(0, 200)})`;
}
