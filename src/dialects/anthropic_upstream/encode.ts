/** A canonical request as a Messages body, with what could not be carried over. */
import { createHash } from "node:crypto";
import type { ChatRequest, Effort, Reasoning } from "../../canonical/chat.ts";
import type { Failure } from "../../kernel/failure.ts";
import { asObject, type JsonObject, parseJson } from "../../kernel/json.ts";
import { Extensions } from "../extensions.ts";
import { invalidField } from "../problems.ts";
import { lossesOf } from "../schema_cut.ts";
import type { ToolNames } from "../tool_names.ts";
import { writeHistory } from "./history.ts";
import type { ThoughtMemory } from "./memory.ts";
import { cacheField, type PartContext } from "./parts.ts";
import { strictSchema } from "./schema.ts";
import { toolFields } from "./tools.ts";
import type { ModelTraits } from "./traits.ts";

export interface Encoded {
  readonly body: JsonObject;
  readonly lossy: readonly string[];
}

export interface EncodeContext {
  readonly model: string;
  readonly traits: ModelTraits;
  readonly names: ToolNames;
  readonly memory: ThoughtMemory;
}

const DEFAULT_MAX_TOKENS = 32_000;
const LEAST_BUDGET = 1_024;
/** Left for the answer itself where the budget would take all of it. */
const ANSWER_TOKENS = 4_096;
/** What a request may mark for the cache. */
const MAX_CACHE_MARKS = 4;

/** The body, or the failure that names a field the format cannot hold. */
export function encodeRequest(request: ChatRequest, { model, traits, names, memory }: EncodeContext): Encoded | Failure {
  const { sampling } = request;
  if ((sampling.choiceCount ?? 1) > 1) return invalidField("n", "this provider gives one answer at a time: 1 is expected");
  const extensions = new Extensions(request.extensions);
  const context: PartContext = { failed: undefined };
  const wanted = thinkingOf(request.reasoning, traits);
  const history = writeHistory(request, { names, memory, parts: context, takesPrefill: traits.takesPrefill && wanted === undefined });
  if (context.failed !== undefined) return context.failed;
  const thinking = history.lacksThoughts ? undefined : wanted;
  const limit = Math.min(sampling.maxTokens ?? DEFAULT_MAX_TOKENS, traits.maxOutputTokens);
  const { budget, maxTokens } = withinLimit(thinking, { limit, traits });
  const isThinking = thinking !== undefined && thinking.kind !== "off";
  const format = formatFields(request);
  const tools = toolFields(request, { names, forced: isThinking ? "refused" : "allowed" });
  const settings = samplingFields(request, { traits, isThinking });
  const output = { ...effortField(thinking), ...format.config };
  const body: JsonObject = {
    model,
    max_tokens: maxTokens,
    ...systemField(request, format.instruction),
    messages: history.messages,
    ...tools.fields,
    ...settings.fields,
    ...thinkingField(thinking, budget),
    ...(Object.keys(output).length === 0 ? {} : { output_config: output }),
    ...(request.userId === undefined ? {} : { metadata: { user_id: anonymous(request.userId) } }),
  };
  const isThoughtLost = isWanted(request.reasoning) && (history.lacksThoughts || traits.thinking === "none");
  const lossy = [
    ...request.dropped,
    ...history.lossy,
    ...settings.lossy,
    ...tools.lossy,
    ...format.lossy,
    ...(isThoughtLost ? ["reasoning"] : []),
    ...(request.modalities?.some((it) => it !== "text") === true ? ["modalities"] : []),
    ...extensions.rest(),
  ];
  return { body: withFewMarks(body), lossy: [...new Set(lossy)] };
}

function systemField({ system, turns }: ChatRequest, instruction: string | undefined): JsonObject {
  const blocks = system.flatMap(({ text, cache }) => text === "" ? [] : [{ type: "text", text, ...cacheField(cache) }]);
  const all = instruction === undefined ? blocks : [...blocks, { type: "text", text: instruction }];
  return all.length === 0 || (turns.length === 0 && blocks.length === 0) ? {} : { system: all };
}

/** JSON of no certain shape has no field: it is asked for in words. */
function formatFields(
  { format }: ChatRequest,
): { readonly config: JsonObject; readonly instruction?: string; readonly lossy: readonly string[] } {
  switch (format?.kind) {
    case "json":
      return { config: {}, instruction: "Answer with one JSON object and nothing else.", lossy: [] };
    case "schema": {
      const cut = strictSchema(format.schema);
      return { config: { format: { type: "json_schema", schema: cut.schema } }, lossy: lossesOf("response_format", cut) };
    }
    default:
      return { config: {}, lossy: [] };
  }
}

type Thinking =
  | { readonly kind: "off" }
  | { readonly kind: "budget"; readonly tokens: number }
  | { readonly kind: "adaptive"; readonly effort?: string };

