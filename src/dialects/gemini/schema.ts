/**
 * JSON Schema cut down to what Gemini's `parameters` and `responseSchema` take: no references, no unknown
 * keyword, one type each. Constraints that are lost are told in the description instead. Ends for any input.
 * Subset: https://ai.google.dev/api/caching#Schema
 */
import { asArray, asNumber, asObject, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";
import { mergeSchemas } from "./schema_merge.ts";

export interface GeminiSchema {
  readonly schema: JsonObject;
  /** Keywords that could not be kept, with the places they stood at. */
  readonly dropped: readonly string[];
}

/** The schema of a function's arguments or of an answer, in Gemini's subset. */
export function toGeminiSchema(schema: JsonObject): GeminiSchema {
  const cleaner = new SchemaCleaner(schema);
  return { schema: cleaner.clean(schema, { path: "", depth: 0, refs: [] }, "object"), dropped: [...new Set(cleaner.dropped)] };
}

const MAX_DEPTH = 24;
/** References can double a schema at every level. */
const MAX_NODE_COUNT = 5_000;
const MAX_NOTE_LENGTH = 200;

/** Say nothing about values. */
const SILENT =
  /^(\$schema|\$id|id|\$comment|\$anchor|\$dynamicAnchor|\$defs|definitions|strict|readOnly|writeOnly|deprecated|examples|x-.*)$/;
/** Are understood here. */
const UNDERSTOOD =
  /^(\$ref|type|nullable|allOf|anyOf|oneOf|enum|const|properties|required|items|prefixItems|format|description|propertyOrdering)$/;
const KEPT_NUMBERS = ["minItems", "maxItems", "minProperties", "maxProperties", "minLength", "maxLength", "minimum", "maximum"];
const KEPT_TEXTS = ["title", "pattern"];
const KEPT_VALUES = ["default", "example"];
const FORMATS = new Set(["date-time", "enum", "float", "double", "int32", "int64"]);
const TYPES = new Set(["string", "number", "integer", "boolean", "array", "object"]);

interface Place {
  readonly path: string;
  readonly depth: number;
  /** References that are being followed, outermost first. */
  readonly refs: readonly string[];
}

class SchemaCleaner {
  readonly dropped: string[] = [];
  readonly #root: JsonObject;
  #nodeCount = 0;

  constructor(root: JsonObject) {
    this.#root = root;
  }

  /** `fallback`: the type of a schema that names none and tells of none. */
  clean(given: JsonObject, place: Place, fallback: "string" | "object" = "string"): JsonObject {
    this.#nodeCount += 1;
    if (place.depth > MAX_DEPTH || this.#nodeCount > MAX_NODE_COUNT) return this.#cut(place);
    const { schema, refs, isCut } = this.#resolve(given, place);
    if (isCut) return { ...this.#cut(place), ...descriptionField(asString(given.description)) };
    const inside = { ...place, refs };
    const branches = branchesOf(schema);
    if (branches === undefined) return this.#single(schema, inside, fallback);
    return this.#choice(schema, { branches, place: inside, fallback });
  }

  #cut(place: Place): JsonObject {
    this.dropped.push(`${place.path}$ref`);
    return { type: "object", properties: {} };
  }

  /** Follows references and joins what must hold at once. */
  #resolve(given: JsonObject, place: Place): { readonly schema: JsonObject; readonly refs: readonly string[]; readonly isCut: boolean } {
    let schema = given;
    const refs = [...place.refs];
    for (let round = 0; round < MAX_DEPTH; round++) {
      const { $ref, allOf, ...own } = schema;
      if (typeof $ref === "string") {
        const target = refs.includes($ref) ? undefined : this.#lookUp($ref);
        if (target === undefined) return { schema: own, refs, isCut: true };
        refs.push($ref);
        schema = { ...mergeSchemas(target, own), ...(allOf === undefined ? {} : { allOf: [...asArray(target.allOf), ...asArray(allOf)] }) };
      } else if (allOf !== undefined) {
        schema = asArray(allOf).filter(isObject).reduce(mergeSchemas, own);
      } else return { schema, refs, isCut: false };
    }
    return { schema, refs, isCut: true };
  }

  /** The place in the same document that a reference names. */
  #lookUp(ref: string): JsonObject | undefined {
    if (ref !== "#" && !ref.startsWith("#/")) return undefined;
    let found: Json | undefined = this.#root;
    for (const step of ref.split("/").slice(1)) {
      const name = unescaped(step);
      const inner: JsonObject | readonly Json[] | undefined = Array.isArray(found) ? found : asObject(found);
      if (inner === undefined || !Object.hasOwn(inner, name)) return undefined;
      found = Array.isArray(inner) ? inner[Number(name)] : asObject(inner)?.[name];
    }
    return asObject(found);
  }

  /** One of several: what holds for all is said in each, because nothing may stand beside `anyOf`. */
  #choice(
    schema: JsonObject,
    { branches, place, fallback }: {
      readonly branches: readonly JsonObject[];
      readonly place: Place;
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
    const flat = unique(cleaned.flatMap((branch) => asArray(branch.anyOf).length > 0 ? asArray(branch.anyOf).filter(isObject) : [branch]));
    const [only] = flat;
    if (only === undefined) return this.#single({ ...shared, ...null_ }, place, fallback);
    return flat.length === 1 ? only : { anyOf: flat };
  }

  #single(schema: JsonObject, place: Place, fallback: "string" | "object"): JsonObject {
    const { values, isNullable } = enumOf(schema);
    const type = values.length > 0 ? "string" : typeOf(schema, fallback);
    const notes: string[] = [];
    const format = asString(schema.format);
    const isFormat = format !== undefined && FORMATS.has(format);
    if (format !== undefined && !isFormat) notes.push(this.#lose("format", format, place));
    for (const [name, value] of Object.entries(schema)) {
      if (value === undefined || this.#isKept(name) || SILENT.test(name) || UNDERSTOOD.test(name)) continue;
      notes.push(this.#lose(name, value, place));
    }
    const description = [asString(schema.description) ?? "", ...notes].filter((it) => it !== "").join("\n");
    const example = schema.example ?? asArray(schema.examples)[0];
    return {
      type,
      ...descriptionField(description),
      ...keptFields(schema),
      ...(example === undefined ? {} : { example }),
      ...(isFormat ? { format } : {}),
      ...(isNullable || schema.nullable === true || schema.type === "null" ? { nullable: true } : {}),
      ...(values.length === 0 ? {} : { enum: values }),
      ...(type === "object" ? this.#objectFields(schema, place) : {}),
      ...(type === "array" ? { items: this.#itemsOf(schema, place) } : {}),
    };
  }

  #isKept(name: string): boolean {
    return KEPT_NUMBERS.includes(name) || KEPT_TEXTS.includes(name) || KEPT_VALUES.includes(name);
  }

  /** Notes that a keyword is lost; the note is what the description says instead. */
  #lose(name: string, value: Json, { path }: Place): string {
    this.dropped.push(`${path}${name}`);
    const text = JSON.stringify(value);
    return text.length > MAX_NOTE_LENGTH ? "" : `${name}: ${text}`;
  }

  #objectFields(schema: JsonObject, place: Place): JsonObject {
    const given = Object.entries(asObject(schema.properties) ?? {});
    const properties = given.flatMap(([name, value]): [string, JsonObject][] => {
      const inner = { ...place, path: `${place.path}properties.${name}.`, depth: place.depth + 1 };
      if (value === true) return [[name, this.clean({}, inner)]];
      return isObject(value) ? [[name, this.clean(value, inner)]] : [];
    });
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

  /** A list with a schema for each place becomes one of any of them. */
  #itemsOf(schema: JsonObject, place: Place): JsonObject {
    const tuple = [...asArray(schema.prefixItems), ...asArray(schema.items)].filter(isObject);
    const rest = asObject(schema.items);
    const inner = { ...place, path: `${place.path}items.`, depth: place.depth + 1 };
    if (tuple.length === 0) return this.clean(rest ?? {}, inner);
    return this.clean({ anyOf: rest === undefined ? tuple : [...tuple, rest] }, inner);
  }
}

function unescaped(step: string): string {
  const plain = step.replaceAll("~1", "/").replaceAll("~0", "~");
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
}

/** The branches of a choice, written as `anyOf`, `oneOf` or a list of types; undefined when there is none. */
function branchesOf(schema: JsonObject): readonly JsonObject[] | undefined {
  const types = asArray(schema.type).filter((type) => typeof type === "string");
  const named = [...asArray(schema.anyOf), ...asArray(schema.oneOf)].filter(isObject);
  if (named.length > 0) return named;
  return types.length > 0 ? [...new Set(types)].map((type) => ({ type })) : undefined;
}

function unique(schemas: readonly JsonObject[]): readonly JsonObject[] {
  return [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()];
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
  if (schema.properties !== undefined) return "object";
  if (schema.items !== undefined || schema.prefixItems !== undefined) return "array";
  return fallback;
}

function keptFields(schema: JsonObject): JsonObject {
  const numbers = KEPT_NUMBERS.filter((name) => asNumber(schema[name]) !== undefined);
  const texts = KEPT_TEXTS.filter((name) => asString(schema[name]) !== undefined);
  return Object.fromEntries(
    [...numbers, ...texts, "default"].filter((name) => schema[name] !== undefined).map((name) => [name, schema[name]]),
  );
}

function descriptionField(description: string | undefined): JsonObject {
  return description === undefined || description === "" ? {} : { description };
}
