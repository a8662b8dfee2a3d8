/**
 * A line of the screen as words with styles, before it is written. Pure. Painting cleans and cuts once more, so
 * that no line can be wider than the screen or say anything to the terminal but its own words.
 */
import { styleText } from "node:util";
import type { Signs } from "./signs.ts";
import { cleaned, cutTo, padTo, widthOf } from "./text_width.ts";

export type Style = "bold" | "dim" | "green" | "red" | "yellow" | "cyan";

export interface Span {
  readonly text: string;
  readonly style?: Style | undefined;
}

export type Line = readonly Span[];

/** What the terminal is and can show. */
export interface Look {
  readonly width: number;
  readonly height: number;
  readonly colour: "ansi" | "plain";
  readonly signs: Signs;
}

/** `current`: the line a key would act on; `stale`: what it tells is old. */
export type Tone = "normal" | "current" | "stale";

/** The line as it is written. */
export function painted(line: Line, { look, tone = "normal" }: { readonly look: Look; readonly tone?: Tone }): string {
  const { width, colour, signs } = look;
  let left = width;
  const parts: string[] = [];
  for (const { text, style } of line) {
    const clean = cleaned(text, signs.set);
    const shown = cutTo(clean, left, signs.cut);
    left -= widthOf(shown);
    const hasStyle = colour === "ansi" && style !== undefined && tone === "normal" && shown.trim() !== "";
    parts.push(hasStyle ? styleText(style, shown, { validateStream: false }) : shown);
    if (left <= 0 || shown !== clean) break;
  }
  if (colour === "plain" || tone === "normal") return parts.join("").trimEnd();
  const words = parts.join("");
  return tone === "stale"
    ? styleText("dim", words.trimEnd(), { validateStream: false })
    : styleText("inverse", padTo(words, width, "left"), { validateStream: false });
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
  const kept: Span[] = [];
  for (const { text, style } of left) {
    const shown = cutTo(cleaned(text, signs.set), room - used, signs.cut);
    used += widthOf(shown);
    kept.push({ text: shown, style });
    if (used >= room) break;
  }
  return [...kept, { text: " ".repeat(Math.max(1, width - used - rightWidth)) }, ...right];
}

/** Facts with a dot between them. */
export function dotted(facts: readonly Span[], signs: Signs): Line {
  return facts.flatMap((fact, at) => at === 0 ? [fact] : [{ text: ` ${signs.dot} `, style: "dim" as const }, fact]);
}
