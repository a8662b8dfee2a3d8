/** What must be written so that a screen which shows one frame shows the next: only lines that changed. Pure. */

/** Lines from the top of the screen, none wider than it. */
export type Frame = readonly string[];

/** `before` undefined: nothing is known of what stands there, so everything is written. */
export function difference(before: Frame | undefined, after: Frame): string {
  const lineCount = Math.max(before?.length ?? 0, after.length);
  const parts: string[] = before === undefined ? ["\x1b[H\x1b[2J"] : [];
  for (let at = 0; at < lineCount; at++) {
    const line = after[at] ?? "";
    // Erased before it is written: after a full line the cursor stands on its last column.
    if (before === undefined ? line !== "" : line !== (before[at] ?? "")) parts.push(`\x1b[${at + 1};1H\x1b[2K${line}`);
  }
  return parts.join("");
}
