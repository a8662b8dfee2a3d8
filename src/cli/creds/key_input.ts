/** Where a key comes from: standard input, a variable, or a hidden question. Never from an argument, which other users could see. */
import { keyFault } from "./key_variables.ts";
import type { Desk } from "../desk.ts";
import { askSecret } from "../../terminal/prompts.ts";
import { missing, usage } from "../../terminal/stop.ts";
import { readStdin } from "../../terminal/terminal.ts";

export interface KeyFlags {
  readonly keyStdin?: true | undefined;
  /** Name of a variable. */
  readonly keyEnv?: string | undefined;
}

/** The key; undefined only where none is needed and none was given. */
export async function readKey(
  { terminal, variables }: Desk,
  { flags, name, need }: { readonly flags: KeyFlags; readonly name: string; readonly need: "needed" | "optional" },
): Promise<string | undefined> {
  const given = await givenKey(flags, variables);
  if (given !== undefined) {
    const fault = keyFault(given.text);
    if (fault !== undefined) throw usage(`Cannot use the key from ${given.place}: ${fault}`);
    return given.text;
  }
  if (!terminal.isInteractive) {
    if (need === "optional") return undefined;
    throw missing("The key", "--key-stdin or --key-env <NAME>");
  }
  const isOptional = need === "optional";
  const check = (text: string) => isOptional && text === "" ? undefined : keyFault(text);
  const typed = await askSecret(isOptional ? `Key of ${name}, or nothing when it takes none` : `Key of ${name} (not shown)`, check);
  return typed === "" ? undefined : typed;
}

async function givenKey(
  { keyStdin, keyEnv }: KeyFlags,
  variables: Desk["variables"],
): Promise<{ readonly text: string; readonly place: string } | undefined> {
  if (keyStdin && keyEnv !== undefined) throw usage("Give --key-stdin or --key-env, not both");
  if (keyStdin) return { text: await readStdin("a key"), place: "standard input" };
  if (keyEnv === undefined) return undefined;
  const text = variables.get(keyEnv)?.value.trim() ?? "";
  if (text === "") throw usage(`Cannot read the key: the variable ${keyEnv} of --key-env is not set`);
  return { text, place: keyEnv };
}
