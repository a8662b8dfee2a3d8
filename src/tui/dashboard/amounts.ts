/** Times, counts and money in a few columns. Pure. */

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

/** How long something took: `85ms`, `1.2s`, `42s`, `4m10s`. */
export function took(ms: number): string {
  if (ms < 999.5) return `${Math.max(0, Math.round(ms))}ms`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)}s`;
  return countdown(Math.round(ms / 1000) * 1000);
}

/** `999`, `1.2k`, `34k`, `5.6M`. */
export function amount(count: number): string {
  if (count < 1_000) return `${count}`;
  if (count < 999_500) return `${scaled(count / 1_000)}k`;
  if (count < 999_500_000) return `${scaled(count / 1_000_000)}M`;
  return `${scaled(count / 1_000_000_000)}G`;
}

/** US dollars: `-` for nothing, `<$0.01`, `$0.42`, `$12.30`, `$1.2k`. */
export function money(usd: number): string {
  if (usd <= 0) return "-";
  if (usd < 0.01) return "<$0.01";
  return usd < 999.995 ? `$${usd.toFixed(2)}` : `$${amount(Math.round(usd))}`;
}

/** Share of requests that went well, rounded down so that 100% means all; `-` without requests. */
export function successRate({ requests, failures }: { readonly requests: number; readonly failures: number }): string {
  if (requests <= 0) return "-";
  return `${Math.floor(100 * Math.max(0, requests - failures) / requests)}%`;
}

function scaled(value: number): string {
  return value < 9.95 ? value.toFixed(1) : `${Math.round(value)}`;
}

function twoDigits(value: number): string {
  return `${value}`.padStart(2, "0");
}
