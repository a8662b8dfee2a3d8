/** A canonical request as a chat completions body, with what could not be carried over. */
import type { ChatRequest, Reasoning, ResponseFormat, Sampling, Tool, ToolChoice } from "../../canonical/chat.ts";
import type { Failure } from "../../kernel/failure.ts";
import type { Json, JsonObject } from "../../kernel/json.ts";
import { effortOfBudget } from "../effort.ts";
import { Extensions } from "../extensions.ts";
import { lostStrictness, NO_PARAMETERS, strictnessOf } from "../strict_schema.ts";
import type { ToolNames } from "../tool_names.ts";
import { writeMessages } from "./messages.ts";

export interface Encoded {
  readonly body: JsonObject;
  readonly lossy: readonly string[];
}

/** Models that think, and so know `reasoning_effort`; others refuse the field. */
const THINKERS =
  /(^|\/)(o[1-9]\b|gpt-5|gpt-6|gpt-oss|grok-(3-mini|4)|deepseek-(r\d|reasoner|v3\.|v4|flash)|qwen(3|q)|glm-[45]|kimi-k[23]|minimax-m|magistral|gemini-(2\.5|3)|claude)/i;
/** OpenAI's own models that know only the newer name of the limit. */
const NEWER_LIMIT = /^(o[1-9]\b|gpt-5|gpt-6)/i;
const MAX_STOP_COUNT = 4;
const MAX_USER_LENGTH = 64;

/** The body, or the failure that names a field the format cannot hold. */
export function encodeRequest(
  request: ChatRequest,
  { model, names }: { readonly model: string; readonly names: ToolNames },
): Encoded | Failure {
  const extensions = new Extensions(request.extensions);
  const history = writeMessages(request, { model, names });
  if (history.failed !== undefined) return history.failed;
  const offered = offeredTools(request);
  const isThinker = THINKERS.test(model);
  const effort = effortOf(request.reasoning);
  const body: JsonObject = {
    model,
    messages: history.messages,
    ...(offered.length === 0 ? {} : { tools: offered.map((tool) => toolShape(tool, names)) }),
    ...choiceOf(request.toolChoice, { names, toolCount: offered.length }),
    ...(request.callsOneByOne === true && offered.length > 0 ? { parallel_tool_calls: false } : {}),
    ...samplingOf(request.sampling, model),
    ...(request.format === undefined ? {} : { response_format: formatShape(request.format) }),
    ...(effort === undefined || !isThinker ? {} : { reasoning_effort: effort }),
    ...(request.modalities === undefined ? {} : { modalities: [...request.modalities] }),
    ...(request.userId === undefined ? {} : { user: request.userId.slice(0, MAX_USER_LENGTH) }),
  };
  const isEffortLost = effort !== undefined && effort !== "none" && !isThinker;
  const stopCount = request.sampling.stop?.length ?? 0;
  const lossy = [
    ...request.dropped,
    ...history.lossy,
    ...(isEffortLost ? ["reasoning"] : []),
    ...(stopCount > MAX_STOP_COUNT ? ["stop"] : []),
    ...lostStrictness(request),
    ...extensions.rest(),
  ];
  return { body, lossy: [...new Set(lossy)] };
}

/** A choice of several tools is made by offering only those. */
function offeredTools({ tools, toolChoice }: ChatRequest): readonly Tool[] {
  if (toolChoice?.kind !== "named" || toolChoice.names.length < 2) return tools;
  return tools.filter(({ name }) => toolChoice.names.includes(name));
}

function toolShape({ name, description, parameters, isStrict }: Tool, names: ToolNames): JsonObject {
  const { schema, strict } = strictnessOf(parameters === undefined ? NO_PARAMETERS : withProperties(parameters), isStrict);
  const shape = {
    name: names.toWire(name),
    ...(description === undefined ? {} : { description }),
    parameters: schema,
    ...(strict === undefined ? {} : { strict }),
  };
  return { type: "function", function: shape };
}

/** An object without properties must still say that it has none. */
function withProperties(schema: JsonObject): JsonObject {
  return schema.type === "object" && schema.properties === undefined ? { ...schema, properties: {} } : schema;
}

function choiceOf(
  choice: ToolChoice | undefined,
  { names, toolCount }: { readonly names: ToolNames; readonly toolCount: number },
): JsonObject {
  if (choice === undefined || toolCount === 0) return {};
  if (choice.kind !== "named") return { tool_choice: choice.kind };
  const [only] = choice.names;
  if (only === undefined || choice.names.length > 1) return { tool_choice: "required" };
  return { tool_choice: { type: "function", function: { name: names.toWire(only) } } };
}

function samplingOf(sampling: Sampling, model: string): JsonObject {
  const { maxTokens, stop = [], topLogprobs } = sampling;
  const fields: Readonly<Record<string, Json | undefined>> = {
    [NEWER_LIMIT.test(model) ? "max_completion_tokens" : "max_tokens"]: maxTokens,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: sampling.topK,
    stop: stop.length === 0 ? undefined : stop.slice(0, MAX_STOP_COUNT),
    seed: sampling.seed,
    presence_penalty: sampling.presencePenalty,
    frequency_penalty: sampling.frequencyPenalty,
    n: sampling.choiceCount,
    logprobs: topLogprobs === undefined ? undefined : true,
    top_logprobs: topLogprobs === 0 ? undefined : topLogprobs,
  };
  return Object.fromEntries(Object.entries(fields).flatMap(([name, value]) => value === undefined ? [] : [[name, value]]));
}

function formatShape(format: ResponseFormat): JsonObject {
  switch (format.kind) {
    case "text":
      return { type: "text" };
    case "json":
      return { type: "json_object" };
    case "schema": {
      const { name, description } = format;
      const { schema, strict } = strictnessOf(format.schema, format.isStrict);
      const more = { ...(description === undefined ? {} : { description }), ...(strict === undefined ? {} : { strict }) };
      return { type: "json_schema", json_schema: { name, schema, ...more } };
    }
  }
}

/** Thinking as it likes is a lot of it. */
function effortOf(reasoning: Reasoning | undefined): string | undefined {
  switch (reasoning?.kind) {
    case undefined:
      return undefined;
    case "effort":
      return reasoning.effort === "max" ? "xhigh" : reasoning.effort;
    case "budget":
      return effortOfBudget(reasoning.tokens);
    case "auto":
      return "high";
  }
}
