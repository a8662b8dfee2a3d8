/** `creds add --custom`: an OpenAI-compatible provider that only the user knows, by its address. */
import { BASE_URL_EXPECTED, readBaseUrl } from "../../kernel/base_url.ts";
import { isReservedName, nameOfId } from "../../kernel/variables.ts";
import { customRow, findRow } from "../../providers/catalog.ts";
import type { ExitCode } from "../../terminal/exit.ts";
import { addKey, type AddKeyFlags } from "./add_key.ts";
import type { Desk } from "../desk.ts";
import { askText } from "../../terminal/prompts.ts";
import { missing, usage } from "../../terminal/stop.ts";

/** Asks what is not given, then goes on as with any other key; the key is optional. */
export async function addCustom(
  desk: Desk,
  { id, flags }: { readonly id: string | undefined; readonly flags: AddKeyFlags },
): Promise<ExitCode> {
  const name = id ??
    await ask(desk, { question: "A short name for it", flag: "its name, as in creds add mine --custom", check: nameFault(desk) });
  const fault = nameFault(desk)(name);
  if (fault !== undefined) throw usage(`Cannot call a provider "${name}": ${fault}`);
  const check = (text: string) => readBaseUrl(text).kind === "ok" ? undefined : `expected ${BASE_URL_EXPECTED}`;
  const baseUrl = flags.baseUrl ?? await ask(desk, { question: "Its address, up to /chat/completions", flag: "--base-url <url>", check });
  const customId = nameOfId(name).toLowerCase();
  return await addKey(desk, { row: customRow({ id: customId, baseUrl }), flags: { ...flags, baseUrl } });
}

async function ask(
  { terminal }: Desk,
  { question, flag, check }: { readonly question: string; readonly flag: string; readonly check: (text: string) => string | undefined },
): Promise<string> {
  if (!terminal.isInteractive) throw missing(question, flag);
  return await askText(question, { check });
}

function nameFault({ names }: Desk): (text: string) => string | undefined {
  return (text) => {
    const name = nameOfId(text);
    if (!/^[A-Za-z][A-Za-z0-9_-]*$/.test(text)) return "expected letters, digits, - and _, beginning with a letter";
    if (isReservedName(name)) return "this name belongs to keyproxy itself";
    const owner = names.idOf(name);
    return owner !== undefined && findRow(owner) !== undefined ? `this is ${findRow(owner)?.name}; leave --custom out` : undefined;
  };
}
