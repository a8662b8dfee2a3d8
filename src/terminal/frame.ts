/**
 * One screenful: lines of cells, the text that shows them, and what must be written so that one becomes the next.
 * Pure. No text of others can move the cursor, and no line is ever wider or longer than the screen.
 */
import { harmless } from "./harmless.ts";
import type { Cell, Paint } from "./text.ts";
import { cutTo, widthOf, wrapped } from "./width.ts";

export type Line = readonly Cell[];

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Where the cursor blinks, in columns and rows from 0. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

export interface Frame {
  readonly lines: readonly Line[];
  /** Absent: the cursor is hidden. */
  readonly cursor?: Place | undefined;
}

/** A frame as it is written: lines from the top of the screen, none wider than it. */
export interface Picture {
  readonly lines: readonly string[];
  readonly cursor?: Place | undefined;
}

/** Lines longer than this are harder to read, not easier. */
export const READABLE_COLUMNS = 100;

/** A line of one style. */
export function line(text: string, style?: Cell["style"]): Line {
  return [style === undefined ? { text } : { text, style }];
}

/** A text as lines of at most `columns`, broken between words and indented by `indent`. */
export function paragraph(text: string, { columns, indent = "", style }: {
  readonly columns: number;
  readonly indent?: string;
  readonly style?: Cell["style"];
}): Line[] {
  const width = Math.max(Math.min(columns, READABLE_COLUMNS) - indent.length, 1);
  return wrapped(text, width).split("\n").map((it) => line(indent + it, style));
}

/** Lines of one cell that became too long, since the window is narrower now, are broken between words; others stay. */
export function reflowed(lines: readonly Line[], columns: number): Line[] {
  return lines.flatMap((cells): Line[] => {
    const [only] = cells;
    if (only === undefined || cells.length > 1 || widthOf(harmless(only.text)) < columns) return [cells];
    const indent = /^ */.exec(only.text)?.[0] ?? "";
    return paragraph(only.text.trimStart(), { columns: columns - 1, indent, ...(only.style === undefined ? {} : { style: only.style }) });
  });
}

/** The frame as text. The last column stays free: writing there makes some terminals wrap. */
export function painted({ lines, cursor }: Frame, { columns, rows }: Size, paint: Paint): Picture {
  return { lines: lines.slice(0, rows).map((cells) => paintedLine(cells, { columns: Math.max(columns - 1, 1), paint })), cursor };
}

/** Cut with a mark where it would not fit. */
export function paintedLine(cells: Line, { columns, paint, clean = harmless, mark = "…" }: {
  readonly columns: number;
  readonly paint: Paint;
  /** Makes the texts of others fit for this terminal. */
  readonly clean?: (text: string) => string;
  readonly mark?: string;
}): string {
  let left = columns;
  let shown = "";
  for (const { text, style } of cells) {
    const whole = clean(text);
    const fitting = cutTo(whole, left, mark);
    shown += style === undefined || fitting.trim() === "" ? fitting : paint(style, fitting);
    left -= widthOf(fitting);
    if (left <= 0 || fitting !== whole) break;
  }
  return shown;
}

/** What a screen that shows `before` must get to show `after`; undefined: nothing is known of what stands there. */
export function change(before: Picture | undefined, after: Picture): string {
  const lines = difference(before?.lines, after.lines);
  const { cursor } = after;
  if (cursor === undefined) return before?.cursor === undefined ? lines : `\u001b[?25l${lines}`;
  const place = `\u001b[${cursor.row + 1};${cursor.column + 1}H\u001b[?25h`;
  const isSame = lines === "" && before?.cursor?.row === cursor.row && before.cursor.column === cursor.column;
  return isSame ? "" : `\u001b[?25l${lines}${place}`;
}

/** Only lines that changed. `before` undefined: everything. */
export function difference(before: readonly string[] | undefined, after: readonly string[]): string {
  const lineCount = Math.max(before?.length ?? 0, after.length);
  const parts: string[] = before === undefined ? ["\u001b[H\u001b[2J"] : [];
  for (let at = 0; at < lineCount; at++) {
    const text = after[at] ?? "";
    // Erased before it is written: after a full line the cursor stands on its last column.
    if (before === undefined ? text !== "" : text !== (before[at] ?? "")) parts.push(`\u001b[${at + 1};1H\u001b[2K${text}`);
  }
  return parts.join("");
}
