/**
 * iFlow's login: the authorize page, the token endpoint and user information. The client names itself twice,
 * in HTTP Basic and in the form; a code is good once, with the redirect URI it was asked for.
 */
import type { Json } from "../../../src/kernel/json.ts";
import { type Asked, basicOf } from "../oauth/asked.ts";
import { consentPage, oauthError, page, redirect, withQuery } from "../oauth/pages.ts";
import type { IssuedTokens } from "../oauth/token_families.ts";
import { jsonReply, type Reply } from "../reply.ts";
import { effectOf, endKey, type IflowState, keyOf } from "./state.ts";

const CODE_LIFETIME_MS = 300_000;
export const SCOPE = "read";

/** `GET /oauth`. `answer` in the query is a click on the page of consent. */
export function authorize(state: IflowState, asked: Asked): Reply {
  const { query } = asked;
  const fault = authorizeFault(state, query);
  if (fault !== undefined) return page({ status: 400, title: "Error", body: `<p>${fault}</p>` });
  const clicked = query.get("answer");
  if (state.consent === "ask" && clicked === null) {
    const url = (answer: string) => `/oauth?${new URLSearchParams([...query, ["answer", answer]])}`;
    return consentPage({ account: state.account, client: "iFlow CLI", allowUrl: url("allow"), denyUrl: url("deny") });
  }
  const target = query.get("redirect") ?? "";
  const sent = query.get("state") ?? undefined;
  if (state.consent === "deny" || clicked === "deny") return redirect(withQuery(target, { error: "access_denied", state: sent }));
  const code = state.tokens.text("code");
  state.codes.set(code, {
    account: state.account,
    redirectUri: target,
    expiresAt: state.clock.now() + CODE_LIFETIME_MS,
    isUsed: false,
  });
  return redirect(withQuery(target, { code, state: state.consent === "wrong_state" ? "somebody-elses-state" : sent }));
}

function authorizeFault(state: IflowState, query: URLSearchParams): string | undefined {
  if (query.get("client_id") !== state.client.id) return "client_id is not known";
  if (query.get("loginMethod") !== "phone" || query.get("type") !== "phone") return "loginMethod and type are missing";
  const target = query.get("redirect") ?? "";
  return /^http:\/\/(?:localhost|127\.0\.0\.1):\d+\/oauth2callback$/.test(target) ? undefined : "redirect is not registered";
}

/** `POST /oauth/token` */
export function token(state: IflowState, asked: Asked): Reply {
  const { form } = asked;
  if (form === undefined) return oauthError(400, "invalid_request", { description: "a form is expected" });
  if (!isClient(state, asked, form)) return oauthError(401, "invalid_client", { description: "Bad client credentials" });
  switch (form.get("grant_type")) {
    case "authorization_code":
      return exchange(state, asked, form);
    case "refresh_token":
      return refresh(state, asked, form);
    default:
      return oauthError(400, "unsupported_grant_type");
  }
}

function isClient({ client }: IflowState, asked: Asked, form: URLSearchParams): boolean {
  const basic = basicOf(asked);
  return client.secret !== "" && basic?.id === client.id && basic.secret === client.secret &&
    form.get("client_id") === client.id && form.get("client_secret") === client.secret;
}

function exchange(state: IflowState, asked: Asked, form: URLSearchParams): Reply {
  const code = state.codes.get(form.get("code") ?? "");
  if (code === undefined || code.isUsed || state.clock.now() >= code.expiresAt) {
    return oauthError(400, "invalid_grant", { description: "Invalid authorization code" });
  }
  if (form.get("redirect_uri") !== code.redirectUri) return oauthError(400, "invalid_grant", { description: "Redirect URI mismatch" });
  code.isUsed = true;
  return tokenReply(state, asked, state.families.open({ account: code.account, clientId: state.client.id, scope: SCOPE }));
}

function refresh(state: IflowState, asked: Asked, form: URLSearchParams): Reply {
  const rotation = effectOf(state, asked, "rotation")?.rotation;
  const issued = state.families.refresh(form.get("refresh_token") ?? "", rotation === undefined ? {} : { rotation });
  if (typeof issued === "string") return oauthError(400, "invalid_grant", { description: "Invalid refresh token" });
  if (state.keyLife === "ends_with_token") endKey(state, issued.family.account);
  return tokenReply(state, asked, issued);
}

function tokenReply(state: IflowState, asked: Asked, issued: IssuedTokens): Reply {
  const body = {
    access_token: issued.accessToken,
    refresh_token: issued.refreshToken,
    expires_in: Math.floor((issued.expiresAt - state.clock.now()) / 1_000),
    token_type: "bearer",
    scope: SCOPE,
  };
  const isWrapped = effectOf(state, asked, "wrapped_tokens") !== undefined;
  return jsonReply(200, isWrapped ? enveloped(body) : body);
}

/** `GET /api/oauth/getUserInfo?accessToken=…` */
export function userFacts(state: IflowState, asked: Asked): Reply {
  const access = state.families.access(asked.query.get("accessToken") ?? "");
  if (access.kind !== "good") {
    return jsonReply(401, { success: false, code: "401", message: "invalid access token", data: null, extra: null });
  }
  const { account } = access.family;
  const form = effectOf(state, asked, "user")?.form;
  if (form === "refused") return jsonReply(200, { success: false, code: "40001", message: "refused", data: null, extra: null });
  const hasName = form !== "no_name";
  return jsonReply(
    200,
    enveloped({
      userId: `user-${account}`,
      userName: account.split("@")[0] ?? "",
      avatar: "https://img.example.com/avatar.png",
      email: hasName && form !== "phone_only" ? account : "",
      phone: hasName ? "+8613800000000" : "",
      apiKey: form === "no_api_key" ? "" : keyOf(state, account),
    }),
  );
}

function enveloped(data: Json): Json {
  return { success: true, code: "200", message: null, data, extra: null };
}
