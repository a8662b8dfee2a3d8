/**
 * A Responses request, read into the canonical form. What came before, when it is kept here, stands in `input`
 * already. Every field has a place or is named in `dropped`. Shapes: https://platform.openai.com/docs/api-reference/responses
 */
import type { ChatRequest, Effort, Reasoning, ResponseFormat, Sampling, TextPart } from "../../canonical/chat.ts";
import type { Failure } from "../../kernel/failure.ts";
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";
import { Problems } from "../problems.ts";
import { ItemReader } from "./items.ts";
import { readTools } from "./tools.ts";

/** Fields that are read here, that the gateway itself reads, or that say nothing about the answer. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  "model",
  "input",
  "instructions",
  "stream",
  "stream_options",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "temperature",
  "top_p",
  "top_logprobs",
  "max_output_tokens",
  "reasoning",
  "text",
  "include",
  "user",
  "metadata",
  "store",
  "service_tier",
  "safety_identifier",
  "prompt_cache_key",
  "prompt_cache_retention",
  "previous_response_id",
  "truncation",
  "background",
  "client_metadata",
]);

/** The request, or the failure that names its first wrong field. */
export function decodeResponses(body: JsonObject): ChatRequest | Failure {
  const problems = new Problems();
  if (body.background === true) problems.note("background", "answers in the background are not supported here: false is expected");
  if ((body.prompt ?? undefined) !== undefined) problems.note("prompt", "prompt templates are kept at OpenAI: give instructions and input");
  if (typeof body.previous_response_id === "string") {
    problems.note("previous_response_id", "this answer is kept at another provider: give its items in input");
  }
  const reader = new ItemReader(problems);
  const instructions = readInstructions(body.instructions, problems);
  reader.input(body.input);
  const { tools, choice, hosted, dropped } = readTools(body, problems);
  const format = readFormat(asObject(body.text)?.format, problems);
  const reasoning = readReasoning(body.reasoning, problems);
  const unknown = Object.keys(body).filter((name) => !UNDERSTOOD.has(name) && name !== "prompt" && (body[name] ?? undefined) !== undefined);
  const verbosity = asString(asObject(body.text)?.verbosity) ?? "medium";
  const request: ChatRequest = {
    system: [...instructions, ...reader.system],
    turns: reader.turns,
    tools,
    ...(choice === undefined ? {} : { toolChoice: choice }),
    ...(body.parallel_tool_calls === false ? { callsOneByOne: true as const } : {}),
    sampling: readSampling(body, problems),
    ...(format === undefined ? {} : { format }),
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(typeof body.user === "string" && body.user !== "" ? { userId: body.user } : {}),
    extensions: hosted.length === 0 ? {} : { tools: hosted },
    dropped: [...reader.dropped, ...dropped, ...unknown, ...(verbosity === "medium" ? [] : ["text.verbosity"])],
  };
  return problems.first ?? request;
}

function readInstructions(value: Json | undefined, problems: Problems): readonly TextPart[] {
  if (value === undefined || value === null || value === "") return [];
  if (typeof value === "string") return [{ kind: "text", text: value }];
  if (!Array.isArray(value)) return problems.note("instructions", "text is expected") ?? [];
  const reader = new ItemReader(problems);
  reader.input(value);
  return [...reader.system, ...reader.turns.flatMap(({ parts }) => parts.filter((part) => part.kind === "text"))];
}

function readSampling(body: JsonObject, problems: Problems): Sampling {
  const number = (name: string): number | undefined => {
    const value = body[name] ?? undefined;
    return value === undefined || typeof value === "number" ? value : problems.note(name, "a number is expected");
  };
  const wantsLogprobs = asArray(body.include).includes("message.output_text.logprobs");
  const fields = {
    temperature: number("temperature"),
    topP: number("top_p"),
    maxTokens: number("max_output_tokens"),
    topLogprobs: wantsLogprobs || (body.top_logprobs ?? 0) !== 0 ? number("top_logprobs") ?? 0 : undefined,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
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
      if (!isObject(format.schema)) return problems.note("text.format.schema", "a JSON schema is expected");
      const description = asString(format.description);
      return {
        kind: "schema",
        schema: format.schema,
        name: asString(format.name) ?? "response",
        ...(description === undefined ? {} : { description }),
        ...(typeof format.strict === "boolean" ? { isStrict: format.strict } : {}),
      };
    }
    default:
      return problems.note("text.format.type", "text, json_object or json_schema is expected");
  }
}

const EFFORTS: readonly Effort[] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

function readReasoning(value: Json | undefined, problems: Problems): Reasoning | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) return problems.note("reasoning", "an object is expected");
  const asked = value.effort ?? undefined;
  if (asked === undefined) return undefined;
  const effort = EFFORTS.find((it) => it === asked);
  return effort === undefined ? problems.note("reasoning.effort", `one of ${EFFORTS.join(", ")} is expected`) : { kind: "effort", effort };
}
