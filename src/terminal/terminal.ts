/**
 * The streams of this process as an action sees them: data goes to standard output, everything said to a
 * person to standard error. Nothing is asked unless both ends of a conversation are a terminal.
 */
import { createInterface } from "node:readline";
import process from "node:process";
import { type Paint, paintFor } from "./text.ts";
import { usage } from "./stop.ts";
import { wrapped } from "./width.ts";

export interface Terminal {
  /** Questions can be asked. */
  readonly isInteractive: boolean;
  /** Standard output is read by a person. */
  readonly isOutputShown: boolean;
  /** Columns of what is printed as data. */
  readonly width: number;
  /** Colours of data and of messages; each plain where its stream is no terminal or NO_COLOR is set. */
  readonly paint: Paint;
  readonly paintMessage: Paint;
  /** Messages may be coloured. */
  readonly hasMessageColour: boolean;
  /** Writes a line of data. */
  print(line: string): void;
  /** Writes a line for a person. */
  say(line: string): void;
}

/** Wider lines are harder to read, not easier. */
const MAX_COLUMNS = 100;
const DEFAULT_COLUMNS = 80;
const MAX_STDIN_BYTES = 64 * 1024;

/** The terminal of this process. */
export function openTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  const isRich = env["TERM"] !== "dumb";
  const hasColour = isRich && !env["NO_COLOR"];
  return {
    isInteractive: stdin.isTTY === true && stderr.isTTY === true && isRich,
    isOutputShown: stdout.isTTY === true,
    width: Math.min(stdout.columns ?? DEFAULT_COLUMNS, MAX_COLUMNS),
    paint: paintFor(stdout.isTTY && hasColour ? "ansi" : "plain"),
    paintMessage: paintFor(stderr.isTTY && hasColour ? "ansi" : "plain"),
    hasMessageColour: stderr.isTTY === true && hasColour,
    print: (line) => void stdout.write(`${stdout.isTTY ? wrapped(line, stdout.columns) : line}\n`),
    say: (line) => void stderr.write(`${stderr.isTTY ? wrapped(line, stderr.columns) : line}\n`),
  };
}

/** Standard input to its end, trimmed. Throws a usage error when there is nothing, or too much for `what`. */
export async function readStdin(what: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of process.stdin) {
    text += typeof piece === "string" ? piece : decoder.decode(piece, { stream: true });
    if (text.length > MAX_STDIN_BYTES) throw usage(`Standard input holds more than ${what} can be`);
  }
  const trimmed = (text + decoder.decode()).trim();
  if (trimmed === "") throw usage(`Standard input is empty: expected ${what}`);
  return trimmed;
}

/** The lines of standard input as they come. `close` ends it and gives the keyboard back. */
export function stdinLines(): { readonly lines: AsyncIterable<string>; close(): void } {
  const reader = createInterface({ input: process.stdin, terminal: false });
  return {
    lines: reader,
    close() {
      reader.close();
      process.stdin.pause();
    },
  };
}
