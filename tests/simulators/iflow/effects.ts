/**
 * What a fault rule can make the simulated iFlow do, beyond the effects of the wire that every simulator
 * knows: as data, with a name for each scenario worth testing.
 */
import type { AnswerShape } from "../answers.ts";
import type { FaultRule } from "../oauth/faults.ts";
import type { Rotation } from "../oauth/token_families.ts";

/** How a stream departs from a correct one. */
export type StreamForm = "no_space" | "no_finish" | "empty_usage" | "no_usage" | "blank_event";

export type IflowEffect =
  /** `refresh`: what becomes of the refresh token, this time. */
  | { readonly kind: "rotation"; readonly rotation: Rotation }
  /** `exchange`, `refresh`: the tokens stand inside `{success, data}`. */
  | { readonly kind: "wrapped_tokens" }
  /** `user`: a field of the account is empty, or the answer is a refusal. */
  | { readonly kind: "user"; readonly form: "no_api_key" | "phone_only" | "no_name" | "refused" }
  /** `chat`: the key the call came with is dead; user information gives another from then on. */
  | { readonly kind: "dead_key" }
  /** `chat`: `{status, msg, body: null}`, with HTTP 200 unless `http` says otherwise. */
  | { readonly kind: "envelope"; readonly status: string | number; readonly msg: string; readonly http?: number }
  /** `chat`: a whole answer stands inside `{success, data}`. */
  | { readonly kind: "wrapped_answer" }
  /** `chat`: 406 for streams; a request that does not ask for one is not counted. */
  | { readonly kind: "no_stream" }
  /** `chat`: what the model says. */
  | { readonly kind: "content"; readonly shape: AnswerShape }
  /** `chat`: how a stream departs from a correct one. */
  | { readonly kind: "stream"; readonly form: StreamForm };

export type IflowRule = FaultRule<IflowEffect>;

const refresh = (effect: IflowRule["effect"], times = 1): IflowRule => ({ match: { endpoint: "refresh" }, effect, times });
const user = (effect: IflowRule["effect"], times = 1): IflowRule => ({ match: { endpoint: "user" }, effect, times });
const chat = (effect: IflowRule["effect"], times = 1): IflowRule => ({ match: { endpoint: "chat" }, effect, times });
const stream = (form: StreamForm): IflowRule => chat({ kind: "stream", form });
const envelope = (status: string | number, msg: string, http?: number): IflowRule["effect"] => ({
  kind: "envelope",
  status,
  msg,
  ...(http === undefined ? {} : { http }),
});

const EXPIRED = "Your API Token has expired.";
const LIMITED = "You exceeded your current rate limit";
const BLOCKED = "Access to the current AK has been blocked due to unauthorized requests";
const BUSY = { success: false, code: "500", message: "当前找我聊的人太多了，可以晚点再来问我哦。", data: null, extra: null };

/** Rules by the name of their scenario. */
export const IFLOW_SCENARIOS = {
  "i.login.no_api_key": (times = 1) => user({ kind: "user", form: "no_api_key" }, times),
  "i.login.phone_only": (times = 1) => user({ kind: "user", form: "phone_only" }, times),
  "i.login.no_name": (times = 1) => user({ kind: "user", form: "no_name" }, times),
  "i.login.refused": (times = 1) => user({ kind: "user", form: "refused" }, times),
  "i.refresh.rotate": () => refresh({ kind: "rotation", rotation: "rotate" }, Infinity),
  "i.refresh.reuse_kill": () => refresh({ kind: "rotation", rotation: "reuse_kill" }, Infinity),
  "i.refresh.wrapped": (times = 1) => refresh({ kind: "wrapped_tokens" }, times),
  "i.refresh.busy": (times = 1) => refresh({ kind: "status", status: 200, body: BUSY }, times),
  "i.refresh.busy_forever": () => refresh({ kind: "status", status: 200, body: BUSY }, Infinity),
  "i.refresh.400_invalid": (times = 1) =>
    refresh({ kind: "status", status: 400, body: { error: "invalid_grant", error_description: "Invalid refresh token" } }, times),
  "i.refresh.401": (times = 1) => refresh({ kind: "status", status: 401, body: { error: "invalid_token" } }, times),
  "i.refresh.5xx": (times = 1) => refresh({ kind: "status", status: 502, body: "bad gateway" }, times),
  "i.refresh.html": (times = 1) => refresh({ kind: "html", status: 200 }, times),
  "i.refresh.userinfo_fail_after": (times = 1) => user({ kind: "status", status: 503, body: "try later" }, times),
  "i.api.439_once": () => chat({ kind: "dead_key" }),
  "i.api.439_forever": () => chat(envelope("439", EXPIRED), Infinity),
  "i.api.449": (times = 1) => chat(envelope("449", LIMITED), times),
  "i.api.http449": (times = 1) => chat(envelope("449", LIMITED, 449), times),
  "i.api.434": () => chat(envelope("434", BLOCKED), Infinity),
  "i.api.435": () => chat(envelope("435", "Model not support"), Infinity),
  "i.api.other": (times = 1) => chat(envelope("514", "Model service error"), times),
  "i.api.numeric_status": (times = 1) => chat(envelope(449, LIMITED), times),
  "i.api.406_stream": () => chat({ kind: "no_stream" }, Infinity),
  "i.api.200_wrapped": (times = 1) => chat({ kind: "wrapped_answer" }, times),
  "i.stream.no_space": () => stream("no_space"),
  "i.stream.no_finish": () => stream("no_finish"),
  "i.stream.empty_usage": () => stream("empty_usage"),
  "i.stream.no_usage": () => stream("no_usage"),
  "i.stream.blank_event": () => stream("blank_event"),
  "i.stream.split": (byteCount = 7) => chat({ kind: "edits", edits: [{ edit: "split_every", byteCount }] }),
  "i.stream.reasoning_only": () => chat({ kind: "content", shape: { text: "", reasoning: "hm, well" } }),
  "i.stream.placeholder_call": () =>
    chat({ kind: "content", shape: { text: "the answer", toolCalls: [{ name: "do_not_call_me", arguments: {} }] } }),
  "i.stream.cut": (chunkCount = 2) => chat({ kind: "half_close", at: { chunkCount } }),
  "i.stream.stall": (chunkCount = 2) => chat({ kind: "hold", at: { chunkCount } }),
  "i.gone": () => ({ effect: { kind: "html", status: 404 }, times: Infinity }),
} satisfies Record<string, (count?: number) => IflowRule>;

/** A guard for some kinds of effect. */
export function ofKind<K extends IflowEffect["kind"]>(...kinds: readonly K[]) {
  const wanted: readonly string[] = kinds;
  return (effect: { readonly kind: string }): effect is Extract<IflowEffect, { readonly kind: K }> => wanted.includes(effect.kind);
}
