/**
 * A line of the status screen, before it is written. Pure. Painting cleans and cuts once more, so that no line can be
 * wider than the screen or say anything to the terminal but its own words.
 */
import { styleText } from "node:util";
import { type Line, paintedLine } from "../../terminal/frame.ts";
import { harmless } from "../../terminal/harmless.ts";
import { type Cell, paintFor } from "../../terminal/text.ts";
import { cutTo, padTo, widthOf } from "../../terminal/width.ts";
import type { Signs, SignSet } from "./signs.ts";

/** What the terminal is and can show. */
export interface Look {
  readonly width: number;
  readonly height: number;
  readonly colour: "ansi" | "plain";
  readonly signs: Signs;
}

/** `current`: the line a key would act on; `stale`: what it tells is old. */
export type Tone = "normal" | "current" | "stale";

/** A longer text is cut before anything else looks at it. */
const MAX_LENGTH = 4_000;

/** One line of what `text` says, in the terminal's alphabet. */
export function cleaned(text: string, set: SignSet): string {
  const shown = harmless(text.slice(0, MAX_LENGTH));
  return set === "unicode" ? shown : shown.replaceAll("…", "..").replace(/[^\x20-\x7e]/gu, "?");
}

/** The line as it is written. */
export function painted(line: Line, { look, tone = "normal" }: { readonly look: Look; readonly tone?: Tone }): string {
  const { width, colour, signs } = look;
  const words = paintedLine(line, {
    columns: width,
    paint: paintFor(tone === "normal" ? colour : "plain"),
    clean: (text) => cleaned(text, signs.set),
    mark: signs.cut,
  });
  if (colour === "plain" || tone === "normal") return words.trimEnd();
  return tone === "stale"
    ? styleText("dim", words.trimEnd(), { validateStream: false })
    : styleText("inverse", padTo(words, width), { validateStream: false });
}

/** Columns that a line takes. */
export function lineWidth(line: Line, signs: Signs): number {
  return line.reduce((sum, { text }) => sum + widthOf(cleaned(text, signs.set)), 0);
}

/** One line at the left edge and one at the right; the left one gives way. */
export function spread(left: Line, right: Line, { width, signs }: Look): Line {
  const rightWidth = lineWidth(right, signs);
  const room = width - rightWidth - 1;
  let used = 0;
  const kept: Cell[] = [];
  for (const { text, style } of left) {
    const shown = cutTo(cleaned(text, signs.set), room - used, signs.cut);
    used += widthOf(shown);
    kept.push({ text: shown, style });
    if (used >= room) break;
  }
  return [...kept, { text: " ".repeat(Math.max(1, width - used - rightWidth)) }, ...right];
}

/** Facts with a dot between them. */
export function dotted(facts: readonly Cell[], signs: Signs): Line {
  return facts.flatMap((fact, at) => at === 0 ? [fact] : [{ text: ` ${signs.dot} `, style: "dim" as const }, fact]);
}
