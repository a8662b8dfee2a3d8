/** How an action ends early: a message for standard error and an exit code, carried by one kind of error. */
import type { ExitCode } from "./exit.ts";

/** Ends an action. The message is for a person and holds no secret; an empty one prints nothing. */
export class Stop extends Error {
  readonly code: ExitCode;

  constructor(code: ExitCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Wrong usage or configuration: exit code 2. */
export function usage(message: string): Stop {
  return new Stop(2, message);
}

/** The action failed: exit code 1. */
export function failed(message: string): Stop {
  return new Stop(1, message);
}

/** Ctrl-C: exit code 130. */
export function interrupted(): Stop {
  return new Stop(130, "Cancelled");
}

/** A value is missing and nobody can be asked for it. `flag` as it would be typed. */
export function missing(what: string, flag: string): Stop {
  return usage(`${what} is missing: give ${flag}, or run this on a terminal to be asked`);
}
