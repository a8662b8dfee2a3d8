/**
 * Days and their beginning. A day begins at a configured minute after 00:00 UTC and is named by the UTC
 * date on which it began. Pure.
 */

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** The instant at which the day that holds `now` began, epoch ms. */
export function dayStart(now: number, resetMinute: number): number {
  const offsetMs = resetMinute * MINUTE_MS;
  return Math.floor((now - offsetMs) / DAY_MS) * DAY_MS + offsetMs;
}

/** The instant at which the next day begins, epoch ms. */
export function nextDayStart(now: number, resetMinute: number): number {
  return dayStart(now, resetMinute) + DAY_MS;
}

/** The last name made: it is asked for on every request and changes once a day. */
let lastNamed = { startAt: NaN, name: "" };

/** Name of the day that holds `now`: `YYYY-MM-DD`. */
export function dayName(now: number, resetMinute: number): string {
  const startAt = dayStart(now, resetMinute);
  if (lastNamed.startAt !== startAt) lastNamed = { startAt, name: new Date(startAt).toISOString().slice(0, 10) };
  return lastNamed.name;
}
