/**
 * OpenAI's chat completions across to Gemini and back: what a client says is what the simulated service takes,
 * and what Gemini says is what a client reads.
 */
import fc from "fast-check";
import assert from "node:assert/strict";
import type { ChatRequest } from "../../src/canonical/chat.ts";
import type { AnswerContext, Crossing, Recall } from "../../src/dialects/codec.ts";
import { GEMINI_CODEC } from "../../src/dialects/gemini/codec.ts";
import { createRecall } from "../../src/dialects/gemini/recall.ts";
import { OPENAI_CHAT_CODEC } from "../../src/dialects/openai_codec/codec.ts";
import { isFailure } from "../../src/kernel/failure.ts";
import { asArray, asObject, isObject, type Json, type JsonObject } from "../../src/kernel/json.ts";
import { GOOGLE_MODELS } from "../simulators/google/models.ts";
import { fieldMistakeIn } from "../simulators/google/strict_fields.ts";
import { historyMistakeIn } from "../simulators/google/strict_history.ts";
import { settingMistakeIn } from "../simulators/google/strict_request.ts";
import { FakeClock } from "../support/fake_clock.ts";

const CONTEXT: AnswerContext = { model: "gemini_cli/gemini-3-pro-preview", id: "req", createdAtS: 1, wantsStreamUsage: true, request: {} };
const MODEL = "gemini-3-pro-preview";
const SIGNATURE = "c2lnbmVkIGJ5";

function decoded(body: JsonObject): ChatRequest {
  const request = OPENAI_CHAT_CODEC.decode({ model: "m", messages: [{ role: "user", content: "go" }], ...body });
  assert.ok(!isFailure(request), isFailure(request) ? request.message : "");
  return request;
}

function crossed(
  body: JsonObject,
  { model = MODEL, recall = createRecall({ clock: new FakeClock() }) }: { readonly model?: string; readonly recall?: Recall } = {},
): Crossing {
  let count = 0;
  const crossing = GEMINI_CODEC.cross(decoded(body), { model, recall, newId: () => `id${count++}` });
  assert.ok(!isFailure(crossing), isFailure(crossing) ? crossing.message : "");
  return crossing;
}

/** The deltas of a stream of these events, then its ends. */
function streamed(
  events: readonly JsonObject[],
  body: JsonObject = {},
): { readonly deltas: readonly Json[]; readonly chunks: readonly JsonObject[] } {
  const reader = crossed(body).events();
  const writer = OPENAI_CHAT_CODEC.stream(CONTEXT);
  const said = [...events.flatMap((event) => reader.push(event)), ...reader.end()];
  const chunks = [...said.flatMap((event) => writer.push(event)), ...writer.end()];
  const choices = chunks.flatMap((chunk) => asArray(chunk.choices).filter(isObject));
  return {
    deltas: choices.map(({ delta, finish_reason: end, logprobs }) => (logprobs ?? null) !== null ? logprobs ?? null : end ?? delta ?? null),
    chunks,
  };
}

const part = (...parts: readonly JsonObject[]): JsonObject => ({ candidates: [{ content: { role: "model", parts } }] });
const last = (more: JsonObject = {}): JsonObject => ({ candidates: [{ content: { parts: [] }, finishReason: "STOP", ...more }] });
const call = (name: string, more: JsonObject = {}): JsonObject => ({ functionCall: { name, args: { a: 1 }, ...more } });
const toolCall = (index: number, id: string, name: string, more: JsonObject = {}): JsonObject => ({
  tool_calls: [{ index, id, type: "function", function: { name, arguments: '{"a":1}' }, ...more }],
});
const ROLE = { role: "assistant", content: "" };
const SIGNED = { extra_content: { google: { thought_signature: SIGNATURE } } };

