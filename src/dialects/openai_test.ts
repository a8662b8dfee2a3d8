/** The OpenAI dialects: what counts as an answer, what a conversation is, and how failures look. */
import assert from "node:assert/strict";
import { failure, isFailure } from "../kernel/failure.ts";
import { asObject, type JsonObject } from "../kernel/json.ts";
import { openaiChat } from "./openai_chat.ts";
import { openaiCompletions } from "./openai_completions.ts";
import { openaiEmbeddings } from "./openai_embeddings.ts";

const delta = (fields: JsonObject, finish: string | null = null): JsonObject => ({
  choices: [{ index: 0, delta: fields, finish_reason: finish }],
});

const EVENTS: readonly (readonly [name: string, event: JsonObject, isMeaningful: boolean])[] = [
  ["a role", delta({ role: "assistant", content: "" }), false],
  ["null content", delta({ content: null }), false],
  ["text", delta({ content: "x" }), true],
  ["reasoning_content", delta({ reasoning_content: "x" }), true],
  ["reasoning", delta({ reasoning: "x" }), true],
  ["a tool call", delta({ tool_calls: [{ index: 0, function: { name: "f" } }] }), true],
  ["an empty list of tool calls", delta({ tool_calls: [] }), false],
  ["a refusal", delta({ refusal: "no" }), true],
  ["a stop that nothing came before", delta({}, "stop"), false],
  ["a stop at the length", delta({}, "length"), true],
  ["a stop by a content filter", delta({}, "content_filter"), true],
  ["tool calls announced but not made", delta({}, "tool_calls"), false],
  ["usage alone", { choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } }, false],
];

for (const [name, event, isMeaningful] of EVENTS) {
  Deno.test(`${name} is ${isMeaningful ? "" : "not "}an answer's beginning`, () => {
    assert.equal(openaiChat.readEvent(event).isMeaningful, isMeaningful);
  });
}

Deno.test("usage is read with its cached tokens, also where DeepSeek writes them", () => {
  const usage = (fields: JsonObject) => openaiChat.readEvent({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 4, ...fields } });
  assert.deepEqual(usage({ prompt_tokens_details: { cached_tokens: 5 } }).usage, { inputTokens: 9, cachedTokens: 5, outputTokens: 4 });
  assert.deepEqual(usage({ prompt_cache_hit_tokens: 6 }).usage, { inputTokens: 9, cachedTokens: 6, outputTokens: 4 });
  assert.equal(usage({}).isUsageOnly, true);
});

Deno.test("a conversation is told by its id, else by its system prompt and first user message", () => {
  const messages = [{ role: "system", content: "be brief" }, { role: "user", content: "one" }, { role: "assistant", content: "a" }];
  const read = (body: JsonObject) => {
    const request = openaiChat.decodeRequest({ model: "p/m", messages, ...body });
    assert.ok(!isFailure(request));
    return request.conversation;
  };
  assert.equal(read({ prompt_cache_key: "k" }).id, "k");
  assert.equal(read({ metadata: { user_id: "u" } }).id, "u");
  const later = [...messages, { role: "user", content: "two" }];
  assert.equal(read({ messages: later }).opening, read({}).opening);
  assert.notEqual(read({ messages: [{ role: "user", content: "other" }] }).opening, read({}).opening);
});

Deno.test("a wrong field is named by its path", () => {
  const wrong = openaiChat.decodeRequest({ model: "m", messages: [{ role: "user" }, { role: 7 }] });
  assert.ok(isFailure(wrong));
  assert.deepEqual([wrong.status, wrong.param], [400, "messages[1].role"]);
});

Deno.test("a failure keeps the provider's code and names the credentials it is about", () => {
  const reports = [{ id: "p:0123456789ab", display: "sk-a…wxyz", state: "cooling", reason: "rate limit", until: null }];
  const body = openaiChat.encodeFailure(
    failure({ scope: "gateway", kind: "all_resting", status: 429, message: "all rest", credentials: reports }),
  );
  assert.deepEqual(body.error, {
    message: "all rest",
    type: "rate_limit_error",
    code: "all_resting",
    param: null,
    details: { credentials: reports },
  });
});

Deno.test("a whole answer becomes the events of a stream, tool calls numbered, usage last", () => {
  const answer = {
    id: "c1",
    object: "chat.completion",
    choices: [{
      index: 0,
      message: { role: "assistant", content: null, tool_calls: [{ id: "t", type: "function" }] },
      finish_reason: "tool_calls",
    }],
    usage: { prompt_tokens: 1 },
  };
  const [said, ended, usage] = openaiChat.answerAsEvents(answer).map((event) => [event.object, event.choices, event.usage]);
  assert.deepEqual(said?.[1], [{
    index: 0,
    delta: { role: "assistant", content: null, tool_calls: [{ index: 0, id: "t", type: "function" }] },
    finish_reason: null,
  }]);
  assert.deepEqual(ended?.[1], [{ index: 0, delta: {}, finish_reason: "tool_calls" }]);
  assert.deepEqual(usage, ["chat.completion.chunk", [], { prompt_tokens: 1 }]);
});

Deno.test("text completions and embeddings are read by their own shapes", () => {
  assert.equal(openaiCompletions.readAnswer({ choices: [{ text: "hi", finish_reason: "stop" }] }).text, "hi");
  assert.equal(openaiCompletions.readAnswer({ choices: [{ text: "", finish_reason: "stop" }] }).isMeaningful, false);
  assert.equal(openaiEmbeddings.readAnswer({ data: [{ embedding: [1] }], usage: { prompt_tokens: 3 } }).usage?.inputTokens, 3);
  assert.equal(openaiEmbeddings.readAnswer({ data: [] }).isMeaningful, false);
  const wrong = openaiEmbeddings.decodeRequest({ model: "m", input: [1, "a"] });
  assert.ok(isFailure(wrong) && asObject(openaiEmbeddings.encodeFailure(wrong).error)?.param === "input");
});
