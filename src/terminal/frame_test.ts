/** A screen that takes what changed shows the new frame, and is written only where it changed. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { difference, type Frame } from "./frame.ts";

/** What a screen that shows `before` shows after these bytes. */
function shownAfter(before: Frame, bytes: string): string[] {
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
