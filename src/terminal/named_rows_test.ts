/** Names are never cut: a long one stands alone, the rest of its row below it. */
import assert from "node:assert/strict";
import { namedRows } from "./named_rows.ts";
import { paintFor } from "./text.ts";

const LOOK = { columns: [{ shrinks: "no" }, { shrinks: "yes" }] as const, width: 40, paint: paintFor("plain") };

Deno.test("a name that leaves no room for the rest has a line of its own", () => {
  const long = "a".repeat(30);
  const rows = [long, "b"].map((text) => ({ name: { text }, cells: [{ text: "12k" }, { text: "text image audio video" }] }));
  assert.deepEqual(namedRows(rows, LOOK), [
    `  ${long}`,
    "     12k  text image audio video",
    "  b  12k  text image audio video",
  ]);
});

Deno.test("a name wider than the page is not indented, and a row of blanks adds no line", () => {
  const rows = [{ name: { text: "n".repeat(50) }, cells: [{ text: "" }, { text: "" }] }];
  assert.deepEqual(namedRows(rows, LOOK), ["n".repeat(50)]);
  assert.deepEqual(namedRows([], LOOK), []);
});
