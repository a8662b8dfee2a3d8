/**
 * Tables whose first column is a name that must be read, and copied, whole: one too long for its column stands on a
 * line of its own, the rest of its row below it. Pure.
 */
import { type Column, fitted } from "./table.ts";
import type { Cell, Paint } from "./text.ts";
import { widthOf } from "./width.ts";

export interface NamedRow {
  readonly name: Cell;
  readonly cells: readonly Cell[];
}

/** Columns that may shrink keep this much beside a long name. */
const LEAST_COLUMNS = 10;
/** What stands between columns, and before the first. */
const GAP_COLUMNS = 2;

export function namedRows(
  rows: readonly NamedRow[],
  { columns, width, paint }: { readonly columns: readonly Column[]; readonly width: number; readonly paint: Paint },
): string[] {
  const others = columns.map(({ shrinks }, at) => {
    const widest = Math.max(0, ...rows.map(({ cells }) => widthOf(cells[at]?.text ?? "")));
    return GAP_COLUMNS + (shrinks === "yes" ? Math.min(widest, LEAST_COLUMNS) : widest);
  });
  const longest = others.reduce((left, other) => left - other, width - GAP_COLUMNS);
  const isLong = ({ name }: NamedRow) => widthOf(name.text) > longest;
  const cells = rows.map((row) => [isLong(row) ? { text: "" } : row.name, ...row.cells]);
  const lines = fitted(cells, { columns: [{ shrinks: "no" }, ...columns], width, paint });
  return rows.flatMap((row, at) => {
    const line = lines[at] ?? "";
    if (!isLong(row)) return [line];
    const { text, style } = row.name;
    const indent = widthOf(text) + GAP_COLUMNS > width ? "" : " ".repeat(GAP_COLUMNS);
    return [indent + (style === undefined ? text : paint(style, text)), ...(line.trim() === "" ? [] : [line])];
  });
}
