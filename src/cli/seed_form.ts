/** The form this program was called in before it had commands. Pure. */
import { ENV_FILE, SETTINGS } from "../config/schema.ts";

/** Flags of the program itself; every other one before a command belongs to `serve`. */
const OWN = new Set(["-h", "--help", "-V", "--version"]);
/** The flag that meant `creds add`. */
export const ADD_CREDENTIAL = "--add-credential";
/** Flags of `serve` that `creds add` has too. */
const PLACES = [ENV_FILE.flag.name, SETTINGS.dataDir.flag?.name];

/** `keyproxy --host … --port …` means `serve`, and `--add-credential` among the flags means `creds add`. */
export function withSeedForm(args: readonly string[]): string[] {
  const [first = ""] = args;
  if (!first.startsWith("-") || OWN.has(first)) return [...args];
  if (!args.includes(ADD_CREDENTIAL)) return ["serve", ...args];
  const kept = args.filter((arg, at) => PLACES.some((name) => arg === name || args[at - 1] === name || arg.startsWith(`${name}=`)));
  return ["creds", "add", ...kept];
}
