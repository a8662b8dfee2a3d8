/**
 * The identity of stored rows as one text, for maps. Two rows share a key exactly when a driver would keep
 * them in one place.
 */
import type { RestRow, UsageRow } from "./store.ts";

/** What makes a usage row itself, as one text. The model comes last, so no model name can imitate another row. */
export function usageKey(row: Pick<UsageRow, "credential" | "model" | "day">): string {
  return `${row.credential}\n${row.day}\n${row.model}`;
}

/** What makes a rest itself, as one text. The rest of a whole credential is not that of a model without a name. */
export function restKey(row: Pick<RestRow, "credential" | "model">): string {
  return row.model === null ? row.credential : `${row.credential}\n${row.model}`;
}
