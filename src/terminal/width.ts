/**
 * Text from outside made fit for a screen: without control characters, measured and cut in columns. Pure.
 * What leaves here moves no cursor, changes no colour and is as wide as it says.
 */
import { stripVTControlCharacters } from "node:util";
import stringWidth from "fast-string-width";

/** `unicode`: the terminal shows any sign; `ascii`: only the 95 oldest are safe. */
export type SignSet = "unicode" | "ascii";

/** A longer text is cut before anything else looks at it. */
const MAX_LENGTH = 4_000;
const PLAIN = /^[\x20-\x7e]*$/;
/** Line ends and tabs part words; the other control and format characters (also those that turn text around) go. */
const BLANKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;
const UNSHOWN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\ufe00-\ufe0f]/gu;
const GRAPHEMES = new Intl.Segmenter("en", { granularity: "grapheme" });

/** One line of what `text` says. */
export function cleaned(text: string, signs: SignSet): string {
  if (text.length <= MAX_LENGTH && PLAIN.test(text)) return text;
  const short = text.slice(0, MAX_LENGTH).toWellFormed();
  const shown = stripVTControlCharacters(short).replace(BLANKS, " ").replace(UNSHOWN, "");
  return signs === "unicode" ? shown : shown.replaceAll("…", "..").replace(/[^\x20-\x7e]/gu, "?");
}

/** Columns that a cleaned text takes. */
export function widthOf(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
}

/** The part of a cleaned text that fits; `mark` (one column) stands where something is missing. */
export function cutTo(text: string, width: number, mark: string): string {
  if (widthOf(text) <= width) return text;
  if (width <= 0) return "";
  if (PLAIN.test(text)) return text.slice(0, width - 1) + mark;
  let used = 0;
  let kept = "";
  for (const { segment } of GRAPHEMES.segment(text)) {
    used += widthOf(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return kept + mark;
}

/** A cleaned text with blanks to `width` columns; a wider one stays as it is. */
export function padTo(text: string, width: number, align: "left" | "right"): string {
  const blanks = " ".repeat(Math.max(0, width - widthOf(text)));
  return align === "right" ? blanks + text : text + blanks;
}

/** A cleaned text in lines of at most `width` columns, broken between words where there are some. */
export function folded(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  const put = (word: string) => {
    if (line !== "" && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  };
  for (const word of text.split(" ").filter((it) => it !== "")) pieces(word, width).forEach(put);
  return line === "" ? lines : [...lines, line];
}

/** A word that is wider than a line, in parts. */
function pieces(word: string, width: number): string[] {
  if (widthOf(word) <= width) return [word];
  const parts: string[] = [];
  let part = "";
  for (const { segment } of GRAPHEMES.segment(word)) {
    if (part !== "" && widthOf(part) + widthOf(segment) > width) {
      parts.push(part);
      part = "";
    }
    part += segment;
  }
  return [...parts, part];
}
