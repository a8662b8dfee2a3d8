/**
 * The simulated token endpoint, token and user information, and revocation. Errors have Google's words; a
 * code is good once, and only with everything it was bound to.
 */
import { createHash } from "node:crypto";
import type { JsonObject } from "../../../src/kernel/json.ts";
import { type Asked, basicOf } from "../oauth/asked.ts";
import { oauthError } from "../oauth/pages.ts";
import type { IssuedTokens } from "../oauth/token_families.ts";
import { jsonReply, type Reply } from "../reply.ts";
import { accountOf, type AuthorizationCode, effectOf, type GoogleState } from "./state.ts";

/** `POST /token`. */
export function token(state: GoogleState, asked: Asked): Reply {
  const effect = effectOf(state, asked, "oauth_error");
  if (effect !== undefined) return oauthError(effect.status ?? 400, effect.error, effect);
  const { form } = asked;
  if (form === undefined) return oauthError(400, "invalid_request", { description: "Required parameter is missing: grant_type" });
  const clientError = clientErrorIn(state, asked, form);
  if (clientError !== undefined) return clientError;
  switch (form.get("grant_type")) {
    case "authorization_code":
      return exchange(state, asked, form);
    case "refresh_token":
      return refresh(state, asked, form);
    case null:
      return oauthError(400, "invalid_request", { description: "Required parameter is missing: grant_type" });
    default:
      return oauthError(400, "unsupported_grant_type", { description: `Invalid grant_type: ${form.get("grant_type")}` });
  }
}

/** Id of the client a form or a header names. */
function clientIn(asked: Asked, form: URLSearchParams) {
  return { id: form.get("client_id") ?? basicOf(asked)?.id, secret: form.get("client_secret") ?? basicOf(asked)?.secret };
}

function clientErrorIn(state: GoogleState, asked: Asked, form: URLSearchParams): Reply | undefined {
  const { id, secret } = clientIn(asked, form);
  if (id === undefined) return oauthError(400, "invalid_request", { description: "Could not determine client ID from request." });
  if (id !== state.client.id) return oauthError(401, "invalid_client", { description: "The OAuth client was not found." });
  if (secret === undefined || secret === "") return oauthError(400, "invalid_request", { description: "client_secret is missing." });
  if (secret !== state.client.secret) return oauthError(401, "invalid_client", { description: "Unauthorized" });
  return undefined;
}

function exchange(state: GoogleState, asked: Asked, form: URLSearchParams): Reply {
  const code = state.codes.get(form.get("code") ?? "");
  if (code === undefined || code.isUsed || code.expiresAt <= state.clock.now()) return badGrant("Bad Request");
  if (form.get("redirect_uri") !== code.redirectUri) return oauthError(400, "redirect_uri_mismatch", { description: "Bad Request" });
  const verifierError = verifierErrorIn(code, form.get("code_verifier"));
  if (verifierError !== undefined) return badGrant(verifierError);
  code.isUsed = true;
  const issued = state.families.open({ account: code.account, clientId: code.clientId, scope: grantedScope(code.scope) });
  const hasRefreshToken = code.hasRefreshToken && effectOf(state, asked, "no_refresh_token") === undefined;
  return tokenReply(state, issued, { hasRefreshToken });
}

function verifierErrorIn(code: AuthorizationCode, verifier: string | null): string | undefined {
  if (code.challenge === null) return undefined;
  if (verifier === null || verifier === "") return "Missing code verifier.";
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  return challenge === code.challenge ? undefined : "Invalid code verifier.";
}

function refresh(state: GoogleState, asked: Asked, form: URLSearchParams): Reply {
  const rotation = effectOf(state, asked, "rotation")?.rotation;
  const issued = state.families.refresh(form.get("refresh_token") ?? "", {
    ...(rotation === undefined ? {} : { rotation }),
    clientId: state.client.id,
  });
  switch (issued) {
    case "unknown":
      return badGrant("Bad Request");
    case "revoked":
    case "replaced":
      return badGrant("Token has been expired or revoked.");
    case "other_client":
      return oauthError(400, "unauthorized_client", { description: "Unauthorized" });
    default:
      return tokenReply(state, issued, { hasRefreshToken: issued.isRotated });
  }
}

