/**
 * Text that others wrote, made fit for a terminal: no sign of it can move the cursor, change a colour, hide or
 * reorder what stands beside it. Pure.
 */

/** Line ends and tabs, which become blanks. */
const BLANKS = /[\t\n\r\v\f\u0085\u2028\u2029]+/g;
/** Controls, signs that turn the direction of writing, signs without a width, and halves of signs. */
// deno-lint-ignore no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|\p{Surrogate}/gu;

/** One line without controls: they stand as `\x1b`, or `\u202e`. */
export function harmless(text: string): string {
  return text.replace(BLANKS, " ").replace(CONTROLS, named);
}

/** JSON for a terminal: what `JSON.stringify` leaves of controls is escaped as JSON would. */
export function harmlessJson(value: unknown, layout: "lines" | "one_line" = "lines"): string {
  const text = JSON.stringify(value, null, layout === "lines" ? 2 : 0);
  return text.replace(CONTROLS, (sign) => sign === "\n" ? sign : `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function named(sign: string): string {
  const code = sign.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
}

/** The beginning of a text, with an ellipsis where it goes on. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(width - 1, 0))}…`;
}
