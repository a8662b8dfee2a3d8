/**
 * keyproxy on the screen of a terminal emulator, as a person sees it: what is visible at this moment, keys typed,
 * the window resized, and whether the terminal is as it was once the program has gone.
 */
import xterm from "@xterm/headless";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { systemClock } from "../../src/kernel/clock.ts";
import { cacheVariable, programCommand } from "./process.ts";

const ROOT = resolve(import.meta.dirname ?? ".", "../..");
/** Longer than any wait here takes; a screen that never comes is found out, with what was there instead. */
const LIMIT_MS = 20_000;

/** Keys by what is printed on them. */
export const KEYS = {
  enter: "\r",
  up: "\u001b[A",
  down: "\u001b[B",
  right: "\u001b[C",
  left: "\u001b[D",
  escape: "\u001b",
  backspace: "\u007f",
  ctrlC: "\u0003",
  ctrlU: "\u0015",
} as const;

export interface ScreenOptions {
  /** Working directory, and home. */
  readonly cwd: string;
  /** 80 when left out. */
  readonly cols?: number;
  /** 24 when left out. */
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Path from the project's root; `main.ts` when left out. */
  readonly program?: string;
}

/** The terminal after the program. */
export interface Leaving {
  /** Exit code of the program. */
  readonly code: number;
  /** The terminal echoes, reads whole lines and knows Ctrl-C, as before. */
  readonly isLineSane: boolean;
  readonly isCursorShown: boolean;
  readonly isAlternate: boolean;
}

export interface Screen {
  /** What is visible: one line a row, blanks at line ends and empty lines at the end left out. */
  text(): string;
  /** All bytes the program wrote, colours included. */
  raw(): string;
  /** Sends a signal to the program. */
  signal(name: "SIGTERM" | "SIGHUP" | "SIGINT" | "SIGKILL"): void;
  /** The terminal shows the screen that leaves no trace (programs that fill it use that one). */
  isAlternate(): boolean;
  isCursorShown(): boolean;
  /**
   * Resolves with the first screen that matches, drawn after the last keys were typed. Rejects when the program ends
   * without it or it does not come within 20 s; the error holds the screen.
   */
  shows(pattern: RegExp): Promise<RegExpExecArray>;
  /** Types text, or keys of {@link KEYS}. */
  type(text: string): void;
  /** Types, and waits for what must then be visible. */
  press(text: string, pattern: RegExp): Promise<RegExpExecArray>;
  /** Changes the size of the window, as a person drags it. */
  resize(cols: number, rows: number): void;
  /** The program's process, once it has shown something. */
  pid(): number;
  /** Ends the terminal and with it the program; nothing where it has ended. */
  stop(): void;
  /** Resolves when the program has ended. */
  readonly ended: Promise<Leaving>;
}

