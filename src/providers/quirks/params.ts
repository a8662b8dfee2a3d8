/**
 * Request quirks that concern parameters: which name a provider knows, which value it takes. Each is pure
 * and returns its input itself when it does not apply.
 */
import { asNumber, type JsonObject } from "../../kernel/json.ts";
import { type Edit, editField, modelName, renamed, without } from "./edit.ts";

/** Drops the fields, for every model or only for those whose own name matches. */
export function drop(
  body: JsonObject,
  rule: { readonly drop: readonly string[]; readonly models?: RegExp },
): JsonObject {
  if (rule.models !== undefined && !rule.models.test(modelName(body))) return body;
  return without(body, rule.drop);
}

/** Keeps only these fields. */
export function keep(body: JsonObject, { keep }: { readonly keep: readonly string[] }): JsonObject {
  return without(body, Object.keys(body).filter((field) => !keep.includes(field)));
}

function toolChoice(from: string, to: string): Edit {
  return (body) => body.tool_choice === from ? { ...body, tool_choice: to } : body;
}

const LEAST_TEMPERATURE = 0.01;

function temperature(wanted: { readonly least: number; readonly most: number }): Edit {
  return (body) => {
    const given = asNumber(body.temperature);
    if (given === undefined) return body;
    const fitting = Math.min(Math.max(given, wanted.least), wanted.most);
    return fitting === given ? body : { ...body, temperature: fitting };
  };
}

/** o-series and gpt-5 upwards; the `-chat` variants of gpt-5 do not reason. */
const OPENAI_REASONING = /^(?:o\d|codex|gpt-(?:[5-9]|\d{2,})(?!.*-chat))/;
const SAMPLING = ["temperature", "top_p", "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs", "logit_bias"];

/**
 * OpenAI's reasoning models refuse `max_tokens` and every sampling parameter, except where reasoning is
 * switched off. Source: https://platform.openai.com/docs/guides/latest-model
 */
function openaiReasoning(body: JsonObject): JsonObject {
  if (!OPENAI_REASONING.test(modelName(body))) return body;
  const counted = renamed(body, "max_tokens", "max_completion_tokens");
  return body.reasoning_effort === "none" ? counted : without(counted, SAMPLING);
}

function jsonObjectAsJsonSchema(body: JsonObject): JsonObject {
  return editField(body, "response_format", (format) => {
    if (format.type !== "json_object") return format;
    return { type: "json_schema", json_schema: { name: "answer", schema: { type: "object" } } };
  });
}

/** Together counts alternatives in `logprobs` itself, where OpenAI has a switch and a count. */
function logprobsAsCount(body: JsonObject): JsonObject {
  if (typeof body.logprobs !== "boolean") return body;
  const rest = without(body, ["logprobs", "top_logprobs"]);
  return body.logprobs ? { ...rest, logprobs: Math.max(1, asNumber(body.top_logprobs) ?? 1) } : rest;
}

/** The parameter quirks that have a name alone. */
export const PARAMETER_QUIRKS = {
  /** `max_completion_tokens` is unknown; `max_tokens` says it. */
  max_tokens_only: (body) => renamed(body, "max_completion_tokens", "max_tokens"),
  /** `max_tokens` is unknown or going away; `max_completion_tokens` says it. */
  max_completion_tokens_only: (body) => renamed(body, "max_tokens", "max_completion_tokens"),
  seed_as_random_seed: (body) => renamed(body, "seed", "random_seed"),
  tool_choice_required_as_any: toolChoice("required", "any"),
  /** A forced tool call is refused; the model is left to choose. */
  tool_choice_required_as_auto: toolChoice("required", "auto"),
  temperature_at_most_1: temperature({ least: 0, most: 1 }),
  /** Zero is refused; the smallest useful value stands in. */
  temperature_above_0: temperature({ least: LEAST_TEMPERATURE, most: Infinity }),
  openai_reasoning_models: openaiReasoning,
  /** Plain JSON mode is refused; a schema that fits every object stands in. */
  json_object_as_json_schema: jsonObjectAsJsonSchema,
  logprobs_as_count: logprobsAsCount,
  /** True is what is done anyway, and some models refuse to be told. */
  no_parallel_tool_calls_true: (body) => body.parallel_tool_calls === true ? without(body, ["parallel_tool_calls"]) : body,
  /** `stream_options` is refused; nobody asks this provider for usage on a stream. */
  no_stream_usage: (body) => without(body, ["stream_options"]),
} as const satisfies Record<string, Edit>;
