/** Defined models as the text of `P_MODELS`. Pure; what is written reads back as the same models. */
import type { ModelDefinition } from "../config/config.ts";

export type Definition = ModelDefinition;

/** A list of names while names are all there is, else an object. */
export function writeDefinitions(definitions: readonly Definition[]): string {
  const isPlain = ({ name, id, options }: Definition) => id === name && Object.keys(options).length === 0;
  if (definitions.every(isPlain)) return inOneLine(JSON.stringify(definitions.map(({ name }) => name)));
  return inOneLine(JSON.stringify(Object.fromEntries(definitions.map(({ name, id, options }) => [name, {
    ...(id === name ? {} : { id }),
    ...(Object.keys(options).length === 0 ? {} : { options }),
  }]))));
}

/** JSON that a line of `.env` can hold: in a text that has the other kinds of quotes too, ` is written as its number. */
export function inOneLine(json: string): string {
  return json.includes("'") ? json.replaceAll("`", "\\u0060") : json;
}
