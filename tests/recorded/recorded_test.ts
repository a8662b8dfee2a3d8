/**
 * Answers that were recorded at real providers, read by every decoder they concern and written in every dialect. They
 * are not part of this project: `RECORDED_DIR=<folder> deno task recorded` names a folder with one folder a provider,
 * holding whole answers (`*.json`) and streams (`*.chunks.txt`, one event's JSON a line).
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { ChatEvent, ChatRequest } from "../../src/canonical/chat.ts";
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
import { asObject, isObject, type JsonObject, parseJson } from "../../src/kernel/json.ts";

const CLIENTS: Readonly<Record<string, ClientCodec>> = {
  chat: OPENAI_CHAT_CODEC,
  responses: RESPONSES_CLIENT_CODEC,
  messages: ANTHROPIC_CLIENT_CODEC,
  generateContent: GEMINI_CLIENT_CODEC,
};
const REQUEST: ChatRequest = {
  system: [],
  turns: [{ role: "user", parts: [{ kind: "text", text: "hello" }] }],
  tools: [],
  sampling: {},
  extensions: {},
  dropped: [],
};
const CONTEXT = { model: "m", id: "1", createdAtS: 1, wantsStreamUsage: true, request: {} };

/** The format of an answer, by what stands in it; undefined for what is no chat (lists, embeddings, errors). */
function codecOf(body: JsonObject): ProviderCodec | undefined {
  if (body.object === "response" || /^response\./.test(String(body.type))) return RESPONSES_UPSTREAM_CODEC;
  if (body.type === "message" || body.type === "message_start") return ANTHROPIC_UPSTREAM_CODEC;
  if (body.candidates !== undefined) return GEMINI_CODEC;
  if (body.choices !== undefined) return OPENAI_UPSTREAM_CODEC;
  if (body.output !== undefined || body.messageStart !== undefined || body.contentBlockStart !== undefined) return BEDROCK_CODEC;
  if (body.type === "message-start" || (isObject(body.message) && body.finish_reason !== undefined)) return COHERE_CODEC;
  return undefined;
}

function crossing(codec: ProviderCodec) {
  const made = codec.cross(REQUEST, { model: "m", recall: { remember: () => {}, recall: () => undefined }, newId: () => "made" });
  assert.ok(!isFailure(made));
  return made;
}

/** Every dialect writes the events; whole and streamed tell the same calls and end. */
function checkWriters(events: readonly ChatEvent[]): void {
  for (const codec of Object.values(CLIENTS)) {
    assert.ok(isObject(codec.answer(events, CONTEXT)));
    const writer = codec.stream(CONTEXT);
    const chunks = [...events.flatMap((event) => writer.push(event)), ...writer.end()];
    assert.ok(chunks.length > 0);
  }
}

const folder = process.env["RECORDED_DIR"];

for (const provider of folder === undefined ? [] : readdirSync(folder, { withFileTypes: true })) {
  if (!provider.isDirectory()) continue;
  for (const name of readdirSync(join(provider.parentPath, provider.name))) {
    const text = readFileSync(join(provider.parentPath, provider.name, name), "utf8");
    if (name.endsWith(".json")) wholeTest(`${provider.name}/${name}`, text);
    else if (name.endsWith(".chunks.txt")) streamTest(`${provider.name}/${name}`, text);
  }
}

function wholeTest(name: string, text: string): void {
  const body = asObject(parseJson(text)) ?? {};
  const codec = codecOf(body);
  if (codec === undefined) return;
  Deno.test(`recorded answer ${name}`, () => {
    const reading = codec.read(body);
    assert.ok(reading.isMeaningful, "it says something");
    assert.ok(reading.finishReason !== undefined, "it has an end");
    const events = crossing(codec).answer(body);
    assert.ok(events.some(({ kind }) => kind === "finish"));
    checkWriters(events);
  });
}

function streamTest(name: string, text: string): void {
  const bodies = text.split("\n").map((line) => parseJson(line.replace(/^data: /, ""))).filter(isObject);
  const codec = bodies.map(codecOf).find((it) => it !== undefined);
  if (codec === undefined) return;
  Deno.test(`recorded stream ${name}`, () => {
    const readings = bodies.map((body) => codec.read(body));
    assert.ok(readings.some(({ isMeaningful }) => isMeaningful), "it says something");
    assert.ok(readings.some(({ finishReason }) => finishReason !== undefined), "it has an end");
    const reader = crossing(codec).events();
    const events = [...bodies.flatMap((body) => reader.push(body)), ...reader.end()];
    assert.ok(events.some(({ kind }) => kind === "finish"));
    const said = events.flatMap((event) => event.kind === "text" ? event.text : []).join("");
    assert.equal(said, readings.map((reading) => reading.text).join(""), "reader and codec hear the same");
    checkWriters(events);
  });
}
