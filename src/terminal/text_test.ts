/** Tables and wrapped lines: widths are those of the words, never of their colours. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { paintFor, tableLines, wrapCells } from "./text.ts";

const PLAIN = paintFor("plain");

Deno.test("a table's columns are as wide as their widest cell, the last one ends without blanks", () => {
  const lines = tableLines([
    [{ text: "name" }, { text: "n", align: "right" }, { text: "why" }],
    [{ text: "a" }, { text: "100", align: "right" }, { text: "" }],
  ], PLAIN);
  assert.deepEqual(lines, ["  name    n  why", "  a     100"]);
});

Deno.test("style adds no width", () => {
  const rows = (style: "red" | "dim") => [[{ text: "a", style }, { text: "b" }], [{ text: "long", style }, { text: "c" }]];
  const [first = "", second = ""] = tableLines(rows("red"), paintFor("ansi"));
  assert.equal(first, "  \x1b[31ma\x1b[39m     b");
  assert.equal(second, "  \x1b[31mlong\x1b[39m  c");
});

Deno.test("wrapped cells lose nothing, keep their order, and no line with several of them is too long", () => {
  const words = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1, maxLength: 12 });
  fc.assert(fc.property(words, fc.integer({ min: 5, max: 40 }), (texts, width) => {
    const lines = wrapCells(texts.map((text) => ({ text })), { separator: " > ", width, paint: PLAIN });
    assert.deepEqual(lines.join(" ").match(/[a-z]+/g), texts);
    for (const line of lines) assert.ok(line.length <= width || line.replace(/^> /, "").match(/^[a-z]+$/), line);
    for (const line of lines.slice(1)) assert.match(line, /^> /);
  }));
});

Deno.test("no cells make no line", () => {
  assert.deepEqual(wrapCells([], { separator: " > ", width: 10, paint: PLAIN }), []);
});
