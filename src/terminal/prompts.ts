/**
 * Questions on a terminal, asked on standard error so that standard output stays data. The prompts are loaded
 * when the first question is asked; Ctrl-C at any of them ends the action with 130.
 */
import process from "node:process";
import { interrupted } from "./stop.ts";

export interface Choice<T> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string;
}

/** What may be typed: undefined accepts it, a text says what is wrong. */
export type Check = (text: string) => string | undefined;

const LOOK = { output: process.stderr, withGuide: false };
/** As many choices as fit a screen of 24 lines with the question and the footer. */
const SHOWN_COUNT = 14;

const SIGNALS = ["SIGTERM", "SIGHUP"] as const;
const SHOW_CURSOR = "\u001b[?25h";

let isEscaped = false;

/** Whether the last question was left with Esc rather than Ctrl-C; asking forgets it. Both end an action with 130. */
export function takeEscaped(): boolean {
  const was = isEscaped;
  isEscaped = false;
  return was;
}

/** Asks, and remembers the key that ended it. A signal ends it as Ctrl-C does: the terminal is then as it was. */
async function asking<T>(question: (signal: AbortSignal) => Promise<T>): Promise<T> {
  let last: string | undefined;
  const leaving = new AbortController();
  const onSignal = () => leaving.abort();
  const onKey = (_: unknown, key: { readonly name?: string; readonly ctrl?: boolean } | undefined) => {
    last = key?.name;
    // Ctrl-Z gives the terminal to the shell, which wants its cursor.
    if (key?.ctrl === true && key.name === "z") process.stderr.write(SHOW_CURSOR);
  };
  process.stdin.on("keypress", onKey);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    return await question(leaving.signal);
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    process.stdin.off("keypress", onKey);
    isEscaped = last === "escape" && !leaving.signal.aborted;
  }
}

/** One of a short list. */
export async function choose<T extends string>(message: string, options: readonly Choice<T>[]): Promise<T> {
  const { select } = await import("@clack/prompts");
  return answered(
    await asking((signal) => select<string>({ message, options: options.map(plain), maxItems: SHOWN_COUNT, signal, ...LOOK })),
    options,
  );
}

/** One of a long list, narrowed by typing. `matches` decides what a search text finds. */
export async function search<T extends string>(
  message: string,
  { options, matches }: { readonly options: readonly Choice<T>[]; readonly matches: (text: string, option: Choice<T>) => boolean },
): Promise<T> {
  const { autocomplete } = await import("@clack/prompts");
  const byValue = new Map<string, Choice<T>>(options.map((it) => [it.value, it]));
  const got = await asking((signal) =>
    autocomplete<string>({
      message,
      options: options.map(plain),
      maxItems: SHOWN_COUNT,
      placeholder: "type to search",
      signal,
      filter: (text, { value }) => {
        const option = byValue.get(value);
        return option !== undefined && matches(text, option);
      },
      ...LOOK,
    })
  );
  return answered(got, options);
}

/** A text nobody may look at. */
export async function askSecret(message: string, check: Check): Promise<string> {
  const { password } = await import("@clack/prompts");
  return typed(await asking((signal) => password({ message, signal, validate: (text) => check((text ?? "").trim()), ...LOOK })));
}

/** A line of text; `initial` stands there already. */
export async function askText(message: string, { check, initial }: { readonly check: Check; readonly initial?: string }): Promise<string> {
  const { text } = await import("@clack/prompts");
  const given = initial === undefined ? {} : { initialValue: initial };
  return typed(await asking((signal) => text({ message, signal, validate: (it) => check((it ?? "").trim()), ...given, ...LOOK })));
}

/** Yes or no. */
export async function confirm(message: string, preset: "yes" | "no"): Promise<boolean> {
  const { confirm } = await import("@clack/prompts");
  const answer = await asking((signal) => confirm({ message, signal, initialValue: preset === "yes", ...LOOK }));
  if (typeof answer !== "boolean") throw interrupted();
  return answer;
}

function plain({ value, label, hint }: Choice<string>) {
  return hint === undefined ? { value, label } : { value, label, hint };
}

function answered<T extends string>(value: unknown, options: readonly Choice<T>[]): T {
  const chosen = options.find((it) => it.value === value);
  if (chosen === undefined) throw interrupted();
  return chosen.value;
}

function typed(value: unknown): string {
  if (typeof value !== "string") throw interrupted();
  return value.trim();
}
