/** Requests and answers are summed up in every dialect, and strange ones without an error. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { answerWords, sentWords } from "./bodies.ts";

Deno.test("what was asked: turns, tools, limits, the last words", () => {
  assert.deepEqual(
    sentWords({
      messages: [{ role: "system", content: "s" }, { role: "user", content: "hello" }],
      tools: [{}],
      stream: true,
      max_tokens: 5,
    }),
    { outline: "2 messages, 1 tool, streamed, max_tokens 5", lastText: "hello" },
  );
  assert.deepEqual(sentWords({ contents: [{ parts: [{ text: "a" }, { text: "b" }] }] }), { outline: "1 message", lastText: "a b" });
  assert.deepEqual(sentWords({ input: "one text" }), { outline: "", lastText: "one text" });
  assert.deepEqual(sentWords({ input: [{ role: "user", content: [{ type: "input_text", text: "x" }] }] }), {
    outline: "1 message",
    lastText: "x",
  });
});

Deno.test("what was answered: text, tools and errors of each dialect", () => {
  const none = { text: "", tools: [], error: "" };
  assert.deepEqual(answerWords({ choices: [{ message: { content: "hi", tool_calls: [{ function: { name: "f" } }] } }] }), {
    ...none,
    text: "hi",
    tools: ["f"],
  });
  assert.deepEqual(answerWords({ content: [{ type: "text", text: "hi" }, { type: "tool_use", name: "g" }] }), {
    ...none,
    text: "hi",
    tools: ["g"],
  });
  assert.deepEqual(answerWords({ candidates: [{ content: { parts: [{ text: "hi" }, { functionCall: { name: "h" } }] } }] }), {
    ...none,
    text: "hi",
    tools: ["h"],
  });
  assert.deepEqual(answerWords({ output: [{ type: "message", content: [{ text: "hi" }] }, { type: "function_call", name: "i" }] }), {
    ...none,
    text: "hi",
    tools: ["i"],
  });
  assert.deepEqual(answerWords({ content: "gathered from a stream" }), { ...none, text: "gathered from a stream" });
  assert.deepEqual(answerWords({ error: { message: "no key" } }), { ...none, error: "no key" });
});

Deno.test("no body breaks it", () => {
  fc.assert(fc.property(fc.json(), (text) => {
    sentWords(JSON.parse(text));
    answerWords(JSON.parse(text));
  }));
});
