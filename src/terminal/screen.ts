/**
 * The terminal of this process as one full screen with its keyboard, for menus and for the live status. However it is
 * left (a key, a signal, a fault, the end of the process), the cursor shows again, the keyboard is in line mode and
 * what stood on the screen before is back. A slow terminal gets the newest picture, never a queue of old ones.
 */
import { writeSync } from "node:fs";
import process from "node:process";
import { systemClock } from "../kernel/clock.ts";
import { change, type Picture, type Size } from "./frame.ts";
import { attempt, type Keyboard, openKeyboard } from "./keyboard.ts";
import type { Key } from "./keys.ts";

/** Alternate screen; pastes are marked; a line too wide by the terminal's own count does not spill over; no cursor. */
const ENTER = "\u001b[?1049h\u001b[?2004h\u001b[?7l\u001b[?25l";
const LEAVE = "\u001b[0m\u001b[?2004l\u001b[?7h\u001b[?25h\u001b[?1049l";
const ENDING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** Not every runtime comes to its `exit` after an error that nobody caught. */
const LAST = ["exit", "uncaughtExceptionMonitor"] as const;
/** Longer than it takes to be stopped. */
const RETURN_MS = 300;

export interface Screen {
  size(): Size;
  /** Fills the screen; of what stands there already nothing is written again. */
  show(picture: Picture): void;
  /** Restores everything. Safe to call twice. */
  close(): void;
}

export interface ScreenEvents {
  /** Every key but Ctrl-Z, which suspends, and Ctrl-L, which draws anew. */
  readonly onKey: (key: Key) => void;
  /** What is shown may be gone, or have another size: show it again. */
  readonly onChange: () => void;
  /** A signal, or the terminal went away. */
  readonly onEnd: () => void;
}

/** A person can use a full screen: both ends are a terminal that can place its cursor. */
export function canOpenScreen(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true && process.env["TERM"] !== "dumb";
}

/** Takes the keyboard now, and the screen with the first picture. There is one at a time. */
export function openScreen(events: ScreenEvents): Screen {
  return new TerminalScreen(events);
}

class TerminalScreen implements Screen {
  readonly #events: ScreenEvents;
  readonly #keyboard: Keyboard;
  /** Gone: closed for good. Away: the shell has the terminal. */
  #state: "here" | "away" | "gone" = "here";
  #isFilled = false;
  /** What stands there; undefined when that is not known. */
  #shown: Picture | undefined;
  #shownSize = "";
  /** The terminal takes no more for now. */
  #isBehind = false;
  #waiting: Picture | undefined;
  #cancelReturn = () => {};

  constructor(events: ScreenEvents) {
    this.#events = events;
    this.#keyboard = openKeyboard({ onKey: (key) => this.#receive(key), onEnd: events.onEnd });
    this.#keyboard.take();
    process.stdout.on("resize", this.#anew).on("drain", this.#catchUp).on("error", events.onEnd);
    for (const signal of ENDING) process.on(signal, events.onEnd);
    if (process.platform !== "win32") process.on("SIGCONT", this.#return);
    for (const last of LAST) process.on(last, this.#leave);
  }

  size(): Size {
    const { columns, rows } = process.stdout;
    // Some terminals do not tell.
    return { columns: columns || 80, rows: rows || 24 };
  }

  show(picture: Picture): void {
    if (this.#state !== "here") return;
    this.#waiting = picture;
    if (!this.#isBehind) this.#write();
  }

  close(): void {
    if (this.#state === "gone") return;
    this.#cancelReturn();
    this.#leave();
    this.#state = "gone";
    process.stdout.off("resize", this.#anew).off("drain", this.#catchUp).off("error", this.#events.onEnd);
    for (const signal of ENDING) process.off(signal, this.#events.onEnd);
    if (process.platform !== "win32") process.off("SIGCONT", this.#return);
    for (const last of LAST) process.off(last, this.#leave);
  }

  #receive(key: Key): void {
    if (key.kind === "suspend") this.#suspend();
    else if (key.kind === "redraw") this.#anew();
    else this.#events.onKey(key);
  }

  #write(): void {
    const picture = this.#waiting;
    if (picture === undefined) return;
    this.#waiting = undefined;
    const { columns, rows } = this.size();
    const size = `${columns}x${rows}`;
    if (size !== this.#shownSize) this.#shown = undefined;
    const text = (this.#isFilled ? "" : ENTER) + change(this.#shown, picture);
    this.#isFilled = true;
    this.#shown = picture;
    this.#shownSize = size;
    if (text !== "") this.#isBehind = !process.stdout.write(text);
  }

  readonly #catchUp = () => {
    this.#isBehind = false;
    if (this.#state === "here") this.#write();
  };

  readonly #anew = () => {
    this.#shown = undefined;
    if (this.#state === "here") this.#events.onChange();
  };

  /** Hands the terminal to the shell until the person comes back; nothing where a process cannot be stopped. */
  #suspend(): void {
    if (process.platform === "win32") return;
    this.#leave();
    process.kill(process.pid, "SIGTSTP");
    // Without a shell that could bring it back, the system does not stop a process.
    this.#cancelReturn = systemClock.after(RETURN_MS, this.#return);
  }

  /** Comes back; after a stop that was not asked for, the shell has changed the keyboard and the screen. */
  readonly #return = () => {
    this.#cancelReturn();
    if (this.#state === "here") this.#leave();
    this.#state = "here";
    this.#keyboard.take();
    this.#anew();
  };

  readonly #leave = () => {
    if (this.#state !== "here") return;
    this.#state = "away";
    // Written at once: behind it there may be no further turn.
    if (this.#isFilled) attempt(() => writeSync(1, LEAVE));
    this.#isFilled = false;
    this.#shown = undefined;
    this.#waiting = undefined;
    this.#keyboard.release();
  };
}
