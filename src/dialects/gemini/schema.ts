/**
 * JSON Schema cut down to what Gemini's `parameters` and `responseSchema` take: no references, no unknown
 * keyword, one type each. Constraints that are lost are told in the description instead. Ends for any input.
 * Subset: https://ai.google.dev/api/caching#Schema
 */
import { asArray, asNumber, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";
import {
  type CutSchema,
  describedBy,
  impliedType,
  inside,
  itemsOf,
  propertiesOf,
  SCHEMA_ROOT,
  SchemaCut,
  type SchemaPlace,
  uniqueSchemas,
} from "../schema_cut.ts";
import { mergeSchemas } from "../schema_merge.ts";

/** The schema of a function's arguments or of an answer, in Gemini's subset. */
export function toGeminiSchema(schema: JsonObject): CutSchema {
  const cut = new SchemaCut(schema);
  return { schema: new SchemaCleaner(cut).clean(schema, SCHEMA_ROOT, "object"), dropped: cut.dropped };
}

/** Are understood here. */
const UNDERSTOOD =
  /^(\$ref|type|nullable|allOf|anyOf|oneOf|enum|const|properties|required|items|prefixItems|format|description|propertyOrdering)$/;
const KEPT_NUMBERS = ["minItems", "maxItems", "minProperties", "maxProperties", "minLength", "maxLength", "minimum", "maximum"];
const KEPT_TEXTS = ["title", "pattern"];
const KEPT = new Set([...KEPT_NUMBERS, ...KEPT_TEXTS, "default", "example"]);
const FORMATS = new Set(["date-time", "enum", "float", "double", "int32", "int64"]);
const TYPES = new Set(["string", "number", "integer", "boolean", "array", "object"]);

class SchemaCleaner {
  readonly #cut: SchemaCut;

  constructor(cut: SchemaCut) {
    this.#cut = cut;
  }

  /** `fallback`: the type of a schema that names none and tells of none. */
  clean(given: JsonObject, place: SchemaPlace, fallback: "string" | "object" = "string"): JsonObject {
    const opened = this.#cut.open(given, place);
    if (opened === "cut") return { type: "object", ...describedBy(asString(given.description), []), properties: {} };
    const branches = branchesOf(opened.schema);
    if (branches === undefined) return this.#single(opened.schema, opened.place, fallback);
    return this.#choice(opened.schema, { branches, place: opened.place, fallback });
  }

  /** One of several: what holds for all is said in each, because nothing may stand beside `anyOf`. */
  #choice(
    schema: JsonObject,
    { branches, place, fallback }: {
      readonly branches: readonly JsonObject[];
      readonly place: SchemaPlace;
      readonly fallback: "string" | "object";
    },
  ): JsonObject {
    const { anyOf: _anyOf, oneOf: _oneOf, type, nullable, ...rest } = schema;
    const shared = { ...rest, ...(typeof type === "string" ? { type } : {}) };
    const values = branches.filter((branch) => branch.type !== "null");
    const isNullable = nullable === true || values.length < branches.length;
    const null_ = isNullable ? { nullable: true } : {};
    const cleaned = values.map((branch) =>
      this.clean({ ...mergeSchemas(shared, branch), ...null_ }, { ...place, depth: place.depth + 1 }, fallback)
    );
    const flat = uniqueSchemas(
      cleaned.flatMap((branch) => asArray(branch.anyOf).length > 0 ? asArray(branch.anyOf).filter(isObject) : [branch]),
    );
    const [only] = flat;
    if (only === undefined) return this.#single({ ...shared, ...null_ }, place, fallback);
    return flat.length === 1 ? only : { anyOf: flat };
  }

  #single(schema: JsonObject, place: SchemaPlace, fallback: "string" | "object"): JsonObject {
    const { values, isNullable } = enumOf(schema);
    const type = values.length > 0 ? "string" : typeOf(schema, fallback);
    const notes: string[] = [];
    const format = asString(schema.format);
    const isFormat = format !== undefined && FORMATS.has(format);
    if (format !== undefined && !isFormat) notes.push(this.#cut.lose("format", format, place));
    notes.push(...this.#cut.loseOthers(schema, (name) => UNDERSTOOD.test(name) || KEPT.has(name), place));
    const example = schema.example ?? asArray(schema.examples)[0];
    return {
      type,
      ...describedBy(asString(schema.description), notes),
      ...keptFields(schema),
      ...(example === undefined ? {} : { example }),
      ...(isFormat ? { format } : {}),
      ...(isNullable || schema.nullable === true || schema.type === "null" ? { nullable: true } : {}),
      ...(values.length === 0 ? {} : { enum: values }),
      ...(type === "object" ? this.#objectFields(schema, place) : {}),
      ...(type === "array" ? { items: this.clean(itemsOf(schema) ?? {}, inside(place, "items")) } : {}),
    };
  }

  #objectFields(schema: JsonObject, place: SchemaPlace): JsonObject {
    const properties = propertiesOf(schema, place).map((it): [string, JsonObject] => [it.name, this.clean(it.schema, it.place)]);
    const names = new Set(properties.map(([name]) => name));
    const kept = (list: Json | undefined) =>
      [...new Set(asArray(list).flatMap((name) => asString(name) ?? []))].filter((name) => names.has(name));
    const required = kept(schema.required);
    const ordering = kept(schema.propertyOrdering);
    return {
      properties: Object.fromEntries(properties),
      ...(required.length === 0 ? {} : { required }),
      ...(ordering.length === 0 ? {} : { propertyOrdering: ordering }),
    };
  }
}

/** The branches of a choice, written as `anyOf`, `oneOf` or a list of types; undefined when there is none. */
function branchesOf(schema: JsonObject): readonly JsonObject[] | undefined {
  const types = asArray(schema.type).filter((type) => typeof type === "string");
  const named = [...asArray(schema.anyOf), ...asArray(schema.oneOf)].filter(isObject);
  if (named.length > 0) return named;
  return types.length > 0 ? [...new Set(types)].map((type) => ({ type })) : undefined;
}

/** Allowed values as texts, which is all that is taken. */
function enumOf(schema: JsonObject): { readonly values: readonly string[]; readonly isNullable: boolean } {
  const given = schema.const === undefined ? asArray(schema.enum) : [schema.const];
  const values = given.filter((value) => value !== null).map((value) => typeof value === "string" ? value : JSON.stringify(value));
  return { values: [...new Set(values)].filter((value) => value !== ""), isNullable: given.includes(null) };
}

function typeOf(schema: JsonObject, fallback: "string" | "object"): string {
  const type = asString(schema.type)?.toLowerCase() ?? "";
  if (TYPES.has(type)) return type;
  return impliedType(schema) ?? fallback;
}

function keptFields(schema: JsonObject): JsonObject {
  const numbers = KEPT_NUMBERS.filter((name) => asNumber(schema[name]) !== undefined);
  const texts = KEPT_TEXTS.filter((name) => asString(schema[name]) !== undefined);
  return Object.fromEntries(
    [...numbers, ...texts, "default"].filter((name) => schema[name] !== undefined).map((name) => [name, schema[name]]),
  );
}
