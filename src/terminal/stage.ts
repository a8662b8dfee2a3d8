/**
 * The screen for views that take turns: keys in, frames out. Between them other programs may have the terminal, which
 * is theirs while they run.
 */
import process from "node:process";
import { systemClock } from "../kernel/clock.ts";
import { type Frame, line, painted, type Size } from "./frame.ts";
import type { Key } from "./keys.ts";
import { openScreen, type Screen } from "./screen.ts";
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

/** What is over sooner needs no sign of life. */
const PATIENCE_MS = 300;
/** Keys typed while nobody looks; more are dropped. */
const MAX_WAITING_KEYS = 64;
const SMALLEST: Size = { columns: 20, rows: 5 };

/** Takes the screen and the keyboard when they are needed. There is one stage at a time; close it. */
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
  readonly #waiting: Key[] = [];
  #screen: Screen | undefined;
  #running: Running | undefined;
  #isInterrupted = false;

  constructor(paint: Paint) {
    this.#paint = paint;
  }

  async show<S, R>(view: View<S, R>): Promise<R> {
    const screen = this.#open();
    return await this.#perform(view, (state) => this.#draw(screen, (size) => view.draw(state, size)));
  }

  async during<T>(text: string, work: Promise<T>): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    if (this.#isInterrupted) throw interrupted();
    const screen = this.#open();
    const draw = () => this.#draw(screen, () => ({ lines: [line(text, "dim")] }));
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
    this.#open();
    process.stdout.write(`\r\n${text}`);
    try {
      await this.#perform(PAUSE, () => {});
    } finally {
      process.stdout.write("\r\u001b[K");
    }
  }

  close(): void {
    this.#screen?.close();
    this.#screen = undefined;
  }

  #open(): Screen {
    this.#screen ??= openScreen({
      onKey: (key) => this.#receive(key),
      onChange: () => this.#running?.redraw(),
      onEnd: () => this.#interrupt(),
    });
    return this.#screen;
  }

  #draw(screen: Screen, frameOf: (size: Size) => Frame): void {
    const { columns, rows } = screen.size();
    const size = { columns: Math.max(columns, SMALLEST.columns), rows: Math.max(rows, SMALLEST.rows) };
    screen.show(painted(frameOf(size), size, this.#paint));
  }

  #interrupt(): void {
    this.#isInterrupted = true;
    this.#running?.fail(interrupted());
  }

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
