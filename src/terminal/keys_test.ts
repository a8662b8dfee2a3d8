/** Keys out of bytes: whole, cut and pasted. */
import assert from "node:assert/strict";
import { decodeKeys, type Key } from "./keys.ts";

const kinds = (keys: readonly Key[]) => keys.map((key) => key.kind === "text" ? `"${key.text}"` : key.kind);

Deno.test("arrows, letters and controls are keys of their own, also when they come in one piece", () => {
  const { keys, rest } = decodeKeys("\u001b[A\u001b[B\u001bOCj1\r\u007f\u0015\u0003\u001b[3~\u001b[1;5D", "more");
  assert.deepEqual(kinds(keys), ["up", "down", "right", '"j"', '"1"', "enter", "backspace", "clear", "interrupt", "delete", "left"]);
  assert.equal(rest, "");
});

Deno.test("an arrow cut anywhere is never Esc, and Esc alone is Esc once nothing follows", () => {
  for (const cut of [1, 2]) {
    const first = decodeKeys("\u001b[A".slice(0, cut), "more");
    assert.deepEqual(first.keys, []);
    assert.deepEqual(kinds(decodeKeys(first.rest + "\u001b[A".slice(cut), "more").keys), ["up"]);
  }
  assert.deepEqual(kinds(decodeKeys("\u001b", "no_more").keys), ["escape"]);
  assert.deepEqual(kinds(decodeKeys("\u001bx", "more").keys), ["escape", '"x"']);
});

Deno.test("a paste is one text on one line without controls, and a sequence nobody knows is nothing", () => {
  const { keys } = decodeKeys('\u001b[200~{\n  "a": 1\r\n}\u0007\u001b[201~\u001b[99~x', "more");
  assert.deepEqual(kinds(keys), ['"{ "a": 1 }"', '"x"']);
  assert.equal(decodeKeys("\u001b[200~half", "more").rest, "\u001b[200~half");
});

Deno.test("what terminals send for a key is that key", () => {
  const kindsOf = (bytes: string) => kinds(decodeKeys(bytes, "no_more").keys);
  assert.deepEqual(kindsOf("\x1b[A\x1bOA\x1b[B\x1b[5~\x1b[6~"), ["up", "up", "down", "page_up", "page_down"]);
  assert.deepEqual(kindsOf("\x1b[H\x1b[1~\x1b[F\x1b[4~\t\x1b[Z\r\n"), ["home", "home", "end", "end", "tab", "tab", "enter", "enter"]);
  assert.deepEqual(kindsOf("\x7f\b\x03\x1a\f"), ["backspace", "backspace", "interrupt", "suspend", "redraw"]);
  assert.deepEqual(kindsOf("\x02\x06\x10\x0e"), ["page_up", "page_down", "up", "down"]);
  assert.deepEqual(kindsOf("jG/日 "), ['"j"', '"G"', '"/"', '"日"', '" "']);
});

Deno.test("keys without a meaning here do nothing", () => {
  assert.deepEqual(decodeKeys("\x1b[15~\x1b[[A\x1b[3$\x1b[<0;1;1M\x07", "no_more").keys, []);
});
