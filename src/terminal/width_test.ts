/** Whatever comes in, what goes to the screen is one line without commands, of the width it says. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { cleaned, cutTo, folded, padTo, widthOf } from "./text_width.ts";

Deno.test("escapes, control signs and signs that turn text around go; line ends and tabs become blanks", () => {
  assert.equal(cleaned("a\x1b[31mb\x1b[0m\x07\u0000c", "unicode"), "abc");
  assert.equal(cleaned("one\r\ntwo\tthree\u2028four", "unicode"), "one two three four");
  assert.equal(cleaned("a\u202eb\u2066c\u200bd\ufeff", "unicode"), "abcd");
  assert.equal(cleaned("\x9b31mred", "unicode"), "red");
  assert.equal(cleaned("sk-a…1234 é 日", "ascii"), "sk-a..1234 ? ?");
});

Deno.test("nothing that is cleaned can move the cursor", () => {
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom("\x1b", "[", "]", "2", "J", "\x9b", "\x07", "a", ";", "\ud83d") }),
  );
  fc.assert(fc.property(texts, fc.constantFrom("unicode" as const, "ascii" as const), (text, signs) => {
    assert.doesNotMatch(cleaned(text, signs), /[\p{Cc}\p{Cf}\p{Cs}]/u);
  }));
});

Deno.test("wide signs take two columns, combining ones none", () => {
  assert.deepEqual(["abc", "日本", "e\u0301", "👍", "…"].map(widthOf), [3, 4, 1, 2, 1]);
});

Deno.test("a text is cut between signs, with a mark where something is missing", () => {
  assert.equal(cutTo("abcdef", 6, "…"), "abcdef");
  assert.equal(cutTo("abcdef", 5, "…"), "abcd…");
  assert.equal(cutTo("日本語", 4, "…"), "日…");
  assert.equal(cutTo("e\u0301e\u0301e\u0301", 2, "…"), "e\u0301…");
  assert.equal(cutTo("abc", 0, "…"), "");
});

Deno.test("cut and padded, any text is exactly as wide as asked, or a column less where a wide sign did not fit", () => {
  const texts = fc.string({ unit: fc.constantFrom("a", " ", "é", "e\u0301", "日", "👍", "𠮷", "🇩🇪") });
  fc.assert(fc.property(texts, fc.integer({ min: 1, max: 20 }), (text, width) => {
    const shown = padTo(cutTo(cleaned(text, "unicode"), width, "…"), width, "left");
    assert.equal(widthOf(shown), width);
  }));
});

Deno.test("folded lines keep all words and none is too wide; a long word is parted", () => {
  assert.deepEqual(folded("one two three", 7), ["one two", "three"]);
  assert.deepEqual(folded("abcdefgh", 3), ["abc", "def", "gh"]);
  assert.deepEqual(folded("日本語", 5), ["日本", "語"]);
  const words = fc.array(fc.string({ unit: fc.constantFrom("a", "日", "👍"), minLength: 1 }), { minLength: 1 });
  fc.assert(fc.property(words, fc.integer({ min: 2, max: 20 }), (list, width) => {
    const lines = folded(list.join(" "), width);
    assert.equal(lines.join("").replaceAll(" ", ""), list.join(""));
    for (const line of lines) assert.ok(widthOf(line) <= width, line);
  }));
});
