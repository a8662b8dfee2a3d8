/** Nothing that others wrote can steer a terminal. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { cut, harmless, harmlessJson } from "./harmless.ts";

Deno.test("controls are named, line ends become blanks, words stay as they are", () => {
  assert.equal(harmless("a\x1b[31mred\x07\u009b2J\u202eb"), "a\\x1b[31mred\\x07\\x9b2J\\u202eb");
  assert.equal(harmless("one\r\ntwo\tthree\u2028four"), "one two three four");
  assert.equal(harmless("naïve 模型 👍"), "naïve 模型 👍");
});

Deno.test("no text keeps a control, and JSON reads back as it was", () => {
  // deno-lint-ignore no-control-regex
  const controls = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/;
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    assert.doesNotMatch(harmless(text), controls);
    assert.doesNotMatch(harmlessJson({ text }, "one_line"), controls);
    assert.deepEqual(JSON.parse(harmlessJson({ text })), { text });
  }));
});

Deno.test("a cut text is as wide as it may be", () => {
  assert.deepEqual([cut("abcdef", 4), cut("abcd", 4), cut("abc", 0)], ["abc…", "abcd", "…"]);
});
