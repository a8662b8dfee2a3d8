/** Ctrl-C as two steps: the first asks to tidy up and leave, the second leaves at once. */
import process from "node:process";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

export interface Interrupts {
  /** Aborted by the first signal. */
  readonly first: AbortSignal;
  /** Resolves with the second. */
  readonly second: Promise<void>;
  /** Gives the signals back. */
  stop(): void;
}

export function listenForInterrupts(): Interrupts {
  const first = new AbortController();
  const second = Promise.withResolvers<void>();
  const onSignal = () => {
    if (first.signal.aborted) second.resolve();
    else first.abort();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    first: first.signal,
    second: second.promise,
    stop: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}
