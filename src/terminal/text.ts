/** Words with or without colour, and tables of them. Pure; what counts is the columns that words take. */
import { styleText } from "node:util";
import { padTo, widthOf } from "./width.ts";

export type Style = "bold" | "dim" | "green" | "red" | "yellow" | "cyan";

/** Marks words up for a terminal, or leaves them alone. */
export type Paint = (style: Style, text: string) => string;

/** `ansi`: for a terminal; `plain`: for files and pipes, and where NO_COLOR is set. */
export function paintFor(colour: "ansi" | "plain"): Paint {
  return colour === "plain" ? (_, text) => text : (style, text) => styleText(style, text, { validateStream: false });
}

/** A cell: its text decides the width, its style does not. */
export interface Cell {
  readonly text: string;
  readonly style?: Style | undefined;
  readonly align?: "left" | "right";
}

const GAP = "  ";

/** Lines of a table, indented by one gap, columns as wide as their widest cell. The last cell may be painted already. */
export function tableLines(rows: readonly (readonly Cell[])[], paint: Paint): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach(({ text }, at) => widths[at] = Math.max(widths[at] ?? 0, widthOf(text)));
  return rows.map((row) => {
    const cells = row.map((cell, at) => padded(cell, { width: at === row.length - 1 ? 0 : widths[at] ?? 0, paint }));
    return (GAP + cells.join(GAP)).trimEnd();
  });
}

function padded({ text, style, align }: Cell, { width, paint }: { readonly width: number; readonly paint: Paint }): string {
  const painted = style === undefined ? text : paint(style, text);
  return padTo(painted, width, align);
}

/** Joins cells with a separator, painted, and begins a new line where the next cell would pass `width` columns. */
export function wrapCells(
  cells: readonly Cell[],
  { separator, width, paint }: { readonly separator: string; readonly width: number; readonly paint: Paint },
): string[] {
  const lines: string[] = [];
  let used = 0;
  for (const { text, style } of cells) {
    const painted = style === undefined ? text : paint(style, text);
    const last = lines.length - 1;
    if (last >= 0 && used + separator.length + widthOf(text) <= width) {
      lines[last] += separator + painted;
      used += separator.length + widthOf(text);
    } else {
      const lead = last < 0 ? "" : separator.trimStart();
      lines.push(lead + painted);
      used = lead.length + widthOf(text);
    }
  }
  return lines;
}
