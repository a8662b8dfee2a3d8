/** Columns of a table that always fills its width: each has a least width, some may grow, the least needed go first. Pure. */
import type { Line } from "../../terminal/frame.ts";
import type { Cell } from "../../terminal/text.ts";
import { cutTo, padTo } from "../../terminal/width.ts";
import { cleaned, type Look } from "./line.ts";

export interface ColumnPlan {
  readonly title: string;
  readonly least: number;
  /** As wide as it may grow; `least` when there is none. */
  readonly most?: number;
  readonly align?: "left" | "right";
  /** Where width is short, columns with a higher rank go first; those without one stay. */
  readonly rank?: number;
}

export interface Column extends ColumnPlan {
  readonly width: number;
  /** Position in the plan, and so in each row. */
  readonly at: number;
}

/** The columns that fit into `width`, with a blank between them. */
export function columnsIn(plan: readonly ColumnPlan[], width: number): Column[] {
  let chosen = plan.map((column, at) => ({ ...column, at, width: column.least }));
  const used = () => chosen.reduce((sum, column) => sum + column.width + 1, -1);
  while (used() > width) {
    const last = chosen.reduce((worst, { rank = 0 }) => Math.max(worst, rank), 0);
    if (last === 0) break;
    chosen = chosen.filter(({ rank }) => rank !== last);
  }
  for (let free = width - used(); free > 0;) {
    const growing = chosen.filter((column) => column.width < (column.most ?? column.least));
    if (growing.length === 0) break;
    for (const column of growing.slice(0, free)) {
      column.width += 1;
      free -= 1;
    }
  }
  return chosen;
}

/** One row; `cells` in the order of the plan. */
export function rowOf(cells: readonly Cell[], columns: readonly Column[], { signs }: Look): Line {
  return columns.flatMap(({ at, width, align = "left" }, position) => {
    const { text = "", style } = cells[at] ?? {};
    const shown = padTo(cutTo(cleaned(text, signs.set), width, signs.cut), width, align);
    return [...(position === 0 ? [] : [{ text: " " }]), { text: shown, style }];
  });
}

/** The row of titles. */
export function titlesOf(columns: readonly Column[], look: Look): Line {
  const cells: Cell[] = [];
  for (const { at, title } of columns) cells[at] = { text: title, style: "dim" };
  return rowOf(cells, columns, look);
}
