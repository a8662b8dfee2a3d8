/**
 * What a fault rule can make the simulated Qwen do, beyond the effects of the wire that every simulator
 * knows: as data, with a name for each scenario worth testing.
 */
import type { JsonObject } from "../../../src/kernel/json.ts";
import type { AnswerShape } from "../answers.ts";
import type { FaultRule } from "../oauth/faults.ts";
import type { Rotation } from "../oauth/token_families.ts";

export type QwenEffect =
  /** `device`: the answer names this interval. */
  | { readonly kind: "interval"; readonly seconds: number }
  /** `poll`: the user is still thinking, whatever the user did. */
  | { readonly kind: "pending" }
  /** `refresh`: what becomes of the refresh token, this time. */
  | { readonly kind: "rotation"; readonly rotation: Rotation }
  /** `poll`, `refresh`: a field of the answer is left out. */
  | { readonly kind: "without"; readonly field: "resource_url" | "refresh_token" | "expires_in" }
  /** `refresh`: from now on the account is served at the other host. */
  | { readonly kind: "move" }
  /** `chat`, `models`: the token the call came with has just ended, or its whole login was revoked. */
  | { readonly kind: "expired_token" | "revoked" }
  /** `chat`: what the model says. */
  | { readonly kind: "content"; readonly shape: AnswerShape }
  /** `chat`: later pieces of a tool call have an empty id and a null name. */
  | { readonly kind: "empty_tool_ids" };

export type QwenRule = FaultRule<QwenEffect>;

const device = (effect: QwenRule["effect"], times = 1): QwenRule => ({ match: { endpoint: "device" }, effect, times });
const poll = (effect: QwenRule["effect"], times = 1): QwenRule => ({ match: { endpoint: "poll" }, effect, times });
const refresh = (effect: QwenRule["effect"], times = 1): QwenRule => ({ match: { endpoint: "refresh" }, effect, times });
const chat = (effect: QwenRule["effect"], times = 1): QwenRule => ({ match: { endpoint: "chat" }, effect, times });

const oauthStatus = (status: number, error: string, description = ""): QwenRule["effect"] => ({
  kind: "status",
  status,
  body: { error, error_description: description },
});
const apiStatus = (status: number, error: JsonObject, headers: Readonly<Record<string, string>> = {}): QwenRule["effect"] => ({
  kind: "status",
  status,
  body: { error: { param: null, type: "invalid_request_error", ...error }, request_id: "sim-request" },
  headers,
});

/** The body of a 401. */
export const TOKEN_REFUSED: JsonObject = { code: "invalid_api_key", message: "invalid access token or token expired" };
const QUOTA: JsonObject = { code: "insufficient_quota", message: "Free allocated quota exceeded.", type: "insufficient_quota" };
const DISCONTINUED = "Free tier quota exceeded. The Qwen OAuth free tier was discontinued on 2026-04-15.";

/** Rules by the name of their scenario. */
export const QWEN_SCENARIOS = {
  "q.device.error": () => device(oauthStatus(200, "invalid_client", "client is not known")),
  "q.device.html": () => device({ kind: "html", status: 200 }),
  "q.device.with_interval": (seconds = 1) => device({ kind: "interval", seconds }),
  "q.device.pending": (times = 1) => poll({ kind: "pending" }, times),
  "q.device.slow_down_429": (times = 1) => poll(oauthStatus(429, "slow_down"), times),
  "q.device.slow_down_400": (times = 1) => poll(oauthStatus(400, "slow_down"), times),
  "q.device.expired": () => poll(oauthStatus(400, "expired_token"), Infinity),
  "q.device.denied": () => poll(oauthStatus(400, "access_denied"), Infinity),
  "q.device.401": () => poll(oauthStatus(401, "invalid_device_code", "device code expired or invalid"), Infinity),
  "q.device.429_other": (seconds = 1) =>
    poll({ kind: "status", status: 429, body: { message: "too many requests" }, headers: { "retry-after": String(seconds) } }),
  "q.device.null_token": (times = 1) => poll({ kind: "status", status: 200, body: { access_token: null, status: "pending" } }, times),
  "q.poll.html": (times = 1) => poll({ kind: "html", status: 200 }, times),
  "q.refresh.rotate": () => refresh({ kind: "rotation", rotation: "rotate" }, Infinity),
  "q.refresh.reuse_kill": () => refresh({ kind: "rotation", rotation: "reuse_kill" }, Infinity),
  "q.refresh.no_resource_url": (times = 1) => refresh({ kind: "without", field: "resource_url" }, times),
  "q.refresh.new_resource_url": () => refresh({ kind: "move" }),
  "q.refresh.no_refresh_token": (times = 1) => refresh({ kind: "without", field: "refresh_token" }, times),
  "q.refresh.400_invalid_request": (times = 1) => refresh(oauthStatus(400, "invalid_request", "Invalid refresh token or client_id"), times),
  "q.refresh.401": (times = 1) => refresh(oauthStatus(401, "invalid_request", "Invalid refresh token or client_id"), times),
  "q.refresh.200_error": (times = 1) => refresh(oauthStatus(200, "invalid_request", "Invalid refresh token or client_id"), times),
  "q.refresh.200_html": (times = 1) => refresh({ kind: "html", status: 200 }, times),
  "q.refresh.5xx": (times = 1) => refresh({ kind: "status", status: 503, body: "upstream timeout" }, times),
  "q.refresh.hang": () => refresh({ kind: "hold" }),
  "q.api.401_once": () => chat({ kind: "expired_token" }),
  "q.api.401_forever": () => chat(apiStatus(401, TOKEN_REFUSED), Infinity),
  "q.api.403_quota": (times = 1) => chat(apiStatus(403, QUOTA), times),
  "q.api.429_quota": (times = 1) => chat(apiStatus(429, QUOTA), times),
  "q.api.429_throttle": (retryAfterS = 1) =>
    chat(
      apiStatus(429, { code: "Throttling.RateQuota", message: "Requests throttling triggered" }, { "retry-after": String(retryAfterS) }),
    ),
  "q.api.discontinued": () => chat(apiStatus(429, { code: "insufficient_quota", message: DISCONTINUED }), Infinity),
  "q.stream.think_tags": () => chat({ kind: "content", shape: { text: "<think>\nhm, well\n</think>\n\nthe answer" } }),
  "q.stream.reasoning_content": () => chat({ kind: "content", shape: { reasoning: "hm, well", text: "the answer" } }),
  "q.stream.placeholder_call": () =>
    chat({ kind: "content", shape: { text: "the answer", toolCalls: [{ name: "do_not_call_me", arguments: {} }] } }),
  "q.stream.tool_id_empty": () => chat({ kind: "empty_tool_ids" }),
  "q.stream.no_done": () => chat({ kind: "edits", edits: [{ edit: "drop_done" }] }),
  "q.stream.cut": (chunkCount = 2) => chat({ kind: "half_close", at: { chunkCount } }),
  "q.stream.stall": (chunkCount = 2) => chat({ kind: "hold", at: { chunkCount } }),
  "q.stream.html": () => chat({ kind: "html", status: 200 }),
} satisfies Record<string, (count?: number) => QwenRule>;

/** A guard for some kinds of effect. */
export function ofKind<K extends QwenEffect["kind"]>(...kinds: readonly K[]) {
  const wanted: readonly string[] = kinds;
  return (effect: { readonly kind: string }): effect is Extract<QwenEffect, { readonly kind: K }> => wanted.includes(effect.kind);
}
