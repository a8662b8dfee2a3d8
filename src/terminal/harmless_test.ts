/** Nothing that others wrote can steer a terminal. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { harmless, harmlessJson } from "./harmless.ts";

Deno.test("controls are named, line ends become blanks, words stay as they are", () => {
  assert.equal(harmless("a\x1b[31mred\x07\u009b2J\u202eb"), "a\\x1b[31mred\\x07\\x9b2J\\u202eb");
  assert.equal(harmless("one\r\ntwo\tthree\u2028four"), "one two three four");
  assert.equal(harmless("naïve 模型 👍"), "naïve 模型 👍");
  assert.equal(harmless("a\u2066c\ufeff\u{e0041}\ud83d"), "a\\u2066c\\ufeff\\u{e0041}\\ud83d");
});

Deno.test("signs that only join others go, so that every terminal draws the same width", () => {
  assert.equal(harmless("👩\u200d👧 ❤\ufe0f"), "👩👧 ❤");
});

Deno.test("no text keeps a control, what is harmless stays as it is, and JSON reads back as it was", () => {
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom("\x1b", "[", "]", "2", "J", "\x9b", "\x07", "a", ";", "\ud83d", "\u202e", "\u{e0041}") }),
  );
  fc.assert(fc.property(texts, (text) => {
    assert.doesNotMatch(harmless(text), /[\p{Cc}\p{Cf}\p{Cs}]/u);
    assert.equal(harmless(harmless(text)), harmless(text));
    assert.doesNotMatch(harmlessJson({ text }, "one_line"), /[\p{Cc}\p{Cf}\p{Cs}]/u);
    assert.deepEqual(JSON.parse(harmlessJson({ text })), { text });
  }));
});
