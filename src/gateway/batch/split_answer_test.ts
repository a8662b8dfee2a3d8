/** From one provider's answer to the answers of the requests in it. */
import assert from "node:assert/strict";
import type { EmbeddingInputs } from "./inputs.ts";
import { splitAnswer } from "./split_answer.ts";

const PARTS: readonly EmbeddingInputs[] = [
  { kind: "text", items: ["aa", "bb"], length: 4 },
  { kind: "text", items: ["cccc"], length: 4 },
];
const row = (index: number | undefined, name: string) => ({
  object: "embedding",
  embedding: name,
  ...(index === undefined ? {} : { index }),
});

Deno.test("each request gets its own vectors numbered from 0, its share of the usage and all other fields", () => {
  const body = { object: "list", model: "m", extra: 1, data: [row(0, "a"), row(1, "b"), row(2, "c")], usage: { prompt_tokens: 5 } };
  assert.deepEqual(splitAnswer(body, PARTS), [
    { object: "list", model: "m", extra: 1, data: [row(0, "a"), row(1, "b")], usage: { prompt_tokens: 3 } },
    { object: "list", model: "m", extra: 1, data: [row(0, "c")], usage: { prompt_tokens: 2 } },
  ]);
});

Deno.test("vectors belong to the input of their index, wherever they stand", () => {
  const parts = splitAnswer({ data: [row(2, "c"), row(0, "a"), row(1, "b")] }, PARTS);
  assert.deepEqual(parts, [{ data: [row(0, "a"), row(1, "b")] }, { data: [row(0, "c")] }]);
});

Deno.test("vectors without an index stand in the order of the inputs", () => {
  const parts = splitAnswer({ data: [row(undefined, "a"), row(undefined, "b"), row(undefined, "c")] }, PARTS);
  assert.deepEqual(parts, [{ data: [row(0, "a"), row(1, "b")] }, { data: [row(0, "c")] }]);
});

Deno.test("an answer without exactly one vector for each input cannot be split", () => {
  const [a, b, c] = [row(0, "a"), row(1, "b"), row(2, "c")];
  const bad = [undefined, "vectors", [], [a, b], [a, b, c, row(3, "d")], [a, b, row(1, "c")], [a, b, row(3, "c")], [a, b, "c"], [
    a,
    b,
    row(undefined, "c"),
  ]];
  for (const data of bad) assert.equal(splitAnswer({ data }, PARTS), undefined, JSON.stringify(data));
});
