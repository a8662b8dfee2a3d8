/** Lists in the shape of Anthropic's API. Shapes: https://docs.anthropic.com/en/api/models-list */
import type { JsonObject } from "../kernel/json.ts";
import type { ModelRow } from "./listings.ts";

/** `GET /v1/models` as clients of Anthropic read it. */
export function anthropicModels(rows: readonly ModelRow[]): JsonObject {
  const data = rows.map(anthropicModel);
  return { data, has_more: false, first_id: rows[0]?.id ?? null, last_id: rows.at(-1)?.id ?? null };
}

/** One model. When it was made is not known here. */
export function anthropicModel({ id }: ModelRow): JsonObject {
  return { type: "model", id, display_name: id, created_at: "1970-01-01T00:00:00Z" };
}
