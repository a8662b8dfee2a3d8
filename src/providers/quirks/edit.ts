/**
 * Small edits of JSON values. None changes its input, and each returns its input itself when there was
 * nothing to do: callers tell "untouched" by identity.
 */
import { asArray, asObject, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";

/** An edit of one object. */
export type Edit = (object: JsonObject) => JsonObject;

/** The object without these fields. */
export function without(object: JsonObject, fields: readonly string[]): JsonObject {
  if (!fields.some((field) => field in object)) return object;
  return Object.fromEntries(Object.entries(object).filter(([field]) => !fields.includes(field)));
}

/** The object with one field under another name. A value already there under the new name stays. */
export function renamed(object: JsonObject, from: string, to: string): JsonObject {
  if (!(from in object)) return object;
  const rest = without(object, [from]);
  return to in object ? rest : { ...rest, [to]: object[from] };
}

/** The object with `edit` made to the object in one field; untouched when the field holds none. */
export function editField(object: JsonObject, field: string, edit: Edit): JsonObject {
  const inner = asObject(object[field]);
  if (inner === undefined) return object;
  const edited = edit(inner);
  return edited === inner ? object : { ...object, [field]: edited };
}

/** The object with `edit` made to every object in the array of one field. */
export function editList(object: JsonObject, field: string, edit: Edit): JsonObject {
  const items = asArray(object[field]);
  let edited: Json[] | undefined;
  items.forEach((item, index) => {
    if (!isObject(item)) return;
    const next = edit(item);
    if (next === item) return;
    edited ??= [...items];
    edited[index] = next;
  });
  return edited === undefined ? object : { ...object, [field]: edited };
}

/** The object with `edit` made to every object among its values, whatever the names. */
export function editValues(object: JsonObject, edit: Edit): JsonObject {
  return Object.keys(object).reduce((edited, name) => editField(edited, name, edit), object);
}

/** The model's own name: lower case, without vendor (`openai/gpt-5`) and fine-tune (`ft:…`) prefixes. */
export function modelName(body: JsonObject): string {
  const id = asString(body.model)?.toLowerCase() ?? "";
  return id.slice(id.lastIndexOf("/") + 1).replace(/^ft:/, "");
}
