/**
 * Answer quirks: what a provider says in its own way, said in OpenAI's. They see whole answers and stream
 * chunks; an object that needs nothing comes back as itself, so its original bytes may be relayed.
 */
import { asArray, asNumber, asObject, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";
import { type ThinkSplit, thinkSplitter } from "../think_tags.ts";
import { ANSWER_CALL_QUIRKS } from "./answer_calls.ts";
import { ANSWER_ENDING_QUIRKS } from "./answer_endings.ts";
import { type AnswerQuirk, type ChunkQuirks, eachSaid, stateless } from "./answer_quirk.ts";
import { editField, editList, without } from "./edit.ts";

/** Adds reasoning after what a message already has of it. */
function withReasoning(said: JsonObject, reasoning: string): JsonObject {
  if (reasoning === "") return said;
  return { ...said, reasoning_content: (asString(said.reasoning_content) ?? "") + reasoning };
}

/** The original field stays for clients that know this provider. */
function reasoningToReasoningContent(said: JsonObject): JsonObject {
  const reasoning = asString(said.reasoning);
  if (reasoning === undefined || typeof said.reasoning_content === "string") return said;
  return { ...said, reasoning_content: reasoning };
}

function textOf(value: Json | undefined): string {
  if (typeof value === "string") return value;
  return asArray(value).map((part) => isObject(part) ? asString(part.text) ?? "" : "").join("");
}

/** Content as parts: Mistral puts thinking under `thinking`, Databricks a `reasoning` part with a `summary`. */
function thinkingPartsToReasoning(said: JsonObject): JsonObject {
  if (!Array.isArray(said.content)) return said;
  let content = "";
  let reasoning = "";
  for (const part of asArray(said.content)) {
    if (!isObject(part)) continue;
    if (part.type === "thinking") reasoning += textOf(part.thinking);
    else if (part.type === "reasoning") reasoning += textOf(part.summary ?? part.text);
    else content += textOf(part.text);
  }
  return withReasoning({ ...said, content }, reasoning);
}

/** Moonshot and StepFun count cached tokens at the top of `usage`, DeepSeek (older) as `prompt_cache_hit_tokens`. */
function cachedTokensInDetails(usage: JsonObject): JsonObject {
  const count = asNumber(usage.cached_tokens) ?? asNumber(usage.prompt_cache_hit_tokens);
  const details = asObject(usage.prompt_tokens_details) ?? {};
  if (count === undefined || asNumber(details.cached_tokens) !== undefined) return usage;
  return { ...usage, prompt_tokens_details: { ...details, cached_tokens: count } };
}

/** Words outside OpenAI's set. A word that means trouble (`error`, `network_error`) is not an ending and stays. */
const FINISH_REASONS: ReadonlyMap<Json | undefined, string> = new Map([
  ["eos", "stop"],
  ["eos_token", "stop"],
  ["stop_sequence", "stop"],
  ["end_turn", "stop"],
  ["model_context_window_exceeded", "length"],
  ["model_length", "length"],
  ["max_tokens", "length"],
  ["tool_use", "tool_calls"],
  ["sensitive", "content_filter"],
  ["safety", "content_filter"],
]);

function openaiFinishReason(choice: JsonObject): JsonObject {
  const known = FINISH_REASONS.get(choice.finish_reason);
  return known === undefined ? choice : { ...choice, finish_reason: known };
}

/** What was split, back in its message. Content that came out empty is null, as in a reasoning model's chunks. */
function withSplit(said: JsonObject, split: ThinkSplit): JsonObject {
  const isTouched = typeof said.content === "string" || split.content !== "";
  const content = split.content === "" ? null : split.content;
  return withReasoning(isTouched ? { ...said, content } : said, split.reasoning);
}

function joined(one: ThinkSplit, other: ThinkSplit): ThinkSplit {
  return { content: one.content + other.content, reasoning: one.reasoning + other.reasoning };
}

function splitWhole(said: JsonObject): JsonObject {
  const text = asString(said.content);
  if (text === undefined) return said;
  const splitter = thinkSplitter();
  const split = joined(splitter.push(text), splitter.end());
  return split.content === text ? said : withReasoning({ ...said, content: split.content }, split.reasoning);
}

const NOTHING: ThinkSplit = { content: "", reasoning: "" };

/** One splitter per choice, ended by that choice's `finish_reason` or by the end of the stream. */
function splitChunks(): ChunkQuirks {
  const splitters = new Map<number, ReturnType<typeof thinkSplitter>>();
  let lastChunk: JsonObject = {};

  function splitChoice(choice: JsonObject): JsonObject {
    const index = asNumber(choice.index) ?? 0;
    const delta = asObject(choice.delta) ?? {};
    const text = asString(delta.content);
    const isOver = typeof choice.finish_reason === "string";
    if (text === undefined && !(isOver && splitters.has(index))) return choice;

    const splitter = splitters.get(index) ?? thinkSplitter();
    splitters.set(index, splitter);
    const pushed = text === undefined ? NOTHING : splitter.push(text);
    const split = isOver ? joined(pushed, splitter.end()) : pushed;
    if (isOver) splitters.delete(index);
    if (split.reasoning === "" && split.content === (text ?? "")) return choice;
    return { ...choice, delta: withSplit(delta, split) };
  }

  return {
    push(chunk) {
      lastChunk = chunk;
      return [editList(chunk, "choices", splitChoice)];
    },
    flush() {
      const choices: JsonObject[] = [];
      for (const [index, splitter] of splitters) {
        const delta = withSplit({}, splitter.end());
        if (Object.keys(delta).length > 0) choices.push({ index, delta, finish_reason: null });
      }
      splitters.clear();
      return choices.length === 0 ? [] : [{ ...without(lastChunk, ["usage"]), choices }];
    },
  };
}

/** The answer quirks by name. */
export const ANSWER_QUIRKS = {
  /** Reasoning comes as `reasoning`. */
  reasoning_to_reasoning_content: stateless(eachSaid(reasoningToReasoningContent)),
  /** Reasoning comes inside the text. */
  think_tags_to_reasoning: { answer: eachSaid(splitWhole), chunks: splitChunks },
  /** Content may come as an array of parts, some of them thinking. */
  thinking_parts_to_reasoning: stateless(eachSaid(thinkingPartsToReasoning)),
  cached_tokens_in_details: stateless((body) => editField(body, "usage", cachedTokensInDetails)),
  openai_finish_reasons: stateless((body) => editList(body, "choices", openaiFinishReason)),
  ...ANSWER_CALL_QUIRKS,
  ...ANSWER_ENDING_QUIRKS,
} as const satisfies Record<string, AnswerQuirk>;
