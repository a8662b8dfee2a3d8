/**
 * Which embeddings requests may share a call: those whose calls would differ in nothing but their inputs.
 * That covers provider, model, dimensions, encoding, input type and user, and every field nobody thought of.
 */
import type { Json, JsonObject } from "../../kernel/json.ts";
import type { Target } from "../route.ts";
import type { EmbeddingInputs } from "./inputs.ts";

/** Equal for requests that may share a call. `body` is the client's own; its order of fields does not count. */
export function groupKey(
  wanted: { readonly targets: readonly Target[]; readonly body: JsonObject; readonly kind: EmbeddingInputs["kind"] },
): string {
  return JSON.stringify([wanted.kind, ...wanted.targets.map((target) => [target.provider.row.id, sharedFields(target.body(wanted.body))])]);
}

/** The fields of an upstream body besides its input, by name. */
function sharedFields({ input: _input, ...shared }: JsonObject): readonly (readonly [string, Json | undefined])[] {
  return Object.entries(shared).sort(([left], [right]) => left < right ? -1 : 1);
}
