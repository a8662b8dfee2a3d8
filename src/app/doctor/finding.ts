/**
 * A finding: one thing that was looked at and how it stands. What is wrong always comes with what to do, and no
 * finding holds a secret or a control character.
 */
import { stripVTControlCharacters } from "node:util";

/** Where findings are shown, in this order. */
export const AREAS = {
  version: "Program",
  configuration: "Configuration",
  access: "Who may use it",
  address: "Address",
  files: "Files",
  network: "Network and clock",
  providers: "Providers",
  models: "Model names",
} as const;

export type Area = keyof typeof AREAS;
export type Level = "ok" | "note" | "warning" | "error";

interface FindingFields {
  readonly area: Area;
  /** One sentence for a person, without its full stop. */
  readonly what: string;
}

/** `fix`: a command, a line for `.env`, or a sentence that says what to change. */
export type Finding =
  | FindingFields & { readonly level: "ok" | "note"; readonly fix?: string }
  | FindingFields & { readonly level: "warning" | "error"; readonly fix: string };

/** Makes the findings of one area. */
export function findingsOf(area: Area) {
  return {
    ok: (what: string): Finding => ({ area, level: "ok", what }),
    note: (what: string, fix?: string): Finding => ({ area, level: "note", what, ...(fix === undefined ? {} : { fix }) }),
    warning: (what: string, fix: string): Finding => ({ area, level: "warning", what, fix }),
    error: (what: string, fix: string): Finding => ({ area, level: "error", what, fix }),
  };
}

/** Longest text of a finding: providers may answer with whole pages. */
const MAX_CHARS = 400;

/** Text of somebody else on one line, fit to be printed. */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  const plain = stripVTControlCharacters(text).replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\s]+/g, " ").trim();
  return plain.length <= MAX_CHARS ? plain : `${plain.slice(0, MAX_CHARS - 1)}…`;
}

/** An argument as a shell wants it. */
export function quoted(argument: string): string {
  return /^[\w./~:@=-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
