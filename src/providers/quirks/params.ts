/**
 * Request quirks that concern parameters: which name a provider knows, which value it takes. Each is pure
 * and returns its input itself when it does not apply.
 */
import { asNumber, asObject, asString, type JsonObject } from "../../kernel/json.ts";
import { type Edit, editField, editList, editValues, renamed, without } from "./edit.ts";

/** The model's own name: lower case, without vendor (`openai/gpt-5`) and fine-tune (`ft:…`) prefixes. */
function modelName(body: JsonObject): string {
  const id = asString(body.model)?.toLowerCase() ?? "";
  return id.slice(id.lastIndexOf("/") + 1).replace(/^ft:/, "");
}

/** Drops the fields, for every model or only for those whose own name matches. */
export function drop(
  body: JsonObject,
  rule: { readonly drop: readonly string[]; readonly models?: RegExp },
): JsonObject {
  if (rule.models !== undefined && !rule.models.test(modelName(body))) return body;
  return without(body, rule.drop);
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

/** NVIDIA serves DeepSeek with thinking as a switch of the chat template, not as an effort. */
function nimDeepseekThinking(body: JsonObject): JsonObject {
  const effort = asString(body.reasoning_effort);
  if (effort === undefined || !modelName(body).startsWith("deepseek-")) return body;
  const given = asObject(body.chat_template_kwargs) ?? {};
  return { ...without(body, ["reasoning_effort"]), chat_template_kwargs: { thinking: effort !== "none", ...given } };
}

/** Alibaba's open-weight hybrid Qwen3 models think by default, and think only on a stream. */
function qwen3ThinkingNeedsStream(body: JsonObject): JsonObject {
  if (body.stream === true || !/^qwen3-[\d.]+b(?:-a[\d.]+b)?$/.test(modelName(body))) return body;
  return body.enable_thinking === false ? body : { ...body, enable_thinking: false };
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

/** Places of a JSON Schema that hold one schema, several, or schemas by name. */
const SCHEMA_FIELDS = ["items", "not", "if", "then", "else", "contains"];
const SCHEMA_LISTS = ["anyOf", "oneOf", "allOf", "prefixItems"];
const SCHEMA_MAPS = ["properties", "patternProperties", "$defs", "definitions"];

/** Goes only where schemas are: a property that happens to be named `additionalProperties` stays. */
function leanSchema(schema: JsonObject): JsonObject {
  let lean = without(schema, ["additionalProperties"]);
  for (const field of SCHEMA_FIELDS) lean = editField(lean, field, leanSchema);
  for (const field of SCHEMA_LISTS) lean = editList(lean, field, leanSchema);
  for (const field of SCHEMA_MAPS) lean = editField(lean, field, (named) => editValues(named, leanSchema));
  return lean;
}

function leanToolSchemas(body: JsonObject): JsonObject {
  return editList(
    body,
    "tools",
    (tool) =>
      editField(
        tool,
        "function",
        (definition) => editField(without(definition, ["strict"]), "parameters", leanSchema),
      ),
  );
}

function noEmptyTools(body: JsonObject): JsonObject {
  return Array.isArray(body.tools) && body.tools.length === 0 ? without(body, ["tools", "tool_choice"]) : body;
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
  nim_deepseek_thinking: nimDeepseekThinking,
  qwen3_thinking_needs_stream: qwen3ThinkingNeedsStream,
  /** Plain JSON mode is refused; a schema that fits every object stands in. */
  json_object_as_json_schema: jsonObjectAsJsonSchema,
  logprobs_as_count: logprobsAsCount,
  /** `strict` and `additionalProperties` in tool definitions are refused. */
  lean_tool_schemas: leanToolSchemas,
  /** `tools: []` is refused. */
  no_empty_tools: noEmptyTools,
  /** `stream_options` is refused; nobody asks this provider for usage on a stream. */
  no_stream_usage: (body) => without(body, ["stream_options"]),
} as const satisfies Record<string, Edit>;
