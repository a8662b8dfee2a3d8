/** What of Gemini's answers counts as one. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../kernel/json.ts";
import { readBody } from "./read.ts";

const saying = (parts: readonly JsonObject[], more: JsonObject = {}): JsonObject => ({ candidates: [{ content: { parts }, ...more }] });
const ending = (finishReason: string): JsonObject => ({ candidates: [{ finishReason }] });

const BODIES: readonly (readonly [name: string, body: JsonObject, isMeaningful: boolean, finishReason?: string])[] = [
  ["text", saying([{ text: "x" }]), true],
  ["a thought", saying([{ text: "x", thought: true }]), true],
  ["a call", saying([{ functionCall: { name: "f" } }], { finishReason: "STOP" }), true, "tool_calls"],
  ["a picture", saying([{ inlineData: { mimeType: "image/png", data: "AA" } }]), true],
  ["code", saying([{ executableCode: { code: "1" } }]), true],
  ["no parts", saying([]), false],
  ["an empty part", saying([{ text: "" }]), false],
  ["a signature alone", saying([{ text: "", thoughtSignature: "AAAA" }]), false],
  ["a call without a name", saying([{ functionCall: { args: {} } }]), false],
  ["usage alone", { usageMetadata: { promptTokenCount: 1 } }, false],
  ["a stop that nothing came before", ending("STOP"), false, "stop"],
  ["a malformed call", ending("MALFORMED_FUNCTION_CALL"), false, "stop"],
  ["an unexpected call", ending("UNEXPECTED_TOOL_CALL"), false, "stop"],
  ["an end at the limit", ending("MAX_TOKENS"), true, "length"],
  ["an end for safety", ending("SAFETY"), true, "content_filter"],
  ["a refused prompt", { promptFeedback: { blockReason: "OTHER" } }, true, "content_filter"],
  ["ratings of a prompt that was let through", { promptFeedback: { safetyRatings: [] } }, false],
];

for (const [name, body, isMeaningful, finishReason] of BODIES) {
  Deno.test(`${name} is ${isMeaningful ? "" : "not "}an answer's beginning`, () => {
    const reading = readBody(body);
    assert.deepEqual([reading.isMeaningful, reading.finishReason], [isMeaningful, finishReason]);
    assert.equal(reading.body, body);
  });
}

Deno.test("text and reasoning are told apart, usage is the provider's", () => {
  const reading = readBody({
    ...saying([{ text: "a", thought: true }, { text: "b" }, { text: "c" }]),
    usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 4, thoughtsTokenCount: 6, totalTokenCount: 15 },
  });
  assert.deepEqual([reading.reasoning, reading.text, reading.isUsageOnly], ["a", "bc", false]);
  assert.deepEqual([reading.usage?.inputTokens, reading.usage?.outputTokens], [5, 10]);
  assert.equal(readBody({ usageMetadata: { promptTokenCount: 1 } }).isUsageOnly, true);
});
