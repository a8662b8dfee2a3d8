/** Pieces of answers in Anthropic's words, the same for whole messages and streams. */
import { Buffer } from "node:buffer";
import type { ChatUsage, FinishReason } from "../../canonical/chat.ts";
import { asObject, isObject, type Json, type JsonObject, parseJson } from "../../kernel/json.ts";
import type { AnswerContext } from "../codec.ts";

/** The id of a message, with the prefix clients know it by. */
export function messageId(given: string | undefined, context: AnswerContext): string {
  const id = given ?? context.id;
  return id.startsWith("msg_") ? id : `msg_${id.replace(/^[a-z]+[-_]/, "")}`;
}

/** Arguments of a call as the object they are; what is no object has no place and is kept under a name that says so. */
export function inputOf(text: string): JsonObject {
  const parsed = parseJson(text === "" ? "{}" : text);
  if (parsed === undefined) return { _raw: text };
  return isObject(parsed) ? parsed : { value: parsed };
}

/** An id that Anthropic's clients and API accept. */
export function toolUseId(id: string): string {
  return id.replace(/[^a-zA-Z0-9_-]/g, "_");
}

/** Why it ended. `said`: whether a tool was called or the answer refused, which wins over the provider's word. */
export function stopFields(
  finish: { readonly reason: FinishReason; readonly stopSequence?: string } | undefined,
  said: "calls" | "refusal" | "no_calls",
): { readonly stop_reason: string; readonly stop_sequence: string | null } {
  const sequence = finish?.stopSequence ?? null;
  switch (finish?.reason) {
    case "length":
      return { stop_reason: "max_tokens", stop_sequence: null };
    case "content_filter":
      return { stop_reason: "refusal", stop_sequence: null };
    default:
      if (said === "calls") return { stop_reason: "tool_use", stop_sequence: null };
      if (said === "refusal") return { stop_reason: "refusal", stop_sequence: null };
      return { stop_reason: sequence === null ? "end_turn" : "stop_sequence", stop_sequence: sequence };
  }
}

/** `usage`: what was read from and written to the cache is told apart from the rest of the input, and of the output what was thought. */
export function usageShape(usage: ChatUsage | undefined): JsonObject {
  if (usage === undefined) return { input_tokens: 0, output_tokens: 0 };
  const { inputTokens, cachedTokens, cacheWriteTokens, outputTokens, reasoningTokens } = usage;
  return {
    input_tokens: Math.max(inputTokens - cachedTokens - (cacheWriteTokens ?? 0), 0),
    cache_creation_input_tokens: cacheWriteTokens ?? 0,
    cache_read_input_tokens: cachedTokens,
    output_tokens: outputTokens,
    ...(reasoningTokens === 0 ? {} : { output_tokens_details: { thinking_tokens: reasoningTokens } }),
  };
}

/** A stream must say at its start how long the prompt was, before the provider told: about four bytes are a token. */
export function estimatedInput(request: JsonObject): number {
  const said: Json = { system: request.system ?? "", messages: request.messages ?? [], tools: request.tools ?? [] };
  return Math.ceil(lengthOf(said) / 4);
}

/** Bytes of text in a body; pictures and the like are left out. */
function lengthOf(value: Json | undefined): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + lengthOf(item), 0);
  const object = asObject(value);
  if (object === undefined) return 0;
  if (object.type === "base64") return 0;
  return Object.entries(object).reduce((sum, [name, item]) => sum + name.length + lengthOf(item), 0);
}
