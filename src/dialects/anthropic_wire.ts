/**
 * What both halves of the Anthropic dialect share: error shape, usage, and what the gateway reads in passing.
 * Shapes: https://docs.anthropic.com/en/api/messages and https://docs.anthropic.com/en/api/messages-streaming
 */
import type { Reading } from "../canonical/answer.ts";
import type { Failure } from "../kernel/failure.ts";
import { asArray, asNumber, asObject, asString, isObject, type Json, type JsonObject, parseJson } from "../kernel/json.ts";
import type { Usage } from "../kernel/usage.ts";

/** `{type: "error", error: {type, message}}`, with `details` for failures of the pool. */
export function encodeFailure(failed: Failure): JsonObject {
  const { credentials } = failed;
  const own = asObject(parseJson(failed.details ?? ""));
  const pool = credentials === undefined ? undefined : { credentials: credentials.map((it) => ({ ...it })) };
  const details = own === undefined && pool === undefined ? {} : { details: { ...own, ...pool } };
  return { type: "error", error: { type: errorType(failed.status), message: failed.message, ...details } };
}

const ERROR_TYPES: ReadonlyMap<number, string> = new Map([
  [401, "authentication_error"],
  [402, "billing_error"],
  [403, "permission_error"],
  [404, "not_found_error"],
  [413, "request_too_large"],
  [429, "rate_limit_error"],
  [503, "overloaded_error"],
  [504, "timeout_error"],
  [529, "overloaded_error"],
]);

function errorType(status: number): string {
  return ERROR_TYPES.get(status) ?? (status < 500 ? "invalid_request_error" : "api_error");
}

/** One event of a stream, named by its type as clients expect. */
export function writeEvent(body: JsonObject): string {
  return `event: ${asString(body.type) ?? "message"}\ndata: ${JSON.stringify(body)}\n\n`;
}

/** Tokens of a `usage` object; what came from or went to the cache is input too. Undefined when it tells of none. */
export function readUsage(usage: JsonObject | undefined): Usage | undefined {
  if (usage === undefined || (usage.input_tokens === undefined && usage.output_tokens === undefined)) return undefined;
  const count = (name: string) => asNumber(usage[name]) ?? 0;
  const cachedTokens = count("cache_read_input_tokens");
  return {
    inputTokens: count("input_tokens") + cachedTokens + count("cache_creation_input_tokens"),
    cachedTokens,
    outputTokens: count("output_tokens"),
  };
}

/** Ends that explain why nothing was said. */
const SILENT_ENDS: ReadonlySet<string> = new Set(["max_tokens", "model_context_window_exceeded", "refusal", "sensitive", "pause_turn"]);

/** What the gateway must know of a whole message or one event of a stream. */
export function readMessages(body: JsonObject): Reading {
  return body.type === "message" ? readMessage(body) : readEvent(body);
}

function readMessage(body: JsonObject): Reading {
  const blocks = asArray(body.content).filter(isObject);
  const stopReason = asString(body.stop_reason);
  return {
    isMeaningful: blocks.some(saysSomething) || (stopReason !== undefined && SILENT_ENDS.has(stopReason)),
    isUsageOnly: false,
    ...usageField(readUsage(asObject(body.usage))),
    ...(stopReason === undefined ? {} : { finishReason: stopReason }),
    text: textOf(blocks, "text"),
    reasoning: textOf(blocks, "thinking"),
    body,
  };
}

function readEvent(body: JsonObject): Reading {
  const delta = asObject(body.delta);
  const stopReason = body.type === "message_delta" ? asString(delta?.stop_reason) : undefined;
  const usage = readUsage(asObject(body.usage) ?? asObject(asObject(body.message)?.usage));
  const isBlock = body.type === "content_block_start" && saysSomething(asObject(body.content_block) ?? {});
  const isDelta = body.type === "content_block_delta" && hasWords(delta);
  return {
    isMeaningful: isBlock || isDelta || (stopReason !== undefined && SILENT_ENDS.has(stopReason)),
    isUsageOnly: false,
    ...usageField(usage),
    ...(stopReason === undefined ? {} : { finishReason: stopReason }),
    ...(body.type === "message_stop" ? { endsStream: true as const } : {}),
    text: asString(delta?.text) ?? "",
    reasoning: asString(delta?.thinking) ?? "",
    body,
  };
}

function usageField(usage: Usage | undefined): { readonly usage?: Usage } {
  return usage === undefined ? {} : { usage };
}

/** Text and thinking say something once they hold words; every other block does by being there. */
function saysSomething(block: JsonObject): boolean {
  if (block.type === "text") return block.text !== "";
  if (block.type === "thinking") return block.thinking !== "";
  return typeof block.type === "string";
}

function hasWords(delta: JsonObject | undefined): boolean {
  const words: readonly (Json | undefined)[] = [delta?.text, delta?.thinking, delta?.partial_json];
  return words.some((it) => typeof it === "string" && it !== "");
}

function textOf(blocks: readonly JsonObject[], field: "text" | "thinking"): string {
  return blocks.map((block) => block.type === field ? asString(block[field]) ?? "" : "").join("");
}
