/** Times as a person says them, and lines that break between words only. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { stripVTControlCharacters, styleText } from "node:util";
import { counted, inWords, span, wrapped } from "./words.ts";

const HOUR_MS = 3_600_000;

Deno.test("a span has one unit", () => {
  assert.deepEqual([400, 20_000, 240_000, 3 * 3_600_000, 40 * 3_600_000, 50 * 3_600_000].map(span), [
    "1 s",
    "20 s",
    "4 min",
    "3 h",
    "40 h",
    "2 days",
  ]);
  assert.deepEqual([span(59_800), span(HOUR_MS - 10)], ["1 min", "1 h"]);
  assert.deepEqual([inWords(0), inWords(-5), inWords(90_000)], ["now", "now", "in 2 min"]);
  assert.deepEqual([counted(1, "login"), counted(3, "login")], ["1 login", "3 logins"]);
});

Deno.test("lines break between words, colours do not count, and an address stays whole", () => {
  assert.equal(wrapped("one two three", 8), "one two\nthree");
  assert.equal(wrapped(styleText("red", "one two", { validateStream: false }), 7), styleText("red", "one two", { validateStream: false }));
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
