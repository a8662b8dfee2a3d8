/**
 * A Messages request, read into the canonical form. Every field has a place there or is named in `dropped`; a
 * field of the wrong type is a 400 that names it. Shapes: https://docs.anthropic.com/en/api/messages
 */
import type { ChatRequest, Effort, Reasoning, ResponseFormat, Sampling } from "../../canonical/chat.ts";
import { type Failure, failure } from "../../kernel/failure.ts";
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";
import { invalidField, Problems } from "../problems.ts";
import { BlockReader } from "./blocks.ts";
import { readTools } from "./tools.ts";

/** Fields that are read here, that the gateway itself reads, or that say nothing about the answer. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  "model",
  "messages",
  "system",
  "stream",
  "max_tokens",
  "temperature",
  "top_p",
  "top_k",
  "stop_sequences",
  "tools",
  "tool_choice",
  "thinking",
  "output_config",
  "output_format",
  "metadata",
  "service_tier",
  "betas",
]);

/** The request, or the failure that names its first wrong field. */
export function decodeMessages(body: JsonObject): ChatRequest | Failure {
  const problems = new Problems();
  const reader = new BlockReader(problems);
  const system = reader.system(body.system);
  for (const [index, message] of asArray(body.messages).entries()) reader.message(message, `messages[${index}]`);
  const { tools, hosted, choice, callsOneByOne } = readTools(body, problems);
  const format = readFormat(asObject(body.output_config)?.format ?? body.output_format, problems);
  const reasoning = readThinking(body, problems);
  const userId = asString(asObject(body.metadata)?.user_id);
  const unknown = Object.keys(body).filter((name) => !UNDERSTOOD.has(name) && (body[name] ?? undefined) !== undefined);
  const request: ChatRequest = {
    system: [...system, ...reader.saidBySystem],
    turns: reader.turns,
    tools,
    ...(choice === undefined ? {} : { toolChoice: choice }),
    ...(callsOneByOne ? { callsOneByOne: true as const } : {}),
    sampling: readSampling(body, problems),
    ...(format === undefined ? {} : { format }),
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(userId === undefined || userId === "" ? {} : { userId }),
    extensions: hosted.length === 0 ? {} : { tools: hosted },
    dropped: [...reader.dropped, ...unknown],
  };
  return problems.first ?? threadFailure(body) ?? request;
}

/** Conversations kept at Anthropic cannot be gone on with elsewhere; clients know how to do without. */
function threadFailure({ thread }: JsonObject): Failure | undefined {
  if (thread === undefined || thread === null) return undefined;
  return failure({
    ...invalidField("thread", "threads are kept by Anthropic alone, and this model is served by another provider's format"),
    details: JSON.stringify({ error_code: "thread_unsupported_request", unsupported: ["provider"] }),
  });
}

function readSampling(body: JsonObject, problems: Problems): Sampling {
  const number = (name: string): number | undefined => {
    const value = body[name] ?? undefined;
    return value === undefined || typeof value === "number" ? value : problems.note(name, "a number is expected");
  };
  const fields = {
    maxTokens: number("max_tokens"),
    temperature: number("temperature"),
    topP: number("top_p"),
    topK: number("top_k"),
  };
  const stop = readStop(body.stop_sequences, problems);
  const given = Object.entries(fields).flatMap(([name, value]) => value === undefined ? [] : [[name, value] as const]);
  return { ...Object.fromEntries(given), ...(stop === undefined ? {} : { stop }) };
}

function readStop(value: Json | undefined, problems: Problems): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) return problems.note("stop_sequences", "a list of texts is expected");
  const wrong = value.findIndex((stop) => typeof stop !== "string");
  if (wrong >= 0) return problems.note(`stop_sequences[${wrong}]`, "text is expected");
  return value.flatMap((stop) => asString(stop) || []);
}

function readFormat(value: Json | undefined, problems: Problems): ResponseFormat | undefined {
  if (value === undefined || value === null) return undefined;
  const format = asObject(value);
  const schema = asObject(format?.schema);
  if (format?.type !== "json_schema" || schema === undefined) {
    return problems.note("output_config.format", "json_schema with a schema is expected");
  }
  return { kind: "schema", schema, name: "output", isStrict: true };
}

const EFFORTS: readonly Effort[] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

function readThinking(body: JsonObject, problems: Problems): Reasoning | undefined {
  const thinking = body.thinking ?? undefined;
  const effort = EFFORTS.find((it) => it === asObject(body.output_config)?.effort);
  if (thinking === undefined) return effort === undefined ? undefined : { kind: "effort", effort };
  if (!isObject(thinking)) return problems.note("thinking", "an object with a type is expected");
  switch (thinking.type) {
    case "disabled":
      return { kind: "effort", effort: "none" };
    case "adaptive":
      return effort === undefined ? { kind: "auto" } : { kind: "effort", effort };
    case "enabled": {
      const tokens = thinking.budget_tokens ?? undefined;
      if (tokens === undefined) return { kind: "auto" };
      if (typeof tokens !== "number" || !Number.isInteger(tokens) || tokens < 0) {
        return problems.note("thinking.budget_tokens", "a number of tokens is expected");
      }
      return { kind: "budget", tokens };
    }
    default:
      return problems.note("thinking.type", "enabled, adaptive or disabled is expected");
  }
}
