/** Tables that fit a terminal: columns that may shrink give way, the widest first, and say so with an ellipsis. Pure. */
import { type Cell, type Paint, tableLines } from "./text.ts";
import { cutTo, widthOf } from "./width.ts";

export interface Column {
  readonly shrinks: "yes" | "no";
}

/** `tableLines` puts this between columns and before the first. */
const GAP_COLUMNS = 2;
const LEAST_COLUMNS = 8;

/** One line a row, at most `width` columns wide as far as the columns that may shrink allow. */
export function fitted(
  rows: readonly (readonly Cell[])[],
  { columns, width, paint }: { readonly columns: readonly Column[]; readonly width: number; readonly paint: Paint },
): string[] {
  const widths = columns.map((_, at) => Math.max(0, ...rows.map((row) => widthOf(row[at]?.text ?? ""))));
  const total = () => widths.reduce((sum, it) => sum + it + GAP_COLUMNS, 0);
  while (total() > width) {
    const widest = columns.reduce((best, { shrinks }, at) => shrinks === "yes" && (widths[at] ?? 0) > (widths[best] ?? -1) ? at : best, -1);
    const columnWidth = widths[widest] ?? 0;
    if (columnWidth <= LEAST_COLUMNS) break;
    widths[widest] = columnWidth - 1;
  }
  return tableLines(rows.map((row) => row.map((cell, at) => ({ ...cell, text: cutTo(cell.text, widths[at] ?? 0) }))), paint);
}
