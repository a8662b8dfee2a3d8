/** How deep a value goes is told without walking all of it. */
import assert from "node:assert/strict";
import { isNestedDeeper, type Json, parseJson } from "./json.ts";

function nested(levelCount: number): Json {
  return parseJson("[".repeat(levelCount) + "]".repeat(levelCount)) ?? assert.fail("no JSON");
}

Deno.test("levels are counted to the limit and not beyond", () => {
  assert.equal(isNestedDeeper("text", 0), false);
  assert.equal(isNestedDeeper({ a: { b: [] } }, 3), false);
  assert.equal(isNestedDeeper({ a: 1, b: { c: [{}] } }, 3), true);
  assert.equal(isNestedDeeper(nested(1_000), 1_000), false);
  assert.equal(isNestedDeeper(nested(5_000), 1_000), true);
});
