/** Whatever a provider sends in Gemini's format, of whatever types: it is read and told to the client without an exception. */
import { NO_RECALL } from "../../src/dialects/codec.ts";
import fc from "fast-check";
import assert from "node:assert/strict";
import type { ChatEvent } from "../../src/canonical/chat.ts";
import { GEMINI_CODEC } from "../../src/dialects/gemini/codec.ts";
import { OPENAI_CHAT_CODEC } from "../../src/dialects/openai_codec/codec.ts";
import { isFailure } from "../../src/kernel/failure.ts";
import { isObject, type Json, parseJson } from "../../src/kernel/json.ts";

const CONTEXT = { model: "m", id: "chatcmpl-1", createdAtS: 1, wantsStreamUsage: true, request: {} };

const anything: fc.Arbitrary<Json> = fc.json({ maxDepth: 3 }).map((text) => parseJson(text) ?? null);
/** Mostly what belongs there. */
const mostly = (fit: fc.Arbitrary<Json>): fc.Arbitrary<Json> => fc.oneof({ weight: 4, arbitrary: fit }, { weight: 1, arbitrary: anything });
const some = (fields: Readonly<Record<string, fc.Arbitrary<Json>>>): fc.Arbitrary<Json> => mostly(fc.record(fields, { requiredKeys: [] }));

const part = some({
  text: mostly(fc.string()),
  thought: mostly(fc.boolean()),
  thoughtSignature: mostly(fc.string()),
  functionCall: some({ name: mostly(fc.string()), args: anything, id: anything }),
  inlineData: some({ mimeType: anything, data: anything }),
  executableCode: anything,
  codeExecutionResult: anything,
});
const grounding = some({
  groundingChunks: mostly(fc.array(some({ web: some({ uri: anything, title: anything }) }))),
  groundingSupports: mostly(fc.array(some({ segment: anything, groundingChunkIndices: anything }))),
});
const candidate = some({
  index: mostly(fc.nat(3)),
  content: some({ parts: mostly(fc.array(part)), role: anything }),
  finishReason: mostly(fc.constantFrom("STOP", "MAX_TOKENS", "SAFETY", "SOMETHING_NEW")),
  groundingMetadata: grounding,
  citationMetadata: anything,
  logprobsResult: some({ chosenCandidates: anything, topCandidates: anything }),
});
const body = fc.record({
  candidates: mostly(fc.array(candidate)),
  usageMetadata: some({
    promptTokenCount: anything,
    candidatesTokenCount: anything,
    thoughtsTokenCount: anything,
    totalTokenCount: anything,
  }),
  promptFeedback: anything,
  modelVersion: anything,
  responseId: anything,
}, { requiredKeys: [] });

Deno.test("answers and events of any shape become well-formed JSON for the client", () => {
  const request = OPENAI_CHAT_CODEC.decode({ model: "m", messages: [{ role: "user", content: "x" }] });
  if (isFailure(request)) return assert.fail(request.message);
  const crossing = GEMINI_CODEC.cross(request, { model: "gemini-2.5-flash", recall: NO_RECALL, newId: () => "call_1" });
  if (isFailure(crossing)) return assert.fail(crossing.message);
  fc.assert(
    fc.property(fc.array(body, { maxLength: 4 }), (bodies) => {
      const reader = crossing.events();
      const writer = OPENAI_CHAT_CODEC.stream(CONTEXT);
      const events: ChatEvent[] = [];
      for (const one of bodies) {
        GEMINI_CODEC.read(one);
        events.push(...reader.push(one));
      }
      events.push(...reader.end());
      const told = [...events.flatMap((event) => writer.push(event)), ...writer.end(), OPENAI_CHAT_CODEC.answer(events, CONTEXT)];
      assert.ok(told.every((it) => isObject(parseJson(JSON.stringify(it)))));
    }),
    { numRuns: 2_000 },
  );
});
