/** The line to write in, as a state and as lines. */
import assert from "node:assert/strict";
import { drawField, type Field, type FieldResult, type FieldState, pressInField } from "./field.ts";
import type { Key } from "./keys.ts";

const FIELD: Field = { title: "Port", check: (text) => text === "bad" ? "Expected something else" : undefined };

function press(keys: readonly Key[], state: FieldState = { text: "", cursor: 0 }): FieldState | FieldResult {
  let now = state;
  for (const key of keys) {
    const step = pressInField(FIELD, now, key);
    if (step.kind === "done") return step.result;
    now = step.state;
  }
  return now;
}

const typed = (text: string): Key[] => [...text].map((it) => ({ kind: "text", text: it }));

Deno.test("text is typed and corrected where the cursor is", () => {
  const keys: Key[] = [...typed("abd"), { kind: "left" }, ...typed("c"), { kind: "home" }, { kind: "delete" }, { kind: "end" }, {
    kind: "backspace",
  }];
  assert.deepEqual(press([...keys, { kind: "enter" }]), { kind: "typed", text: "bc" });
  assert.deepEqual(press([{ kind: "clear" }, ...typed(" x ")], { text: "old", cursor: 3 }), { text: " x ", cursor: 3 });
});

Deno.test("a wrong text stays with its complaint until it is changed; Esc goes back", () => {
  const state = press([...typed("bad"), { kind: "enter" }]);
  assert.deepEqual(state, { text: "bad", cursor: 3, problem: "Expected something else" });
  assert.deepEqual(press([{ kind: "backspace" }], { text: "bad", cursor: 3, problem: "x" }), { text: "ba", cursor: 2 });
  assert.deepEqual(press([...typed("x"), { kind: "escape" }]), { kind: "back" });
});

Deno.test("a hidden text shows dots, a long one slides with the cursor, and all fits a low screen", () => {
  const lineOf = (field: Field, text: string) => {
    const { lines, cursor } = drawField(field, { text, cursor: text.length }, { columns: 40, rows: 8 });
    assert.ok(lines.length <= 8 && (cursor?.column ?? 99) < 40);
    return (lines[cursor?.row ?? 0] ?? []).map((it) => it.text).join("");
  };
  assert.equal(lineOf({ ...FIELD, isHidden: true }, "secret"), "  › ••••••");
  assert.match(lineOf(FIELD, `${"a".repeat(100)}z`), /^ {2}› a{34}z$|^ {2}› a{33}z$/);
});

Deno.test("the cursor goes by signs and stands where the terminal draws them, however wide they are", () => {
  const at = (text: string, cursor: number) => drawField(FIELD, { text, cursor }, { columns: 40, rows: 10 }).cursor?.column;
  assert.deepEqual([at("日本", 1), at("e\u0301x", 1), at("日".repeat(100), 100)], [6, 5, 38]);
  assert.deepEqual(press([{ kind: "backspace" }], { text: "ae\u0301", cursor: 2 }), { text: "a", cursor: 1 });
  assert.deepEqual(press([...typed("e"), ...typed("\u0301"), ...typed("x")]), { text: "e\u0301x", cursor: 2 });
});
