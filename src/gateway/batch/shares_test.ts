/** Division of figures: exact in sum, whole where they were whole, fair to one unit. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { divided, dividedUsage } from "./shares.ts";

const TOTAL = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const WEIGHTS = fc.array(fc.nat({ max: 1_000_000_000 }), { minLength: 1, maxLength: 64 });

Deno.test("parts are whole, sum to the total and are less than one off their exact share", () => {
  fc.assert(fc.property(TOTAL, WEIGHTS, (total, weights) => {
    const parts = divided(total, weights);
    assert.ok(parts.every((part) => Number.isSafeInteger(part) && part >= 0));
    assert.equal(parts.reduce((sum, part) => sum + BigInt(part), 0n), BigInt(total));
    const sum = weights.reduce((all, weight) => all + weight, 0);
    if (sum === 0) return;
    const isFair = parts.every((part, index) => {
      const off = BigInt(part) * BigInt(sum) - BigInt(total) * BigInt(weights[index] ?? 0);
      return (off < 0n ? -off : off) < BigInt(sum);
    });
    assert.ok(isFair);
  }));
});

Deno.test("the largest remainder gains, the first of equal ones", () => {
  assert.deepEqual(divided(10, [1, 1, 1]), [4, 3, 3]);
  assert.deepEqual(divided(10, [1, 2, 4]), [1, 3, 6]);
  assert.deepEqual(divided(3, [0, 1, 1]), [0, 2, 1]);
});

Deno.test("without any length the parts are as equal as can be", () => {
  assert.deepEqual(divided(5, [0, 0]), [3, 2]);
  assert.deepEqual(divided(5, []), []);
});

Deno.test("every count of a usage is divided, at any depth, and amounts in proportion", () => {
  const usage = { prompt_tokens: 9, total_tokens: 9, prompt_tokens_details: { cached_tokens: 4, kind: "text" }, cost: 0.3, note: null };
  assert.deepEqual(dividedUsage(usage, [2, 1]), [
    { prompt_tokens: 6, total_tokens: 6, prompt_tokens_details: { cached_tokens: 3, kind: "text" }, cost: 0.3 * (2 / 3), note: null },
    { prompt_tokens: 3, total_tokens: 3, prompt_tokens_details: { cached_tokens: 1, kind: "text" }, cost: 0.3 * (1 / 3), note: null },
  ]);
});
