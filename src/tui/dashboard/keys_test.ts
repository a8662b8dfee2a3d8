/** Keys by name, through node's own reader of keyboards, as terminals send them. */
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { emitKeypressEvents } from "node:readline";
import { type Key, keyOf, type Keypress } from "./keys.ts";

function keysOf(bytes: string): string[] {
  const stream = new PassThrough();
  const keys: (Key | undefined)[] = [];
  emitKeypressEvents(stream);
  stream.on("keypress", (text: string | undefined, press: Keypress) => keys.push(keyOf(text, press)));
  stream.emit("data", bytes);
  return keys.map((key) => key === undefined ? "nothing" : key.kind === "named" ? key.name : `"${key.text}"`);
}

Deno.test("what terminals send for a key is that key", () => {
  assert.deepEqual(keysOf("\x1b[A\x1bOA\x1b[B\x1b[5~\x1b[6~"), ["up", "up", "down", "page-up", "page-down"]);
  assert.deepEqual(keysOf("\x1b[H\x1b[1~\x1b[F\x1b[4~\t\r\n"), ["home", "home", "end", "end", "tab", "enter", "enter"]);
  assert.deepEqual(keysOf("\x7f\b\x03\x1a\f"), ["backspace", "backspace", "interrupt", "suspend", "redraw"]);
  assert.deepEqual(keysOf("jG/日 "), ['"j"', '"G"', '"/"', '"日"', '" "']);
});

Deno.test("keys without a meaning here do nothing", () => {
  assert.deepEqual(keysOf("\x1b[15~\x1bd\x01"), ["nothing", "nothing", "nothing"]);
});
