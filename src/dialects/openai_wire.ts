/**
 * What the OpenAI dialects share: error shape, usage, stream framing, and the validation of bodies with
 * messages that name the field. Shapes: https://platform.openai.com/docs/api-reference
 */
import { z } from "zod";
import { type Failure, failure } from "../kernel/failure.ts";
import { asNumber, asObject, isObject, type Json, type JsonObject } from "../kernel/json.ts";
import type { Usage } from "../kernel/usage.ts";

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

function encodeFailureEvent(failed: Failure): string {
  return `data: ${JSON.stringify(encodeFailure(failed))}\n\n`;
}

/** How every OpenAI dialect frames streams and failures. */
export const OPENAI_FRAMING = {
  heartbeat: ": keep-alive\n\n",
  endOfStream: "data: [DONE]\n\n",
  encodeFailure,
  encodeFailureEvent,
} as const;

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

/** Checks a body against a schema; the failure names the first field that is wrong. */
export function checkBody(schema: z.ZodType, body: JsonObject): Failure | undefined {
  const checked = schema.safeParse(body);
  if (checked.success) return undefined;
  const issue = checked.error.issues[0];
  const path = issue === undefined ? "" : fieldPath(issue.path);
  return invalidField(path, issue?.message ?? "is not valid");
}

/** A 400 that names the field. */
export function invalidField(param: string, message: string): Failure {
  const subject = param === "" ? "Invalid request body" : `Invalid request field "${param}"`;
  return failure({
    scope: "request",
    kind: "invalid_request",
    status: 400,
    message: `${subject}: ${message}`,
    ...(param === "" ? {} : { param }),
    code: "invalid_request",
  });
}

function fieldPath(path: readonly PropertyKey[]): string {
  return path.map((part, index) => typeof part === "number" ? `[${part}]` : `${index > 0 ? "." : ""}${String(part)}`).join("");
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
