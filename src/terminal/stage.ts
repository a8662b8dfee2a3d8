/**
 * The whole screen for views that take turns: keys in, frames out. However it is left (back, Ctrl-C, a signal, a
 * fault), the cursor shows again, the keyboard is in line mode and what stood on the screen before is back.
 */
import { writeSync } from "node:fs";
import process from "node:process";
import { systemClock } from "../kernel/clock.ts";
import { drawn, type Frame, line, type Size } from "./frame.ts";
import { decodeKeys, type Key } from "./keys.ts";
import { interrupted } from "./stop.ts";
import type { Terminal } from "./terminal.ts";
import type { Paint } from "./text.ts";

/** What a key does to a view. */
export type Step<S, R> = { readonly kind: "stay"; readonly state: S } | { readonly kind: "done"; readonly result: R };

/** One screen: pure in all but `live`. Ctrl-C never reaches it. */
export interface View<S, R> {
  readonly start: S;
  readonly draw: (state: S, size: Size) => Frame;
  readonly press: (state: S, key: Key) => Step<S, R>;
  /** Begins to bring news from outside; the returned function ends that. */
  readonly live?: (change: (edit: (state: S) => S) => void) => () => void;
}

export interface Stage {
  /** Shows a view until a key ends it. Throws the `Stop` of an interrupt. */
  show<S, R>(view: View<S, R>): Promise<R>;
  /** Shows a text while something takes its time. An interrupt does not wait for it, so it must not be a write. */
  during<T>(text: string, work: Promise<T>): Promise<T>;
  /** Gives the terminal to something else and takes it again afterwards. */
  aside<T>(work: () => Promise<T>): Promise<T>;
  /** Shows a line outside the screen until Enter, Esc, Space or q is pressed. Throws the `Stop` of an interrupt. */
  pause(text: string): Promise<void>;
  close(): void;
}

/** Alternate screen; pastes are marked; a line too wide by the terminal's own count does not spill over; no cursor. */
const ENTER_SCREEN = "\u001b[?1049h\u001b[?2004h\u001b[?7l\u001b[?25l";
const LEAVE_SCREEN = "\u001b[0m\u001b[?2004l\u001b[?7h\u001b[?25h\u001b[?1049l";
/** How long the rest of an escape sequence may take, over a slow line. */
const SEQUENCE_MS = 60;
/** The same for what is pasted, which is longer than any key's sequence. */
const PASTE_MS = 2_000;
const LONGEST_SEQUENCE = 16;
/** What is over sooner needs no sign of life. */
const PATIENCE_MS = 300;
/** Keys typed while nobody looks; more are dropped. */
const MAX_WAITING_KEYS = 64;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** Not every runtime comes to its `exit` after an error that nobody caught. */
const LAST = ["exit", "uncaughtExceptionMonitor"] as const;
const SMALLEST: Size = { columns: 20, rows: 5 };

/** Takes the screen and the keyboard. There is one stage at a time; close it. */
export function openStage({ paint }: Pick<Terminal, "paint">): Stage {
  return new TerminalStage(paint);
}

/** The view that is shown now. */
interface Running {
  readonly press: (key: Key) => void;
  readonly redraw: () => void;
  readonly fail: (error: Error) => void;
}

class TerminalStage implements Stage {
  readonly #paint: Paint;
  readonly #keyboard = openKeyboard((key) => this.#receive(key));
  readonly #waiting: Key[] = [];
  #running: Running | undefined;
  #isInterrupted = false;
  #isOn = false;
  #isFilled = false;

  constructor(paint: Paint) {
    this.#paint = paint;
  }

