/** What the gateway must know of a whole answer or one event of a Converse stream. */
import type { Reading } from "../../canonical/answer.ts";
import { asArray, asNumber, asObject, asString, isObject, type JsonObject } from "../../kernel/json.ts";
import type { Usage } from "../../kernel/usage.ts";

const SILENT_ENDS: ReadonlySet<string> = new Set([
  "max_tokens",
  "model_context_window_exceeded",
  "guardrail_intervened",
  "content_filtered",
]);

/** Reads a whole answer or one event. Usage comes after the stop, as the last event. */
export function readConverse(body: JsonObject): Reading {
  const delta = asObject(asObject(body.contentBlockDelta)?.delta) ?? {};
  const blocks = asArray(asObject(asObject(body.output)?.message)?.content).filter(isObject);
  const start = asObject(asObject(body.contentBlockStart)?.start);
  const text = [delta, ...blocks].map((block) => asString(block.text) ?? "").join("");
  const reasoning = [delta, ...blocks].map(thoughtOf).join("");
  const hasCalls = start?.toolUse !== undefined || blocks.some((block) => block.toolUse !== undefined);
  const finishReason = asString(body.stopReason) ?? asString(asObject(body.messageStop)?.stopReason);
  const usage = readUsage(body.usage === undefined ? asObject(body.metadata) ?? {} : body);
  return {
    isMeaningful: text !== "" || reasoning !== "" || hasCalls || (finishReason !== undefined && SILENT_ENDS.has(finishReason)),
    isUsageOnly: body.metadata !== undefined,
    ...(usage === undefined ? {} : { usage }),
    ...(finishReason === undefined ? {} : { finishReason }),
    text,
    reasoning,
    body,
  };
}

function thoughtOf(block: JsonObject): string {
  const reasoning = asObject(block.reasoningContent);
  return asString(reasoning?.text) ?? asString(asObject(reasoning?.reasoningText)?.text) ?? "";
}

/** `usage`; what was read from and written to the cache is input too. */
export function readUsage(body: JsonObject): Usage | undefined {
  const usage = asObject(body.usage);
  const inputTokens = asNumber(usage?.inputTokens);
  if (usage === undefined || inputTokens === undefined) return undefined;
  const cachedTokens = asNumber(usage.cacheReadInputTokens) ?? 0;
  return {
    inputTokens: inputTokens + cachedTokens + (asNumber(usage.cacheWriteInputTokens) ?? 0),
    cachedTokens,
    outputTokens: asNumber(usage.outputTokens) ?? 0,
  };
}
