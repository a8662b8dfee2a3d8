/**
 * One provider's answer cut into the answers of the requests that shared the call. Each gets its own vectors
 * in its own order, numbered from 0, its share of the usage, and every other field as the provider sent it.
 */
import { asNumber, isObject, type JsonObject } from "../../kernel/json.ts";
import { dividedUsage } from "./shares.ts";
import type { EmbeddingInputs } from "./inputs.ts";

/** The answers in the order of `parts`, or undefined when the answer does not hold exactly one vector for each input. */
export function splitAnswer(body: JsonObject, parts: readonly EmbeddingInputs[]): readonly JsonObject[] | undefined {
  const rows = rowsInOrder(body, parts.reduce((count, { items }) => count + items.length, 0));
  if (rows === undefined) return undefined;
  const usages = isObject(body.usage) ? dividedUsage(body.usage, parts.map(({ length }) => length)) : [];
  let from = 0;
  return parts.map(({ items }, position) => {
    const own = rows.slice(from, from + items.length);
    from += items.length;
    const usage = usages[position];
    return { ...body, data: own.map((row, index) => ({ ...row, index })), ...(usage === undefined ? {} : { usage }) };
  });
}

/** By `index` when each row has one of its own, else as they came when none has any. */
function rowsInOrder(body: JsonObject, count: number): readonly JsonObject[] | undefined {
  if (!Array.isArray(body.data) || body.data.length !== count) return undefined;
  const rows: readonly JsonObject[] = body.data.filter(isObject);
  if (rows.length !== count) return undefined;
  if (rows.every((row) => row.index === undefined)) return rows;
  const ordered = new Map(rows.map((row) => [asNumber(row.index), row] as const));
  const inOrder = rows.map((_, index) => ordered.get(index)).filter((row) => row !== undefined);
  return inOrder.length === count ? inOrder : undefined;
}
