/**
 * A generateContent request, read into the canonical form. Every field has a place there, stands in `extensions`, or
 * is named in `dropped`; a field of the wrong type is a 400 that names it. Shapes: https://ai.google.dev/api/generate-content
 */
import type { ChatRequest, Effort, Part, Reasoning, ResponseFormat, Sampling, Turn } from "../../canonical/chat.ts";
import type { Failure } from "../../kernel/failure.ts";
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";
import { Problems } from "../problems.ts";
import { ContentReader } from "./contents.ts";
import { camel, field } from "./fields.ts";
import { plainSchema } from "./schema.ts";
import { readTools } from "./tools.ts";

/** Fields of a body that are read here, that the gateway itself reads, or that say nothing about the answer. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  "model",
  "stream",
  "contents",
  "systemInstruction",
  "generationConfig",
  "tools",
  "toolConfig",
  "safetySettings",
  "cachedContent",
  "labels",
]);

const NUMBERS = {
  temperature: "temperature",
  topP: "topP",
  topK: "topK",
  maxTokens: "maxOutputTokens",
  seed: "seed",
  presencePenalty: "presencePenalty",
  frequencyPenalty: "frequencyPenalty",
  choiceCount: "candidateCount",
} as const satisfies Partial<Record<keyof Sampling, string>>;

const COUNTS: ReadonlySet<string> = new Set([NUMBERS.maxTokens, NUMBERS.choiceCount]);

/** Settings of `generationConfig` that are read here. */
const SETTINGS: ReadonlySet<string> = new Set([
  ...Object.values(NUMBERS),
  "stopSequences",
  "responseLogprobs",
  "logprobs",
  "responseMimeType",
  "responseSchema",
  "responseJsonSchema",
  "responseModalities",
  "thinkingConfig",
  "mediaResolution",
]);

/** The request, or the failure that names its first wrong field. */
export function decodeGenerate(body: JsonObject): ChatRequest | Failure {
  const problems = new Problems();
  const reader = new ContentReader(problems);
  const system = reader.system(field(body, "systemInstruction"));
  for (const [index, content] of asArray(field(body, "contents")).entries()) reader.content(content, `contents[${index}]`);
  const { tools, hosted, choice } = readTools(body, problems);
  const config = asObject(field(body, "generationConfig")) ?? {};
  const format = readFormat(config, problems);
  const modalities = asArray(field(config, "responseModalities")).flatMap((it) => asString(it)?.toLowerCase() ?? []);
  const request: ChatRequest = {
    system,
    turns: withDetail(reader.turns, field(config, "mediaResolution")),
    tools,
    ...(choice === undefined ? {} : { toolChoice: choice }),
    sampling: readSampling(config, problems),
    ...(format === undefined ? {} : { format }),
    ...readThinking(config, problems),
    ...(modalities.length === 0 ? {} : { modalities }),
    extensions: extensionsOf(body, hosted),
    dropped: [...reader.dropped, ...unknownOf(body, UNDERSTOOD), ...unknownOf(config, SETTINGS).map((name) => `generationConfig.${name}`)],
  };
  return problems.first ?? request;
}

/** Resolution is told for the whole request: every picture has it. */
function withDetail(turns: readonly Turn[], resolution: Json | undefined): readonly Turn[] {
  const detail = resolution === "MEDIA_RESOLUTION_LOW" ? "low" : resolution === "MEDIA_RESOLUTION_HIGH" ? "high" : undefined;
  if (detail === undefined) return turns;
  const seen = (part: Part): Part => {
    if (part.kind === "tool_result") return { ...part, content: part.content.map(seen) };
    return part.kind === "image" ? { ...part, detail } : part;
  };
  return turns.map(({ role, parts }) => ({ role, parts: parts.map(seen) }));
}

function unknownOf(body: JsonObject, known: ReadonlySet<string>): readonly string[] {
  return Object.keys(body).filter((name) => !known.has(camel(name)) && (body[name] ?? undefined) !== undefined);
}

function extensionsOf(body: JsonObject, hosted: readonly JsonObject[]): JsonObject {
  const safety = field(body, "safetySettings");
  const cached = field(body, "cachedContent");
  return {
    ...(hosted.length === 0 ? {} : { tools: hosted }),
    ...(safety === undefined ? {} : { safety_settings: safety }),
    ...(cached === undefined ? {} : { google: { cached_content: cached } }),
  };
}

function readSampling(config: JsonObject, problems: Problems): Sampling {
  const numbers = Object.entries(NUMBERS).flatMap(([name, wire]) => {
    const value = field(config, wire);
    if (value === undefined) return [];
    const isCount = COUNTS.has(wire);
    if (typeof value === "number" && (!isCount || value >= 1)) return [[name, value] as const];
    return problems.note(`generationConfig.${wire}`, isCount ? "a number of at least 1 is expected" : "a number is expected") ?? [];
  });
  const stop = readStop(field(config, "stopSequences"), problems);
  const wantsLogprobs = field(config, "responseLogprobs") === true;
  const count = field(config, "logprobs");
  return {
    ...Object.fromEntries(numbers),
    ...(stop === undefined ? {} : { stop }),
    ...(wantsLogprobs ? { topLogprobs: typeof count === "number" ? count : 0 } : {}),
  };
}

function readStop(value: Json | undefined, problems: Problems): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) return problems.note("generationConfig.stopSequences", "a list of texts is expected");
  const wrong = value.findIndex((stop) => typeof stop !== "string");
  if (wrong >= 0) return problems.note(`generationConfig.stopSequences[${wrong}]`, "text is expected");
  return value.flatMap((stop) => asString(stop) || []);
}

function readFormat(config: JsonObject, problems: Problems): ResponseFormat | undefined {
  const type = field(config, "responseMimeType");
  if (type !== undefined && typeof type !== "string") return problems.note("generationConfig.responseMimeType", "text is expected");
  const schema = field(config, "responseJsonSchema") ?? field(config, "responseSchema");
  if (schema === undefined) return type === "application/json" ? { kind: "json" } : undefined;
  if (!isObject(schema)) return problems.note("generationConfig.responseSchema", "a schema is expected");
  return { kind: "schema", schema: plainSchema(schema), name: "response" };
}

const LEVELS: readonly Effort[] = ["minimal", "low", "medium", "high"];

function readThinking(config: JsonObject, problems: Problems): { reasoning?: Reasoning; hidesReasoning?: true } {
  const value = field(config, "thinkingConfig");
  if (value === undefined) return {};
  if (!isObject(value)) return problems.note("generationConfig.thinkingConfig", "an object is expected") ?? {};
  const hidden = field(value, "includeThoughts") === false ? { hidesReasoning: true as const } : {};
  const level = asString(field(value, "thinkingLevel"))?.toLowerCase();
  const effort = LEVELS.find((it) => it === level);
  if (effort !== undefined) return { reasoning: { kind: "effort", effort }, ...hidden };
  const tokens = field(value, "thinkingBudget");
  if (tokens === undefined) return hidden;
  if (typeof tokens !== "number" || !Number.isInteger(tokens) || tokens < -1) {
    return problems.note("generationConfig.thinkingConfig.thinkingBudget", "a number of tokens is expected, or -1") ?? {};
  }
  return { reasoning: tokens === -1 ? { kind: "auto" } : { kind: "budget", tokens }, ...hidden };
}