const STREAMS: readonly (readonly [name: string, events: readonly JsonObject[], deltas: readonly Json[]])[] = [
  ["text", [part({ text: "Hel" }), part({ text: "lo" }), last()], [ROLE, { content: "Hel" }, { content: "lo" }, "stop"]],
  ["thoughts and text", [part({ text: "hm", thought: true }), part({ text: "a" }), last()], [
    ROLE,
    { reasoning_content: "hm" },
    { content: "a" },
    "stop",
  ]],
  ["text whose signature stands alone", [part({ text: "a" }), part({ text: "", thoughtSignature: SIGNATURE }), last()], [
    ROLE,
    { content: "a" },
    SIGNED,
    "stop",
  ]],
  ["one call", [part({ ...call("f"), thoughtSignature: SIGNATURE }), last()], [ROLE, toolCall(0, "call_id0", "f", SIGNED), "tool_calls"]],
  ["three calls in one event", [part(call("f"), call("g"), call("f")), last()], [
    ROLE,
    toolCall(0, "call_id0", "f"),
    toolCall(1, "call_id1", "g"),
    toolCall(2, "call_id2", "f"),
    "tool_calls",
  ]],
  ["calls over two events", [part(call("f")), part({ text: "and" }, call("g"), call("f")), last()], [
    ROLE,
    toolCall(0, "call_id0", "f"),
    { content: "and" },
    toolCall(1, "call_id1", "g"),
    toolCall(2, "call_id2", "f"),
    "tool_calls",
  ]],
  ["a call with an id", [part(call("f", { id: "g-1" })), last()], [ROLE, toolCall(0, "g-1", "f"), "tool_calls"]],
  ["a call without arguments", [part({ functionCall: { name: "f" } }), last()], [
    ROLE,
    { tool_calls: [{ index: 0, id: "call_id0", type: "function", function: { name: "f", arguments: "{}" } }] },
    "tool_calls",
  ]],
  ["a picture", [part({ inlineData: { mimeType: "image/png", data: "AAEC" } }), last()], [
    ROLE,
    { images: [{ type: "image_url", index: 0, image_url: { url: "data:image/png;base64,AAEC" } }] },
    "stop",
  ]],
  ["code that ran", [part({ executableCode: { language: "PYTHON", code: "1" } }, { codeExecutionResult: { output: "1" } }), last()], [
    ROLE,
    { content: "\n```python\n1\n```\n" },
    { content: "\n```\n1\n```\n" },
    "stop",
  ]],
  [
    "sources",
    [
      part({ text: "äb" }),
      last({
        groundingMetadata: {
          groundingChunks: [{ web: { uri: "https://a.example", title: "A" } }],
          groundingSupports: [{ segment: { startIndex: 2, endIndex: 3 }, groundingChunkIndices: [0] }],
        },
      }),
    ],
    [
      ROLE,
      { content: "äb" },
      { annotations: [{ type: "url_citation", url_citation: { start_index: 1, end_index: 2, url: "https://a.example", title: "A" } }] },
      "stop",
    ],
  ],
  [
    "two candidates",
    [{ candidates: [{ index: 0, content: { parts: [{ text: "a" }] } }, { index: 1, content: { parts: [{ text: "b" }] } }] }, last()],
    [ROLE, { content: "a" }, ROLE, { content: "b" }, "stop", "stop"],
  ],
  [
    "likelihoods",
    [part({ text: "é" }), last({ logprobsResult: { chosenCandidates: [{ token: "é", logProbability: -1 }] } })],
    [ROLE, { content: "é" }, { content: [{ token: "é", logprob: -1, bytes: [195, 169], top_logprobs: [] }] }, "stop"],
  ],
  ["a refused prompt", [{ promptFeedback: { blockReason: "SAFETY" } }], [
    ROLE,
    { refusal: "The provider refused the prompt (SAFETY)." },
    "content_filter",
  ]],
];

for (const [name, events, deltas] of STREAMS) {
  Deno.test(`Gemini says ${name}: the client's stream`, () => {
    const got = streamed(events);
    assert.deepEqual(got.deltas, deltas);
    assert.equal(new Set(got.chunks.map(({ id, created, model }) => `${id} ${created} ${model}`)).size, 1);
  });
}

Deno.test("a client's totals are the provider's, caching and thinking included", () => {
  const usageMetadata = {
    promptTokenCount: 100,
    cachedContentTokenCount: 40,
    candidatesTokenCount: 7,
    thoughtsTokenCount: 20,
    totalTokenCount: 127,
  };
  const early = { ...part({ text: "a" }), usageMetadata: { promptTokenCount: 100, totalTokenCount: 100 } };
  const { chunks } = streamed([early, { ...last(), usageMetadata }]);
  const usage = {
    prompt_tokens: 100,
    completion_tokens: 27,
    total_tokens: 127,
    prompt_tokens_details: { cached_tokens: 40 },
    completion_tokens_details: { reasoning_tokens: 20 },
  };
  assert.deepEqual(chunks.at(-1)?.usage, usage);
  assert.deepEqual(chunks.slice(0, -1).map((chunk) => chunk.usage), chunks.slice(0, -1).map(() => null));
  assert.deepEqual(OPENAI_CHAT_CODEC.answer(crossed({}).answer({ ...part({ text: "a" }), usageMetadata }), CONTEXT).usage, usage);
});

