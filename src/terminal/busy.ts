/** A sign of life while something takes its time: a turning sign on a terminal, nothing elsewhere. */
import process from "node:process";
import { systemClock } from "../kernel/clock.ts";
import type { Terminal } from "./terminal.ts";
import { cutTo } from "./width.ts";

export interface Busy {
  /** What is shown from now on. */
  show(text: string): void;
  /** Wipes the line. Safe to call twice. */
  stop(): void;
}

const FRAMES = ["◒", "◐", "◓", "◑"];
const FRAME_MS = 100;
const WIPE = "\r\x1b[K";

/** Begins to turn. The keyboard stays as it is, so Ctrl-C goes on being a signal. */
export function busy({ isInteractive, paintMessage }: Terminal, first: string): Busy {
  if (!isInteractive) return { show: () => {}, stop: () => {} };
  let text = first;
  let frame = 0;
  let cancel = () => {};
  const turn = () => {
    const sign = paintMessage("cyan", FRAMES[frame++ % FRAMES.length] ?? "");
    process.stderr.write(`${WIPE}${sign} ${cutTo(text, (process.stderr.columns ?? 80) - 4)}`);
    cancel = systemClock.after(FRAME_MS, turn);
  };
  turn();
  return {
    show: (next) => void (text = next),
    stop() {
      cancel();
      process.stderr.write(WIPE);
    },
  };
}

/** Shows `text` while `work` runs. */
export async function whileBusy<T>(terminal: Terminal, text: string, work: () => Promise<T>): Promise<T> {
  const sign = busy(terminal, text);
  try {
    return await work();
  } finally {
    sign.stop();
  }
}
