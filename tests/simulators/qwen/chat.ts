/**
 * Qwen's API: chat and the list of models, at two hosts. A token is good only at the host its login was told;
 * requests are taken only in the form the server wants.
 */
import { asArray, asObject, isObject, type JsonObject } from "../../../src/kernel/json.ts";
import { chatReply, toolsFault, withChoice, withChunks } from "../chat_reply.ts";
import type { Asked } from "../oauth/asked.ts";
import { jsonReply, type Reply } from "../reply.ts";
import { TOKEN_REFUSED } from "./effects.ts";
import { effectOf, type Home, type QwenState } from "./state.ts";

export const QWEN_MODELS: readonly string[] = ["coder-model", "vision-model", "qwen3-coder-plus", "qwen3-coder-flash"];

/** `POST …/v1/chat/completions` */
export function chat(state: QwenState, asked: Asked, host: Home): Reply {
  const denied = denial(state, asked, host);
  if (denied !== undefined) return denied;
  const body = asObject(asked.body);
  if (body === undefined) return apiError(400, { code: "invalid_parameter_error", message: "the body is not a JSON object" });
  const fault = state.strictness === "strict" ? bodyFault(body) : undefined;
  if (fault !== undefined) return apiError(400, { code: "invalid_parameter_error", message: fault });
  const reply = chatReply(asked, body, effectOf(state, asked, "content")?.shape);
  return effectOf(state, asked, "empty_tool_ids") === undefined ? reply : withChunks(reply, (chunks) => chunks.map(withEmptyIds));
}

/** `GET …/v1/models` */
export function models(state: QwenState, asked: Asked, host: Home): Reply {
  const data = QWEN_MODELS.map((id) => ({ id, object: "model", created: 1_750_000_000, owned_by: "qwen" }));
  return denial(state, asked, host) ?? jsonReply(200, { object: "list", data });
}

function denial(state: QwenState, asked: Asked, host: Home): Reply | undefined {
  const key = asked.bearer ?? "";
  const ending = effectOf(state, asked, "expired_token", "revoked");
  if (ending?.kind === "expired_token") state.families.expire(key);
  if (ending?.kind === "revoked") state.families.revokeToken(key);
  if (state.apiKeys.has(key)) return undefined;
  const access = state.families.access(key);
  const isHome = access.kind === "good" && (state.homes.get(access.family.account) ?? "first") === host;
  return isHome ? undefined : apiError(401, TOKEN_REFUSED);
}

function bodyFault(body: JsonObject): string | undefined {
  const messages = asArray(body.messages).filter(isObject);
  const [first, ...rest] = messages;
  const opening = asObject(asArray(first?.content)[0]);
  if (first?.role !== "system" || asObject(opening?.cache_control)?.type !== "ephemeral") {
    return "the first message must be a system message of parts, the first with cache_control";
  }
  if (rest.some((message) => message.role === "system" || message.role === "developer")) {
    return "only the first message may be the system's";
  }
  if (rest.some((message) => message.role === "tool" && typeof message.content !== "string")) {
    return "content of a tool message must be a string";
  }
  return toolsFault(body);
}

function apiError(status: number, error: JsonObject): Reply {
  return jsonReply(status, { error: { param: null, type: "invalid_request_error", ...error }, request_id: "sim-request" });
}

/** Pieces of a call that do not name it have an id and a name all the same. */
function withEmptyIds(chunk: JsonObject): JsonObject {
  return withChoice(chunk, (choice) => {
    const delta = asObject(choice.delta) ?? {};
    if (!Array.isArray(delta.tool_calls)) return choice;
    const calls = asArray(delta.tool_calls).filter(isObject).map((call) =>
      call.id === undefined ? { id: "", type: "function", ...call, function: { name: null, ...asObject(call.function) } } : call
    );
    return { ...choice, delta: { ...delta, tool_calls: calls } };
  });
}
