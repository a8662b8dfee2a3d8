/**
 * Google's subset of OpenAPI schemas as plain JSON Schema: types in lower case, `nullable` as a type. What is JSON
 * Schema already comes back unchanged.
 */
import { asObject, isObject, type Json, type JsonObject } from "../../kernel/json.ts";

const TYPES: ReadonlySet<string> = new Set(["STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"]);
/** Fields whose values are schemas, lists of them, or named ones. */
const ONE = new Set(["items", "additionalProperties", "not", "contains"]);
const LIST = new Set(["anyOf", "oneOf", "allOf", "prefixItems"]);
const NAMED = new Set(["properties", "$defs", "definitions"]);
/** Numbers that Google's format writes as text. */
const COUNTS = new Set(["minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"]);

/** The schema in JSON Schema's words. */
export function plainSchema(schema: JsonObject): JsonObject {
  const { nullable, ...rest } = schema;
  const plain: JsonObject = Object.fromEntries(
    Object.entries(rest).flatMap(([name, value]) =>
      name === "propertyOrdering" || value === undefined ? [] : [[name, plainField(name, value)]]
    ),
  );
  if (nullable !== true) return plain;
  const nulled = typeof plain.type === "string" ? { ...plain, type: [plain.type, "null"] } : plain;
  return Array.isArray(nulled.enum) && !nulled.enum.includes(null) ? { ...nulled, enum: [...nulled.enum, null] } : nulled;
}

function plainField(name: string, value: Json): Json {
  if (name === "type" && typeof value === "string" && TYPES.has(value)) return value.toLowerCase();
  if (ONE.has(name) && isObject(value)) return plainSchema(value);
  if (LIST.has(name) && Array.isArray(value)) return value.map((item) => isObject(item) ? plainSchema(item) : item);
  if (NAMED.has(name) && isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, isObject(item) ? plainSchema(asObject(item) ?? {}) : item]));
  }
  if (COUNTS.has(name) && typeof value === "string" && /^\d{1,15}$/.test(value)) return Number(value);
  return value;
}
