/** What counts as one input, and what may share a call. */
import assert from "node:assert/strict";
import { mergedInput, readInputs } from "./inputs.ts";

Deno.test("each of the four forms of input is read as a list of items of one kind", () => {
  assert.deepEqual(readInputs("some text"), { kind: "text", items: ["some text"], length: 9 });
  assert.deepEqual(readInputs(["one", "", "three"]), { kind: "text", items: ["one", "", "three"], length: 8 });
  assert.deepEqual(readInputs([1, 2, 3]), { kind: "tokens", items: [[1, 2, 3]], length: 3 });
  assert.deepEqual(readInputs([[1, 2], [3]]), { kind: "tokens", items: [[1, 2], [3]], length: 3 });
});

Deno.test("anything else is not for a batch", () => {
  for (const input of [undefined, null, 7, {}, [], ["text", 1], ["text", [1]], [[1], []], [[1], "text"], [{ text: "x" }]]) {
    assert.equal(readInputs(input), undefined, JSON.stringify(input));
  }
});

Deno.test("inputs are put behind one another in the order of their requests", () => {
  const parts = [readInputs("a"), readInputs(["b", "c"]), readInputs("d")].filter((part) => part !== undefined);
  assert.deepEqual(mergedInput(parts), ["a", "b", "c", "d"]);
});
