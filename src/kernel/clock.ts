/**
 * Time and chance as arguments: nothing outside this file calls `Date.now` or `Math.random` to decide
 * something, so every decision can be replayed in a test.
 */

/** A source of time. Instants are epoch milliseconds. */
export interface Clock {
  /** The present instant, epoch ms. */
  now(): number;
  /** Calls `fn` once after `delayMs`; the returned function cancels it and is safe to call twice. */
  after(delayMs: number, fn: () => void): () => void;
}

/** A source of chance: a number in [0, 1). */
export type Random = () => number;

/** `setTimeout` fires at once for longer delays, so a longer wait is taken in steps of this many ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock. A pending timer keeps the process alive, so whoever sets one for the background cancels it at the end. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, fn) {
    let timer: ReturnType<typeof setTimeout>;
    const arm = (leftMs: number) => {
      const stepMs = Math.min(Math.max(leftMs, 0), LONGEST_TIMER_MS);
      timer = setTimeout(() => leftMs > stepMs ? arm(leftMs - stepMs) : fn(), stepMs);
    };
    arm(delayMs);
    return () => clearTimeout(timer);
  },
};

/** The machine's chance. */
export const systemRandom: Random = () => Math.random();

/** Fractional ms since some fixed point, for measuring how long something took; never for deciding. */
export type Stopwatch = () => number;

/** The machine's stopwatch. */
export const systemStopwatch: Stopwatch = () => performance.now();