Deno.test("a signature survives a client that drops fields it does not know", () => {
  const recall = createRecall({ clock: new FakeClock() });
  const tools = [{ type: "function", function: { name: "look up" } }];
  const first = crossed({ tools }, { recall }).answer(part({ ...call("look_up"), thoughtSignature: SIGNATURE }));
  const message = asObject(asObject(asArray(OPENAI_CHAT_CODEC.answer(first, CONTEXT).choices)[0])?.message);
  const [made] = asArray(message?.tool_calls).filter(isObject);
  assert.equal(asObject(made?.function)?.name, "look up");
  const history = [
    { role: "user", content: "go" },
    { role: "assistant", content: null, tool_calls: [{ id: made?.id, type: "function", function: made?.function }] },
    { role: "tool", tool_call_id: made?.id, content: "found" },
  ];
  const contents = asArray(crossed({ tools, messages: history }, { recall }).body.contents);
  assert.deepEqual(asObject(contents[1])?.parts, [{ ...call("look_up"), thoughtSignature: SIGNATURE }]);
});

const words = fc.constantFrom("", "a", "b c");
const callId = fc.constantFrom("1", "2", "3");
const toolName = fc.constantFrom("f", "my tool", "x".repeat(70));
const message: fc.Arbitrary<JsonObject> = fc.oneof(
  fc.record({ role: fc.constantFrom("system", "user"), content: words }),
  fc.record({
    role: fc.constant("user"),
    content: fc.array(fc.constantFrom<JsonObject>({ type: "text", text: "t" }, { type: "text", text: "" }, {
      type: "image_url",
      image_url: { url: "data:image/png;base64,AAEC" },
    })),
  }),
  fc.record({ role: fc.constant("assistant"), content: fc.option(words), reasoning_content: words }),
  fc.record({
    role: fc.constant("assistant"),
    content: fc.option(words),
    tool_calls: fc.array(
      fc.record({
        id: callId,
        type: fc.constant("function"),
        function: fc.record({ name: toolName, arguments: fc.constantFrom("{}", "", "[", '{"a":[1]}') }),
        thought_signature: fc.constantFrom("", "no base64!"),
      }),
      { maxLength: 3 },
    ),
  }),
  fc.record({ role: fc.constant("tool"), tool_call_id: callId, content: fc.constantFrom("", "x", "{}", "12") }),
);
const TOOLS: JsonObject = {
  tools: [{ type: "function", function: { name: "my tool" } }, { type: "function", function: { name: "f" } }],
};
const NAMED: JsonObject = { type: "function", function: { name: "my tool" } };
const toolFields = fc.constantFrom<JsonObject[]>(
  {},
  TOOLS,
  { tool_choice: "required" },
  ...["auto", "none", "required", NAMED].map((choice) => ({ ...TOOLS, tool_choice: choice })),
);
const settings = fc.record({
  reasoning_effort: fc.option(fc.constantFrom("none", "minimal", "low", "medium", "high", "xhigh", "max", "auto")),
  stop: fc.option(fc.constantFrom<Json[]>("x", ["a", "b"])),
  response_format: fc.option(fc.constantFrom<Json[]>({ type: "json_object" }, { type: "json_schema", json_schema: { schema: {} } })),
  n: fc.option(fc.constantFrom(1, 2)),
  logprobs: fc.option(fc.boolean()),
  modalities: fc.option(fc.constantFrom<Json[]>(["text"])),
  seed: fc.option(fc.integer()),
}, { requiredKeys: [] });
const request = fc.record({ messages: fc.array(message, { minLength: 1, maxLength: 10 }), tools: toolFields, settings })
  .map(({ messages, tools, settings }): JsonObject => ({ messages, ...tools, ...settings }));

Deno.test("whatever the conversation looks like, the strict service takes it", () => {
  const model = fc.constantFrom(...GOOGLE_MODELS);
  fc.assert(
    fc.property(request, model, (body, google) => {
      const inner = crossed(body, { model: google.id }).body;
      assert.equal(fieldMistakeIn("generateContent", { model: google.id, project: "p", request: inner }), undefined);
      assert.equal(historyMistakeIn(inner.contents, google), undefined);
      assert.equal(settingMistakeIn(inner, google), undefined);
    }),
    { numRuns: 500 },
  );
});

Deno.test("nothing said by the user or a tool is left out", () => {
  fc.assert(fc.property(fc.array(message, { minLength: 1, maxLength: 10 }), (messages) => {
    const marked = messages.map((it, index) => it.role === "user" || it.role === "tool" ? { ...it, content: `said-${index}` } : it);
    const sent = JSON.stringify(crossed({ messages: marked }).body);
    for (const { content, role } of marked) {
      if (role === "user" || role === "tool") {
        assert.ok(sent.includes(`"${content}"`) || sent.includes(`${content}"`), `${content} in ${sent}`);
      }
    }
  }));
});
