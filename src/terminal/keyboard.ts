/** The keyboard of this process in raw mode: every key as it is pressed. Released, it is in line mode and paused. */
import process from "node:process";
import { systemClock } from "../kernel/clock.ts";
import { decodeKeys, type Key } from "./keys.ts";

/** How long the rest of an escape sequence may take, over a slow line. */
const SEQUENCE_MS = 60;
/** The same for what is pasted, which is longer than any key's sequence. */
const PASTE_MS = 2_000;
const LONGEST_SEQUENCE = 16;

export interface Keyboard {
  /** Safe to call twice, as is the other. */
  take(): void;
  release(): void;
}

export interface KeyboardEvents {
  readonly onKey: (key: Key) => void;
  /** There will be no more keys. */
  readonly onEnd: () => void;
}

export function openKeyboard({ onKey, onEnd }: KeyboardEvents): Keyboard {
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
export function attempt(action: () => unknown): void {
  try {
    action();
  } catch {
    return;
  }
}
