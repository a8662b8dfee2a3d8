/** Waits that end with their signal: a time, or somebody else's work. They never reject. */
import type { Clock } from "./clock.ts";

/** Resolves after `waitMs`, or as soon as the signal ends. Never rejects. */
export function pause(waitMs: number, { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal }): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const cancel = clock.after(waitMs, end);
    signal.addEventListener("abort", end);
  });
}

/** Resolves when `done` has ended, whatever its end, or as soon as the signal does. Never rejects. */
export function settledOr(signal: AbortSignal, done: Promise<unknown>): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      signal.removeEventListener("abort", end);
      resolve();
    };
    signal.addEventListener("abort", end);
    void done.then(end, end);
  });
}
