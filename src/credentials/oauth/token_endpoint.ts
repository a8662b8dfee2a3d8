/**
 * The token endpoint: a code for a grant, an old grant for a new one. Every refusal is told by what it means
 * for the login; what an answer leaves out keeps its old value.
 */
import * as oauth from "oauth4webapi";
import { isLoopback } from "../../kernel/address.ts";
import { asNumber, asString, type Json, type JsonObject } from "../../kernel/json.ts";
import { Secret } from "../../kernel/secret.ts";
import { type Grant, grantOf, originOf } from "../grant.ts";
import { clientAuthOf, type EndpointAnswer, Refused, requestOptions, serverOf } from "./endpoint_call.ts";
import { type OAuthCall, type Refusal, refusal } from "./flow.ts";
import { refusalOf } from "./refusals.ts";

/** More than that is a mistake in the answer, and dates have an end. */
const LONGEST_LIFE_S = 10 * 365 * 86_400;

/** Changes an authorization code for a grant. */
export function exchangeCode(
  call: OAuthCall,
  { code, redirectUri, codeVerifier }: { readonly code: string; readonly redirectUri: string; readonly codeVerifier?: string },
): Promise<Grant | Refusal> {
  const form = { code, redirect_uri: redirectUri, ...(codeVerifier === undefined ? {} : { code_verifier: codeVerifier }) };
  return askForGrant(call, { grantType: "authorization_code", form, secrets: [code, codeVerifier ?? ""] });
}

/** Renews a grant. The result has every field of `grant` that the answer does not bring. */
export function refreshGrant(call: OAuthCall, grant: Grant): Promise<Grant | Refusal> {
  if (grant.refreshToken === null) {
    return Promise.resolve(refusal({ kind: "needs_login", reason: "The login cannot be renewed: it has no refresh token" }));
  }
  const token = grant.refreshToken.reveal();
  return askForGrant(atItsOrigin(call, grant), { grantType: "refresh_token", form: { refresh_token: token }, secrets: [token], grant });
}

/** Tokens that came with an address are renewed there, unless `P_TOKEN_URL` says another. */
function atItsOrigin(call: OAuthCall, { tokenUrl }: Grant): OAuthCall {
  const { endpoints } = call;
  if (tokenUrl === null || !URL.canParse(tokenUrl) || endpoints.tokenUrl !== endpoints.row.tokenUrl) return call;
  const { protocol, hostname } = new URL(tokenUrl);
  const isPrivate = protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
  return isPrivate ? { ...call, endpoints: { ...endpoints, tokenUrl } } : call;
}

export interface GrantAsk {
  readonly grantType: string;
  readonly form: Readonly<Record<string, string>>;
  /** Values that no message may show, should the answer repeat them. */
  readonly secrets: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** What is renewed. */
  readonly grant?: Grant;
}

/** One request for a grant of any type. */
export async function askForGrant(call: OAuthCall, { grantType, form, secrets, headers, grant }: GrantAsk): Promise<Grant | Refusal> {
  let answer: EndpointAnswer | undefined;
  const client = { client_id: call.client.id };
  try {
    const options = requestOptions(call, (seen) => answer = seen, headers);
    const reply = await oauth.genericTokenEndpointRequest(serverOf(call), client, clientAuthOf(call), grantType, { ...form }, options);
    await oauth.processGenericTokenEndpointResponse(serverOf(call), client, reply);
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    if (answer === undefined) throw error;
    return refusalOf(answer, {
      row: call.endpoints.row,
      how: grantType === "refresh_token" ? "refresh" : "login",
      sent: [...secrets, call.client.secret?.reveal() ?? ""],
    });
  }
  if (answer === undefined) throw new Error("The OAuth library gave an answer without asking");
  return grantFrom(answer.body, call, grant);
}

function grantFrom(body: JsonObject, { clock }: OAuthCall, before: Grant | undefined): Grant {
  const text = (name: string) => asString(body[name]) || undefined;
  const refreshToken = text("refresh_token");
  const idToken = text("id_token");
  const lifeS = secondsOf(body.expires_in);
  const first = before?.refreshToken?.reveal() ?? refreshToken;
  return grantOf({
    ...before,
    accessToken: new Secret(text("access_token") ?? ""),
    refreshToken: refreshToken === undefined ? before?.refreshToken ?? null : new Secret(refreshToken),
    expiresAt: lifeS === undefined ? null : clock.now() + Math.round(Math.min(lifeS, LONGEST_LIFE_S) * 1000),
    tokenType: text("token_type") ?? before?.tokenType ?? "Bearer",
    scope: text("scope") ?? before?.scope ?? null,
    idToken: idToken === undefined ? before?.idToken ?? null : new Secret(idToken),
    resourceUrl: text("resource_url") ?? before?.resourceUrl ?? null,
    origin: before?.origin ?? (first === undefined ? null : originOf(first)),
  });
}

/** A positive number of seconds, also as a text; undefined for anything else. */
export function secondsOf(value: Json | undefined): number | undefined {
  const seconds = asNumber(typeof value === "string" && value.trim() !== "" ? Number(value) : value);
  return seconds !== undefined && seconds > 0 ? seconds : undefined;
}
