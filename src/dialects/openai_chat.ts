/**
 * OpenAI chat completions, JSON and SSE.
 * Shapes: https://platform.openai.com/docs/api-reference/chat
 */
import { z } from "zod";
import type { Conversation } from "../canonical/request.ts";
import { asArray, asObject, asString, isObject, type JsonObject } from "../kernel/json.ts";
import type { Dialect } from "./dialect.ts";
import { OPENAI_BOUND } from "./openai_bound.ts";
import { OPENAI_CHAT_CODEC } from "./openai_codec/codec.ts";
import { clipped } from "./opening.ts";
import { choicesOf, OPENAI_FRAMING, readChat, readStreamFields, STREAM_FIELDS } from "./openai_wire.ts";
import { checkBody } from "./problems.ts";

const REQUEST = z.looseObject({
  model: z.string("a model name is required").min(1, "a model name is required"),
  messages: z.array(z.looseObject({ role: z.string("every message needs a role") }), "a list of messages is required")
    .min(1, "at least one message is required"),
  ...STREAM_FIELDS,
  tools: z.array(z.looseObject({}), "a list of tools is expected").nullish(),
  max_tokens: z.number("a number is expected").nullish(),
  temperature: z.number("a number is expected").nullish(),
});

export const openaiChat: Dialect = {
  name: "openai_chat",
  ...OPENAI_FRAMING,
  bound: OPENAI_BOUND,
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
  readAnswer: readChat,
  readEvent: readChat,
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
    opening: [...system, ...(firstUser === undefined ? [] : [firstUser])].map((message) => clipped(message.content)).join("\n"),
  };
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
