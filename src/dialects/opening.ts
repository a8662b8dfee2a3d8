/** The opening words of a conversation, as far as they are needed to tell it from others. */
import type { Json } from "../kernel/json.ts";

/** Long prompts are told apart by their first part and their length. */
const OPENING_LENGTH = 2_048;

/** The beginning of a content, with its length. */
export function clipped(content: Json | undefined): string {
  const text = typeof content === "string" ? content : JSON.stringify(content ?? "");
  return `${text.slice(0, OPENING_LENGTH)}#${text.length}`;
}
