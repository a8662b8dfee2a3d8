/**
 * Reads a body as protobuf's JSON form is read: an unknown field, a field given in both spellings and a value
 * of another type are refused with the real service's words. Also gives the body with camelCase names.
 */
import { isObject, type Json, type JsonObject } from "../../../src/kernel/json.ts";
import { METHOD_SHAPES, type Shape } from "./shapes.ts";

/** What is wrong with a body; `field` is where. */
export interface FieldMistake {
  readonly message: string;
  readonly field: string;
}

/** The first mistake in the body of `method`; undefined when it is right. */
export function fieldMistakeIn(method: string, body: Json | undefined): FieldMistake | undefined {
  const shape = METHOD_SHAPES[method];
  if (shape === undefined) return undefined;
  if (!isObject(body)) return { message: "Invalid JSON payload received. Expected an object.", field: "" };
  return mistakeIn(body, shape, "");
}

function mistakeIn(value: Json, shape: Shape, path: string): FieldMistake | undefined {
  // Protobuf reads null as a field that is not there.
  if (value === null) return undefined;
  switch (shape.is) {
    case "any":
      return undefined;
    case "string":
      return typeof value === "string" ? undefined : wrongType(value, path, "TYPE_STRING");
    case "boolean":
      return typeof value === "boolean" ? undefined : wrongType(value, path, "TYPE_BOOL");
    case "number":
      return isNumeric(value) ? undefined : wrongType(value, path, "TYPE_DOUBLE");
    case "struct":
      return isObject(value) ? undefined : wrongType(value, path, "type.googleapis.com/google.protobuf.Struct");
    case "enum":
      return typeof value === "string" && shape.values.includes(value) ? undefined : wrongType(value, path, "TYPE_ENUM");
    case "list":
      if (!Array.isArray(value)) return wrongType(value, path, "list");
      return first(value, (item, index) => mistakeIn(item, shape.of, `${path}[${index}]`));
    case "map":
      if (!isObject(value)) return wrongType(value, path, "map");
      return first(Object.entries(value), ([key, item]) => item === undefined ? undefined : mistakeIn(item, shape.of, `${path}[${key}]`));
    case "message":
      return mistakeInMessage(value, shape, path);
  }
}

function mistakeInMessage(value: Json, shape: Extract<Shape, { readonly is: "message" }>, path: string): FieldMistake | undefined {
  if (Array.isArray(value)) {
    return {
      message: `Invalid JSON payload received. Unknown name "${lastOf(path)}": Proto field is not repeating, cannot start list.`,
      field: path,
    };
  }
  if (!isObject(value)) return wrongType(value, path, "message");
  const fields = shape.fields();
  const seen = new Map<string, string>();
  for (const [name, item] of Object.entries(value)) {
    const known = camelCase(name);
    const inner = Object.hasOwn(fields, known) ? fields[known] : undefined;
    const at = path === "" ? "" : ` at '${path}'`;
    if (inner === undefined) {
      return { message: `Invalid JSON payload received. Unknown name "${name}"${at}: Cannot find field.`, field: path };
    }
    const group = shape.oneof?.includes(known) === true ? "data" : `_${snakeCase(known)}`;
    const earlier = seen.get(group);
    if (earlier !== undefined) {
      const message = `Invalid value${at} (oneof), oneof field '${group}' is already set. Cannot set '${name}'`;
      return { message, field: path };
    }
    if (item === undefined || item === null) continue;
    seen.set(group, name);
    const mistake = mistakeIn(item, inner, path === "" ? snakeCase(known) : `${path}.${snakeCase(known)}`);
    if (mistake !== undefined) return mistake;
  }
  return undefined;
}

function wrongType(value: Json, path: string, type: string): FieldMistake {
  return { message: `Invalid value at '${path}' (${type}), ${JSON.stringify(value)}`, field: path };
}

function isNumeric(value: Json): boolean {
  return typeof value === "number" || (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)));
}

function first<T>(items: readonly T[], look: (item: T, index: number) => FieldMistake | undefined): FieldMistake | undefined {
  for (const [index, item] of items.entries()) {
    const mistake = look(item, index);
    if (mistake !== undefined) return mistake;
  }
  return undefined;
}

function lastOf(path: string): string {
  return path.split(".").at(-1) ?? path;
}

/** The body with every field of its messages under its camelCase name; free-form objects stay as they are. */
export function normalized(method: string, body: Json | undefined): JsonObject {
  const shape = METHOD_SHAPES[method];
  const result = body === undefined || shape === undefined ? body : inCamelCase(body, shape);
  return isObject(result) ? result : {};
}

function inCamelCase(value: Json, shape: Shape): Json {
  if (shape.is === "list" && Array.isArray(value)) return value.map((item) => inCamelCase(item, shape.of));
  if (shape.is !== "message" || !isObject(value)) return value;
  const fields = shape.fields();
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]): [string, Json][] => {
      const known = camelCase(name);
      const inner = Object.hasOwn(fields, known) ? fields[known] : undefined;
      if (item === undefined || item === null) return [];
      return [[known, inner === undefined ? item : inCamelCase(item, inner)]];
    }),
  );
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