const BUDGETS: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: LEAST_BUDGET,
  low: LEAST_BUDGET,
  medium: 8_192,
  high: 24_576,
  xhigh: 32_768,
  max: Infinity,
};

function thinkingOf(reasoning: Reasoning | undefined, { thinking }: ModelTraits): Thinking | undefined {
  if (reasoning === undefined || thinking === "none") return undefined;
  if (!isWanted(reasoning)) return { kind: "off" };
  if (thinking === "budget") {
    if (reasoning.kind === "budget") return reasoning;
    return { kind: "budget", tokens: reasoning.kind === "effort" ? BUDGETS[reasoning.effort] : BUDGETS.medium };
  }
  if (reasoning.kind === "auto") return { kind: "adaptive" };
  const effort = reasoning.kind === "effort" ? reasoning.effort : effortOf(reasoning.tokens);
  return { kind: "adaptive", effort: effort === "minimal" ? "low" : effort === "xhigh" ? "max" : effort };
}

function isWanted(reasoning: Reasoning | undefined): boolean {
  if (reasoning === undefined) return false;
  return !((reasoning.kind === "effort" && reasoning.effort === "none") || (reasoning.kind === "budget" && reasoning.tokens === 0));
}

function effortOf(tokens: number): string {
  return tokens <= BUDGETS.low ? "low" : tokens <= BUDGETS.medium ? "medium" : tokens <= BUDGETS.high ? "high" : "max";
}

/** The budget is less than the limit: the limit is raised as far as the model allows, then the budget lowered. */
function withinLimit(
  thinking: Thinking | undefined,
  { limit, traits }: { readonly limit: number; readonly traits: ModelTraits },
): { readonly budget: number; readonly maxTokens: number } {
  if (thinking?.kind !== "budget") return { budget: 0, maxTokens: limit };
  const most = traits.maxOutputTokens - ANSWER_TOKENS;
  const budget = Math.min(Math.max(thinking.tokens, LEAST_BUDGET), most);
  return { budget, maxTokens: budget < limit ? limit : Math.min(budget + ANSWER_TOKENS, traits.maxOutputTokens) };
}

function thinkingField(thinking: Thinking | undefined, budget: number): JsonObject {
  switch (thinking?.kind) {
    case "off":
      return { thinking: { type: "disabled" } };
    case "budget":
      return { thinking: { type: "enabled", budget_tokens: budget } };
    case "adaptive":
      return { thinking: { type: "adaptive" } };
    default:
      return {};
  }
}

function effortField(thinking: Thinking | undefined): JsonObject {
  return thinking?.kind === "adaptive" && thinking.effort !== undefined ? { effort: thinking.effort } : {};
}

function samplingFields(
  { sampling }: ChatRequest,
  { traits, isThinking }: { readonly traits: ModelTraits; readonly isThinking: boolean },
): { readonly fields: JsonObject; readonly lossy: readonly string[] } {
  const { temperature, topP, topK, stop = [] } = sampling;
  const stops = stop.filter((it) => it.trim() !== "");
  const takesTemperature = traits.sampling !== "none" && !isThinking;
  const takesTopP = traits.sampling !== "none" && (traits.sampling === "any" || temperature === undefined || !takesTemperature) &&
    (!isThinking || (topP ?? 1) >= 0.95);
  const lost = {
    temperature: temperature !== undefined && (!takesTemperature || temperature > 1),
    top_p: topP !== undefined && !takesTopP,
    top_k: topK !== undefined && !takesTemperature,
    seed: sampling.seed !== undefined,
    presence_penalty: (sampling.presencePenalty ?? 0) !== 0,
    frequency_penalty: (sampling.frequencyPenalty ?? 0) !== 0,
    logprobs: sampling.topLogprobs !== undefined,
    stop: stops.length < stop.length,
  };
  return {
    fields: {
      ...(temperature !== undefined && takesTemperature ? { temperature: Math.min(Math.max(temperature, 0), 1) } : {}),
      ...(topP !== undefined && takesTopP ? { top_p: topP } : {}),
      ...(topK !== undefined && takesTemperature ? { top_k: topK } : {}),
      ...(stops.length === 0 ? {} : { stop_sequences: stops }),
    },
    lossy: Object.entries(lost).flatMap(([name, isLost]) => isLost ? [name] : []),
  };
}

/** The id must not be personal: what looks like an address is hashed. */
function anonymous(userId: string): string {
  return userId.includes("@") ? createHash("sha256").update(userId).digest("hex") : userId;
}

/** Of too many marks the first ones go: the last ones cover the most. */
function withFewMarks(body: JsonObject): JsonObject {
  const surplus = (JSON.stringify(body).match(/"cache_control":/g)?.length ?? 0) - MAX_CACHE_MARKS;
  if (surplus <= 0) return body;
  let left = surplus;
  const text = JSON.stringify(body, (name, value) => name === "cache_control" && left-- > 0 ? undefined : value);
  return asObject(parseJson(text)) ?? body;
}
