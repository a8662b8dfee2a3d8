/**
 * JSON Schema cut down to what Cohere takes: no references, no keyword it refuses. What is lost and says something about
 * values is told in the description instead. Subset: https://docs.cohere.com/docs/structured-outputs
 */
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";
import { objectSchema } from "../object_schema.ts";
import { type CutSchema, describedBy, inside, isSilentKeyword, SCHEMA_ROOT, SchemaCut, type SchemaPlace } from "../schema_cut.ts";

/** The schema of a tool's arguments or of an answer. */
export function cohereSchema(schema: JsonObject): CutSchema {
  const top = objectSchema(schema);
  const cut = new SchemaCut(top.schema);
  const written = new SchemaWriter(cut).write(top.schema, SCHEMA_ROOT);
  return { schema: written, dropped: [...new Set([...top.dropped, ...cut.dropped])] };
}

/** Refused, and worth telling. */
const REFUSED: ReadonlySet<string> = new Set(["additionalProperties", "format", "default"]);
/** Hold one schema, or several. */
const INNER = ["items", "prefixItems", "anyOf", "oneOf", "not", "contains", "if", "then", "else", "propertyNames"];

class SchemaWriter {
  readonly #cut: SchemaCut;

  constructor(cut: SchemaCut) {
    this.#cut = cut;
  }

  write(given: JsonObject, place: SchemaPlace): JsonObject {
    const opened = this.#cut.open(given, place);
    if (opened === "cut") return { type: "object", properties: {}, ...describedBy(asString(given.description), []) };
    const notes: string[] = [];
    const fields = Object.entries(opened.schema).flatMap(([name, value]): [string, Json][] => {
      if (value === undefined || name === "title" || name === "description" || isSilentKeyword(name)) return [];
      // Where a schema is held to, nothing else is ever given.
      if (name === "additionalProperties" && value === false) return [];
      if (REFUSED.has(name)) {
        notes.push(this.#cut.lose(name, value, opened.place));
        return [];
      }
      if (name === "properties" || name === "patternProperties" || name === "dependentSchemas") {
        return [[name, this.#named(asObject(value) ?? {}, { name, place: opened.place })]];
      }
      return [[name, INNER.includes(name) ? this.#inner(value, inside(opened.place, name)) : value]];
    });
    return { ...Object.fromEntries(fields), ...describedBy(asString(opened.schema.description), notes) };
  }

  #named(schemas: JsonObject, { name, place }: { readonly name: string; readonly place: SchemaPlace }): JsonObject {
    return Object.fromEntries(
      Object.entries(schemas).map(([key, value]) => [key, this.#inner(value ?? null, inside(place, `${name}.${key}`))]),
    );
  }

  #inner(value: Json, place: SchemaPlace): Json {
    if (isObject(value)) return this.write(value, place);
    return Array.isArray(value) ? asArray(value).map((item) => isObject(item) ? this.write(item, place) : item) : value;
  }
}
