/** An answer that came whole is told whole: without its envelope, with an ending, and with usage last. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../kernel/json.ts";
import { responseQuirks } from "../quirks.ts";

function quirkOf(name: "success_envelope" | "no_empty_usage" | "missing_finish_reason") {
  const quirks = responseQuirks([name]);
  assert.ok(quirks !== undefined);
  return quirks;
}

const chunk = (delta: JsonObject, finish: string | null = null, index = 0): JsonObject => ({
  id: "a",
  choices: [{ index, delta, finish_reason: finish }],
});
const USAGE: JsonObject = { id: "a", choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } };

Deno.test("an answer is taken out of its envelope, anything else is left", () => {
  const inner = { id: "a", choices: [{ index: 0, message: { content: "hi" }, finish_reason: "stop" }] };
  const { answer } = quirkOf("success_envelope");
  assert.equal(answer({ success: true, code: "200", data: inner }), inner);
  for (const other of [inner, { success: true, data: { token: "t" } }, { data: null }]) assert.equal(answer(other), other);
});

Deno.test("usage that says nothing is dropped", () => {
  const { answer } = quirkOf("no_empty_usage");
  assert.deepEqual(answer({ id: "a", usage: {} }), { id: "a" });
  for (const other of [{ id: "a" }, { usage: null }, { usage: { prompt_tokens: 1 } }]) assert.equal(answer(other), other);
});

Deno.test("a whole answer without an ending gets the one that fits", () => {
  const { answer } = quirkOf("missing_finish_reason");
  assert.deepEqual(answer({ choices: [{ index: 0, message: { content: "a" } }] }), {
    choices: [{ index: 0, message: { content: "a" }, finish_reason: "stop" }],
  });
  const calling = { content: null, tool_calls: [{ id: "1" }] };
  assert.deepEqual(answer({ choices: [{ index: 0, message: calling, finish_reason: "" }] }), {
    choices: [{ index: 0, message: calling, finish_reason: "tool_calls" }],
  });
  const ended = { choices: [{ index: 0, message: { content: "a" }, finish_reason: "length" }] };
  assert.equal(answer(ended), ended);
});

Deno.test("a stream without an ending gets one for each choice, and its usage after it", () => {
  const reader = quirkOf("missing_finish_reason").chunks();
  const said = [chunk({ content: "a" }), chunk({ tool_calls: [{ index: 0, id: "1" }] }, null, 1), chunk({ content: "b" }, null, 1)];
  for (const it of said) assert.equal(reader.push(it)[0], it);
  assert.deepEqual(reader.push(USAGE), []);
  const endings = [{ index: 0, delta: {}, finish_reason: "stop" }, { index: 1, delta: {}, finish_reason: "tool_calls" }];
  assert.deepEqual(reader.flush(), [{ id: "a", choices: endings }, USAGE]);
  assert.deepEqual(reader.flush(), []);
});

Deno.test("a stream that ends by itself is left alone, also when more comes after its end", () => {
  const reader = quirkOf("missing_finish_reason").chunks();
  const all = [chunk({ content: "a" }), chunk({}, "stop"), chunk({}), USAGE];
  for (const it of all) assert.deepEqual(reader.push(it), [it]);
  assert.deepEqual(reader.flush(), []);
});

Deno.test("usage that came before the last ending waits for it", () => {
  const reader = quirkOf("missing_finish_reason").chunks();
  reader.push(chunk({ content: "a" }));
  assert.deepEqual(reader.push(USAGE), []);
  const end = chunk({}, "stop");
  assert.deepEqual(reader.push(end), [end, USAGE]);
});

Deno.test("no ending is made up for a stream that broke off", () => {
  const reader = quirkOf("missing_finish_reason").chunks();
  reader.push(chunk({ content: "a" }));
  reader.push(USAGE);
  assert.deepEqual(reader.flush("failed"), [USAGE]);
});
