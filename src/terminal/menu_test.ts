/** The menu as a state and as lines: what each key does, and that it fits any screen. */
import assert from "node:assert/strict";
import { painted } from "./frame.ts";
import type { Key } from "./keys.ts";
import { drawMenu, type Menu, type MenuResult, type MenuState, pressInMenu, startOf } from "./menu.ts";

const letters = (count: number): Menu<number> => ({
  title: "Letters",
  items: Array.from({ length: count }, (_, at) => ({ value: at, label: `item ${at + 1}`, help: `about ${at + 1}` })),
  isLong: true,
});

const KEY: Readonly<Record<string, Key>> = {
  down: { kind: "down" },
  up: { kind: "up" },
  enter: { kind: "enter" },
  escape: { kind: "escape" },
  left: { kind: "left" },
  end: { kind: "end" },
  backspace: { kind: "backspace" },
};

/** Presses keys in turn: the last state, or the result of the one that ended it. */
function press(menu: Menu<number>, ...keys: readonly string[]): MenuState | MenuResult<number> {
  let state = startOf(menu);
  for (const key of keys) {
    const step = pressInMenu(menu, state, KEY[key] ?? { kind: "text", text: key });
    if (step.kind === "done") return step.result;
    state = step.state;
  }
  return state;
}

const text = (menu: Menu<number>, state: MenuState, size = { columns: 80, rows: 24 }) =>
  drawMenu(menu, state, size).lines.map((cells) => cells.map((it) => it.text).join("").trimEnd());

Deno.test("arrows and j, k move round the list; Enter chooses", () => {
  assert.deepEqual(press(letters(3), "down", "j", "enter"), { kind: "chosen", value: 2, at: 2 });
  assert.deepEqual(press(letters(3), "up", "enter"), { kind: "chosen", value: 2, at: 2 });
  assert.deepEqual(press(letters(3), "down", "k", "enter"), { kind: "chosen", value: 0, at: 0 });
});

Deno.test("a number chooses at once where it can be no other; 0 is the tenth of ten", () => {
  assert.deepEqual(press(letters(3), "2"), { kind: "chosen", value: 1, at: 1 });
  assert.deepEqual(press(letters(10), "1"), { kind: "chosen", value: 0, at: 0 });
  assert.deepEqual(press(letters(10), "0"), { kind: "chosen", value: 9, at: 9 });
});

Deno.test("in a longer list a number waits for its second digit or Enter, and one that is too high is not taken", () => {
  assert.deepEqual(press(letters(25), "1", "2"), { kind: "chosen", value: 11, at: 11 });
  assert.deepEqual(press(letters(25), "2", "enter"), { kind: "chosen", value: 1, at: 1 });
  assert.deepEqual(press(letters(25), "7"), { kind: "chosen", value: 6, at: 6 });
  assert.deepEqual(press(letters(25), "2", "9"), { kind: "chosen", value: 8, at: 8 });
  assert.deepEqual(press(letters(3), "7"), { at: 0, digits: "", search: undefined });
});

Deno.test("Esc, q and left go back and say where the marker stood", () => {
  for (const key of ["escape", "q", "left"]) assert.deepEqual(press(letters(3), "down", key), { kind: "back", at: 1 });
});

Deno.test("a search narrows the list, keeps its numbers, and Esc ends the search first", () => {
  const menu = letters(30);
  const state = press(menu, "/", "2", "5");
  assert.ok(!("kind" in state));
  assert.deepEqual(text(menu, state).filter((it) => /item/.test(it)), ["› 25  item 25"]);
  assert.deepEqual(press(menu, "/", "2", "5", "enter"), { kind: "chosen", value: 24, at: 24 });
  assert.deepEqual(press(menu, "/", "x", "enter", "escape", "escape"), { kind: "back", at: 0 });
  assert.deepEqual(press(menu, "/", "2", "9", "backspace", "backspace", "backspace", "escape", "enter"), {
    kind: "chosen",
    value: 28,
    at: 28,
  });
});

Deno.test("a list longer than the screen scrolls with the marker and says how much is not seen", () => {
  const menu = letters(50);
  const at = (index: number, rows: number) => text(menu, { at: index, digits: "", search: undefined }, { columns: 80, rows });
  const lines = at(24, 16);
  assert.equal(lines.length, 16);
  assert.ok(lines.includes("› 25  item 25"));
  assert.match(lines[2] ?? "", /↑ \d+ more/);
  assert.match(lines.at(-4) ?? "", /↓ \d+ more/);
  assert.ok(at(49, 16).includes("› 50  item 50") && at(0, 16).includes("›  1  item 1"));
  for (const rows of [5, 6, 8, 24]) assert.ok(at(30, rows).length <= rows && at(30, rows).includes("› 31  item 31"));
});

Deno.test("lines above the list that became too long are broken between words, with their indent", () => {
  const menu: Menu<number> = { ...letters(2), head: [[{ text: "  some words that need more than thirty columns" }]] };
  const lines = text(menu, startOf(menu), { columns: 30, rows: 12 });
  assert.deepEqual(lines.slice(1, 3), ["  some words that need more", "  than thirty columns"]);
});

Deno.test("no line is wider than the screen, and text of others cannot move the cursor", () => {
  const menu: Menu<number> = {
    title: "x".repeat(300),
    items: [{ value: 1, label: `a\u001b[2Jb${"y".repeat(200)}`, note: "n".repeat(90) }],
  };
  const { lines } = painted(drawMenu(menu, startOf(menu), { columns: 40, rows: 10 }), { columns: 40, rows: 10 }, (_, it) => it);
  assert.ok(lines.every((it) => [...it].length <= 39 && !it.includes("\u001b")), JSON.stringify(lines));
});

Deno.test("notes stand under each other beside labels of wide signs", () => {
  const menu: Menu<number> = {
    title: "Models",
    items: [{ value: 1, label: "モデル", note: "one" }, { value: 2, label: "abcdefgh", note: "two" }],
  };
  assert.deepEqual(text(menu, startOf(menu)).slice(2, 4), ["› 1  モデル    one", "  2  abcdefgh  two"]);
});
