/** Answers a shell that asks what may stand at a place: a line a value, see `scripts.ts`. Never complains: nobody would see it. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import process from "node:process";
import type { ExitCode } from "../../terminal/exit.ts";
import { harmless } from "../../terminal/harmless.ts";
import { contextOf, type Offer } from "./context.ts";
import { type Paths, valuesOf } from "./values.ts";

/** Shells treat other signs in their own ways, and none of our values needs them; what others named so is left out. */
const SAFE = /^[\w.:/@+=,~-]+$/;
const MOST_OFFERED = 2_000;

/** `args`: the shell, the position of the word in question, the words. */
export async function complete([, position = "", ...words]: readonly string[], program: CommandUnknownOpts): Promise<ExitCode> {
  const at = Number(position);
  const current = words[at] ?? "";
  const asked = contextOf(program, words.slice(0, at), current);
  const offered = asked.kind === "words" ? asked.offers : asked.kind === "value" ? await offersOf(asked) : [];
  process.stdout.write(typeof offered === "string" ? `:${offered}\n` : linesOf(offered, current));
  return 0;
}

async function offersOf(
  { name, choices, prefix }: { readonly name: string; readonly choices: readonly string[]; readonly prefix: string },
): Promise<Paths | readonly Offer[]> {
  const values = choices.length > 0 ? choices.map((value) => ({ value, description: "" })) : await valuesOf(name).catch(() => []);
  return typeof values === "string" ? values : values.map((it) => ({ ...it, value: prefix + it.value }));
}

function linesOf(offers: readonly Offer[], current: string): string {
  return offers.filter(({ value }) => value.startsWith(current) && SAFE.test(value)).slice(0, MOST_OFFERED)
    .map(({ value, description }) => `${value}${description === "" ? "" : `\t${harmless(description)}`}\n`).join("");
}
