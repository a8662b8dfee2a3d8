/** Times and counts as a person says them, and lines that break between words. Pure. */
import { stripVTControlCharacters } from "node:util";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `in 4 min`, `in 3 h`, `in 2 days`; `now` for what is past. */
export function inWords(waitMs: number): string {
  return waitMs <= 0 ? "now" : `in ${span(waitMs)}`;
}

/** `20 s`, `4 min`, `3 h`, `2 days`: rounded, one unit. */
export function span(ms: number): string {
  if (ms < MINUTE_MS - 500) return `${Math.max(Math.round(ms / 1000), 1)} s`;
  if (ms < HOUR_MS - MINUTE_MS / 2) return `${Math.round(ms / MINUTE_MS)} min`;
  if (ms < 2 * DAY_MS) return `${Math.round(ms / HOUR_MS)} h`;
  return `${Math.round(ms / DAY_MS)} days`;
}

/** `1 model`, `2 models`. */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** Breaks lines longer than `columns` between words; a long word, such as an address, stays whole. */
export function wrapped(text: string, columns: number | undefined): string {
  if (columns === undefined || columns < 1) return text;
  return text.split("\n").map((line) => stripVTControlCharacters(line).length <= columns ? line : brokenLine(line, columns)).join("\n");
}

function brokenLine(line: string, columns: number): string {
  const lines: string[] = [];
  let used = 0;
  for (const word of line.split(" ")) {
    const length = stripVTControlCharacters(word).length;
    const last = lines.length - 1;
    if (last >= 0 && used + 1 + length <= columns) {
      lines[last] += ` ${word}`;
      used += 1 + length;
    } else {
      lines.push(word);
      used = length;
    }
  }
  return lines.join("\n");
}
