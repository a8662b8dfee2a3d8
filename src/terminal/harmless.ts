/**
 * Text that others wrote, made fit for a terminal: no sign of it can move the cursor, change a colour, hide or
 * reorder what stands beside it. The one place where that is decided. Pure.
 */

/** Line ends and tabs, which become blanks. */
const BLANKS = /[\t\n\r\v\f\u0085\u2028\u2029]+/g;
/** Say only how their neighbours are drawn, each terminal in its own width: they are left out. */
const JOINERS = /[\u200c\u200d\ufe00-\ufe0f]/g;
/** Controls, signs that turn the direction of writing, signs without a width, private ones, and halves of signs. */
const CONTROLS = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/gu;
/** What JSON would show as it stands. */
const UNSHOWN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\ufe00-\ufe0f]/gu;
const PLAIN = /^[\x20-\x7e]*$/;

/** One line without controls: they stand as `\x1b`, or `\u202e`. */
export function harmless(text: string): string {
  return PLAIN.test(text) ? text : text.replace(BLANKS, " ").replace(JOINERS, "").replace(CONTROLS, named);
}

/** JSON for a terminal: what `JSON.stringify` leaves of controls is escaped as JSON would. */
export function harmlessJson(value: unknown, layout: "lines" | "one_line" = "lines"): string {
  const text = JSON.stringify(value, null, layout === "lines" ? 2 : 0);
  return text.replace(UNSHOWN, (sign) => sign === "\n" ? sign : sign.split("").map((unit) => `\\u${hex(unit.charCodeAt(0), 4)}`).join(""));
}

function named(sign: string): string {
  const code = sign.codePointAt(0) ?? 0;
  if (code > 0xffff) return `\\u{${hex(code, 5)}}`;
  return code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
