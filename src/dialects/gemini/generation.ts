/** `generationConfig`: sampling, thinking, the form of the answer. Nothing is set that was not asked for. */
import type { ChatRequest, Part, Sampling } from "../../canonical/chat.ts";
import { asString, type JsonObject } from "../../kernel/json.ts";
import type { Extensions } from "../extensions.ts";
import { lossesOf } from "../schema_cut.ts";
import { toGeminiSchema } from "./schema.ts";
import { nativeThinking, planThinking } from "./thinking.ts";
import { withoutDialect } from "./tools.ts";
import type { ModelTraits } from "./traits.ts";

const MAX_OUTPUT_TOKENS = 65_536;
const MAX_STOP_COUNT = 5;
const INT32 = 2 ** 31;

export interface GenerationPlan {
  readonly config: JsonObject;
  readonly lossy: readonly string[];
}

/** The settings of a request; `google` are the extensions in Gemini's own words. */
export function planGeneration(
  request: ChatRequest,
  { traits, extensions, google }: { readonly traits: ModelTraits; readonly extensions: Extensions; readonly google: Extensions },
): GenerationPlan {
  const thinking = planThinking(request, {
    traits,
    native: nativeThinking({ thinking_config: google.take("thinking_config"), thinkingConfig: google.take("thinkingConfig") }),
  });
  const format = planFormat(request, traits);
  const sampling = planSampling(request.sampling);
  const voice = planVoice(extensions);
  return {
    config: {
      ...sampling.config,
      ...format.config,
      ...(thinking.config === undefined ? {} : { thinkingConfig: thinking.config }),
      ...resolutionOf(request),
      ...(request.modalities === undefined ? {} : { responseModalities: request.modalities.map((it) => it.toUpperCase()) }),
      ...voice.config,
      ...imageConfig(extensions),
    },
    lossy: [...sampling.lossy, ...format.lossy, ...thinking.lossy, ...voice.lossy],
  };
}

function planSampling(sampling: Sampling): GenerationPlan {
  const { maxTokens, stop = [], seed, choiceCount = 1, topLogprobs } = sampling;
  const isSeed = seed !== undefined && Number.isInteger(seed) && seed >= -INT32 && seed < INT32;
  return {
    config: {
      ...given("temperature", sampling.temperature),
      ...given("topP", sampling.topP),
      ...given("topK", sampling.topK),
      ...given("maxOutputTokens", maxTokens === undefined ? undefined : Math.min(maxTokens, MAX_OUTPUT_TOKENS)),
      ...given("candidateCount", choiceCount > 1 ? choiceCount : undefined),
      ...(stop.length === 0 ? {} : { stopSequences: stop.slice(0, MAX_STOP_COUNT) }),
      ...given("seed", isSeed ? seed : undefined),
      ...given("presencePenalty", sampling.presencePenalty),
      ...given("frequencyPenalty", sampling.frequencyPenalty),
      ...(topLogprobs === undefined ? {} : { responseLogprobs: true }),
      ...given("logprobs", topLogprobs === 0 ? undefined : topLogprobs),
    },
    lossy: [...(seed !== undefined && !isSeed ? ["seed"] : []), ...(stop.length > MAX_STOP_COUNT ? ["stop"] : [])],
  };
}

function given(name: string, value: number | undefined): JsonObject {
  return value === undefined ? {} : { [name]: value };
}

/** Before the third generation, JSON answers and functions exclude each other. */
function planFormat({ format, tools }: ChatRequest, { isThirdGeneration, schemas }: ModelTraits): GenerationPlan {
  if (format === undefined || format.kind === "text") return { config: {}, lossy: [] };
  if (tools.length > 0 && !isThirdGeneration) return { config: {}, lossy: ["response_format"] };
  const config = { responseMimeType: "application/json" };
  if (format.kind !== "schema") return { config, lossy: [] };
  if (schemas === "json") return { config: { ...config, responseJsonSchema: withoutDialect(format.schema) }, lossy: [] };
  const cut = toGeminiSchema(format.schema);
  return { config: { ...config, responseSchema: cut.schema }, lossy: lossesOf("response_format", cut) };
}

/** Resolution counts for the whole request: the highest that was asked for. */
function resolutionOf({ turns }: ChatRequest): JsonObject {
  const details = new Set(turns.flatMap((turn) => turn.parts.flatMap(detailsOf)));
  if (details.has("high")) return { mediaResolution: "MEDIA_RESOLUTION_HIGH" };
  return details.has("low") && !details.has("auto") ? { mediaResolution: "MEDIA_RESOLUTION_LOW" } : {};
}

function detailsOf(part: Part): readonly string[] {
  if (part.kind === "tool_result") return part.content.flatMap(detailsOf);
  return part.kind === "image" ? [part.detail ?? "auto"] : [];
}

/** Spoken answers come as 16-bit PCM, whatever format is asked for. */
function planVoice(extensions: Extensions): GenerationPlan {
  const audio = extensions.inner("audio");
  const voiceName = asString(audio.take("voice"));
  const format = asString(audio.take("format"));
  const config = voiceName === undefined ? {} : { speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName } } } };
  return { config, lossy: [...(format === undefined || format === "pcm16" ? [] : ["audio.format"]), ...audio.rest()] };
}

function imageConfig(extensions: Extensions): JsonObject {
  const image = extensions.inner("image_config");
  const aspectRatio = asString(image.take("aspect_ratio"));
  const imageSize = asString(image.take("image_size"));
  const config = { ...(aspectRatio === undefined ? {} : { aspectRatio }), ...(imageSize === undefined ? {} : { imageSize }) };
  return Object.keys(config).length === 0 ? {} : { imageConfig: config };
}