  async show<S, R>(view: View<S, R>): Promise<R> {
    this.#turnOn();
    if (!this.#isFilled) process.stdout.write(ENTER_SCREEN);
    this.#isFilled = true;
    return await this.#perform(view, (state) => {
      const size = sizeNow();
      process.stdout.write(drawn(view.draw(state, size), size, this.#paint));
    });
  }

  async during<T>(text: string, work: Promise<T>): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    if (this.#isInterrupted) throw interrupted();
    const draw = () => process.stdout.write(drawn({ lines: [line(text, "dim")] }, sizeNow(), this.#paint));
    let isSlow = false;
    const cancel = systemClock.after(PATIENCE_MS, () => {
      isSlow = true;
      draw();
    });
    this.#running = { press: () => {}, redraw: () => isSlow && draw(), fail: reject };
    try {
      return await Promise.race([work, promise]);
    } finally {
      cancel();
      this.#running = undefined;
    }
  }

  async aside<T>(work: () => Promise<T>): Promise<T> {
    this.close();
    return await work();
  }

  async pause(text: string): Promise<void> {
    this.#turnOn();
    process.stdout.write(`\r\n${text}`);
    try {
      await this.#perform(PAUSE, () => {});
    } finally {
      process.stdout.write("\r\u001b[K");
    }
  }

  close(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    this.#restore();
    for (const signal of SIGNALS) process.off(signal, this.#interrupt);
    for (const last of LAST) process.off(last, this.#restore);
    process.stdout.off("resize", this.#redraw).off("error", this.#interrupt);
  }

  #turnOn(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.#keyboard.take();
    for (const signal of SIGNALS) process.on(signal, this.#interrupt);
    for (const last of LAST) process.on(last, this.#restore);
    process.stdout.on("resize", this.#redraw).on("error", this.#interrupt);
  }

  readonly #restore = () => {
    // Written at once: behind it there may be no further turn.
    if (this.#isFilled) attempt(() => writeSync(1, LEAVE_SCREEN));
    this.#isFilled = false;
    this.#keyboard.release();
  };

  readonly #redraw = () => this.#running?.redraw();

  readonly #interrupt = () => {
    this.#isInterrupted = true;
    this.#running?.fail(interrupted());
  };

  #receive(key: Key): void {
    if (key.kind === "interrupt") this.#interrupt();
    else if (this.#running !== undefined) this.#running.press(key);
    else if (this.#waiting.length < MAX_WAITING_KEYS) this.#waiting.push(key);
  }

  #perform<S, R>(view: View<S, R>, write: (state: S) => void): Promise<R> {
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    if (this.#isInterrupted) throw interrupted();
    let state = view.start;
    let stopLive = () => {};
    const end = () => {
      this.#running = undefined;
      stopLive();
    };
    const running: Running = {
      redraw: () => write(state),
      fail: (error) => {
        end();
        reject(error);
      },
      press: (key) => {
        const step = view.press(state, key);
        if (step.kind === "stay") {
          state = step.state;
          write(state);
          return;
        }
        end();
        resolve(step.result);
      },
    };
    const isShown = () => this.#running === running;
    this.#running = running;
    write(state);
    stopLive = view.live?.((edit) => {
      if (!isShown()) return;
      state = edit(state);
      write(state);
    }) ?? stopLive;
    while (isShown() && this.#waiting.length > 0) this.#waiting.splice(0, 1).forEach(running.press);
    return promise;
  }
}

const PAUSE: View<null, null> = {
  start: null,
  draw: () => ({ lines: [] }),
  press(state, key) {
    const isOver = key.kind === "enter" || key.kind === "escape" || (key.kind === "text" && /^[ q]$/.test(key.text));
    return isOver ? { kind: "done", result: null } : { kind: "stay", state };
  },
};

function sizeNow(): Size {
  const { columns = 80, rows = 24 } = process.stdout;
  return { columns: Math.max(columns, SMALLEST.columns), rows: Math.max(rows, SMALLEST.rows) };
}

/** The keyboard in raw mode: every key as it is pressed. The end of input counts as Ctrl-C. */
function openKeyboard(onKey: (key: Key) => void): { readonly take: () => void; readonly release: () => void } {
  const { stdin } = process;
  let decoder = new TextDecoder();
  let rest = "";
  let cancel = () => {};
  let isTaken = false;
  const read = (text: string, wait: "more" | "no_more") => {
    cancel();
    const decoded = decodeKeys(rest + text, wait);
    rest = decoded.rest;
    if (rest !== "") cancel = systemClock.after(rest.length > LONGEST_SEQUENCE ? PASTE_MS : SEQUENCE_MS, () => read("", "no_more"));
    for (const key of decoded.keys) onKey(key);
  };
  const onBytes = (piece: Uint8Array | string) => read(typeof piece === "string" ? piece : decoder.decode(piece, { stream: true }), "more");
  const onEnd = () => onKey({ kind: "interrupt" });
  return {
    take() {
      if (isTaken) return;
      isTaken = true;
      decoder = new TextDecoder();
      rest = "";
      stdin.setRawMode(true);
      stdin.on("data", onBytes).on("end", onEnd).on("error", onEnd);
      stdin.resume();
    },
    release() {
      if (!isTaken) return;
      isTaken = false;
      cancel();
      stdin.off("data", onBytes).off("end", onEnd).off("error", onEnd);
      attempt(() => stdin.setRawMode(false));
      stdin.pause();
    },
  };
}

/** For a terminal that may be gone: then there is nothing to restore. */
function attempt(action: () => unknown): void {
  try {
    action();
  } catch {
    return;
  }
}
