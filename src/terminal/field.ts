/**
 * A line to write in: what it is for, the text with its cursor, what is wrong with it, and lines that follow from it
 * while it is typed. Pure; Esc goes back and changes nothing.
 */
import { type Frame, type Line, line, paragraph, READABLE_COLUMNS, reflowed, type Size } from "./frame.ts";
import { harmless } from "./harmless.ts";
import type { Key } from "./keys.ts";
import type { Step, View } from "./stage.ts";
import { signsIn, widthOf } from "./width.ts";

export interface Field {
  readonly title: string;
  /** Lines above the text: what it means, what it is now. */
  readonly head?: readonly Line[];
  /** Stands in the line already. */
  readonly initial?: string;
  /** Undefined accepts the text; a sentence says what is wrong. */
  readonly check: (text: string) => string | undefined;
  /** What the text would do, in at most `rows` lines. */
  readonly preview?: (text: string, size: Size) => readonly Line[];
  /** Nobody may look over a shoulder: dots are shown. */
  readonly isHidden?: true;
}

export interface FieldState {
  readonly text: string;
  /** In signs from the left. */
  readonly cursor: number;
  /** Why the last Enter was not taken. */
  readonly problem?: string;
}

export type FieldResult = { readonly kind: "typed"; readonly text: string } | { readonly kind: "back" };

/** Longer than any setting. */
const MAX_SIGNS = 32 * 1024;

export function fieldView(field: Field): View<FieldState, FieldResult> {
  const text = field.initial ?? "";
  return {
    start: { text, cursor: signsIn(text).length },
    draw: (state, size) => drawField(field, state, size),
    press: (state, key) => pressInField(field, state, key),
  };
}

export function pressInField(field: Field, { text, cursor }: FieldState, key: Key): Step<FieldState, FieldResult> {
  const signs = signsIn(text);
  /** The text with the cursor between two parts. */
  const stay = (before: string, after: string): Step<FieldState, FieldResult> => ({
    kind: "stay",
    state: { text: before + after, cursor: signsIn(before).length },
  });
  const upTo = (at: number) => signs.slice(0, Math.max(at, 0)).join("");
  const from = (at: number) => signs.slice(Math.max(at, 0)).join("");
  const at = (place: number) => stay(upTo(place), from(place));
  switch (key.kind) {
    case "text":
      return stay(upTo(cursor) + signsIn(key.text).slice(0, MAX_SIGNS - signs.length).join(""), from(cursor));
    case "backspace":
      return stay(upTo(cursor - 1), from(cursor));
    case "delete":
      return stay(upTo(cursor), from(cursor + 1));
    case "clear":
      return stay("", "");
    case "left":
      return at(cursor - 1);
    case "right":
      return at(cursor + 1);
    case "home":
      return at(0);
    case "end":
      return at(signs.length);
    case "escape":
      return { kind: "done", result: { kind: "back" } };
    case "enter": {
      const problem = field.check(text.trim());
      if (problem === undefined) return { kind: "done", result: { kind: "typed", text: text.trim() } };
      return { kind: "stay", state: { text, cursor, problem } };
    }
    default:
      return at(cursor);
  }
}

export function drawField(field: Field, { text, cursor, problem }: FieldState, { columns, rows }: Size): Frame {
  const room = Math.min(columns, READABLE_COLUMNS) - 6;
  const all = [line(field.title, "bold"), line(""), ...reflowed(field.head ?? [], columns), line("")];
  const top = all.slice(0, Math.max(rows - 6, 1));
  const signs = signsIn(text).map((sign) => field.isHidden === true ? "•" : harmless(sign));
  // The text slides so that the cursor is always in sight.
  const before = fitting(signs.slice(0, cursor).toReversed(), room).toReversed();
  const column = widthOf(before.join(""));
  const shown = [...before, ...fitting(signs.slice(cursor), room + 1 - column)].join("");
  const input: Line = [{ text: "  › ", style: "cyan" }, { text: shown }];
  const complaint = problem === undefined ? [] : paragraph(problem, { columns: columns - 1, indent: "    ", style: "red" });
  const foot = line("  Enter take it · Ctrl-U clear · Esc back", "dim");
  const left = Math.max(rows - top.length - complaint.length - 4, 0);
  const preview = field.preview?.(text.trim(), { columns, rows: left }).slice(0, left) ?? [];
  const gap = preview.length > 0 ? [line("")] : [];
  return {
    lines: [...top, input, ...complaint, ...gap, ...preview, line(""), foot],
    cursor: { row: top.length, column: 4 + column },
  };
}

/** The first signs, as many as take at most `room` columns. */
function fitting(signs: readonly string[], room: number): readonly string[] {
  let left = room;
  const end = signs.findIndex((sign) => (left -= widthOf(sign)) < 0);
  return end === -1 ? signs : signs.slice(0, end);
}
