/** The splitter on whole texts and letter by letter; the property holds for every way of cutting. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { thinkSplitter } from "./think_tags.ts";

function split(pieces: readonly string[]) {
  const splitter = thinkSplitter();
  const splits = [...pieces.map((piece) => splitter.push(piece)), splitter.end()];
  return { content: splits.map((it) => it.content).join(""), reasoning: splits.map((it) => it.reasoning).join("") };
}

/** The text in pieces, cut before the characters at these places. */
function cut(text: string, places: readonly number[]): string[] {
  const ends = [...new Set(places.map((place) => place % (text.length + 1)))].sort((one, other) => one - other);
  return [...ends, text.length].map((end, index) => text.slice(ends[index - 1] ?? 0, end));
}

const CASES: readonly (readonly [title: string, text: string, content: string, reasoning: string])[] = [
  ["a block before the answer", "<think>\nhm\n</think>\n\nYes.", "Yes.", "hm\n"],
  ["no block", "Just text.", "Just text.", ""],
  ["an answer that talks about the tag", "Use `<think>` and </think>.", "Use `<think>` and </think>.", ""],
  ["a block on a later line", "One\n  <think>hm</think>two", "One\n  two", "hm"],
  ["two blocks in a row", "<think>a</think><think>b</think>c", "c", "ab"],
  ["a block that never closes", "<think>and then", "", "and then"],
  ["a tag that is never finished", "<thi", "<thi", ""],
  ["a closing tag that is never finished", "<think>a</thin", "", "a</thin"],
  ["other tags", "<thinking>no</thinking>", "<thinking>no</thinking>", ""],
  ["blanks before the block", " \n<think>a</think>b", " \nb", "a"],
  ["an empty block", "<think></think>b", "b", ""],
  ["nothing", "", "", ""],
];

for (const [title, text, content, reasoning] of CASES) {
  Deno.test(`splits ${title}, whole and letter by letter`, () => {
    assert.deepEqual(split([text]), { content, reasoning });
    assert.deepEqual(split([...text]), { content, reasoning });
  });
}

Deno.test("the result does not depend on how the text was cut", () => {
  const token = fc.constantFrom("<think>", "</think>", "<", "think>", "</", "<th", "\n", "\r\n", " ", "word", "ü", "🙂");
  const text = fc.array(token, { maxLength: 14 }).map((tokens) => tokens.join(""));
  fc.assert(
    fc.property(text, fc.array(fc.nat(), { maxLength: 12 }), (whole, places) => {
      assert.deepEqual(split(cut(whole, places)), split([whole]));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("text without tags comes through as it was, at once", () => {
  fc.assert(fc.property(fc.array(fc.string().map((text) => text.replaceAll("<", ""))), (pieces) => {
    const splitter = thinkSplitter();
    for (const piece of pieces) assert.deepEqual(splitter.push(piece), { content: piece, reasoning: "" });
    assert.deepEqual(splitter.end(), { content: "", reasoning: "" });
  }));
});