/** Starts the program with `args` in an emulated terminal. */
export function start(args: readonly string[], { cwd, cols = 80, rows = 24, env = {}, program = "main.ts" }: ScreenOptions): Screen {
  const term = new xterm.Terminal({ cols, rows, allowProposedApi: true, scrollback: 2000 });
  const notes = mkdtempSync(join(tmpdir(), "keyproxy_screen_"));
  const child = spawn("script", ["-qefc", shellLine({ words: [join(ROOT, program), ...args], cols, rows, notes }), "/dev/null"], {
    cwd,
    env: { ...surroundings(cwd), ...env },
    stdio: ["pipe", "pipe", "ignore"],
  });
  let raw = "";
  let isFresh = true;
  let isCursorShown = true;
  const listeners = new Set<() => void>();
  for (const [final, shown] of [["h", true], ["l", false]] as const) {
    term.parser.registerCsiHandler({ prefix: "?", final }, (params) => {
      if (params.includes(25)) isCursorShown = shown;
      return false;
    });
  }
  // Some programs ask the terminal where the cursor is.
  term.onData((answer) => void child.stdin.write(answer));
  let drawn = Promise.resolve();
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    raw += piece;
    drawn = new Promise((done) =>
      term.write(piece, () => {
        isFresh = true;
        listeners.forEach((look) => look());
        done();
      })
    );
  });
  child.stdin.on("error", () => {});
  const text = () => visible(term);
  const ended = new Promise<void>((done) => child.once("close", () => done())).then(async (): Promise<Leaving> => {
    await drawn;
    const leaving = { ...leavingNotes(notes), isCursorShown, isAlternate: term.buffer.active.type === "alternate" };
    rmSync(notes, { recursive: true, force: true });
    return leaving;
  });
  const shows = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((found, reject) => {
      const settle = () => {
        listeners.delete(look);
        cancel();
      };
      const look = () => {
        const match = isFresh ? pattern.exec(text()) : null;
        if (match === null) return;
        settle();
        found(match);
      };
      const fail = (what: string) => {
        settle();
        reject(new Error(`${what} without showing ${pattern}:\n${text()}`));
      };
      const cancel = systemClock.after(LIMIT_MS, () => {
        fail(`${LIMIT_MS / 1000} s passed`);
      });
      listeners.add(look);
      ended.then(({ code }) => fail(`Ended with ${code}`));
      look();
    });
  const type = (keys: string) => {
    isFresh = false;
    child.stdin.write(keys);
  };
  return {
    text,
    raw: () => raw,
    signal: (name) => void process.kill(Number(readFileSync(join(notes, "pid"), "utf8")), name),
    isAlternate: () => term.buffer.active.type === "alternate",
    isCursorShown: () => isCursorShown,
    shows,
    type,
    press: (keys, pattern) => {
      type(keys);
      return shows(pattern);
    },
    resize(newCols, newRows) {
      isFresh = false;
      term.resize(newCols, newRows);
      spawnSync("stty", ["-F", readFileSync(join(notes, "tty"), "utf8").trim(), "cols", String(newCols), "rows", String(newRows)]);
    },
    pid: () => Number(readFileSync(join(notes, "pid"), "utf8")),
    stop: () => void child.kill("SIGKILL"),
    ended,
  };
}

/** The program inside a shell that outlives it, to say how the program left the terminal. */
function shellLine(
  { words, cols, rows, notes }: { readonly words: readonly string[]; readonly cols: number; readonly rows: number; readonly notes: string },
): string {
  const [program = "", ...args] = words;
  const start = program === join(ROOT, "main.ts")
    ? programCommand()
    : [process.execPath, "run", "-A", "--no-check", `--config=${join(ROOT, "deno.json")}`, program];
  const command = [...start, ...args].map((word) => `'${word}'`).join(" ");
  return `trap : INT; stty cols ${cols} rows ${rows}; tty >'${notes}/tty'; sh -c 'echo $$ >"$0"; exec "$@"' '${notes}/pid' sh -c 'echo $$ >"$0"; exec "$@"' '${notes}/pid' ${command}; code=$?; ` +
    `stty -a >'${notes}/stty'; echo $code >'${notes}/code'; exit $code`;
}

function surroundings(home: string): Record<string, string> {
  return {
    ...cacheVariable(),
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    SHELL: "/bin/sh",
    TERM: "xterm-256color",
    LANG: "C.UTF-8",
    // No browser is opened by a test.
    BROWSER: "true",
  };
}

function visible(term: InstanceType<typeof xterm.Terminal>): string {
  const { active } = term.buffer;
  const lines = Array.from(
    { length: term.rows },
    (_, at) => active.getLine(active.viewportY + at)?.translateToString(true).trimEnd() ?? "",
  );
  return lines.join("\n").trimEnd();
}

function leavingNotes(folder: string): Pick<Leaving, "code" | "isLineSane"> {
  const read = (name: string) => existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : "";
  const words = read("stty").split(/[\s;]+/);
  const code = read("code").trim();
  return {
    code: code === "" ? -1 : Number(code),
    isLineSane: ["icanon", "echo", "isig", "icrnl", "opost"].every((it) => words.includes(it)),
  };
}
