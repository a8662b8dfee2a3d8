/** What every part that works in the background is given: the time, and whom to tell about trouble. */
import type { Clock } from "../kernel/clock.ts";
import { logger } from "../kernel/log.ts";

export interface Told {
  readonly clock: Clock;
  /** Told once when something stops working. */
  readonly warn: (message: string) => void;
  /** Told once when it works again. */
  readonly note: (message: string) => void;
}

/** Tells the program's log. */
export function toldByLog(clock: Clock): Told {
  const log = logger("app");
  return { clock, warn: (message) => log.warn(message), note: (message) => log.info(message) };
}
