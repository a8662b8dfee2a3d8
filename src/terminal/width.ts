/** Texts measured, cut, padded and broken by the columns they take on a terminal, whatever signs they are of. Pure. */
import stringWidth from "fast-string-width";

const PLAIN = /^[\x20-\x7e]*$/;

/** Columns that a line takes; colours and other escape sequences take none. */
export function widthOf(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
}

/** The part of a text that fits; `mark` (one column) stands where something is missing. No text with colours. */
export function cutTo(text: string, width: number, mark = "…"): string {
  if (widthOf(text) <= width) return text;
  if (width <= 0) return "";
  if (PLAIN.test(text)) return text.slice(0, width - 1) + mark;
  let used = 0;
  let kept = "";
  for (const { segment } of graphemes(text)) {
    used += widthOf(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return kept + mark;
}

/** A text with blanks to `width` columns; a wider one stays as it is. */
export function padTo(text: string, width: number, align: "left" | "right" = "left"): string {
  const blanks = " ".repeat(Math.max(0, width - widthOf(text)));
  return align === "right" ? blanks + text : text + blanks;
}

/** The signs of a text as a person counts them: what the cursor passes with one step. */
export function signsIn(text: string): string[] {
  return PLAIN.test(text) ? [...text] : Array.from(graphemes(text), ({ segment }) => segment);
}

/** Breaks lines wider than `columns` between words; a long word, such as an address, stays whole. */
export function wrapped(text: string, columns: number | undefined): string {
  if (columns === undefined || columns < 1 || !Number.isFinite(columns)) return text;
  return text.split("\n").flatMap((line) => widthOf(line) <= columns ? [line] : joined(line.split(" "), columns)).join("\n");
}

/** A text in lines of at most `width` columns, broken between words where there are some; blanks in a row become one. */
export function folded(text: string, width: number): string[] {
  return joined(text.split(" ").filter((it) => it !== "").flatMap((word) => pieces(word, width)), width);
}

/** As many words a line as fit into `width` columns, at least one. */
function joined(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let used = 0;
  for (const word of words) {
    const wordWidth = widthOf(word);
    const last = lines.length - 1;
    if (last >= 0 && used + 1 + wordWidth <= width) {
      lines[last] += ` ${word}`;
      used += 1 + wordWidth;
    } else {
      lines.push(word);
      used = wordWidth;
    }
  }
  return lines;
}

/** A word that is wider than a line, in parts. */
function pieces(word: string, width: number): string[] {
  if (widthOf(word) <= width) return [word];
  const parts: string[] = [];
  let used = Infinity;
  for (const sign of signsIn(word)) {
    const signWidth = widthOf(sign);
    if (used + signWidth > width) {
      parts.push("");
      used = 0;
    }
    parts[parts.length - 1] += sign;
    used += signWidth;
  }
  return parts;
}

/** Made when the first text needs it: that takes some milliseconds, and most commands never do. */
let segmenter: Intl.Segmenter | undefined;

function graphemes(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return segmenter.segment(text);
}
