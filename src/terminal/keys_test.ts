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
