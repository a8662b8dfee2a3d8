/**
 * What the OpenAI dialects share: error shape, usage, stream framing, and the validation of bodies with
 * messages that name the field. Shapes: https://platform.openai.com/docs/api-reference
 */
import { z } from "zod";
import type { Reading } from "../canonical/answer.ts";
import type { Failure } from "../kernel/failure.ts";
import { asNumber, asObject, asString, isObject, type Json, type JsonObject } from "../kernel/json.ts";
import type { Usage } from "../kernel/usage.ts";
import type { Framing } from "./dialect.ts";

/** `{error: {message, type, code, param}}`, with `details` for failures of the pool. */
export function encodeFailure(failed: Failure): JsonObject {
  return {
    error: {
      message: failed.message,
      type: failed.type ?? typeOf(failed.status),
      code: failed.code ?? failed.kind,
      param: failed.param ?? null,
      ...(failed.credentials === undefined ? {} : { details: { credentials: failed.credentials.map((report) => ({ ...report })) } }),
    },
  };
}

const DONE = "data: [DONE]\n\n";

/** One event of a stream. */
export function writeEvent(body: JsonObject): string {
  return `data: ${JSON.stringify(body)}\n\n`;
}

const FRAMING: Framing = {
  contentType: "text/event-stream",
  event: writeEvent,
  isRelayed: true,
  worthReading: /\[DONE\]|"usage"|"error"|"finish_reason": ?"/,
  heartbeat: ": keep-alive\n\n",
  end: () => DONE,
  failed: (failed) => writeEvent(encodeFailure(failed)) + DONE,
};

/** How every OpenAI dialect frames streams and failures. */
export const OPENAI_FRAMING = { framing: FRAMING, encodeFailure } as const;

/** The fields of requests that can be streamed. */
export const STREAM_FIELDS = {
  stream: z.boolean("true or false is expected").nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean("true or false is expected").nullish() }, "an object is expected").nullish(),
};

/** The same fields, read from a body that was checked. */
export function readStreamFields(body: JsonObject): { readonly isStream: boolean; readonly wantsStreamUsage: boolean } {
  return { isStream: body.stream === true, wantsStreamUsage: asObject(body.stream_options)?.include_usage === true };
}

function typeOf(status: number): string {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 429:
      return "rate_limit_error";
    default:
      return status < 500 ? "invalid_request_error" : "api_error";
  }
}

/** `usage` of any OpenAI-shaped answer. */
export function readUsage(body: JsonObject): Usage | undefined {
  const usage = asObject(body.usage);
  if (usage === undefined) return undefined;
  const inputTokens = asNumber(usage.prompt_tokens) ?? asNumber(usage.input_tokens);
  if (inputTokens === undefined) return undefined;
  const details = asObject(usage.prompt_tokens_details) ?? asObject(usage.input_tokens_details);
  return {
    inputTokens,
    cachedTokens: asNumber(details?.cached_tokens) ?? asNumber(usage.prompt_cache_hit_tokens) ?? 0,
    outputTokens: asNumber(usage.completion_tokens) ?? asNumber(usage.output_tokens) ?? 0,
  };
}

/** The objects of `choices`. */
export function choicesOf(body: JsonObject): readonly JsonObject[] {
  return Array.isArray(body.choices) ? body.choices.filter(isObject) : [];
}

/** True for a non-empty text or array, or any object. */
export function hasContent(value: Json | undefined): boolean {
  return typeof value === "string" || Array.isArray(value) ? value.length > 0 : isObject(value);
}

const SILENT_ENDS = new Set(["length", "content_filter", "max_tokens", "model_context_window_exceeded"]);

/** Ends that explain why nothing was said: the answer is whole although it is empty. */
export function explainsSilence(finishReason: string | undefined): boolean {
  return finishReason !== undefined && SILENT_ENDS.has(finishReason);
}

/** What the gateway must know of a whole answer or one chunk of chat completions. */
export function readChat(body: JsonObject): Reading {
  const usage = readUsage(body);
  const choices = choicesOf(body);
  let isMeaningful = false;
  let finishReason: string | undefined;
  let text = "";
  let reasoning = "";
  for (const choice of choices) {
    const piece = asObject(choice.delta) ?? asObject(choice.message);
    finishReason = asString(choice.finish_reason) ?? finishReason;
    if (piece === undefined) continue;
    isMeaningful ||= saysSomething(piece);
    text += asString(piece.content) ?? "";
    reasoning += asString(piece.reasoning_content) ?? asString(piece.reasoning) ?? "";
  }
  return {
    isMeaningful: isMeaningful || explainsSilence(finishReason),
    isUsageOnly: choices.length === 0 && usage !== undefined,
    ...(usage === undefined ? {} : { usage }),
    ...(finishReason === undefined ? {} : { finishReason }),
    text,
    reasoning,
    body,
  };
}

function saysSomething(piece: JsonObject): boolean {
  return hasContent(piece.content) || hasContent(piece.reasoning_content) || hasContent(piece.reasoning) ||
    hasContent(piece.reasoning_details) || hasContent(piece.tool_calls) || hasContent(piece.refusal) ||
    hasContent(piece.function_call) || hasContent(piece.audio) || hasContent(piece.images);
}
