/**
 * JSON Schema cut down to what Anthropic holds an answer or a call to: every object closed, no references, no limits of
 * lengths and numbers. What is lost is told in the description instead.
 * Subset: https://docs.anthropic.com/en/docs/build-with-claude/structured-outputs
 */
import { asArray, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";
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

/** The schema of a strict tool's arguments or of an answer. */
export function strictSchema(schema: JsonObject): CutSchema {
  const cut = new SchemaCut(schema);
  return { schema: new StrictWriter(cut).write(schema, SCHEMA_ROOT, "object"), dropped: cut.dropped };
}

const UNDERSTOOD =
  /^(type|title|description|default|enum|const|anyOf|oneOf|properties|required|additionalProperties|items|prefixItems|format|minItems)$/;
const TYPES = new Set(["string", "number", "integer", "boolean", "null", "array", "object"]);
const FORMATS = new Set(["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"]);

class StrictWriter {
  readonly #cut: SchemaCut;

  constructor(cut: SchemaCut) {
    this.#cut = cut;
  }

  /** `fallback`: the type of a schema that names none and tells of none. */
  write(given: JsonObject, place: SchemaPlace, fallback: "string" | "object" = "string"): JsonObject {
    const opened = this.#cut.open(given, place);
    if (opened === "cut") {
      return { type: "object", properties: {}, additionalProperties: false, ...describedBy(asString(given.description), []) };
    }
    const { anyOf, oneOf, ...shared } = opened.schema;
    const branches = [...asArray(anyOf), ...asArray(oneOf)].filter(isObject);
    if (branches.length === 0) return this.#single(shared, opened.place, fallback);
    const next = { ...opened.place, depth: place.depth + 1 };
    const written = uniqueSchemas(branches.map((branch) => this.write(mergeSchemas(shared, branch), next, fallback)));
    const [only] = written;
    return written.length === 1 && only !== undefined ? only : { anyOf: [...written] };
  }

  #single(schema: JsonObject, place: SchemaPlace, fallback: "string" | "object"): JsonObject {
    const type = typeOf(schema, fallback);
    const has = (name: string) => type === name || (Array.isArray(type) && type.includes(name));
    const notes = this.#cut.loseOthers(schema, (name) => UNDERSTOOD.test(name), place);
    const keep = (name: string, isFit: (value: Json) => boolean): JsonObject => {
      const value = schema[name];
      if (value === undefined) return {};
      if (isFit(value)) return { [name]: value };
      notes.push(this.#cut.lose(name, value, place));
      return {};
    };
    const title = asString(schema.title);
    const kept = {
      ...(title === undefined ? {} : { title }),
      ...keep("default", () => true),
      ...keep("enum", (value) => Array.isArray(value) && value.length > 0 && value.every(isScalar)),
      ...keep("const", isScalar),
      ...keep("format", (value) => has("string") && typeof value === "string" && FORMATS.has(value)),
      ...keep("minItems", (value) => has("array") && (value === 0 || value === 1)),
      ...(has("object") ? this.#objectFields(schema, { place, notes }) : {}),
      ...(has("array") ? this.#itemsField(schema, place) : {}),
    };
    return { type, ...kept, ...describedBy(asString(schema.description), notes) };
  }

  #objectFields(schema: JsonObject, { place, notes }: { readonly place: SchemaPlace; readonly notes: string[] }): JsonObject {
    const properties = propertiesOf(schema, place).map((it): [string, JsonObject] => [it.name, this.write(it.schema, it.place)]);
    const names = new Set(properties.map(([name]) => name));
    const required = asArray(schema.required).filter((name) => typeof name === "string" && names.has(name));
    if ((schema.additionalProperties ?? false) !== false) {
      notes.push(this.#cut.lose("additionalProperties", schema.additionalProperties, place));
    }
    return {
      properties: Object.fromEntries(properties),
      ...(required.length === 0 ? {} : { required: [...new Set(required)] }),
      additionalProperties: false,
    };
  }

  #itemsField(schema: JsonObject, place: SchemaPlace): JsonObject {
    const items = itemsOf(schema);
    return items === undefined ? {} : { items: this.write(items, inside(place, "items")) };
  }
}

function isScalar(value: Json): boolean {
  return typeof value !== "object" || value === null;
}

/** One type, or several where several were named. */
function typeOf(schema: JsonObject, fallback: "string" | "object"): Json {
  const named = [...new Set([schema.type ?? null].flat().filter((type) => typeof type === "string" && TYPES.has(type)))];
  const [first] = named;
  if (first !== undefined) return named.length === 1 ? first : named;
  const implied = impliedType(schema);
  if (implied !== undefined) return implied;
  const value = schema.const ?? asArray(schema.enum)[0];
  return value === undefined || value === null
    ? fallback
    : typeof value === "object"
    ? (Array.isArray(value) ? "array" : "object")
    : typeof value;
}
