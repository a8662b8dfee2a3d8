/** What the gateway must know of a whole answer or one event of a stream of Cohere's. */
import type { Reading } from "../../canonical/answer.ts";
import { asArray, asNumber, asObject, asString, isObject, type JsonObject } from "../../kernel/json.ts";
import type { Usage } from "../../kernel/usage.ts";

/** Reads a whole answer or one event. */
export function readCohere(body: JsonObject): Reading {
  const isEvent = typeof body.type === "string";
  const holder = isEvent ? asObject(body.delta) ?? {} : body;
  const message = asObject(holder.message) ?? {};
  const parts = isObject(message.content) ? [message.content] : asArray(message.content).filter(isObject);
  const text = parts.map((part) => asString(part.text) ?? "").join("");
  const reasoning = [asString(message.tool_plan) ?? "", ...parts.map((part) => asString(part.thinking) ?? "")].join("");
  const hasCalls = isObject(message.tool_calls) || asArray(message.tool_calls).length > 0;
  const finishReason = asString(holder.finish_reason);
  const usage = readUsage(holder);
  return {
    isMeaningful: text !== "" || reasoning !== "" || hasCalls || finishReason === "MAX_TOKENS" || finishReason === "ERROR_TOXIC",
    isUsageOnly: false,
    ...(usage === undefined ? {} : { usage }),
    ...(finishReason === undefined ? {} : { finishReason }),
    ...(body.type === "message-end" ? { endsStream: true as const } : {}),
    text,
    reasoning,
    body,
  };
}

/** `usage.tokens`, of which some are billed. */
export function readUsage(body: JsonObject): Usage | undefined {
  const usage = asObject(body.usage);
  const tokens = asObject(usage?.tokens) ?? asObject(usage?.billed_units);
  const inputTokens = asNumber(tokens?.input_tokens);
  if (inputTokens === undefined) return undefined;
  return { inputTokens, cachedTokens: asNumber(usage?.cached_tokens) ?? 0, outputTokens: asNumber(tokens?.output_tokens) ?? 0 };
}
