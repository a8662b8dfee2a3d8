/** Tables fit the terminal: the widest column that may gives way. */
import assert from "node:assert/strict";
import { paintFor } from "./text.ts";
import { fitted } from "./table.ts";
import { widthOf } from "./width.ts";

const paint = paintFor("plain");
const columns = [{ shrinks: "no" }, { shrinks: "yes" }, { shrinks: "yes" }] as const;

Deno.test("columns that may shrink give way until the table fits", () => {
  const rows = [[{ text: "1" }, { text: "a".repeat(60) }, { text: "b".repeat(30) }], [{ text: "2" }, { text: "short" }, { text: "c" }]];
  const lines = fitted(rows, { columns, width: 80, paint });
  assert.ok(lines.every((line) => line.length <= 80), lines.join("\n"));
  assert.match(lines[0] ?? "", /^ {2}1 {2}a+… {2}b{30}$/);
  assert.match(lines[1] ?? "", /^ {2}2 {2}short +c$/);
});

Deno.test("a table that fits is left alone, and nothing shrinks to nothing", () => {
  assert.deepEqual(fitted([[{ text: "1" }, { text: "ab" }, { text: "cd" }]], { columns, width: 80, paint }), ["  1  ab  cd"]);
  const [line = ""] = fitted([[{ text: "1" }, { text: "a".repeat(20) }, { text: "b".repeat(20) }]], { columns, width: 5, paint });
  assert.equal(line, `  1  ${"a".repeat(7)}…  ${"b".repeat(7)}…`);
});

Deno.test("wide signs count by their columns, in what is cut and in what stands beside it", () => {
  const rows = [[{ text: "1" }, { text: "模型".repeat(20) }, { text: "b" }], [{ text: "2" }, { text: "👍 ok" }, { text: "c" }]];
  const [wide = "", narrow = ""] = fitted(rows, { columns, width: 40, paint });
  assert.deepEqual([wide, widthOf(wide) <= 40], [`  1  ${"模型".repeat(7)}模…  b`, true]);
  assert.equal(widthOf(narrow), widthOf(wide));
});
