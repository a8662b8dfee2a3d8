/** Counts, money and times in the few columns a table has. Pure. */

const DAY_MS = 86_400_000;

/** `950`, `1.2k`, `45k`, `1.3M`: never more than five columns below 1000 G. */
export function compact(count: number): string {
  for (const [unit, sign] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]] as const) {
    // 999,950 would be rounded to 1000k.
    if (count >= unit * 0.99995) return `${short(count / unit)}${sign}`;
  }
  return String(Math.round(count));
}

function short(amount: number): string {
  return amount < 99.95 ? String(Number(amount.toFixed(1))) : String(Math.round(amount));
}

/** `$0`, `<$0.01`, `$0.42`, `$12.30`, `$1240`. */
export function usd(amount: number): string {
  if (amount === 0) return "$0";
  if (amount < 0.005) return "<$0.01";
  return amount < 999.995 ? `$${amount.toFixed(2)}` : `$${Math.round(amount)}`;
}

/** Share of successes: `100 %`, `98 %`; blank where nothing was tried. What is not whole is never rounded up to it. */
export function successRate({ requests, failures }: { readonly requests: number; readonly failures: number }): string {
  if (requests === 0) return "";
  const share = Math.max(requests - failures, 0) / requests;
  return `${failures > 0 ? Math.min(Math.round(share * 100), 99) : 100} %`;
}

/** Clock time on this machine; with the date when `at` is not of the last 24 hours before `now`. */
export function clockTime(at: number, now: number): string {
  const date = new Date(at);
  const two = (part: number) => String(part).padStart(2, "0");
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const isRecent = Math.abs(now - at) < DAY_MS;
  return isRecent ? time : `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`;
}
