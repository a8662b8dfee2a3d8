/** keyproxy in a pseudo-terminal, as a person runs it: what the screen shows, keys typed, Ctrl-C, the exit code. */
import { spawn } from "node:child_process";
import process from "node:process";
import { stripVTControlCharacters } from "node:util";
import { systemClock } from "../../src/kernel/clock.ts";
import { cacheVariable, programCommand } from "./process.ts";

/** Longer than any dialogue here takes; one that waits for a key nobody types is found out. */
const LIMIT_MS = 60_000;

/** Keys by what is printed on them. */
export const KEYS = { enter: "\r", down: "\u001b[B", ctrlC: "\u0003" } as const;

export interface TerminalSession {
  /** All that was shown so far, without colours and cursor movements. */
  screen(): string;
  /** Resolves with the first match that comes after those of earlier calls. Rejects when the program ends without it. */
  shows(pattern: RegExp): Promise<RegExpExecArray>;
  type(text: string): void;
  /** Exit code of the program. */
  readonly ended: Promise<number | string>;
}

/** Starts the program in a terminal of 120 columns; `cwd` is its home too. */
export function inTerminal(
  args: readonly string[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): TerminalSession {
  const command = [...programCommand(), ...args].map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["-qefc", `stty cols 120 rows 50; exec ${command}`, "/dev/null"], {
    cwd,
    env: {
      ...cacheVariable(),
      PATH: process.env["PATH"] ?? "",
      HOME: cwd,
      SHELL: "/bin/sh",
      TERM: "xterm-256color",
      // No browser is opened by a test.
      BROWSER: "true",
      ...env,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let text = "";
  let seen = 0;
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
      listeners.forEach((look) => look());
    });
  }
  child.stdin.on("error", () => {});
  const cancel = systemClock.after(LIMIT_MS, () => {
    if (child.pid !== undefined) process.kill(child.pid, "SIGKILL");
  });
  const ended = new Promise<number | string>((done) => child.once("close", (code, signal) => done(code ?? signal ?? "?"))).finally(cancel);
  const screen = () => stripVTControlCharacters(text).replaceAll("\r", "");
  return {
    screen,
    shows: (pattern) =>
      new Promise((found, reject) => {
        const look = () => {
          const match = pattern.exec(screen().slice(seen));
          if (match === null) return;
          listeners.delete(look);
          seen += match.index + match[0].length;
          found(match);
        };
        listeners.add(look);
        ended.then((code) => reject(new Error(`Ended with ${code} without showing ${pattern}:\n${screen()}`)));
        look();
      }),
    type: (keys) => void child.stdin.write(keys),
    ended,
  };
}
