/**
 * OpenAI chat completions, JSON and SSE.
 * Shapes: https://platform.openai.com/docs/api-reference/chat
 */
import { z } from "zod";
import type { Reading } from "../canonical/answer.ts";
import type { Conversation } from "../canonical/request.ts";
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from "../kernel/json.ts";
import type { Dialect } from "./dialect.ts";
import { OPENAI_CHAT_CODEC } from "./openai_codec/codec.ts";
import {
  checkBody,
  choicesOf,
  explainsSilence,
  hasContent,
  OPENAI_FRAMING,
  readStreamFields,
  readUsage,
  STREAM_FIELDS,
} from "./openai_wire.ts";

const REQUEST = z.looseObject({
  model: z.string("a model name is required").min(1, "a model name is required"),
  messages: z.array(z.looseObject({ role: z.string("every message needs a role") }), "a list of messages is required")
    .min(1, "at least one message is required"),
  ...STREAM_FIELDS,
  tools: z.array(z.looseObject({}), "a list of tools is expected").nullish(),
  max_tokens: z.number("a number is expected").nullish(),
  temperature: z.number("a number is expected").nullish(),
});

/** Long prompts are told apart by their first part and their length. */
const OPENING_LENGTH = 2_048;

export const openaiChat: Dialect = {
  name: "openai_chat",
  upstreamPath: "/chat/completions",
  ...OPENAI_FRAMING,
  decodeRequest(body) {
    const wrong = checkBody(REQUEST, body);
    if (wrong !== undefined) return wrong;
    return {
      operation: "chat",
      model: asString(body.model) ?? "",
      ...readStreamFields(body),
      conversation: readConversation(body),
      native: { dialect: "openai_chat", body },
    };
  },
  readAnswer: (body) => readChoices(body, "message"),
  readEvent: (body) => readChoices(body, "delta"),
  answerAsEvents,
  codec: OPENAI_CHAT_CODEC,
};

function readConversation(body: JsonObject): Conversation {
  const metadata = asObject(body.metadata);
  const messages = asArray(body.messages).filter(isObject);
  const system = messages.filter((message) => message.role === "system" || message.role === "developer");
  const firstUser = messages.find((message) => message.role === "user");
  return {
    id: asString(body.prompt_cache_key) ?? asString(metadata?.session_id) ?? asString(metadata?.user_id),
    opening: [...system, ...(firstUser === undefined ? [] : [firstUser])].map((message) => clip(message.content)).join("\n"),
  };
}

function clip(content: Json | undefined): string {
  const text = typeof content === "string" ? content : JSON.stringify(content ?? "");
  return `${text.slice(0, OPENING_LENGTH)}#${text.length}`;
}

function readChoices(body: JsonObject, key: "message" | "delta"): Reading {
  const usage = readUsage(body);
  const choices = choicesOf(body);
  let isMeaningful = false;
  let finishReason: string | undefined;
  let text = "";
  let reasoning = "";
  for (const choice of choices) {
    const piece = asObject(choice[key]);
    finishReason = asString(choice.finish_reason) ?? finishReason;
    if (piece === undefined) continue;
    isMeaningful ||= saysSomething(piece);
    text += asString(piece.content) ?? "";
    reasoning += asString(piece.reasoning_content) ?? asString(piece.reasoning) ?? "";
  }
  return {
    isMeaningful: isMeaningful || explainsSilence(finishReason),
    isUsageOnly: choices.length === 0 && usage !== undefined,
    ...(usage === undefined ? {} : { usage }),
    ...(finishReason === undefined ? {} : { finishReason }),
    text,
    reasoning,
    body,
  };
}

function saysSomething(piece: JsonObject): boolean {
  return hasContent(piece.content) || hasContent(piece.reasoning_content) || hasContent(piece.reasoning) ||
    hasContent(piece.reasoning_details) || hasContent(piece.tool_calls) || hasContent(piece.refusal) ||
    hasContent(piece.function_call) || hasContent(piece.audio) || hasContent(piece.images);
}

/** One event with the whole message, one with the end, and one with the usage. */
function answerAsEvents(body: JsonObject): JsonObject[] {
  const { choices: _choices, usage, ...rest } = body;
  const head = { ...rest, object: "chat.completion.chunk" };
  const choices = choicesOf(body);
  const said = choices.map((choice, position) => {
    const message = asObject(choice.message) ?? {};
    const calls = asArray(message.tool_calls).filter(isObject).map((call, index) => ({ index, ...call }));
    const delta = { role: "assistant", ...message, ...(calls.length === 0 ? {} : { tool_calls: calls }) };
    return { index: choice.index ?? position, delta, finish_reason: null };
  });
  const ended = choices.map((choice, position) => ({
    index: choice.index ?? position,
    delta: {},
    finish_reason: choice.finish_reason ?? "stop",
  }));
  const events: JsonObject[] = [{ ...head, choices: said }, { ...head, choices: ended }];
  if (usage !== undefined && usage !== null) events.push({ ...head, choices: [], usage });
  return events;
}
