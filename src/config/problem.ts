/**
 * A `Problem`: one value that cannot be used, in words for a person. What is shown of a value is cut so that
 * a key pasted into the wrong place stays unread.
 */
import { mask } from "../kernel/secret.ts";

export interface Problem {
  /** The variable or flag, or a line of a file when it is not about one. */
  readonly variable: string;
  /** What was found, fit to be printed. Absent for secrets. */
  readonly value?: string;
  /** Completes "expected …". */
  readonly expected: string;
  readonly file?: string;
  /** The first is 1. */
  readonly line?: number;
}

/** Longest value shown whole: shorter than any key in use. */
const LONGEST_SHOWN = 16;

/** The value as it may be printed. */
export function shown(value: string): string {
  return value.length <= LONGEST_SHOWN ? value : mask(value, { head: 3, tail: 2 });
}

/** One line for a person: `PORT="x" in /srv/.env: expected a whole number from 0 to 65535`. */
export function describeProblem(problem: Problem): string {
  const value = problem.value === undefined ? "" : `=${JSON.stringify(problem.value)}`;
  const line = problem.line === undefined ? "" : `:${problem.line}`;
  const place = problem.file === undefined ? "" : ` in ${problem.file}${line}`;
  return `${problem.variable}${value}${place}: expected ${problem.expected}`;
}
