/** Gemini's answers as events. */
import assert from "node:assert/strict";
import { FakeClock } from "../../../tests/support/fake_clock.ts";
import type { ChatEvent, ChatRequest, Tool } from "../../canonical/chat.ts";
import { isFailure } from "../../kernel/failure.ts";
import type { JsonObject } from "../../kernel/json.ts";
import type { Crossing } from "../codec.ts";
import { GEMINI_CODEC } from "./codec.ts";
import { createRecall } from "./recall.ts";

function crossing(tools: readonly Tool[] = [], turns: ChatRequest["turns"] = []): Crossing {
  let count = 0;
  const crossed = GEMINI_CODEC.cross({ system: [], turns, tools, sampling: {}, extensions: {}, dropped: [] }, {
    model: "gemini-2.5-pro",
    recall: createRecall({ clock: new FakeClock() }),
    newId: () => `id${count++}`,
  });
  assert.ok(!isFailure(crossed));
  return crossed;
}

/** The events of a stream of these bodies, without the first, which says nothing here. */
function eventsOf(bodies: readonly JsonObject[], crossed = crossing()): readonly ChatEvent[] {
  const reader = crossed.events();
  return [...bodies.flatMap((body) => reader.push(body)), ...reader.end()].filter(({ kind }) => kind !== "start");
}

const saying = (parts: readonly JsonObject[], more: JsonObject = {}): JsonObject => ({
  candidates: [{ content: { role: "model", parts }, ...more }],
});
const finish = (reason: string, native?: string) => ({ kind: "finish", choice: 0, reason, ...(native === undefined ? {} : { native }) });

Deno.test("thoughts and text come in order, the end and the last usage once it is over", () => {
  const first = { ...saying([{ text: "hm", thought: true }, { text: "" }, { text: "hi" }]), usageMetadata: { promptTokenCount: 5 } };
  const last = {
    ...saying([{ text: " there" }], { finishReason: "STOP" }),
    usageMetadata: {
      promptTokenCount: 5,
      toolUsePromptTokenCount: 2,
      cachedContentTokenCount: 3,
      candidatesTokenCount: 4,
      thoughtsTokenCount: 6,
      totalTokenCount: 17,
      promptTokensDetails: [{ modality: "TEXT", tokenCount: 1 }, { modality: "IMAGE", tokenCount: 4 }],
    },
  };
  assert.deepEqual(eventsOf([first, last]), [
    { kind: "reasoning", choice: 0, text: "hm" },
    { kind: "text", choice: 0, text: "hi" },
    { kind: "text", choice: 0, text: " there" },
    finish("stop"),
    {
      kind: "usage",
      usage: { inputTokens: 7, cachedTokens: 3, outputTokens: 10, reasoningTokens: 6, totalTokens: 17, inputImageTokens: 4 },
    },
  ]);
});

Deno.test("a whole answer is read as the stream of one event; who, when and which model come first", () => {
  const body = { ...saying([{ text: "hi" }]), responseId: "r1", createTime: "2026-01-01T00:00:00.5Z", modelVersion: "gemini-2.5-pro-001" };
  assert.deepEqual(crossing().answer(body), [
    { kind: "start", id: "r1", createdAt: Date.UTC(2026, 0, 1) + 500, modelVersion: "gemini-2.5-pro-001" },
    { kind: "text", choice: 0, text: "hi" },
  ]);
});

Deno.test("calls keep their id or get one, their arguments are compact JSON, and the answer ends with tool_calls", () => {
  const call = (id: string, name: string, more: JsonObject = {}) => ({ kind: "tool_call", id, name, arguments: "{}", ...more });
  const events = eventsOf(
    [
      saying([{ functionCall: { id: "g1", name: "my_tool", args: { a: [1, { b: null }] } }, thoughtSignature: "AAAA" }, {
        functionCall: { name: "f" },
      }]),
      saying([{ functionCall: { id: "g1", name: "f", args: {} } }, { functionCall: { id: "old", name: "note" } }], {
        finishReason: "STOP",
      }),
    ],
    crossing([{ name: "my tool" }, { name: "f" }, { name: "note", form: "free_text" }], [{
      role: "assistant",
      parts: [{ ...call("old", "f"), kind: "tool_call" }],
    }]),
  );
  assert.deepEqual(events, [
    { kind: "tool_call", choice: 0, call: call("g1", "my tool", { arguments: '{"a":[1,{"b":null}]}', signature: "AAAA" }) },
    { kind: "tool_call", choice: 0, call: call("call_id0", "f") },
    { kind: "tool_call", choice: 0, call: call("call_id1", "f") },
    { kind: "tool_call", choice: 0, call: call("call_id2", "note", { form: "free_text" }) },
    finish("tool_calls"),
  ]);
});

