/** A screen that takes what changed shows the new frame, and is written only where it changed. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { change, difference, type Line, painted, paintedLine } from "./frame.ts";
import { paintFor } from "./text.ts";
import { widthOf } from "./width.ts";

/** What a screen that shows `before` shows after these bytes. */
function shownAfter(before: readonly string[], bytes: string): string[] {
  const isCleared = bytes.startsWith("\x1b[H\x1b[2J");
  const lines = isCleared ? [] : [...before];
  const commands = bytes.split("\x1b[");
  commands.forEach((command, at) => {
    const row = /^(\d+);1H$/.exec(command)?.[1];
    if (row !== undefined) lines[Number(row) - 1] = commands[at + 1]?.replace("2K", "") ?? "";
  });
  return Array.from({ length: 12 }, (_, at) => lines[at] ?? "");
}

Deno.test("after any two frames the screen shows the second, whatever its length", () => {
  const frames = fc.array(fc.constantFrom("", "a", "b", "long line"), { maxLength: 12 });
  fc.assert(fc.property(frames, frames, fc.boolean(), (before, after, isKnown) => {
    const whole = Array.from({ length: 12 }, (_, at) => after[at] ?? "");
    assert.deepEqual(shownAfter(before, difference(isKnown ? before : undefined, after)), whole);
  }));
});

Deno.test("lines that stay are not written again; nothing is written when nothing changed", () => {
  assert.equal(difference(["a", "b", "c"], ["a", "x", "c"]), "\x1b[2;1H\x1b[2Kx");
  assert.equal(difference(["a"], ["a"]), "");
});

Deno.test("the cursor is placed where a frame has one, and hidden where the next has none", () => {
  const at = (row: number, column: number) => ({ lines: ["a"], cursor: { row, column } });
  assert.equal(change({ lines: ["a"] }, at(0, 1)), "\x1b[?25l\x1b[1;2H\x1b[?25h");
  assert.equal(change(at(0, 1), at(0, 2)), "\x1b[?25l\x1b[1;3H\x1b[?25h");
  assert.equal(change(at(0, 1), at(0, 1)), "");
  assert.equal(change(at(0, 1), { lines: ["b"] }), "\x1b[?25l\x1b[1;1H\x1b[2Kb");
});

Deno.test("whatever a line holds, it is painted within its columns and says nothing to the terminal", () => {
  const texts = fc.string({ unit: fc.constantFrom("a", " ", "日", "👍", "e\u0301", "\x1b", "\u202e", "\u200d", "\t") });
  const cells = fc.array(fc.record({ text: texts, style: fc.constantFrom("bold" as const, undefined) }), { maxLength: 4 });
  fc.assert(fc.property(cells, fc.integer({ min: 1, max: 30 }), (line: Line, columns) => {
    const plain = paintedLine(line, { columns, paint: paintFor("plain") });
    assert.ok(widthOf(plain) <= columns, plain);
    assert.doesNotMatch(plain, /[\p{Cc}\p{Cf}]/u);
    assert.equal(widthOf(paintedLine(line, { columns, paint: paintFor("ansi") })), widthOf(plain));
  }));
  assert.deepEqual(painted({ lines: [[{ text: "日本語" }], [], []] }, { columns: 6, rows: 2 }, paintFor("plain")).lines, ["日本…", ""]);
});
