/** How long until, and how long ago, in the fewest columns. Pure. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Two units, rounded up to the second so that a countdown ends at its end: `42s`, `4m10s`, `3h05m`, `2d03h`. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds < MINUTE) return `${seconds}s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}m${twoDigits(seconds % MINUTE)}s`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)}h${twoDigits(Math.floor(seconds % HOUR / MINUTE))}m`;
  return `${Math.floor(seconds / DAY)}d${twoDigits(Math.floor(seconds % DAY / HOUR))}h`;
}

/** One unit, rounded down: `0s`, `42s`, `4m`, `3h`, `2d`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < MINUTE) return `${seconds}s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}m`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)}h`;
  return `${Math.floor(seconds / DAY)}d`;
}

function twoDigits(value: number): string {
  return `${value}`.padStart(2, "0");
}
