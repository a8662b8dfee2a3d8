/** What fits into one call. */
import assert from "node:assert/strict";
import type { EmbeddingInputs } from "./inputs.ts";
import { fills, fits, limitsOf } from "./limits.ts";

const part = (...items: string[]): EmbeddingInputs => ({ kind: "text", items, length: items.join("").length });

Deno.test("the setting holds, and a row may be stricter", () => {
  assert.deepEqual(limitsOf([{}], 64), { maxItems: 64, maxLength: Infinity });
  assert.deepEqual(limitsOf([{ embeddingCaps: { maxItems: 2048 } }], 64), { maxItems: 64, maxLength: Infinity });
  assert.deepEqual(limitsOf([{ embeddingCaps: { maxItems: 10 } }, { embeddingCaps: { maxChars: 500 } }], 64), {
    maxItems: 10,
    maxLength: 500,
  });
});

Deno.test("items are counted over all requests, and are full at the limit", () => {
  const limits = limitsOf([{}], 3);
  assert.deepEqual([fits([part("a"), part("b", "c")], limits), fills([part("a"), part("b", "c")], limits)], [true, true]);
  assert.deepEqual([fits([part("a", "b"), part("c", "d")], limits), fills([part("a", "b")], limits)], [false, false]);
});

Deno.test("characters are counted over all requests, and are full at the limit", () => {
  const limits = limitsOf([{ embeddingCaps: { maxChars: 5 } }], 64);
  assert.deepEqual([fits([part("abc"), part("de")], limits), fills([part("abc"), part("de")], limits)], [true, true]);
  assert.deepEqual([fits([part("abc"), part("def")], limits), fills([part("abcd")], limits)], [false, false]);
});
