/** What `config set` and `config unset` are asked for, as changes; whatever cannot be meant stops with what to do. Pure. */
import { knownVariable, unknownVariable } from "../../app/known_variables.ts";
import { isSecretVariable, type Pending } from "../../app/pending.ts";
import { SETTINGS } from "../../config/schema.ts";
import { isPlaceholder, type ProviderNames } from "../../kernel/variables.ts";
import { usage } from "../../terminal/stop.ts";

/** `NAME=value …` as changes. Values of secrets are refused: other users could see the arguments of a process. */
export function assignments(words: readonly string[]): Pending {
  const changes = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf("=");
    // The word itself stays unsaid: it may be a key.
    if (at < 1) throw usage("Expected NAME=value. With --stdin the value of one NAME comes from standard input");
    const name = word.slice(0, at).trim();
    const value = word.slice(at + 1).trim();
    if (changes.has(name)) throw usage(`${name} is given twice`);
    if (value === "") throw usage(`${name}= sets nothing: keyproxy config unset ${name} takes it out`);
    if (isSecretVariable(name) && !isPlainAddress(name, value)) throw usage(refusal(name));
    changes.set(name, value);
  }
  return changes;
}

/** The one name that `--stdin` gives a value to. */
export function stdinName(words: readonly string[]): string {
  const [name = "", ...more] = words;
  if (more.length > 0 || name.includes("=")) throw usage("--stdin gives a value to one NAME: keyproxy config set NAME --stdin");
  return name;
}

/** What is wrong with a text that came from standard input; undefined when nothing is. */
export function inputFault(name: string, text: string): string | undefined {
  if (!isSecretVariable(name)) return undefined;
  if (isPlaceholder(text)) return "this is the text of an example, not a key";
  return /^[\x20-\x7e]+$/.test(text) ? undefined : "a key is one line of plain ASCII";
}

/** Stops for names that nobody reads. `names`: with the changes in force, since `P_API_BASE` makes a provider. */
export function refuseUnknown(changed: Iterable<string>, names: ProviderNames): void {
  for (const name of changed) if (knownVariable(name, names) === undefined) throw usage(unknownVariable(name, names));
}

/** A proxy's address is a secret for the password that may stand in it. */
function isPlainAddress(name: string, value: string): boolean {
  const { httpProxy, httpsProxy } = SETTINGS;
  return [httpProxy, httpsProxy].some(({ env }) => env === name.toUpperCase()) && !value.includes("@");
}

function refusal(name: string): string {
  const isKey = /_API_KEY(_\w+)?$/.test(name) && ![SETTINGS.proxyKeys, SETTINGS.adminKeys].some(({ env }) => env === name);
  const other = isKey ? "keyproxy creds add asks for it, or " : "";
  return `A key on the command line can be seen by others: ${other}keyproxy config set ${name} --stdin reads it`;
}
