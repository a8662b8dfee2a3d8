/** `keyproxy providers`: who can be used, and what each wants. Calls nobody. */
import { rowInForce } from "../app/row_in_force.ts";
import { closest } from "../config/suggest.ts";
import { loginStatus } from "../providers/login_status.ts";
import { quirkWords } from "../providers/row_words.ts";
import type { ExitCode } from "../terminal/exit.ts";
import { harmlessJson } from "../terminal/harmless.ts";
import { usage } from "../terminal/stop.ts";
import { counted } from "../terminal/words.ts";
import { type Desk, type DeskFlags, look } from "./desk.ts";
import { asJson, type KnownProvider, knownProviders } from "./providers/known.ts";
import { providerPage, providerTable } from "./providers/page.ts";

export interface ProvidersFlags extends DeskFlags {
  readonly configured?: true | undefined;
  readonly search?: string | undefined;
}

/** Lists them. */
export function providers(flags: ProvidersFlags): Promise<ExitCode> {
  return look(flags, async (desk) => {
    const { terminal } = desk;
    const { providers: all } = await known(desk);
    const shown = all.filter((it) => isWanted(it, flags));
    if (flags.json) {
      terminal.print(harmlessJson(shown.map(asJson)));
      return 0;
    }
    const { isOutputShown, paint } = terminal;
    const width = isOutputShown ? terminal.width : Infinity;
    const lines = shown.length === 0 ? [] : providerTable(shown, { paint, width, header: isOutputShown ? "yes" : "no" });
    for (const line of lines) terminal.print(isOutputShown ? line : line.trimStart());
    terminal.say(tail(shown, all.filter(({ credentials }) => credentials.length > 0).length, flags));
    return 0;
  });
}

async function known(desk: Desk) {
  const all = await knownProviders(desk);
  for (const warning of all.warnings) desk.terminal.say(desk.terminal.paintMessage("yellow", warning));
  return all;
}

/** Every word stands somewhere in id, name or variables. */
function isWanted({ row, credentials }: KnownProvider, { configured, search = "" }: ProvidersFlags): boolean {
  const hay = [row.id, row.name, ...row.prefixes, ...row.keyVariables ?? []].join(" ").toLowerCase();
  return (configured !== true || credentials.length > 0) && search.toLowerCase().split(/\s+/).every((word) => hay.includes(word));
}

function tail(shown: readonly KnownProvider[], configuredCount: number, { configured, search }: ProvidersFlags): string {
  if (shown.length > 0) {
    const here = configured === true ? "" : `, ${configuredCount} configured`;
    return `${counted(shown.length, "provider")}${here}. keyproxy providers show <id> tells what one needs`;
  }
  if (search === undefined) return "No provider is configured yet: keyproxy creds add adds a key";
  return `No provider matches "${search}". Any OpenAI-compatible server can be used: keyproxy creds add <name> --custom --base-url <url>`;
}

/** All about one. */
export function showProvider(id: string, flags: DeskFlags): Promise<ExitCode> {
  return look(flags, async (desk) => {
    const { terminal, variables } = desk;
    const { providers: all, found } = await known(desk);
    const one = all.find(({ row }) => row.id === id.toLowerCase());
    if (one === undefined) throw usage(unknown(id, all));
    const place = rowInForce(one.row.id, { found, variables }) ?? one.row;
    if (flags.json) {
      const quirks = (one.row.quirks ?? []).map((quirk) => quirkWords(quirk));
      terminal.print(
        harmlessJson({ ...asJson(one), address: "baseUrl" in place ? place.baseUrl : null, quirks, models: one.row.models ?? [] }),
      );
      return 0;
    }
    const { paint, width } = terminal;
    for (const line of providerPage(one, { place, loginStatus: loginStatus(one.row.id) }, { paint, width })) terminal.print(line);
    return 0;
  });
}

function unknown(id: string, all: readonly KnownProvider[]): string {
  const near = closest(id, all.map(({ row }) => row.id));
  const hint = near === undefined ? "" : ` Did you mean ${near}?`;
  return `No provider is called "${id}".${hint} keyproxy providers --search <word> looks for one`;
}