Deno.test("a lone signature is not lost", () => {
  assert.deepEqual(eventsOf([saying([{ text: "", thoughtSignature: "AAAA" }, { thoughtSignature: "BBBB" }])]), [
    { kind: "text", choice: 0, text: "", signature: "AAAA" },
    { kind: "text", choice: 0, text: "", signature: "BBBB" },
  ]);
});

Deno.test("pictures and sounds are told, drafts of thoughts are not", () => {
  const inlineData = (mimeType: string) => ({ inlineData: { mimeType, data: "AAEC" } });
  const source = (mimeType: string) => ({ kind: "inline", mimeType, data: "AAEC" });
  assert.deepEqual(
    eventsOf([saying([{ ...inlineData("image/png"), thought: true }, inlineData("image/png"), inlineData("audio/L16;rate=24000")])]),
    [
      { kind: "image", choice: 0, source: source("image/png") },
      { kind: "audio", choice: 0, source: source("audio/L16;rate=24000") },
    ],
  );
});

Deno.test("code that ran and what came of it are blocks of the text", () => {
  const parts = [
    { executableCode: { language: "PYTHON", code: "print(42)\n" } },
    { codeExecutionResult: { outcome: "OUTCOME_OK", output: "42\n" } },
    { text: "It is 42." },
  ];
  const said = eventsOf([saying(parts)]).map((event) => event.kind === "text" ? event.text : "").join("");
  assert.equal(said, "\n```python\nprint(42)\n```\n\n```\n42\n```\nIt is 42.");
});

Deno.test("likelihoods of tokens", () => {
  const chosenCandidates = [{ token: "hi", logProbability: -0.5 }];
  const topCandidates = [{ candidates: [{ token: "hi", logProbability: -0.5 }, { token: "ho", logProbability: -1 }] }];
  assert.deepEqual(eventsOf([saying([], { logprobsResult: { chosenCandidates, topCandidates } })]), [{
    kind: "logprobs",
    choice: 0,
    tokens: [{ token: "hi", logprob: -0.5, alternatives: [{ token: "hi", logprob: -0.5 }, { token: "ho", logprob: -1 }] }],
  }]);
});

Deno.test("candidates are told apart by their index", () => {
  const candidate = (index: number, text: string, more: JsonObject = {}) => ({ index, content: { parts: [{ text }] }, ...more });
  const bodies = [{ candidates: [candidate(1, "b"), candidate(0, "a")] }, {
    candidates: [candidate(1, "B", { finishReason: "MAX_TOKENS" })],
  }];
  assert.deepEqual(eventsOf(bodies), [
    { kind: "text", choice: 1, text: "b" },
    { kind: "text", choice: 0, text: "a" },
    { kind: "text", choice: 1, text: "B" },
    { kind: "finish", choice: 1, reason: "length" },
  ]);
});

const ENDS: readonly (readonly [native: string, reason: string, tellsNative?: true])[] = [
  ["STOP", "stop"],
  ["FINISH_REASON_UNSPECIFIED", "stop"],
  ["MAX_TOKENS", "length"],
  ["SAFETY", "content_filter", true],
  ["RECITATION", "content_filter", true],
  ["IMAGE_SAFETY", "content_filter", true],
  ["MALFORMED_FUNCTION_CALL", "stop", true],
  ["OTHER", "stop", true],
  ["SOMETHING_NEW", "stop", true],
];

for (const [native, reason, tellsNative] of ENDS) {
  Deno.test(`${native} ends an answer as ${reason}`, () => {
    assert.deepEqual(eventsOf([saying([], { finishReason: native })]), [finish(reason, tellsNative === undefined ? undefined : native)]);
  });
}

