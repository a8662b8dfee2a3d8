/**
 * A line to write in: what it is for, the text with its cursor, what is wrong with it, and lines that follow from it
 * while it is typed. Pure; Esc goes back and changes nothing.
 */
import { type Frame, type Line, line, paragraph, READABLE_COLUMNS, reflowed, type Size } from "./frame.ts";
import type { Key } from "./keys.ts";
import type { Step, View } from "./stage.ts";

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
  /** In characters from the left. */
  readonly cursor: number;
  /** Why the last Enter was not taken. */
  readonly problem?: string;
}

export type FieldResult = { readonly kind: "typed"; readonly text: string } | { readonly kind: "back" };

/** Longer than any setting. */
const MAX_CHARS = 32 * 1024;

export function fieldView(field: Field): View<FieldState, FieldResult> {
  const text = field.initial ?? "";
  return {
    start: { text, cursor: [...text].length },
    draw: (state, size) => drawField(field, state, size),
    press: (state, key) => pressInField(field, state, key),
  };
}

export function pressInField(field: Field, { text, cursor }: FieldState, key: Key): Step<FieldState, FieldResult> {
  const chars = [...text];
  const stay = (next: readonly string[], at: number): Step<FieldState, FieldResult> => ({
    kind: "stay",
    state: { text: next.join(""), cursor: Math.min(Math.max(at, 0), next.length) },
  });
  switch (key.kind) {
    case "text": {
      const added = [...key.text].slice(0, MAX_CHARS - chars.length);
      return stay([...chars.slice(0, cursor), ...added, ...chars.slice(cursor)], cursor + added.length);
    }
    case "backspace":
      return cursor === 0 ? stay(chars, 0) : stay([...chars.slice(0, cursor - 1), ...chars.slice(cursor)], cursor - 1);
    case "delete":
      return stay([...chars.slice(0, cursor), ...chars.slice(cursor + 1)], cursor);
    case "clear":
      return stay([], 0);
    case "left":
      return stay(chars, cursor - 1);
    case "right":
      return stay(chars, cursor + 1);
    case "home":
      return stay(chars, 0);
    case "end":
      return stay(chars, chars.length);
    case "escape":
      return { kind: "done", result: { kind: "back" } };
    case "enter": {
      const problem = field.check(text.trim());
      if (problem === undefined) return { kind: "done", result: { kind: "typed", text: text.trim() } };
      return { kind: "stay", state: { text, cursor, problem } };
    }
    default:
      return stay(chars, cursor);
  }
}

export function drawField(field: Field, { text, cursor, problem }: FieldState, { columns, rows }: Size): Frame {
  const room = Math.min(columns, READABLE_COLUMNS) - 6;
  const all = [line(field.title, "bold"), line(""), ...reflowed(field.head ?? [], columns), line("")];
  const top = all.slice(0, Math.max(rows - 6, 1));
  const chars = field.isHidden === true ? [...text].map(() => "•") : [...text];
  // The text slides so that the cursor is always in sight.
  const from = Math.max(cursor - room, 0);
  const shown = chars.slice(from, from + room + 1).join("");
  const input: Line = [{ text: "  › ", style: "cyan" }, { text: shown }];
  const complaint = problem === undefined ? [] : paragraph(problem, { columns: columns - 1, indent: "    ", style: "red" });
  const foot = line("  Enter take it · Ctrl-U clear · Esc back", "dim");
  const left = Math.max(rows - top.length - complaint.length - 4, 0);
  const preview = field.preview?.(text.trim(), { columns, rows: left }).slice(0, left) ?? [];
  const gap = preview.length > 0 ? [line("")] : [];
  return {
    lines: [...top, input, ...complaint, ...gap, ...preview, line(""), foot],
    cursor: { row: top.length, column: 4 + cursor - from },
  };
}
