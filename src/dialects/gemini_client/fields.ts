/** Fields by either of the two spellings Google takes: `generationConfig` and `generation_config`. */
import type { Json, JsonObject } from "../../kernel/json.ts";

/** The field's value; undefined when it is absent or null. `name` is in camel case. */
export function field(body: JsonObject | undefined, name: string): Json | undefined {
  return body?.[name] ?? body?.[snake(name)] ?? undefined;
}

/** `generationConfig` → `generation_config` */
function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** `generation_config` → `generationConfig` */
export function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