function badGrant(description: string): Reply {
  return oauthError(400, "invalid_grant", { description });
}

/** Google adds `openid` and has an order of its own. */
export function grantedScope(asked: string): string {
  const scopes = asked.split(" ").filter((scope) => scope !== "" && scope !== "openid");
  return [...scopes.toReversed(), "openid"].join(" ");
}

/** What a token endpoint answers. */
export function tokenReply(state: GoogleState, issued: IssuedTokens, options: { readonly hasRefreshToken: boolean }): Reply {
  const body = {
    access_token: issued.accessToken,
    expires_in: Math.floor((issued.expiresAt - state.clock.now()) / 1000),
    ...(options.hasRefreshToken ? { refresh_token: issued.refreshToken } : {}),
    scope: issued.family.scope,
    token_type: "Bearer",
    id_token: idToken(state, issued),
  };
  return jsonReply(200, body, { "cache-control": "no-cache, no-store, max-age=0, must-revalidate" });
}

/** An id token of the right form; its signature is noise. */
export function idToken(state: GoogleState, issued: IssuedTokens): string {
  const { email, id } = accountOf(state, issued.family.account);
  const payload = {
    iss: "https://accounts.google.com",
    azp: state.client.id,
    aud: state.client.id,
    sub: id,
    email,
    email_verified: true,
    iat: Math.floor(state.clock.now() / 1000),
    exp: Math.floor(issued.expiresAt / 1000),
  };
  const encoded = [{ alg: "RS256", kid: "sim", typ: "JWT" }, payload].map((it: JsonObject) =>
    btoa(JSON.stringify(it)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")
  );
  return [...encoded, state.tokens.text(`signature:${email}`, 43)].join(".");
}

/** `POST|GET /tokeninfo`: the token is in the query, the form or the header. */
export function tokenFacts(state: GoogleState, asked: Asked): Reply {
  const accessToken = asked.query.get("access_token") ?? asked.form?.get("access_token") ?? asked.bearer ?? "";
  const access = state.families.access(accessToken);
  if (access.kind !== "good") return oauthError(400, "invalid_token", { description: "Invalid Value" });
  const { account, scope } = access.family;
  const expiresAt = state.families.expiryOf(accessToken) ?? 0;
  return jsonReply(200, {
    azp: access.family.clientId,
    aud: access.family.clientId,
    sub: accountOf(state, account).id,
    scope,
    exp: String(Math.floor(expiresAt / 1000)),
    expires_in: String(Math.floor((expiresAt - state.clock.now()) / 1000)),
    email: account,
    email_verified: "true",
    access_type: "offline",
  });
}

/** `GET /oauth2/v1/userinfo`, `GET /oauth2/v2/userinfo`. */
export function userFacts(state: GoogleState, asked: Asked): Reply {
  const effect = effectOf(state, asked, "oauth_error");
  if (effect !== undefined) return oauthError(effect.status ?? 400, effect.error, effect);
  const access = state.families.access(asked.bearer ?? "");
  if (access.kind !== "good") {
    const message =
      "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential.";
    return jsonReply(401, { error: { code: 401, message, status: "UNAUTHENTICATED" } });
  }
  const { id, email } = accountOf(state, access.family.account);
  const name = email.split("@")[0] ?? "";
  return jsonReply(200, {
    id,
    email,
    verified_email: true,
    name,
    given_name: name,
    family_name: "Simulated",
    picture: `https://lh3.googleusercontent.com/a/${id}`,
  });
}

/** `POST /revoke`. */
export function revoke(state: GoogleState, asked: Asked): Reply {
  const token = asked.query.get("token") ?? asked.form?.get("token") ?? "";
  if (state.families.revokeToken(token)) return jsonReply(200, {});
  return oauthError(400, "invalid_token", { description: "Token expired or revoked" });
}
