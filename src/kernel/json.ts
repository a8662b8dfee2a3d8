/**
 * JSON as a type, and the few questions one asks of a value that came from outside. A shape is never
 * assumed: everything read from a body goes through these or through a zod schema.
 */

export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** The parsed text, or undefined when it is not JSON. */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value when it is an object, else undefined. */
export function asObject(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

/** The value when it is an array of JSON, else an empty one. */
export function asArray(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

/** The value when it is a string, else undefined. */
export function asString(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The value when it is a finite number, else undefined. */
export function asNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** True when arrays and objects stand in each other more than `levelCount` deep. Stops there, so the stack is safe for small counts. */
export function isNestedDeeper(value: Json, levelCount: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levelCount === 0) return true;
  const members = Array.isArray(value) ? value : Object.values(value);
  return members.some((member) => member !== undefined && isNestedDeeper(member, levelCount - 1));
}
