/** What is checked of one recorded answer, whole or as the events of a stream: readers and codecs hear the same, and every dialect writes it. */
import { ANSWER_CONTEXT, HELLO } from "../support/plain_chat.ts";
import { NO_RECALL } from "../../src/dialects/codec.ts";
import assert from "node:assert/strict";
import type { ChatEvent } from "../../src/canonical/chat.ts";
import { ANTHROPIC_CLIENT_CODEC } from "../../src/dialects/anthropic_client/codec.ts";
import { ANTHROPIC_UPSTREAM_CODEC } from "../../src/dialects/anthropic_upstream/codec.ts";
import { BEDROCK_CODEC } from "../../src/dialects/bedrock/codec.ts";
import type { ClientCodec, ProviderCodec } from "../../src/dialects/codec.ts";
import { COHERE_CODEC } from "../../src/dialects/cohere/codec.ts";
import { GEMINI_CODEC } from "../../src/dialects/gemini/codec.ts";
import { GEMINI_CLIENT_CODEC } from "../../src/dialects/gemini_client/codec.ts";
import { OPENAI_CHAT_CODEC } from "../../src/dialects/openai_codec/codec.ts";
import { OPENAI_UPSTREAM_CODEC } from "../../src/dialects/openai_upstream/codec.ts";
import { RESPONSES_CLIENT_CODEC } from "../../src/dialects/responses_client/codec.ts";
import { RESPONSES_UPSTREAM_CODEC } from "../../src/dialects/responses_upstream/codec.ts";
import { isFailure } from "../../src/kernel/failure.ts";
import { isObject, type JsonObject } from "../../src/kernel/json.ts";

const CLIENTS: Readonly<Record<string, ClientCodec>> = {
  chat: OPENAI_CHAT_CODEC,
  responses: RESPONSES_CLIENT_CODEC,
  messages: ANTHROPIC_CLIENT_CODEC,
  generateContent: GEMINI_CLIENT_CODEC,
};

/** The format of an answer, by what stands in it; undefined for what is no chat (lists, embeddings, errors). */
export function codecOf(body: JsonObject): ProviderCodec | undefined {
  if (body.object === "response" || /^response\./.test(String(body.type))) return RESPONSES_UPSTREAM_CODEC;
  if (body.type === "message" || body.type === "message_start") return ANTHROPIC_UPSTREAM_CODEC;
  if (body.candidates !== undefined) return GEMINI_CODEC;
  if (body.choices !== undefined) return OPENAI_UPSTREAM_CODEC;
  if (body.output !== undefined || body.messageStart !== undefined || body.contentBlockStart !== undefined) return BEDROCK_CODEC;
  if (body.type === "message-start" || (isObject(body.message) && body.finish_reason !== undefined)) return COHERE_CODEC;
  return undefined;
}

function crossing(codec: ProviderCodec) {
  const made = codec.cross(HELLO, { model: "m", recall: NO_RECALL, newId: () => "made" });
  assert.ok(!isFailure(made));
  return made;
}

/** Every dialect writes the events; whole and streamed tell the same calls and end. */
function checkWriters(events: readonly ChatEvent[]): void {
  for (const codec of Object.values(CLIENTS)) {
    assert.ok(isObject(codec.answer(events, ANSWER_CONTEXT)));
    const writer = codec.stream(ANSWER_CONTEXT);
    const chunks = [...events.flatMap((event) => writer.push(event)), ...writer.end()];
    assert.ok(chunks.length > 0);
  }
}

/** A whole answer; gives its events. */
export function checkWhole(codec: ProviderCodec, body: JsonObject): readonly ChatEvent[] {
  const reading = codec.read(body);
  assert.ok(reading.isMeaningful, "it says something");
  assert.ok(reading.finishReason !== undefined, "it has an end");
  const events = crossing(codec).answer(body);
  assert.ok(events.some(({ kind }) => kind === "finish"));
  checkWriters(events);
  return events;
}

/** The events of a stream; gives them as canonical ones. */
export function checkStream(codec: ProviderCodec, bodies: readonly JsonObject[]): readonly ChatEvent[] {
  const readings = bodies.map((body) => codec.read(body));
  assert.ok(readings.some(({ isMeaningful }) => isMeaningful), "it says something");
  assert.ok(readings.some(({ finishReason }) => finishReason !== undefined), "it has an end");
  const reader = crossing(codec).events();
  const events = [...bodies.flatMap((body) => reader.push(body)), ...reader.end()];
  assert.ok(events.some(({ kind }) => kind === "finish"));
  const said = events.flatMap((event) => event.kind === "text" ? event.text : []).join("");
  assert.equal(said, readings.map((reading) => reading.text).join(""), "reader and codec hear the same");
  checkWriters(events);
  return events;
}
