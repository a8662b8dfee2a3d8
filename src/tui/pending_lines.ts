/** Changes that wait, as lines of a screen. Pure; secrets show their ends only. */
import { type Pending, shownValue } from "../app/pending.ts";
import type { Line } from "../terminal/frame.ts";

/** One line a change: `NAME  old → new`. */
export function pendingLines(pending: Pending, before: (name: string) => string | undefined): Line[] {
  return [...pending].map(([name, value]) => [
    { text: "  " },
    { text: name, style: "bold" },
    { text: `  ${shownValue(name, before(name))} → ` },
    { text: shownValue(name, value), style: value === null ? "red" : "green" },
  ]);
}
