/**
 * What every provider's subset of JSON Schema is cut with: references are written out and cut where they go in circles,
 * what must hold at once is joined, and what is lost is noted. Ends for any schema, and never changes what it is given.
 */
import { asArray, asObject, isObject, type Json, type JsonObject } from "../kernel/json.ts";
import { mergeSchemas } from "./schema_merge.ts";

/** A schema as a provider takes it. */
export interface CutSchema {
  readonly schema: JsonObject;
  /** Keywords that could not be kept, with the places they stood at. */
  readonly dropped: readonly string[];
}

/** Where one looks in a schema. */
export interface SchemaPlace {
  readonly path: string;
  readonly depth: number;
  /** References that are being followed, outermost first. */
  readonly refs: readonly string[];
}

export const SCHEMA_ROOT: SchemaPlace = { path: "", depth: 0, refs: [] };

/** Say nothing about values. */
const SILENT =
  /^(\$schema|\$id|id|\$comment|\$anchor|\$dynamicAnchor|\$vocabulary|\$defs|definitions|strict|readOnly|writeOnly|deprecated|examples|x-.*)$/;

const MAX_DEPTH = 24;
/** References can double a schema at every level. */
const MAX_NODE_COUNT = 5_000;
const MAX_NOTE_LENGTH = 200;

/** True for keywords whose loss changes nothing. */
export function isSilentKeyword(name: string): boolean {
  return SILENT.test(name);
}

/** One schema while it is cut. */
export class SchemaCut {
  readonly #dropped = new Set<string>();
  readonly #root: JsonObject;
  #nodeCount = 0;

  constructor(root: JsonObject) {
    this.#root = root;
  }

  get dropped(): readonly string[] {
    return [...this.#dropped];
  }

  /** The schema that stands at a place, with references followed and `allOf` joined; `cut` where it has no end. */
  open(given: JsonObject, place: SchemaPlace): { readonly schema: JsonObject; readonly place: SchemaPlace } | "cut" {
    this.#nodeCount += 1;
    const opened = place.depth > MAX_DEPTH || this.#nodeCount > MAX_NODE_COUNT ? "cut" : this.#resolve(given, place);
    if (opened === "cut") this.#dropped.add(`${place.path}$ref`);
    return opened;
  }

  #resolve(given: JsonObject, place: SchemaPlace): { readonly schema: JsonObject; readonly place: SchemaPlace } | "cut" {
    let schema = given;
    const refs = [...place.refs];
    for (let round = 0; round < MAX_DEPTH; round++) {
      const { $ref, allOf, ...own } = schema;
      if (typeof $ref === "string") {
        const target = refs.includes($ref) ? undefined : this.#lookUp($ref);
        if (target === undefined) return "cut";
        refs.push($ref);
        schema = { ...mergeSchemas(target, own), ...(allOf === undefined ? {} : { allOf: [...asArray(target.allOf), ...asArray(allOf)] }) };
      } else if (allOf !== undefined) {
        schema = asArray(allOf).filter(isObject).reduce(mergeSchemas, own);
      } else return { schema, place: { ...place, refs } };
    }
    return "cut";
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

  /** Notes all keywords that say something and that the provider's subset lacks; gives the words that tell of them instead. */
  loseOthers(schema: JsonObject, isKept: (name: string) => boolean, place: SchemaPlace): string[] {
    return Object.entries(schema).flatMap(([name, value]) => {
      return value === undefined || isSilentKeyword(name) || isKept(name) ? [] : [this.lose(name, value, place)];
    });
  }

  /** Notes that a keyword is lost, and gives the words that tell of it instead; none when they are too long. */
  lose(name: string, value: Json | undefined, { path }: SchemaPlace): string {
    this.#dropped.add(`${path}${name}`);
    const text = JSON.stringify(value ?? null);
    return text.length > MAX_NOTE_LENGTH ? "" : `${name}: ${text}`;
  }
}

/** What was dropped of a schema, under the name of what it belongs to. */
export function lossesOf(owner: string, { dropped }: CutSchema): readonly string[] {
  return dropped.map((place) => `${owner}.${place}`);
}

/** A place inside another. */
export function inside(place: SchemaPlace, step: string): SchemaPlace {
  return { ...place, path: `${place.path}${step}.`, depth: place.depth + 1 };
}

/** What an object's properties must be: each with its place; `true` allows anything, and what is no schema is left out. */
export function propertiesOf(
  schema: JsonObject,
  place: SchemaPlace,
): readonly { readonly name: string; readonly schema: JsonObject; readonly place: SchemaPlace }[] {
  return Object.entries(asObject(schema.properties) ?? {}).flatMap(([name, value]) => {
    const inner = value === true ? {} : asObject(value);
    return inner === undefined ? [] : [{ name, schema: inner, place: inside(place, `properties.${name}`) }];
  });
}

/** What a list's elements must be; with a schema for each place they may be any of them. Undefined where nothing is said. */
export function itemsOf(schema: JsonObject): JsonObject | undefined {
  const tuple = [...asArray(schema.prefixItems), ...asArray(schema.items)].filter(isObject);
  const rest = asObject(schema.items);
  if (tuple.length === 0) return rest;
  return { anyOf: rest === undefined ? tuple : [...tuple, rest] };
}

/** The type that a schema tells of without naming one. */
export function impliedType(schema: JsonObject): "object" | "array" | undefined {
  if (schema.properties !== undefined) return "object";
  return schema.items !== undefined || schema.prefixItems !== undefined ? "array" : undefined;
}

/** A description with notes behind it; nothing when there are neither. */
export function describedBy(description: string | undefined, notes: readonly string[]): JsonObject {
  const text = [description ?? "", ...notes].filter((it) => it !== "").join("\n");
  return text === "" ? {} : { description: text };
}

/** Each once. */
export function uniqueSchemas(schemas: readonly JsonObject[]): readonly JsonObject[] {
  return [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()];
}

function unescaped(step: string): string {
  const plain = step.replaceAll("~1", "/").replaceAll("~0", "~");
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
}
