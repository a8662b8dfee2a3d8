/** `creds add`: which provider, and whether by key or by login. What follows is in `add_key.ts` and `add_login.ts`. */
import { closest } from "../../config/suggest.ts";
import { nameOfId } from "../../kernel/variables.ts";
import { CATALOG, customRow, findRow } from "../../providers/catalog.ts";
import { loginStatus } from "../../providers/login_status.ts";
import type { ProviderRow } from "../../providers/row.ts";
import type { ExitCode } from "../../terminal/exit.ts";
import { addCustom } from "./add_custom.ts";
import { addKey, type AddKeyFlags } from "./add_key.ts";
import { addLogin, type AddLoginFlags } from "./add_login.ts";
import { type Desk, perform } from "../desk.ts";
import { choose, search } from "../../terminal/prompts.ts";
import { CUSTOM, matchesChoice, providerChoices, providerOfLogin, takesKey, takesLogin } from "./provider_choice.ts";
import { missing, usage } from "../../terminal/stop.ts";

export interface AddFlags extends AddKeyFlags, AddLoginFlags {
  readonly custom?: true | undefined;
  readonly login?: true | undefined;
}

/** Adds a key, a login or a provider of one's own. */
export function add(provider: string | undefined, flags: AddFlags): Promise<ExitCode> {
  return perform(flags, async (desk) => {
    if (flags.custom) return await addCustom(desk, { id: provider, flags });
    const choice = provider ?? await ask(desk);
    if (choice === CUSTOM) return await addCustom(desk, { id: undefined, flags });
    const loginOf = providerOfLogin(choice);
    if (loginOf !== undefined) return await addLogin(desk, { provider: loginOf, flags });
    return await addTo(desk, { id: choice, flags });
  });
}

async function ask({ terminal }: Desk): Promise<string> {
  if (!terminal.isInteractive) throw missing("The provider", "its id, as in keyproxy creds add openai");
  return await search("What do you want to add? Type a name, or maker, host, router, machine, login", {
    options: providerChoices(),
    matches: matchesChoice,
  });
}

async function addTo(desk: Desk, { id, flags }: { readonly id: string; readonly flags: AddFlags }): Promise<ExitCode> {
  const row = rowOf(id, desk);
  if (row === undefined && !takesLogin(id)) throw unknownProvider(id, desk);
  const method = await methodOf(desk, { id: row?.id ?? id, row, flags });
  if (method === "login" || row === undefined) return await addLogin(desk, { provider: row?.id ?? id, flags });
  return await addKey(desk, { row, flags });
}

/** By id, by the name of its variables, or announced by an address. */
function rowOf(id: string, { names, variables }: Desk): ProviderRow | undefined {
  const known = findRow(id) ?? findRow(names.idOf(nameOfId(id)) ?? "");
  if (known !== undefined) return known;
  const custom = names.custom.find((it) => it.id === id.toLowerCase());
  return custom && customRow({ id: custom.id, baseUrl: variables.get(custom.variable)?.value.trim() ?? "" });
}

function unknownProvider(id: string, { names }: Desk) {
  const ids = [...CATALOG.map((row) => row.id), ...names.custom.map((it) => it.id)];
  const near = closest(id, ids) ?? ids.find((it) => it.startsWith(id.toLowerCase()));
  const hint = near === undefined ? "" : ` Did you mean ${near}?`;
  return usage(
    `No provider is called "${id}".${hint} For a provider of your own:\n  keyproxy creds add ${id} --custom --base-url https://…/v1`,
  );
}

interface Asked {
  readonly id: string;
  readonly row: ProviderRow | undefined;
  readonly flags: AddFlags;
}

/** Keys come first: a login is taken only when it is asked for, or when there is nothing else. */
async function methodOf({ terminal }: Desk, { id, row, flags }: Asked): Promise<"key" | "login"> {
  const [keys, logins] = [row !== undefined && takesKey(row), takesLogin(id)];
  const hasKeyFlag = flags.keyStdin === true || flags.keyEnv !== undefined;
  if (flags.login && hasKeyFlag) throw usage("Give --login or a key, not both");
  if (flags.login && !logins) throw usage(`${row?.name ?? id} has no login that keyproxy can make; it takes a key: --key-stdin`);
  if (hasKeyFlag && !keys) {
    throw usage(`${row?.name ?? id} takes a login, not a key: leave ${flags.keyStdin ? "--key-stdin" : "--key-env"} out`);
  }
  if (!keys && !logins) throw usage(`${row?.name ?? id} cannot be used: ${row?.note ?? "it takes a login that keyproxy cannot make"}`);
  if (!keys) return "login";
  if (!logins || hasKeyFlag) return "key";
  if (flags.login) return "login";
  if (!terminal.isInteractive) {
    throw missing(`How to add ${row?.name ?? id}`, "--key-stdin (or --key-env <NAME>) for a key, --login for a login");
  }
  const status = loginStatus(id);
  return await choose(`How do you want to use ${row?.name ?? id}?`, [
    { value: "key", label: "With an API key", hint: "recommended" },
    { value: "login", label: "With a login", ...(status === undefined ? {} : { hint: `${status.status} since ${status.since}` }) },
  ]);
}
