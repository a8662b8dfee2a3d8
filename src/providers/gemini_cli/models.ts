/**
 * The models of Code Assist, which has no list to ask for: their ids, what the backend calls them, which of
 * them count against one quota, and what the user put in their place. Pure.
 */

/** Every model a client may name, in the order of the list. */
export const GEMINI_CLI_MODELS: readonly string[] = [
  "gemini-2.5-pro",
  "gemini-2.5-flash",
  "gemini-2.5-flash-lite",
  "gemini-3-pro-preview",
  "gemini-3-flash-preview",
  "gemini-3.1-pro-preview",
  "gemini-3.1-pro-preview-customtools",
  "gemini-3.1-flash-lite",
  "gemini-3.1-flash-lite-preview",
  "gemini-3.5-flash",
  "gemma-4-31b-it",
  "gemma-4-26b-a4b-it",
];

/** Models that share a quota, as seen in January 2026, with their successors. */
export const GEMINI_CLI_QUOTA_GROUPS: readonly (readonly string[])[] = [
  ["gemini-2.5-pro", "gemini-3-pro-preview", "gemini-3.1-pro-preview", "gemini-3.1-pro-preview-customtools"],
  ["gemini-2.0-flash", "gemini-2.5-flash", "gemini-2.5-flash-lite"],
  ["gemini-3-flash-preview", "gemini-3-flash", "gemini-3.5-flash", "gemini-3.1-flash-lite", "gemini-3.1-flash-lite-preview"],
];

const WIRE_NAMES: ReadonlyMap<string, string> = new Map([["gemini-3.5-flash", "gemini-3-flash"]]);

/** The model's name in calls. */
export function wireModel(model: string): string {
  const id = model.replace(/^models\//, "");
  return WIRE_NAMES.get(id) ?? id;
}
