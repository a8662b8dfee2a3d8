/**
 * Which variables a new key takes, decided without touching anything: the next free number, and what its
 * row needs beside it. Pure.
 */
import { isPlaceholder, nameOfId, naturalOrder, type ProviderNames, type Variables } from "../../kernel/variables.ts";
import type { ProviderRow } from "../../providers/row.ts";

/** `P` as new variables of a provider are written. */
export function prefixOf(id: string, names: ProviderNames): string {
  return names.namesOf(id)[0] ?? nameOfId(id);
}

/**
 * A name after all that are taken, so that no other key changes its number: `P_API_KEY`, then `P_API_KEY_2`, … A
 * blank or an example's text in a file is free to be written over; whatever the environment holds is not, since it
 * would win.
 */
export function freeKeyVariable(prefix: string, variables: Variables): string {
  const head = `${prefix}_API_KEY`;
  const isFree = (name: string) => {
    const found = variables.get(name);
    if (found === undefined || found.value.trim() === "") return true;
    return found.origin !== "environment" && isPlaceholder(found.value.trim());
  };
  const numbers = [...variables.keys()].flatMap((name) => {
    const number = name.startsWith(`${head}_`) ? /^\d{1,6}$/.exec(name.slice(head.length + 1))?.[0] : undefined;
    return number === undefined || isFree(name) ? [] : [Number(number)];
  });
  // Beside the variables of a login the plain name would be taken for a part of it.
  const isPartOfLogin = (variables.get(`${prefix}_ACCESS_TOKEN`)?.value ?? "").trim() !== "";
  if (!isPartOfLogin && numbers.length === 0 && isFree(head)) return head;
  return `${head}_${Math.max(1, ...numbers) + 1}`;
}

/** The variable with the rank of a key: `P_API_KEY_2` → `P_PRIORITY_2`. Undefined for names such as `GITHUB_TOKEN`. */
export function priorityVariable(keyVariable: string, prefix: string): string | undefined {
  const head = `${prefix}_API_KEY`;
  if (keyVariable === head) return `${prefix}_PRIORITY`;
  return keyVariable.startsWith(`${head}_`) ? `${prefix}_PRIORITY_${keyVariable.slice(head.length + 1)}` : undefined;
}

/** Variables in a row's addresses that are not set yet, in natural order. `P_API_BASE` is asked for by its own flag. */
export function missingPlaces(row: ProviderRow, variables: Variables): string[] {
  const texts = [row.baseUrl, row.listing?.path ?? ""];
  const places = new Set(texts.flatMap((text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name)));
  return [...places].filter((name) => (variables.get(name)?.value ?? "").trim() === "").toSorted(naturalOrder);
}

/** What is wrong with a text as a key; undefined when it can be one. */
export function keyFault(text: string): string | undefined {
  if (text === "") return "a key is needed";
  if (isPlaceholder(text)) return "this is the text of an example, not a key";
  return /^[\x21-\x7e]+$/.test(text) ? undefined : "a key has no blanks and no signs beyond plain ASCII";
}

/** The variables with changes laid over them, as they would be read back from `path`. */
export function withChanges(variables: Variables, changes: Readonly<Record<string, string>>, path: string): Variables {
  const merged = new Map(variables);
  for (const [name, value] of Object.entries(changes)) merged.set(name, { value, origin: path });
  return merged;
}