Deno.test("parts that come after the end was named are still told, before the end", () => {
  const events = eventsOf([saying([{ text: "a" }], { finishReason: "STOP" }), saying([{ text: "b" }])]);
  assert.deepEqual(events.map(({ kind }) => kind), ["text", "text", "finish"]);
});

Deno.test("an answer without an end has none", () => {
  assert.deepEqual(eventsOf([saying([{ text: "a" }])]).map(({ kind }) => kind), ["text"]);
});

Deno.test("a refused prompt is a refusal that ends as content_filter", () => {
  const blocked = { promptFeedback: { blockReason: "SAFETY", blockReasonMessage: "Not this." } };
  assert.deepEqual(eventsOf([blocked, { usageMetadata: { promptTokenCount: 1 } }]).slice(0, 2), [
    { kind: "refusal", choice: 0, text: "The provider refused the prompt (SAFETY). Not this." },
    finish("content_filter", "SAFETY"),
  ]);
});

Deno.test("citations count characters where Gemini counts bytes, over the whole text", () => {
  const text = "Köln 🚀 is a city. And so on.";
  const cited = "is a city";
  const startIndex = new TextEncoder().encode(text.slice(0, text.indexOf(cited))).length;
  const groundingMetadata = {
    groundingChunks: [{ web: { uri: "https://a.example", title: "A" } }, { web: { uri: "https://b.example" } }],
    groundingSupports: [{ segment: { startIndex, endIndex: startIndex + cited.length, text: cited }, groundingChunkIndices: [0] }],
  };
  const events = eventsOf([
    saying([{ text: text.slice(0, 9) }]),
    saying([{ text: text.slice(9) }], { groundingMetadata }),
    saying([], { groundingMetadata }),
  ]);
  assert.deepEqual(events.at(-1), {
    kind: "citations",
    choice: 0,
    citations: [
      { url: "https://a.example", title: "A", startIndex: text.indexOf(cited), endIndex: text.indexOf(cited) + cited.length },
      { url: "https://b.example" },
    ],
  });
});

Deno.test("a place is counted within its part; one that holds something else is looked for, or left out", () => {
  const cite = (segment: JsonObject) => {
    const groundingMetadata = { groundingChunks: [{ web: { uri: "u" } }], groundingSupports: [{ segment, groundingChunkIndices: [0] }] };
    const events = crossing().answer(saying([{ text: "hm", thought: true }, { text: "éa" }, { text: "bcd" }], { groundingMetadata }));
    return events.flatMap((event) => event.kind === "citations" ? event.citations : []);
  };
  assert.deepEqual(cite({ partIndex: 2, startIndex: 1, endIndex: 3, text: "cd" }), [{ url: "u", startIndex: 3, endIndex: 5 }]);
  assert.deepEqual(cite({ partIndex: 1, endIndex: 2 }), [{ url: "u", startIndex: 0, endIndex: 1 }]);
  assert.deepEqual(cite({ startIndex: 90, endIndex: 95, text: "bc" }), [{ url: "u", startIndex: 2, endIndex: 4 }]);
  assert.deepEqual(cite({ startIndex: 0, endIndex: 1, text: "nowhere" }), [{ url: "u" }]);
});

Deno.test("quotations and pages that were read are cited, each once", () => {
  const source = { uri: "https://q.example", startIndex: 0, endIndex: 2 };
  const more = {
    finishReason: "STOP",
    citationMetadata: { citationSources: [source, source] },
    urlContextMetadata: {
      urlMetadata: [
        { retrievedUrl: "https://p.example", urlRetrievalStatus: "URL_RETRIEVAL_STATUS_SUCCESS" },
        { retrievedUrl: "https://gone.example", urlRetrievalStatus: "URL_RETRIEVAL_STATUS_ERROR" },
      ],
    },
  };
  assert.deepEqual(eventsOf([saying([{ text: "abc" }], more)])[1], {
    kind: "citations",
    choice: 0,
    citations: [{ url: "https://q.example", startIndex: 0, endIndex: 2 }, { url: "https://p.example" }],
  });
});
