/** Times and counts as they are said everywhere: in commands, menus and screens. Pure. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Two units, rounded up to the second so that a countdown ends at its end: `42s`, `4m10s`, `3h05m`, `2d03h`. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds < MINUTE) return `${seconds}s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}m${twoDigits(seconds % MINUTE)}s`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)}h${twoDigits(Math.floor(seconds % HOUR / MINUTE))}m`;
  return `${Math.floor(seconds / DAY)}d${twoDigits(Math.floor(seconds % DAY / HOUR))}h`;
}

/** `in 42s`, `in 3h05m`; `now` for what is past. */
export function inWords(waitMs: number): string {
  return waitMs <= 0 ? "now" : `in ${span(waitMs)}`;
}

/** One unit, rounded down: `0s`, `42s`, `4m`, `3h`, `2d`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < MINUTE) return `${seconds}s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}m`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)}h`;
  return `${Math.floor(seconds / DAY)}d`;
}

/** `340ms`, `1.2s`, from ten seconds on as {@link span}. */
export function elapsed(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)}ms`;
  return ms < 9_950 ? `${(ms / 1000).toFixed(1)}s` : span(Math.round(ms / 1000) * 1000);
}

/** `1 model`, `2 models`. */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

function twoDigits(value: number): string {
  return `${value}`.padStart(2, "0");
}
