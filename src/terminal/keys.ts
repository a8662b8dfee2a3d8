/**
 * Bytes of a keyboard as keys. Pure; a sequence that arrives in pieces is kept until it is whole, so that an arrow
 * over a slow line is never taken for Esc.
 */

/** A key by its name, or text as it was typed or pasted (one line: pasted line ends become blanks). */
export type Key =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: KeyName };

export type KeyName =
  | "up"
  | "down"
  | "left"
  | "right"
  | "home"
  | "end"
  | "page_up"
  | "page_down"
  | "enter"
  | "escape"
  | "backspace"
  | "delete"
  | "clear"
  | "tab"
  | "interrupt"
  | "suspend"
  | "redraw";

/** What was understood, and the beginning of a sequence whose rest is still on its way. */
export interface Decoded {
  readonly keys: readonly Key[];
  readonly rest: string;
}

const ESC = "\u001b";
const PASTE_BEGIN = `${ESC}[200~`;
const PASTE_END = `${ESC}[201~`;
/** A longer paste without an end is no paste. */
const MAX_PASTE_CHARS = 256 * 1024;

const SEQUENCES: Readonly<Record<string, KeyName>> = {
  "[A": "up",
  "[B": "down",
  "[C": "right",
  "[D": "left",
  "[H": "home",
  "[F": "end",
  "OA": "up",
  "OB": "down",
  "OC": "right",
  "OD": "left",
  "OH": "home",
  "OF": "end",
  "[1~": "home",
  "[3~": "delete",
  "[4~": "end",
  "[5~": "page_up",
  "[6~": "page_down",
  "[7~": "home",
  "[8~": "end",
  "[[5~": "page_up",
  "[[6~": "page_down",
  "[Z": "tab",
};

const CONTROLS: Readonly<Record<string, KeyName>> = {
  "\r": "enter",
  "\n": "enter",
  "\t": "tab",
  "\u007f": "backspace",
  "\b": "backspace",
  "\u0001": "home",
  "\u0005": "end",
  "\u0002": "page_up",
  "\u0006": "page_down",
  "\u0010": "up",
  "\u000e": "down",
  "\u0015": "clear",
  "\u000c": "redraw",
  "\u001a": "suspend",
  "\u0003": "interrupt",
  // End of input, as a person types it: there is nothing more to come.
  "\u0004": "interrupt",
};

/** Reads `input`, which begins with the `rest` of the last time. `more`: further bytes may follow soon. */
export function decodeKeys(input: string, wait: "more" | "no_more"): Decoded {
  const keys: Key[] = [];
  let at = 0;
  while (at < input.length) {
    const left = input.slice(at);
    const piece = left.startsWith(ESC) ? escaped(left, wait) : plain(left);
    if (piece === "incomplete") return { keys, rest: left };
    if (piece.key !== undefined) append(keys, piece.key);
    at += piece.length;
  }
  return { keys, rest: "" };
}

interface Piece {
  /** Undefined: nothing this program knows. */
  readonly key?: Key;
  readonly length: number;
}

function escaped(left: string, wait: "more" | "no_more"): Piece | "incomplete" {
  if (left.startsWith(PASTE_BEGIN)) return pasted(left, wait);
  // deno-lint-ignore no-control-regex
  const match = /^\u001b(\[\[?[0-9;?<=>]*[A-Za-z~^$@]|O[A-Za-z])/.exec(left);
  if (match !== null) {
    const [whole, sequence = ""] = match;
    // Arrows with Shift, Alt or Ctrl say so between the bracket and the letter.
    const name = SEQUENCES[sequence] ?? SEQUENCES[sequence.replace(/^\[1;\d+/, "[")];
    return { length: whole.length, ...(name === undefined ? {} : { key: { kind: name } }) };
  }
  // deno-lint-ignore no-control-regex
  const isBegun = /^\u001b(\[\[?[0-9;?<=>]*|O)?$/.test(left);
  if (isBegun && wait === "more") return "incomplete";
  return { key: { kind: "escape" }, length: isBegun ? left.length : 1 };
}

function pasted(left: string, wait: "more" | "no_more"): Piece | "incomplete" {
  const end = left.indexOf(PASTE_END);
  if (end === -1) return wait === "more" && left.length < MAX_PASTE_CHARS ? "incomplete" : { length: left.length };
  const text = left.slice(PASTE_BEGIN.length, end).trim().replace(/\s*[\r\n]+\s*/g, " ");
  return { key: { kind: "text", text: printable(text) }, length: end + PASTE_END.length };
}

function plain(left: string): Piece {
  const char = String.fromCodePoint(left.codePointAt(0) ?? 0);
  const name = CONTROLS[char];
  if (name !== undefined) return { key: { kind: name }, length: char.length };
  const text = printable(char);
  return { length: char.length, ...(text === "" ? {} : { key: { kind: "text", text } }) };
}

/** Each character is a key of its own: a menu must see every one. */
function append(keys: Key[], key: Key): void {
  if (key.kind !== "text" || key.text !== "") keys.push(key);
}

/** Without control characters, which could move the cursor when shown. */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "");
}
