/** A table fills its width: columns of a rank go first where it is short, some grow where it is not. */
import assert from "node:assert/strict";
import { columnsIn, rowOf, titlesOf } from "./columns.ts";
import { signsOf } from "./signs.ts";

const PLAN = [{ title: "a", least: 4 }, { title: "b", least: 5, most: 20, rank: 1 }, { title: "c", least: 3, align: "right" as const }, {
  title: "d",
  least: 6,
  rank: 2,
}];
const look = { width: 80, height: 24, colour: "plain" as const, signs: signsOf("unicode") };

Deno.test("columns that matter least go first, the others grow to their bound", () => {
  const shown = (width: number) => columnsIn(PLAN, width).map(({ title, width }) => `${title}${width}`).join(" ");
  assert.equal(shown(100), "a4 b20 c3 d6");
  assert.equal(shown(22), "a4 b6 c3 d6");
  assert.equal(shown(20), "a4 b11 c3");
  assert.equal(shown(9), "a4 c3");
  assert.equal(shown(2), "a4 c3");
});

Deno.test("cells are cut and aligned to their column, titles too", () => {
  const columns = columnsIn(PLAN, 14);
  const text = (line: readonly { text: string }[]) => line.map((it) => it.text).join("");
  assert.equal(text(rowOf([{ text: "日本語" }, { text: "word" }, { text: "7" }, { text: "gone" }], columns, look)), "日…  word    7");
  assert.equal(text(titlesOf(columns, look)), "a    b       c");
});
