/** Two JSON schemas as one that asks for both. What only one says is kept; of two limits the narrower counts. */
import { asArray, asNumber, asObject, asString, type Json, type JsonObject } from "../kernel/json.ts";

/** Limits that grow narrower upwards and downwards. */
const LOWER_LIMITS = ["minimum", "minLength", "minItems", "minProperties"];
const UPPER_LIMITS = ["maximum", "maxLength", "maxItems", "maxProperties"];

/** Both schemas at once; `second` has the last word where they cannot be joined. */
export function mergeSchemas(first: JsonObject, second: JsonObject): JsonObject {
  return { ...first, ...second, ...mergedFields(first, second) };
}

function mergedFields(first: JsonObject, second: JsonObject): JsonObject {
  const joined: Record<string, Json> = {};
  for (const name of Object.keys(second)) {
    const merge = first[name] === undefined ? undefined : mergerOf(name);
    const value = merge?.(first[name] ?? null, second[name] ?? null);
    if (value !== undefined) joined[name] = value;
  }
  return joined;
}

type Merger = (first: Json, second: Json) => Json | undefined;

function mergerOf(name: string): Merger | undefined {
  if (LOWER_LIMITS.includes(name)) return (first, second) => limit(first, second, Math.max);
  if (UPPER_LIMITS.includes(name)) return (first, second) => limit(first, second, Math.min);
  switch (name) {
    case "properties":
    case "$defs":
    case "definitions":
      return mergeProperties;
    case "required":
      return (first, second) => [...new Set([...asArray(first), ...asArray(second)])];
    case "allOf":
      return (first, second) => [...asArray(first), ...asArray(second)];
    case "enum":
      return intersect;
    case "description":
      return joinTexts;
    default:
      return undefined;
  }
}

function limit(first: Json, second: Json, narrower: (...limits: number[]) => number): number | undefined {
  const limits = [asNumber(first), asNumber(second)].flatMap((it) => it ?? []);
  return limits.length === 0 ? undefined : narrower(...limits);
}

function mergeProperties(first: Json, second: Json): JsonObject {
  const before = asObject(first) ?? {};
  const after = asObject(second) ?? {};
  const both = Object.keys(after).flatMap((name): [string, Json][] => {
    const [one, other] = [Object.hasOwn(before, name) ? asObject(before[name]) : undefined, asObject(after[name])];
    return one === undefined || other === undefined ? [] : [[name, mergeSchemas(one, other)]];
  });
  return { ...before, ...after, ...Object.fromEntries(both) };
}

/** What both allow; nothing in common says that one of them is wrong, and then the last one counts. */
function intersect(first: Json, second: Json): Json | undefined {
  const allowed = new Set(asArray(first).map((it) => JSON.stringify(it)));
  const common = asArray(second).filter((it) => allowed.has(JSON.stringify(it)));
  return common.length === 0 ? undefined : common;
}

function joinTexts(first: Json, second: Json): string | undefined {
  const texts = [asString(first), asString(second)].flatMap((it) => it || []);
  return texts.length === 0 ? undefined : [...new Set(texts)].join("\n");
}
