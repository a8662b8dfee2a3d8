/**
 * Whether OpenAI takes a schema as a strict one: every object closed, every property demanded, no keyword its
 * grammar lacks. Rules: https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
 */
import type { ChatRequest } from "../canonical/chat.ts";
import { asArray, asObject, isObject, type JsonObject } from "../kernel/json.ts";

const REFUSED =
  /^(allOf|oneOf|not|if|then|else|dependentRequired|dependentSchemas|dependencies|patternProperties|unevaluatedProperties|unevaluatedItems|propertyNames|minProperties|maxProperties|contains|minContains|maxContains|uniqueItems|prefixItems|additionalItems)$/;

/** Of a tool that takes nothing. */
export const NO_PARAMETERS: JsonObject = { type: "object", properties: {} };

/** A schema, and whether it can be held to strictly. */
export interface Strictness {
  readonly schema: JsonObject;
  readonly strict: boolean | undefined;
  /** Strictness was asked for, by a client of a dialect that asks less of a strict schema. */
  readonly isLost: boolean;
}

/** The schema as OpenAI holds answers and calls to it: strictly where that was asked for and can be. */
export function strictnessOf(schema: JsonObject, isStrict: boolean | undefined): Strictness {
  if (isStrict !== true) return { schema, strict: isStrict, isLost: false };
  const strict = strictForOpenAI(schema);
  return strict === undefined ? { schema, strict: false, isLost: true } : { schema: strict, strict: true, isLost: false };
}

/** Where strictness was asked for and cannot be. */
export function lostStrictness({ tools, format }: Pick<ChatRequest, "tools" | "format">): readonly string[] {
  const lost = tools.filter(({ parameters = NO_PARAMETERS, isStrict }) => strictnessOf(parameters, isStrict).isLost);
  const isFormatLost = format?.kind === "schema" && strictnessOf(format.schema, format.isStrict).isLost;
  return [...lost.map(({ name }) => `tools.${name}.strict`), ...(isFormatLost ? ["response_format.strict"] : [])];
}

/** The schema with what strictness implies said in it; undefined when it asks for more than strictness allows. */
export function strictForOpenAI(schema: JsonObject): JsonObject | undefined {
  const written = closed(schema);
  return written?.type === "object" && written.anyOf === undefined ? written : undefined;
}

function closed(schema: JsonObject): JsonObject | undefined {
  if (Object.keys(schema).some((name) => REFUSED.test(name) && schema[name] !== undefined)) return undefined;
  const isTyped = ["type", "$ref", "anyOf", "enum", "const"].some((name) => schema[name] !== undefined);
  if (!isTyped || (Array.isArray(schema.items))) return undefined;
  const inner: Record<string, JsonObject> = {};
  for (const name of ["properties", "$defs", "definitions"]) {
    const named = namedSchemas(schema[name]);
    if (named === undefined) return undefined;
    if (schema[name] !== undefined) inner[name] = named;
  }
  if (isObject(schema.items)) {
    const items = closed(schema.items);
    if (items === undefined) return undefined;
    inner.items = items;
  }
  const branches = asArray(schema.anyOf).map((branch) => isObject(branch) ? closed(branch) : undefined);
  const fit: JsonObject[] = branches.filter((branch) => branch !== undefined);
  if (fit.length < branches.length) return undefined;
  const written = { ...schema, ...inner, ...(fit.length === 0 ? {} : { anyOf: fit }) };
  return isObjectType(schema) ? closedObject(written) : written;
}

function closedObject(schema: JsonObject): JsonObject | undefined {
  const names = Object.keys(asObject(schema.properties) ?? {});
  const demanded = new Set(asArray(schema.required));
  const isOpen = (schema.additionalProperties ?? false) !== false;
  if (isOpen || names.length !== demanded.size || !names.every((name) => demanded.has(name))) return undefined;
  return { ...schema, properties: asObject(schema.properties) ?? {}, required: names, additionalProperties: false };
}

function isObjectType({ type }: JsonObject): boolean {
  return type === "object" || (Array.isArray(type) && type.includes("object"));
}

function namedSchemas(value: unknown): JsonObject | undefined {
  const written: [string, JsonObject][] = [];
  for (const [name, schema] of Object.entries(asObject(value) ?? {})) {
    const inner = isObject(schema) ? closed(schema) : undefined;
    if (inner === undefined) return undefined;
    written.push([name, inner]);
  }
  return Object.fromEntries(written);
}
