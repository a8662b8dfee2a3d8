/** keyproxy as a process of its own: started, read line by line, sent signals, waited for. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";

const MAIN = join(resolve(import.meta.dirname ?? ".", "../.."), "main.ts");
/** Variables of the machine that a process needs to start at all; everything else is the test's. */
const NEEDED = ["PATH", "TMPDIR"];
/** Where Deno keeps its cache unless told otherwise. */
const CACHES = [".cache/deno", "Library/Caches/deno"];

export interface Program {
  readonly child: ChildProcess;
  /** Everything printed so far, both streams. */
  output(): string;
  /** Resolves with the first match in the output, past or to come. Rejects when the process ends without it. */
  prints(pattern: RegExp): Promise<RegExpExecArray>;
  signal(name: "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGKILL"): void;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

export interface ProgramOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** An executable to start in place of the program that {@link programCommand} names. */
  readonly executable?: string;
}

/** How the program is started: `main.ts` on Deno, or the executable that KEYPROXY_EXECUTABLE names. */
export function programCommand(): readonly [string, ...string[]] {
  const given = process.env["KEYPROXY_EXECUTABLE"];
  return given === undefined ? [process.execPath, "run", "-A", "--no-check", MAIN] : [resolve(given)];
}

/** The variable that leads a process with another home to Deno's cache. */
export function cacheVariable(): Record<string, string> {
  const place = process.env["DENO_DIR"] ?? CACHES.map((path) => join(homedir(), path)).find((path) => existsSync(path));
  return place === undefined ? {} : { DENO_DIR: place };
}

/** Starts `main.ts` with these arguments in `cwd`. */
export function startProgram(args: readonly string[], options: ProgramOptions): Program {
  const inherited = Object.fromEntries(NEEDED.flatMap((name) => process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  const [command, ...before] = options.executable === undefined ? programCommand() : [options.executable];
  const child = spawn(command, [...before, ...args], {
    cwd: options.cwd,
    // The logins of tools in the home of whoever runs the tests are none of theirs.
    env: {
      ...cacheVariable(),
      ...inherited,
      HOME: options.cwd,
      NO_COLOR: "1",
      MODEL_INFO_REFRESH: "off",
      ...options.env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  const onText = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
      onText.forEach((look) => look());
    });
  }
  // "close" comes after all output was read.
  const ended = new Promise<number | string>((done) => child.once("close", (code, signal) => done(code ?? signal ?? "unknown")));
  return {
    child,
    output: () => text,
    prints: (pattern) =>
      new Promise((found, reject) => {
        const look = () => {
          const match = pattern.exec(text);
          if (match === null) return;
          onText.delete(look);
          found(match);
        };
        onText.add(look);
        ended.then((code) => reject(new Error(`Ended with ${code} without printing ${pattern}:\n${text}`)));
        look();
      }),
    // `child.kill` does nothing once it has sent any signal.
    signal: (name) => {
      if (child.pid !== undefined) process.kill(child.pid, name);
    },
    ended,
  };
}

/** Runs to the end. */
export async function runProgram(args: readonly string[], options: ProgramOptions) {
  const program = startProgram(args, options);
  return { code: await program.ended, output: program.output() };
}
