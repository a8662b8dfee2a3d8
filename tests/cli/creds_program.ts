/** `keyproxy creds …` as a script runs it: a process without a terminal, in a folder and a home of its own. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import process from "node:process";
import { systemClock } from "../../src/kernel/clock.ts";
import { inFolder as inPath } from "../support/folder.ts";
import { cacheVariable, programCommand } from "../support/process.ts";

/** Longer than any action takes; a process that waits for somebody to type is found out here. */
const LIMIT_MS = 60_000;

export interface Ran {
  readonly code: number | string;
  /** Standard output: data. */
  readonly out: string;
  /** Standard error: words for a person. */
  readonly err: string;
}

export interface Running {
  /** Resolves with the first match on standard error, past or to come. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** A line for standard input. */
  type(line: string): void;
  interrupt(): void;
  readonly ended: Promise<Ran>;
}

export interface Folder {
  readonly path: string;
  /** Runs to the end; `input` is all of standard input. */
  creds(args: readonly string[], options?: { readonly input?: string; readonly env?: Readonly<Record<string, string>> }): Promise<Ran>;
  /** As {@link creds}, for any command. */
  program(args: readonly string[], options?: { readonly input?: string; readonly env?: Readonly<Record<string, string>> }): Promise<Ran>;
  /** Starts, with standard input left open. */
  start(args: readonly string[], options?: { readonly env?: Readonly<Record<string, string>> }): Running;
}

/** A folder that is both working directory and home; removed at the end. */
export function inFolder(work: (folder: Folder) => Promise<void>): Promise<void> {
  return inPath((path) =>
    work({
      path,
      creds(args, { input = "", env = {} } = {}) {
        const running = start(["creds", ...args], { cwd: path, env });
        running.end(input);
        return running.ended;
      },
      program(args, { input = "", env = {} } = {}) {
        const running = start(args, { cwd: path, env });
        running.end(input);
        return running.ended;
      },
      start: (args, { env = {} } = {}) => start(["creds", ...args], { cwd: path, env }),
    })
  );
}

function start(
  args: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Running & { end(input: string): void } {
  const [command, ...before] = programCommand();
  const child = spawn(command, [...before, ...args], {
    cwd,
    env: {
      ...cacheVariable(),
      HOME: cwd,
      // No vendor's tool is found on it.
      PATH: cwd,
      ...env,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const text = { out: "", err: "" };
  const listeners = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (piece: string) => void (text.out += piece));
  child.stderr.setEncoding("utf8").on("data", (piece: string) => {
    text.err += piece;
    listeners.forEach((look) => look());
  });
  // Whoever ends without reading its input breaks the pipe.
  child.stdin.on("error", () => {});
  const cancel = systemClock.after(LIMIT_MS, () => void child.kill("SIGKILL"));
  const ended = new Promise<Ran>((done) => child.once("close", (code, signal) => done({ code: code ?? signal ?? "?", ...text })))
    .finally(cancel);
  return {
    says: (pattern) =>
      new Promise((found, reject) => {
        const look = () => {
          const match = pattern.exec(text.err);
          if (match === null) return;
          listeners.delete(look);
          found(match);
        };
        listeners.add(look);
        ended.then(({ code }) => reject(new Error(`Ended with ${code} without saying ${pattern}:\n${text.err}${text.out}`)));
        look();
      }),
    type: (line) => void child.stdin.write(`${line}\n`),
    end: (input) => void child.stdin.end(input),
    // `child.kill` would report the signal it sent in place of the exit code.
    interrupt: () => {
      if (child.pid !== undefined) process.kill(child.pid, "SIGINT");
    },
    ended,
  };
}

/** Parses what an action printed with `--json`. */
export function jsonOf({ code, out, err }: Ran): Record<string, unknown> {
  const json: unknown = JSON.parse(out);
  assert.ok(typeof json === "object" && json !== null && !Array.isArray(json), `${code} ${out}${err}`);
  return { ...json };
}

/** As {@link jsonOf}, for lists. */
export function listOf({ code, out, err }: Ran): Record<string, unknown>[] {
  const json: unknown = JSON.parse(out);
  assert.ok(Array.isArray(json), `${code} ${out}${err}`);
  return json.map((row: unknown) => ({ ...Object(row) }));
}
