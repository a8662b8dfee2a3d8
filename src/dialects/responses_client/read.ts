/** What the gateway must know of a response object or one event of a stream, as OpenAI writes them. */
import type { Reading } from "../../canonical/answer.ts";
import { asArray, asNumber, asObject, asString, isObject, type JsonObject } from "../../kernel/json.ts";
import type { Usage } from "../../kernel/usage.ts";

/** Reads a whole answer or one event. */
export function readResponses(body: JsonObject): Reading {
  return body.object === "response" ? readResponse(body) : readEvent(body);
}

function readResponse(body: JsonObject): Reading {
  const output = asArray(body.output).filter(isObject);
  const finishReason = endOf(body, output);
  const usage = usageOf(body);
  return {
    isMeaningful: output.some((item) => item.type !== "reasoning" || asArray(item.summary).length > 0) || finishReason === "length" ||
      finishReason === "content_filter",
    isUsageOnly: false,
    ...(usage === undefined ? {} : { usage }),
    ...(finishReason === undefined ? {} : { finishReason }),
    text: output.flatMap((item) => asArray(item.content).filter(isObject)).map((part) => asString(part.text) ?? "").join(""),
    reasoning: output.flatMap((item) => asArray(item.summary).filter(isObject)).map((part) => asString(part.text) ?? "").join("\n"),
    body,
  };
}

const ENDS: ReadonlySet<string> = new Set(["response.completed", "response.incomplete"]);

function readEvent(body: JsonObject): Reading {
  const type = asString(body.type) ?? "";
  const response = asObject(body.response);
  const isEnd = ENDS.has(type) && response !== undefined;
  const whole = isEnd ? readResponse({ ...response, status: type.slice("response.".length) }) : undefined;
  const delta = asString(body.delta) ?? "";
  const item = type === "response.output_item.added" || type === "response.output_item.done" ? asObject(body.item) : undefined;
  const saysItem = item !== undefined && item.type !== "message" && item.type !== "reasoning";
  return {
    isMeaningful: (/\.delta$/.test(type) && delta !== "") || saysItem || whole?.isMeaningful === true,
    isUsageOnly: false,
    ...(whole?.usage === undefined ? {} : { usage: whole.usage }),
    ...(whole?.finishReason === undefined ? {} : { finishReason: whole.finishReason }),
    ...(isEnd ? { endsStream: true as const } : {}),
    text: type === "response.output_text.delta" ? delta : "",
    reasoning: type.startsWith("response.reasoning") ? delta : "",
    body,
  };
}

function endOf(response: JsonObject, output: readonly JsonObject[]): string | undefined {
  if (response.status === "incomplete") {
    return asObject(response.incomplete_details)?.reason === "content_filter" ? "content_filter" : "length";
  }
  if (response.status !== "completed") return undefined;
  return output.some(({ type }) => type === "function_call" || type === "custom_tool_call") ? "tool_calls" : "stop";
}

function usageOf(response: JsonObject): Usage | undefined {
  const usage = asObject(response.usage);
  const inputTokens = asNumber(usage?.input_tokens);
  if (usage === undefined || inputTokens === undefined) return undefined;
  return {
    inputTokens,
    cachedTokens: asNumber(asObject(usage.input_tokens_details)?.cached_tokens) ?? 0,
    outputTokens: asNumber(usage.output_tokens) ?? 0,
  };
}
