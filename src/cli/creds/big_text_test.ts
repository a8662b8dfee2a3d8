/** Codes in large letters: every sign of a code has its own, and a narrow terminal gets the code itself. */
import assert from "node:assert/strict";
import { bigText } from "./big_text.ts";

const SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

Deno.test("every sign has five rows of its own shape", () => {
  const shapes = [...SIGNS].map((sign) => bigText(sign, 80));
  assert.ok(shapes.every((rows) => rows.length === 5 && rows.every((row) => row.length <= 5)));
  assert.equal(new Set(shapes.map((rows) => rows.join("\n"))).size, SIGNS.length);
});

Deno.test("a code that does not fit, or has a sign without a shape, stays as it is", () => {
  assert.equal(bigText("ABCD-1234", 80).length, 5);
  assert.deepEqual(bigText("ABCD-1234", 40), ["ABCD-1234"]);
  assert.deepEqual(bigText("AB_C", 80), ["AB_C"]);
});
