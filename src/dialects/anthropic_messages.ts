/**
 * Anthropic Messages, JSON and SSE, as clients speak it.
 * Shapes: https://docs.anthropic.com/en/api/messages
 */
import { z } from "zod";
import type { Conversation } from "../canonical/request.ts";
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from "../kernel/json.ts";
import { ANTHROPIC_BOUND } from "./anthropic_bound.ts";
import { ANTHROPIC_CLIENT_CODEC } from "./anthropic_client/codec.ts";
import { encodeFailure, readMessages, writeEvent } from "./anthropic_wire.ts";
import type { Dialect, Framing } from "./dialect.ts";
import { clipped } from "./opening.ts";
import { checkBody } from "./problems.ts";

const REQUEST = z.looseObject({
  model: z.string("a model name is required").min(1, "a model name is required"),
  max_tokens: z.int("a whole number is required").min(1, "a number of at least 1 is expected"),
  messages: z.array(z.looseObject({ role: z.string("every message needs a role") }), "a list of messages is required")
    .min(1, "at least one message is required"),
  stream: z.boolean("true or false is expected").nullish(),
  temperature: z.number("a number is expected").nullish(),
  tools: z.array(z.looseObject({}), "a list of tools is expected").nullish(),
});

const FRAMING: Framing = {
  contentType: "text/event-stream",
  event: writeEvent,
  isRelayed: true,
  worthReading: /"type": ?"(?:message_start|message_delta|message_stop|signature_delta|redacted_thinking|error)"/,
  heartbeat: writeEvent({ type: "ping" }),
  end: () => writeEvent({ type: "message_stop" }),
  failed: (failure) => writeEvent(encodeFailure(failure)),
};

export const anthropicMessages: Dialect = {
  name: "anthropic_messages",
  framing: FRAMING,
  bound: ANTHROPIC_BOUND,
  passedHeaders: ["anthropic-beta", "anthropic-version"],
  encodeFailure,
  decodeRequest(body) {
    const wrong = checkBody(REQUEST, body);
    if (wrong !== undefined) return wrong;
    return {
      operation: "chat",
      model: asString(body.model) ?? "",
      isStream: body.stream === true,
      // Counts are part of every stream.
      wantsStreamUsage: true,
      conversation: readConversation(body),
      native: { dialect: "anthropic_messages", body },
    };
  },
  readAnswer: readMessages,
  readEvent: readMessages,
  answerAsEvents,
  codec: ANTHROPIC_CLIENT_CODEC,
};

function readConversation(body: JsonObject): Conversation {
  const firstUser = asArray(body.messages).filter(isObject).find((message) => message.role === "user");
  return {
    id: asString(asObject(body.metadata)?.user_id),
    opening: [body.system, firstUser?.content].map(clipped).join("\n"),
  };
}

/** Every block whole, in its order. */
function answerAsEvents(message: JsonObject): readonly JsonObject[] {
  const { content, stop_reason, stop_sequence, usage } = message;
  const blocks = asArray(content).filter(isObject);
  return [
    { type: "message_start", message: { ...message, content: [], stop_reason: null, stop_sequence: null } },
    ...blocks.flatMap((block, index) => [
      { type: "content_block_start", index, content_block: emptied(block) },
      ...deltasOf(block).map((delta) => ({ type: "content_block_delta", index, delta })),
      { type: "content_block_stop", index },
    ]),
    { type: "message_delta", delta: { stop_reason: stop_reason ?? "end_turn", stop_sequence: stop_sequence ?? null }, usage: usage ?? {} },
  ];
}

function emptied(block: JsonObject): JsonObject {
  switch (block.type) {
    case "text":
      return { ...block, text: "" };
    case "thinking":
      return { ...block, thinking: "", signature: "" };
    case "tool_use":
    case "server_tool_use":
      return { ...block, input: {} };
    default:
      return block;
  }
}

function deltasOf(block: JsonObject): readonly JsonObject[] {
  const { text, thinking, signature, input }: Readonly<Record<string, Json | undefined>> = block;
  switch (block.type) {
    case "text":
      return [{ type: "text_delta", text: text ?? "" }];
    case "thinking":
      return [{ type: "thinking_delta", thinking: thinking ?? "" }, { type: "signature_delta", signature: signature ?? "" }];
    case "tool_use":
    case "server_tool_use":
      return [{ type: "input_json_delta", partial_json: JSON.stringify(input ?? {}) }];
    default:
      return [];
  }
}
