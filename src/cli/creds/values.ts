/** Values of flags that need reading, each with a sentence for what is wrong. */
import { usage } from "../../terminal/stop.ts";

const MAX_PRIORITY = 1000;
const MAX_TIMEOUT_S = 3600;

/** A rank from 0; undefined when it was not given. */
export function readPriority(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (priorityFault(text) !== undefined) throw usage(`--priority "${text}": ${priorityFault(text)}`);
  return Number(text);
}

/** What is wrong with a rank; undefined when nothing is. */
export function priorityFault(text: string): string | undefined {
  return /^\d{1,4}$/.test(text) && Number(text) <= MAX_PRIORITY
    ? undefined
    : `expected a whole number from 0 to ${MAX_PRIORITY}, lower is used first`;
}

/** Seconds as ms; undefined when it was not given. */
export function readTimeoutMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (!/^\d+$/.test(text) || seconds < 1 || seconds > MAX_TIMEOUT_S) {
    throw usage(`--timeout "${text}": expected seconds from 1 to ${MAX_TIMEOUT_S}`);
  }
  return seconds * 1000;
}
