/**
 * Qwen's login: the device's codes, the page where the user decides, and the token endpoint. A device code is
 * good once, with the verifier it was asked for.
 */
import { createHash } from "node:crypto";
import type { Asked } from "../oauth/asked.ts";
import { consentPage, oauthError, page, PLAIN_HTML, withQuery } from "../oauth/pages.ts";
import type { IssuedTokens } from "../oauth/token_families.ts";
import { jsonReply, type Reply } from "../reply.ts";
import { type Device, effectOf, type QwenState, resourceUrl } from "./state.ts";

const CODE_LIFETIME_S = 900;
/** Asking more often than this is too often, ms. */
const SHORTEST_INTERVAL_MS = 1_000;
export const SCOPE = "openid profile email model.completion";
export const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";

/** What stands in front of the service sends away whoever does not say what it is. */
export function wallReply(asked: Asked): Reply | undefined {
  return asked.headers["user-agent"] === undefined ? page({ title: "Checking your browser", body: PLAIN_HTML }) : undefined;
}

/** `POST /api/v1/oauth2/device/code` */
export function deviceCode(state: QwenState, asked: Asked): Reply {
  const { form } = asked;
  if (form === undefined) return oauthError(400, "invalid_request", { description: "a form is expected" });
  if (form.get("client_id") !== state.clientId) return oauthError(401, "invalid_client", { description: "client is not known" });
  if (form.get("scope") !== SCOPE) return oauthError(400, "invalid_scope", { description: "scope is not known" });
  const challenge = form.get("code_challenge") ?? "";
  if (form.get("code_challenge_method") !== "S256" || !/^[\w-]{43}$/.test(challenge)) {
    return oauthError(400, "invalid_request", { description: "code_challenge is wrong or missing" });
  }
  const device: Device = {
    code: state.tokens.text("device"),
    userCode: state.tokens.hex("user code", 8).toUpperCase(),
    challenge,
    expiresAt: state.clock.now() + CODE_LIFETIME_S * 1_000,
    decision: state.consent,
    account: state.account,
    lastPollAt: -Infinity,
    isUsed: false,
  };
  state.devices.set(device.code, device);
  const interval = effectOf(state, asked, "interval")?.seconds;
  return jsonReply(200, {
    device_code: device.code,
    user_code: device.userCode,
    verification_uri: `${state.url}/authorize`,
    verification_uri_complete: withQuery(`${state.url}/authorize`, { user_code: device.userCode, client: "qwen-code" }),
    expires_in: CODE_LIFETIME_S,
    ...(interval === undefined ? {} : { interval }),
  });
}

/** `GET /authorize`: the user's page; `answer` in the query decides. */
export function authorize(state: QwenState, asked: Asked): Reply {
  const userCode = asked.query.get("user_code");
  const client = asked.query.get("client");
  const device = [...state.devices.values()].find((it) => it.userCode === userCode);
  if (userCode === null || client === null || device === undefined) {
    return page({ status: 400, title: "Error", body: "<p>user_code or client is null</p>" });
  }
  const answer = asked.query.get("answer");
  if (answer === "allow" || answer === "deny") {
    device.decision = answer === "allow" ? "allowed" : "denied";
    return page({ title: "Done", body: "<p>You may close this page.</p>" });
  }
  const url = (decision: string) => `/authorize?${new URLSearchParams({ user_code: userCode, client, answer: decision })}`;
  return consentPage({ account: device.account, client, allowUrl: url("allow"), denyUrl: url("deny") });
}

/** `POST /api/v1/oauth2/token` */
export function token(state: QwenState, asked: Asked): Reply {
  const { form } = asked;
  if (form === undefined) return oauthError(400, "invalid_request", { description: "a form is expected" });
  const isClient = form.get("client_id") === state.clientId;
  switch (form.get("grant_type")) {
    case DEVICE_GRANT:
      return isClient ? poll(state, asked, form) : oauthError(401, "invalid_client", { description: "client is not known" });
    case "refresh_token":
      return isClient ? refresh(state, asked, form) : refreshRefused();
    default:
      return oauthError(400, "unsupported_grant_type");
  }
}

function poll(state: QwenState, asked: Asked, form: URLSearchParams): Reply {
  const device = state.devices.get(form.get("device_code") ?? "");
  if (device === undefined || device.isUsed) {
    return oauthError(401, "invalid_device_code", { description: "device code expired or invalid" });
  }
  const verifier = form.get("code_verifier") ?? "";
  if (createHash("sha256").update(verifier).digest("base64url") !== device.challenge) {
    return oauthError(400, "invalid_request", { description: "code_verifier does not match" });
  }
  const now = state.clock.now();
  if (now >= device.expiresAt) return oauthError(400, "expired_token");
  const isTooFast = now - device.lastPollAt < SHORTEST_INTERVAL_MS;
  device.lastPollAt = now;
  if (isTooFast) return oauthError(429, "slow_down");
  if (effectOf(state, asked, "pending") !== undefined || device.decision === "pending") return oauthError(400, "authorization_pending");
  if (device.decision === "denied") return oauthError(400, "access_denied");
  device.isUsed = true;
  const issued = state.families.open({ account: device.account, clientId: state.clientId, scope: SCOPE });
  return tokenReply(state, asked, issued);
}

function refresh(state: QwenState, asked: Asked, form: URLSearchParams): Reply {
  const rotation = effectOf(state, asked, "rotation")?.rotation;
  const issued = state.families.refresh(form.get("refresh_token") ?? "", {
    clientId: state.clientId,
    ...(rotation === undefined ? {} : { rotation }),
  });
  if (typeof issued === "string") return refreshRefused();
  if (effectOf(state, asked, "move") !== undefined) state.homes.set(issued.family.account, "second");
  return tokenReply(state, asked, issued);
}

function refreshRefused(): Reply {
  return oauthError(400, "invalid_request", { description: "Invalid refresh token or client_id" });
}

function tokenReply(state: QwenState, asked: Asked, issued: IssuedTokens): Reply {
  const left = effectOf(state, asked, "without")?.field;
  const fields = {
    access_token: issued.accessToken,
    refresh_token: issued.refreshToken,
    token_type: "Bearer",
    expires_in: Math.floor((issued.expiresAt - state.clock.now()) / 1_000),
    scope: SCOPE,
    resource_url: resourceUrl(state, issued.family.account),
    status: "success",
  };
  const body = Object.fromEntries(Object.entries(fields).filter(([name]) => name !== left));
  return jsonReply(200, body, { "cache-control": "no-store" });
}
