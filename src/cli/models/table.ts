/** Models as a table: whole ids, limits, prices, what they take. Pure; ids are never cut, so that they can be copied. */
import type { HiddenModel, ModelRow } from "../../app/model_overview.ts";
import { compact } from "../../terminal/amounts.ts";
import { harmless } from "../../terminal/harmless.ts";
import { namedRows } from "../../terminal/named_rows.ts";
import type { Column } from "../../terminal/table.ts";
import type { Cell, Paint } from "../../terminal/text.ts";

interface Look {
  readonly paint: Paint;
  /** Columns; `Infinity` for files and pipes. */
  readonly width: number;
}

const FACTS: readonly Column[] = [{ shrinks: "no" }, { shrinks: "no" }, { shrinks: "no" }, { shrinks: "no" }, { shrinks: "yes" }];
const FACT_NAMES = ["context", "output", "$ in", "$ out", "takes"];

export function modelTable(rows: readonly ModelRow[], { header, ...look }: Look & { readonly header: "yes" | "no" }): string[] {
  const titles: Cell[] = FACT_NAMES.map((text, at) => ({ text, style: "dim", align: at < 4 ? "right" : "left" }));
  const title = { name: { text: "model", style: "dim" } as const, cells: titles };
  const body = rows.map(rowOf);
  // A fact that nobody states of any model has no column.
  const stated = FACTS.map((_, at) => body.some(({ cells }) => cells[at]?.text !== ""));
  const isStated = (_: unknown, at: number) => stated[at] === true;
  const all = [...(header === "yes" ? [title] : []), ...body].map(({ name, cells }) => ({ name, cells: cells.filter(isStated) }));
  return namedRows(all, { ...look, columns: FACTS.filter(isStated) });
}

function rowOf(
  { id, context_length, max_output_tokens, pricing, architecture }: ModelRow,
): { readonly name: Cell; readonly cells: Cell[] } {
  const right = (text: string): Cell => ({ text, align: "right" });
  return {
    name: { text: harmless(id) },
    cells: [
      right(context_length === undefined ? "" : compact(context_length)),
      right(max_output_tokens === undefined ? "" : compact(max_output_tokens)),
      right(perMillion(pricing?.prompt)),
      right(perMillion(pricing?.completion)),
      { text: harmless(takes(architecture)), style: "dim" },
    ],
  };
}

/** Dollars per million tokens; at most four digits after the point. */
function perMillion(perToken: string | undefined): string {
  const amount = Number(perToken) * 1e6;
  if (perToken === undefined || !Number.isFinite(amount)) return "";
  return amount === 0 ? "free" : String(Number(amount.toFixed(amount < 0.1 ? 4 : 2)));
}

/** `text image`, and what it gives where that is more than text. */
function takes(architecture: ModelRow["architecture"]): string {
  const given = architecture?.output_modalities?.filter((it) => it !== "text") ?? [];
  return [...architecture?.input_modalities ?? [], ...(given.length === 0 ? [] : ["→", ...given])].join(" ");
}

/** Hidden models with the rule that hides each. */
export function hiddenTable(
  hidden: readonly HiddenModel[],
  { variable, ...look }: Look & { readonly variable: (provider: string) => string },
) {
  const rows = hidden.map(({ id, provider, pattern }) => ({
    name: { text: harmless(id) },
    cells: [{ text: `${variable(provider)}: ${pattern}`, style: "yellow" as const }],
  }));
  return namedRows(rows, { ...look, columns: [{ shrinks: "yes" }] });
}
