/** Texts are as wide as they say, cut, padded and broken, whatever signs they are of. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { stripVTControlCharacters, styleText } from "node:util";
import { cutTo, folded, padTo, signsIn, widthOf, wrapped } from "./width.ts";

const red = (text: string) => styleText("red", text, { validateStream: false });

Deno.test("wide signs take two columns, combining ones and colours none", () => {
  assert.deepEqual(["abc", "日本", "e\u0301", "👍", "…", red("日本")].map(widthOf), [3, 4, 1, 2, 1, 4]);
  assert.deepEqual(signsIn("ae\u0301日"), ["a", "e\u0301", "日"]);
});

Deno.test("a text is cut between signs, with a mark where something is missing", () => {
  assert.equal(cutTo("abcdef", 6), "abcdef");
  assert.equal(cutTo("abcdef", 5), "abcd…");
  assert.equal(cutTo("日本語", 4), "日…");
  assert.equal(cutTo("e\u0301e\u0301e\u0301", 2), "e\u0301…");
  assert.deepEqual([cutTo("abcd", 4), cutTo("abc", 0), cutTo("abc", Infinity)], ["abcd", "", "abc"]);
});

Deno.test("cut and padded, any text is exactly as wide as asked", () => {
  const texts = fc.string({ unit: fc.constantFrom("a", " ", "é", "e\u0301", "日", "👍", "𠮷", "🇩🇪") });
  fc.assert(fc.property(texts, fc.integer({ min: 1, max: 20 }), (text, width) => {
    assert.equal(widthOf(padTo(cutTo(text, width), width)), width);
  }));
});

Deno.test("folded lines keep all words and none is too wide; a long word is parted", () => {
  assert.deepEqual(folded("one two three", 7), ["one two", "three"]);
  assert.deepEqual(folded("abcdefgh", 3), ["abc", "def", "gh"]);
  assert.deepEqual(folded("日本語", 5), ["日本", "語"]);
  assert.deepEqual(folded("", 5), []);
  const words = fc.array(fc.string({ unit: fc.constantFrom("a", "日", "👍"), minLength: 1 }), { minLength: 1 });
  fc.assert(fc.property(words, fc.integer({ min: 2, max: 20 }), (list, width) => {
    const lines = folded(list.join(" "), width);
    assert.equal(lines.join("").replaceAll(" ", ""), list.join(""));
    for (const line of lines) assert.ok(widthOf(line) <= width, line);
  }));
});

Deno.test("lines break between words, colours do not count, and an address stays whole", () => {
  assert.equal(wrapped("one two three", 8), "one two\nthree");
  assert.equal(wrapped(red("one two"), 7), red("one two"));
  assert.equal(wrapped("日本 日本", 8), "日本\n日本");
  const url = `https://host.example/${"a".repeat(100)}`;
  assert.equal(wrapped(`see ${url}`, 40), `see\n${url}`);
});

Deno.test("wrapping changes nothing but blanks into line ends, and no line of short words is too long", () => {
  const words = fc.array(fc.stringMatching(/^[a-z]{1,10}$/), { minLength: 1 });
  fc.assert(fc.property(words, fc.integer({ min: 10, max: 60 }), (list, columns) => {
    const text = wrapped(list.join(" "), columns);
    assert.equal(text.replaceAll("\n", " "), list.join(" "));
    assert.ok(text.split("\n").every((line) => stripVTControlCharacters(line).length <= columns));
  }));
});
