/**
 * One screenful: lines of cells cut to the terminal's width, as the text that draws them in one write. Pure. No
 * text of others can move the cursor, and no line is ever wider or longer than the screen.
 */
import { harmless } from "./harmless.ts";
import type { Cell, Paint } from "./text.ts";
import { wrapped } from "./words.ts";

export type Line = readonly Cell[];

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Frame {
  readonly lines: readonly Line[];
  /** Where the cursor blinks, from 0; absent: it is hidden. */
  readonly cursor?: { readonly row: number; readonly column: number };
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
    if (only === undefined || cells.length > 1 || widthOf(cells) < columns) return [cells];
    const indent = /^ */.exec(only.text)?.[0] ?? "";
    return paragraph(only.text.trimStart(), { columns: columns - 1, indent, ...(only.style === undefined ? {} : { style: only.style }) });
  });
}

/** The characters that a line shows, one a column. */
export function widthOf(cells: Line): number {
  return cells.reduce((sum, { text }) => sum + [...text].length, 0);
}

/** The frame as bytes for the terminal: from the top left corner, each line wiped to its end, the rest of the screen too. */
export function drawn({ lines, cursor }: Frame, { columns, rows }: Size, paint: Paint): string {
  const shown = lines.slice(0, rows).map((cells) => paintedLine(cells, { columns, paint }));
  const body = shown.map((it) => `${it}\u001b[K`).join("\r\n");
  const place = cursor === undefined ? "\u001b[?25l" : `\u001b[${cursor.row + 1};${cursor.column + 1}H\u001b[?25h`;
  const wipe = shown.length < rows ? "\r\n\u001b[J" : "";
  return `\u001b[?25l\u001b[H${body}${wipe}${place}`;
}

/** Cut with an ellipsis where it would not fit. The last column stays free: writing there makes some terminals wrap. */
function paintedLine(cells: Line, { columns, paint }: { readonly columns: number; readonly paint: Paint }): string {
  let left = Math.max(columns - 1, 1);
  let painted = "";
  for (const { text, style } of cells) {
    const chars = [...harmless(text)];
    const isCut = chars.length > left;
    const fitting = isCut ? `${chars.slice(0, Math.max(left - 1, 0)).join("")}…` : chars.join("");
    painted += style === undefined || fitting === "" ? fitting : paint(style, fitting);
    left -= isCut ? left : chars.length;
    if (left <= 0) break;
  }
  return painted;
}
