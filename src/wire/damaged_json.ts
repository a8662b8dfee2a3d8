/**
 * Reads JSON that a server has damaged in one of the known ways: doubled or hanging commas, line breaks inside
 * strings, no-break spaces between tokens. Sound JSON is never touched, and no repair changes a value.
 */
import { type Json, parseJson } from "../kernel/json.ts";

/** Longer text is not repaired: errors are short. */
const MOST_CHARS = 65_536;

/** The parsed text, repaired when it must be; undefined when it is no object or array even so. */
export function parseDamagedJson(text: string): Json | undefined {
  const sound = parseJson(text);
  if (sound !== undefined || text.length > MOST_CHARS || !/^[\s\ufeff]*[[{]/.test(text)) return sound;
  return parseJson(
    text.replace(/"(?:[^"\\]|\\[^])*"|[^"]+/g, (piece) => piece.startsWith('"') ? repairedString(piece) : repairedGap(piece)),
  );
}

/** A line was wrapped where a space had been. */
function repairedString(quoted: string): string {
  return quoted.replace(/[\t\r\n]+/g, " ");
}

/** What stands between two strings. */
function repairedGap(gap: string): string {
  return gap
    .replace(/[\u00a0\ufeff]/g, " ")
    .replace(/,(?:\s*,)+/g, ",")
    .replace(/([[{])\s*,/g, "$1")
    .replace(/,(\s*[\]}])/g, "$1");
}
