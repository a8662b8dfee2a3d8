/**
 * The terminal of this process as one full screen: keys one by one, an alternate screen without a cursor. Whatever
 * ends it (a key, a signal, an error, the end of the process), the terminal is left as it was found.
 */
import { writeSync } from "node:fs";
import process from "node:process";
import { emitKeypressEvents } from "node:readline";
import { systemClock } from "../../kernel/clock.ts";
import { type Key, keyOf, type Keypress } from "./keys.ts";

/** Alternate screen; no cursor; a line that is too wide by the terminal's own count does not spill over. */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H\x1b[2J";
const LEAVE = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";
const ENDING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** Not every runtime comes to its `exit` after an error that nobody caught. */
const LAST = ["exit", "uncaughtExceptionMonitor"] as const;
/** Longer than it takes to be stopped. */
const RETURN_MS = 300;
/** Where a terminal does not tell its size. */
const USUAL = { width: 80, height: 24 };

export interface FullScreen {
  size(): { readonly width: number; readonly height: number };
  /** Writes to the screen. `full`: the terminal takes no more for now; `onRoom` follows when it does. */
  write(text: string): "taken" | "full";
  /** Hands the terminal back to the shell until the person comes back; nothing where a process cannot be stopped. */
  suspend(): void;
  /** Restores everything. Safe to call twice. */
  close(): void;
}

export interface FullScreenEvents {
  readonly onKey: (key: Key) => void;
  /** What is shown may be gone, or have another size. */
  readonly onChange: () => void;
  /** The terminal takes more again. */
  readonly onRoom: () => void;
  /** A signal, or the terminal went away. */
  readonly onEnd: () => void;
}

/** A person can use a full screen: both ends are a terminal that can place its cursor. */
export function canOpenFullScreen(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true && process.env["TERM"] !== "dumb";
}

export function openFullScreen(events: FullScreenEvents): FullScreen {
  const { stdin, stdout } = process;
  let isShown = false;
  let cancelReturn = () => {};
  const show = () => {
    isShown = true;
    stdin.setRawMode(true);
    stdin.resume();
    stdout.write(ENTER);
  };
  const hide = () => {
    if (!isShown) return;
    isShown = false;
    // Written at once: behind it there may be no further turn.
    writeNow(LEAVE);
    attempt(() => stdin.setRawMode(false));
    stdin.pause();
  };
  const onKeypress = (text: string | undefined, press: Keypress) => {
    const key = keyOf(text, press);
    if (key !== undefined) events.onKey(key);
  };
  const onBack = () => {
    cancelReturn();
    if (!isShown) show();
    events.onChange();
  };
  emitKeypressEvents(stdin);
  stdin.on("keypress", onKeypress).on("end", events.onEnd).on("error", events.onEnd);
  stdout.on("resize", events.onChange).on("error", events.onEnd);
  for (const signal of ENDING) process.on(signal, events.onEnd);
  if (process.platform !== "win32") process.on("SIGCONT", onBack);
  for (const last of LAST) process.on(last, hide);
  show();
  return {
    size: () => ({ width: stdout.columns || USUAL.width, height: stdout.rows || USUAL.height }),
    write(text) {
      if (!isShown || stdout.write(text)) return "taken";
      stdout.once("drain", events.onRoom);
      return "full";
    },
    suspend() {
      if (process.platform === "win32") return;
      hide();
      process.kill(process.pid, "SIGTSTP");
      // Without a shell that could bring it back, the system does not stop a process.
      cancelReturn = systemClock.after(RETURN_MS, onBack);
    },
    close() {
      cancelReturn();
      hide();
      stdin.off("keypress", onKeypress).off("end", events.onEnd).off("error", events.onEnd);
      stdout.off("resize", events.onChange).off("drain", events.onRoom).off("error", events.onEnd);
      for (const signal of ENDING) process.off(signal, events.onEnd);
      if (process.platform !== "win32") process.off("SIGCONT", onBack);
      for (const last of LAST) process.off(last, hide);
    },
  };
}

function writeNow(text: string): void {
  attempt(() => writeSync(1, text));
}

/** For a terminal that may be gone: then there is nothing to restore. */
function attempt(action: () => unknown): void {
  try {
    action();
  } catch {
    return;
  }
}
