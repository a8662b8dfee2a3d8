/** Calls of the placeholder tool never reach a client, whole or in pieces; real calls keep everything they say. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { asArray, asObject, type JsonObject } from "../../kernel/json.ts";
import { responseQuirks } from "../quirks.ts";
import { PLACEHOLDER_TOOL } from "./tools.ts";

function quirkOf(name: "hide_placeholder_tool" | "tool_calls_by_index") {
  const quirks = responseQuirks([name]);
  assert.ok(quirks !== undefined);
  return quirks;
}

const call = (name: string, id = "c1"): JsonObject => ({ id, type: "function", function: { name, arguments: "{}" } });
const answer = (message: JsonObject, finish: string): JsonObject => ({ id: "a", choices: [{ index: 0, message, finish_reason: finish }] });
const chunk = (delta: JsonObject, finish: string | null = null): JsonObject => ({
  id: "a",
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const piece = (index: number, said: JsonObject): JsonObject => chunk({ tool_calls: [{ index, ...said }] });

Deno.test("a call of the placeholder is taken out of an answer, which then has simply ended", () => {
  const { answer: edit } = quirkOf("hide_placeholder_tool");
  assert.deepEqual(
    edit(answer({ role: "assistant", content: "a", tool_calls: [call(PLACEHOLDER_TOOL)] }, "tool_calls")),
    answer({ role: "assistant", content: "a" }, "stop"),
  );
  assert.deepEqual(
    edit(answer({ content: null, tool_calls: [call(PLACEHOLDER_TOOL), call("f", "c2")] }, "tool_calls")),
    answer({ content: null, tool_calls: [call("f", "c2")] }, "tool_calls"),
  );
  const plain = answer({ content: null, tool_calls: [call("f")] }, "tool_calls");
  assert.equal(edit(plain), plain);
});

Deno.test("the pieces of a placeholder call are taken out of a stream and later calls move up", () => {
  const reader = quirkOf("hide_placeholder_tool").chunks();
  const opening = chunk({ role: "assistant", content: "" });
  assert.equal(reader.push(opening)[0], opening);
  assert.deepEqual(reader.push(piece(0, { id: "c0", function: { name: PLACEHOLDER_TOOL, arguments: "" } })), []);
  assert.deepEqual(reader.push(piece(0, { function: { arguments: "{}" } })), []);
  assert.deepEqual(reader.push(piece(1, { id: "c1", function: { name: "f", arguments: "" } })), [
    piece(0, { id: "c1", function: { name: "f", arguments: "" } }),
  ]);
  assert.deepEqual(reader.push(piece(1, { function: { arguments: "{}" } })), [piece(0, { function: { arguments: "{}" } })]);
  const end = chunk({}, "tool_calls");
  assert.deepEqual(reader.push(end), [end]);
});

Deno.test("a stream whose only call was the placeholder's ends as a plain answer", () => {
  const reader = quirkOf("hide_placeholder_tool").chunks();
  const text = chunk({ content: "a" });
  assert.equal(reader.push(text)[0], text);
  reader.push(piece(0, { id: "c0", function: { name: PLACEHOLDER_TOOL } }));
  assert.deepEqual(reader.push(chunk({}, "tool_calls")), [chunk({}, "stop")]);
  const usage = { id: "a", choices: [], usage: { prompt_tokens: 1 } };
  assert.equal(reader.push(usage)[0], usage);
});

Deno.test("a placeholder call in the last chunk goes, its ending and usage stay", () => {
  const reader = quirkOf("hide_placeholder_tool").chunks();
  const last = { ...chunk({ content: "b", tool_calls: [{ index: 0, function: { name: PLACEHOLDER_TOOL } }] }, "tool_calls"), usage: {} };
  assert.deepEqual(reader.push(last), [{ ...chunk({ content: "b" }, "stop"), usage: {} }]);
});

Deno.test("whatever is called in whatever order, a client sees the real calls, in order and without gaps", () => {
  const names = fc.array(fc.constantFrom(PLACEHOLDER_TOOL, "f", "g"), { maxLength: 6 });
  fc.assert(fc.property(names, (called) => {
    const reader = quirkOf("hide_placeholder_tool").chunks();
    const pieces = called.flatMap((name, index) => [
      piece(index, { id: `c${index}`, function: { name, arguments: "" } }),
      piece(index, { function: { arguments: `${index}` } }),
    ]);
    const shown = [...pieces, chunk({}, called.length > 0 ? "tool_calls" : "stop")].flatMap((it) => reader.push(it));
    const choices = shown.map((it) => asObject(asArray(it.choices)[0]));
    const calls = choices.flatMap((choice) => asArray(asObject(choice?.delta)?.tool_calls)).map(asObject);
    const real = called.flatMap((name, index) => name === PLACEHOLDER_TOOL ? [] : [{ name, index }]);
    const wanted = real.flatMap(({ name, index }, place) => [
      { index: place, id: `c${index}`, function: { name, arguments: "" } },
      { index: place, function: { arguments: `${index}` } },
    ]);
    assert.deepEqual(calls, wanted);
    assert.equal(choices.at(-1)?.finish_reason, real.length > 0 ? "tool_calls" : "stop");
  }));
});

Deno.test("later pieces of a call lose empty and repeated ids and null names", () => {
  const reader = quirkOf("tool_calls_by_index").chunks();
  const first = piece(0, { id: "c0", type: "function", function: { name: "f", arguments: "" } });
  assert.equal(reader.push(first)[0], first);
  assert.deepEqual(reader.push(piece(0, { id: "", function: { name: null, arguments: "{" } })), [
    piece(0, { function: { arguments: "{" } }),
  ]);
  assert.deepEqual(reader.push(piece(0, { id: "c0", function: { name: "", arguments: "}" } })), [
    piece(0, { function: { arguments: "}" } }),
  ]);
  const second = piece(1, { id: "c1", function: { name: "f" } });
  assert.equal(reader.push(second)[0], second);
  const plain = piece(1, { function: { arguments: "{}" } });
  assert.equal(reader.push(plain)[0], plain);
  const whole = answer({ content: null, tool_calls: [call("f", "")] }, "tool_calls");
  assert.equal(quirkOf("tool_calls_by_index").answer(whole), whole);
});
