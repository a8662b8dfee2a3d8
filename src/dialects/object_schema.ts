/**
 * The schema of a tool's arguments where its top must be one plain object: references at the top are followed, what must
 * hold at once is joined, and of alternatives there is one object that allows each. What stands deeper is left as it is.
 */
import { asArray, asObject, isObject, type JsonObject } from "../kernel/json.ts";
import { type CutSchema, SCHEMA_ROOT, SchemaCut } from "./schema_cut.ts";
import { mergeSchemas } from "./schema_merge.ts";

/** Depth of alternatives in alternatives. */
const MAX_ROUNDS = 24;

/** The schema with an object at its top, and what could not be kept. */
export function objectSchema(schema: JsonObject): CutSchema {
  const cut = new SchemaCut(schema);
  const opened = opening(schema, { cut, depth: 0, refs: [] });
  const definitions = Object.fromEntries(["$defs", "definitions"].flatMap((name) => isObject(schema[name]) ? [[name, schema[name]]] : []));
  return {
    schema: { ...opened, ...definitions, type: "object", properties: asObject(opened.properties) ?? {} },
    dropped: cut.dropped,
  };
}

interface Round {
  readonly cut: SchemaCut;
  readonly depth: number;
  readonly refs: readonly string[];
}

function opening(schema: JsonObject, { cut, depth, refs }: Round): JsonObject {
  const opened = cut.open(schema, { ...SCHEMA_ROOT, depth, refs });
  if (opened === "cut" || depth > MAX_ROUNDS) return {};
  const { anyOf, oneOf, ...own } = opened.schema;
  const lists = { anyOf, oneOf };
  const branches = Object.values(lists).flatMap((list) => asArray(list).filter(isObject));
  if (branches.length === 0) return own;
  for (const [name, list] of Object.entries(lists)) {
    if (list !== undefined && (branches.length > 1 || asArray(list).length > 1)) cut.lose(name, null, SCHEMA_ROOT);
  }
  const inner = { cut, depth: depth + 1, refs: opened.place.refs };
  const [first = {}, ...others] = branches.map((branch) => opening(branch, inner));
  return mergeSchemas(others.reduce(either, first), own);
}

/** What either of two objects allows: properties of both, and only what both demand is demanded. */
function either(one: JsonObject, other: JsonObject): JsonObject {
  const common = asArray(one.required).filter((name) => asArray(other.required).includes(name));
  const { required: _required, ...rest } = one;
  return {
    ...rest,
    properties: { ...asObject(one.properties), ...asObject(other.properties) },
    ...(common.length === 0 ? {} : { required: common }),
  };
}
