/** The part of a long list that a pane shows: the selected line stays inside, near the middle. Pure. */
import type { Line } from "../../terminal/frame.ts";
import { widthOf } from "../../terminal/width.ts";
import type { Look, Tone } from "./line.ts";

/** A line of a list, made when it is in sight; `item` counts the things that can be selected, lines between them have none. */
export interface ListLine {
  readonly line: () => Line;
  readonly item: number | null;
}

export interface ToneLine {
  readonly line: Line;
  readonly tone: Tone;
}

export interface Windowed {
  readonly lines: readonly ToneLine[];
  readonly aboveCount: number;
  readonly belowCount: number;
}

/** `current`: the selected item, -1 for none. Always `height` lines, the last ones empty where the list is short. */
export function windowed(
  list: readonly ListLine[],
  { height, current, isFocused }: { readonly height: number; readonly current: number; readonly isFocused: boolean },
): Windowed {
  const first = list.findIndex(({ item }) => item === current);
  const last = list.findLastIndex(({ item }) => item === current);
  const middle = current <= 0 ? 0 : Math.floor((first + last) / 2);
  const top = Math.min(Math.max(0, middle - Math.floor(height / 2)), Math.max(0, list.length - height));
  const shown = list.slice(top, top + height);
  const lines = shown.map(({ line, item }, at): ToneLine => ({
    line: line(),
    tone: isFocused && top + at === first && item !== null ? "current" : "normal",
  }));
  while (lines.length < height) lines.push({ line: [], tone: "normal" });
  return { lines, aboveCount: top, belowCount: Math.max(0, list.length - top - height) };
}

/** A rule with a title, and at its right how much is out of sight. */
export function titleLine(
  title: string,
  { look, hidden, isFocused }: {
    readonly look: Look;
    readonly hidden: { readonly aboveCount: number; readonly belowCount: number };
    readonly isFocused: boolean;
  },
): Line {
  const { rule, up, down } = look.signs;
  const parts = [
    ...(hidden.aboveCount > 0 ? [`${up} ${hidden.aboveCount} above`] : []),
    ...(hidden.belowCount > 0 ? [`${down} ${hidden.belowCount} below`] : []),
  ];
  const right = parts.length === 0 ? "" : ` ${parts.join("  ")} `;
  const head = `${rule}${rule} ${title} `;
  const fill = rule.repeat(Math.max(0, look.width - widthOf(head) - widthOf(right)));
  return [{ text: head, style: isFocused ? "bold" : "dim" }, { text: fill, style: "dim" }, { text: right, style: "dim" }];
}
