/**
 * A chat completions request, read into the canonical form. Every field has a place there, or stands in
 * `extensions` as the client wrote it, or is named in `dropped`; a field of the wrong type is a 400.
 */
import type { ChatRequest, Effort, Reasoning, ResponseFormat, Sampling } from "../../canonical/chat.ts";
import type { Failure } from "../../kernel/failure.ts";
import { asObject, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";
import { readMessages } from "./messages.ts";
import { Problems } from "../problems.ts";
import { readTools } from "./tools.ts";

/** Fields that are read here, that the gateway itself reads, or that say nothing about the answer. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  "model",
  "messages",
  "stream",
  "stream_options",
  "tools",
  "tool_choice",
  "functions",
  "function_call",
  "parallel_tool_calls",
  "temperature",
  "top_p",
  "top_k",
  "max_completion_tokens",
  "max_tokens",
  "n",
  "stop",
  "seed",
  "presence_penalty",
  "frequency_penalty",
  "logprobs",
  "top_logprobs",
  "response_format",
  "reasoning_effort",
  "reasoning",
  "thinking",
  "modalities",
  "extra_body",
  "user",
  "metadata",
  "store",
  "service_tier",
  "safety_identifier",
  "prompt_cache_key",
  "prompt_cache_retention",
  "logit_bias",
  "prediction",
  "verbosity",
]);

/** The request, or the failure that names its first wrong field. */
export function decodeChat(body: JsonObject): ChatRequest | Failure {
  const problems = new Problems();
  const { system, turns, dropped: unsaid } = readMessages(body.messages, problems);
  const { tools, choice, hosted, dropped: untold } = readTools(body, problems);
  const format = readFormat(body.response_format, problems);
  const request: ChatRequest = {
    system,
    turns,
    tools,
    ...(choice === undefined ? {} : { toolChoice: choice }),
    ...(body.parallel_tool_calls === false ? { callsOneByOne: true as const } : {}),
    sampling: readSampling(body, problems),
    ...(format === undefined ? {} : { format }),
    ...readThinking(body, problems),
    ...(typeof body.user === "string" && body.user !== "" ? { userId: body.user } : {}),
    ...readModalities(body.modalities, problems),
    extensions: readExtensions(body, hosted),
    dropped: [...unsaid, ...untold, ...ignoredFields(body)],
  };
  return problems.first ?? request;
}

/** Ignored fields whose absence a client may notice. */
function ignoredFields(body: JsonObject): readonly string[] {
  const ignored = {
    logit_bias: isObject(body.logit_bias) && Object.keys(body.logit_bias).length > 0,
    prediction: isObject(body.prediction),
    verbosity: typeof body.verbosity === "string" && body.verbosity !== "medium",
  };
  return Object.entries(ignored).flatMap(([name, isMissed]) => isMissed ? [name] : []);
}

/** What the official client calls `extra_body` may come flat or as written. Tools that run at a provider stand under `tools`. */
function readExtensions(body: JsonObject, hosted: readonly JsonObject[]): JsonObject {
  const flat = Object.entries(body).filter(([name, value]) => !UNDERSTOOD.has(name) && value !== undefined && value !== null);
  return { ...asObject(body.extra_body), ...Object.fromEntries(flat), ...(hosted.length === 0 ? {} : { tools: hosted }) };
}

function readSampling(body: JsonObject, problems: Problems): Sampling {
  const number = (name: string): number | undefined => {
    const value = body[name] ?? undefined;
    return value === undefined || typeof value === "number" ? value : problems.note(name, "a number is expected");
  };
  const count = (name: string, least: number): number | undefined => {
    const value = number(name);
    if (value === undefined || (Number.isInteger(value) && value >= least)) return value;
    return problems.note(name, `a whole number of at least ${least} is expected`);
  };
  const asked = body.logprobs === true || (body.top_logprobs ?? undefined) !== undefined;
  const newer = count("max_completion_tokens", 1);
  return present({
    temperature: number("temperature"),
    topP: number("top_p"),
    topK: number("top_k"),
    maxTokens: newer ?? count("max_tokens", 1),
    stop: readStop(body.stop, problems),
    seed: number("seed"),
    presencePenalty: number("presence_penalty"),
    frequencyPenalty: number("frequency_penalty"),
    choiceCount: count("n", 1),
    topLogprobs: asked && body.logprobs !== false ? count("top_logprobs", 0) ?? 0 : undefined,
  });
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the fields that were not given. */
function present<T extends object>(fields: T): Present<T> {
  const kept: Present<T> = { ...fields };
  for (const name in kept) {
    if (kept[name] === undefined) delete kept[name];
  }
  return kept;
}

function readStop(value: Json | undefined, problems: Problems): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  const stops = typeof value === "string" ? [value] : value;
  if (!Array.isArray(stops)) return problems.note("stop", "text or a list of texts is expected");
  const wrong = stops.findIndex((stop) => typeof stop !== "string");
  if (wrong >= 0) return problems.note(`stop[${wrong}]`, "text is expected");
  return stops.flatMap((stop) => asString(stop) || []);
}

function readFormat(value: Json | undefined, problems: Problems): ResponseFormat | undefined {
  if (value === undefined || value === null) return undefined;
  const format = asObject(value);
  switch (format?.type) {
    case "text":
      return { kind: "text" };
    case "json_object":
      return { kind: "json" };
    case "json_schema": {
      const named = asObject(format.json_schema);
      const schema = asObject(named?.schema);
      if (schema === undefined) return problems.note("response_format.json_schema.schema", "a JSON schema is expected");
      const description = asString(named?.description);
      return {
        kind: "schema",
        schema,
        name: asString(named?.name) ?? "response",
        ...(description === undefined ? {} : { description }),
        ...(typeof named?.strict === "boolean" ? { isStrict: named.strict } : {}),
      };
    }
    default:
      return problems.note("response_format.type", "text, json_object or json_schema is expected");
  }
}

function readModalities(value: Json | undefined, problems: Problems): { modalities?: readonly string[] } {
  if (value === undefined || value === null) return {};
  if (!Array.isArray(value) || value.some((it) => typeof it !== "string")) {
    return problems.note("modalities", "a list of text, image and audio is expected") ?? {};
  }
  return { modalities: value.flatMap((it) => asString(it)?.toLowerCase() ?? []) };
}

const EFFORTS: readonly Effort[] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

/** A number of tokens says more than a word, so it wins. */
function readThinking(body: JsonObject, problems: Problems): Pick<ChatRequest, "reasoning" | "hidesReasoning"> {
  const asked = asObject(body.reasoning);
  const thinking = asObject(body.thinking);
  const reasoning = readBudget(asked?.max_tokens, { path: "reasoning.max_tokens", problems }) ??
    readBudget(thinking?.budget_tokens, { path: "thinking.budget_tokens", problems }) ??
    readEffort(body.reasoning_effort, { path: "reasoning_effort", problems }) ??
    readEffort(asked?.effort, { path: "reasoning.effort", problems }) ??
    readSwitch(asked, thinking);
  return { ...(reasoning === undefined ? {} : { reasoning }), ...(asked?.exclude === true ? { hidesReasoning: true } : {}) };
}

interface At {
  readonly path: string;
  readonly problems: Problems;
}

function readBudget(value: Json | undefined, { path, problems }: At): Reasoning | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value) || value < -1) {
    return problems.note(path, "a number of tokens is expected, or -1 for as many as the model likes");
  }
  return value === -1 ? { kind: "auto" } : { kind: "budget", tokens: value };
}

function readEffort(value: Json | undefined, { path, problems }: At): Reasoning | undefined {
  if (value === undefined || value === null) return undefined;
  if (value === "auto") return { kind: "auto" };
  const effort = EFFORTS.find((it) => it === value);
  return effort === undefined ? problems.note(path, `one of ${EFFORTS.join(", ")} or auto is expected`) : { kind: "effort", effort };
}

function readSwitch(asked: JsonObject | undefined, thinking: JsonObject | undefined): Reasoning | undefined {
  if (asked?.enabled === false || thinking?.type === "disabled") return { kind: "effort", effort: "none" };
  return asked?.enabled === true || thinking?.type === "enabled" || thinking?.type === "adaptive" ? { kind: "auto" } : undefined;
}
