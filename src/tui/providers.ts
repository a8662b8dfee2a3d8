/** Providers and all that a user sets for one of them. */
import { credentialsFromEnv } from "../credentials/from_env.ts";
import { closest } from "../config/suggest.ts";
import { isReservedName } from "../kernel/variables.ts";
import { CATALOG, findRow } from "../providers/catalog.ts";
import type { MenuItem } from "../terminal/menu.ts";
import { counted } from "../terminal/words.ts";
import { editDefinitions } from "./definitions.ts";
import type { Draft } from "./draft.ts";
import { editVariable } from "./edit.ts";
import { type Editable, priorityEditable, providerEditables } from "./editable.ts";
import { editFilter } from "./filters.ts";
import { editFamily, fallbacksOf } from "./names.ts";
import { ask, prose } from "./room.ts";
import { pickInDraft } from "./draft_menu.ts";

const OWN = "+";

/** Those with credentials or settings first, then all others. */
export async function chooseProvider(draft: Draft): Promise<void> {
  let at = 0;
  while (true) {
    const result = await pickInDraft(draft, () => ({ title: "Providers", items: providerItems(draft), isLong: true, at }));
    if (result.kind !== "chosen") return;
    at = result.at;
    const id = result.value === OWN ? await ownProvider(draft) : result.value;
    if (id !== undefined) await showProvider(draft, id);
  }
}

function providerItems(draft: Draft): MenuItem<string>[] {
  const { names, variables } = draft;
  const counts = credentialCounts(draft);
  const mentioned = new Set([...counts.keys(), ...names.custom.map(({ id }) => id)]);
  for (const name of names.all) {
    const id = names.idOf(name);
    const families = Object.values(providerEditables(id ?? "", undefined, { names, variables })).flat();
    if (id !== undefined && families.some((it) => (variables.get(it.name)?.value.trim() ?? "") !== "")) mentioned.add(id);
  }
  const others = CATALOG.map(({ id }) => id).filter((id) => !mentioned.has(id));
  const item = (id: string): MenuItem<string> => {
    const count = counts.get(id) ?? 0;
    const isOwn = findRow(id) === undefined;
    return {
      value: id,
      label: findRow(id)?.name ?? id,
      note: [id, ...(count > 0 ? [counted(count, "key")] : []), ...(isOwn ? ["your own"] : [])].join(", "),
    };
  };
  const first = (items: MenuItem<string>[], section: string) => items.map((it, at) => at === 0 ? { ...it, section } : it);
  return [
    { value: OWN, label: "A provider of your own", help: "Any server that speaks the OpenAI format." },
    ...first([...mentioned].map(item), "In use"),
    ...first(others.map(item), "All others"),
  ];
}

function credentialCounts({ setup, variables }: Draft): Map<string, number> {
  const mentioned = "problems" in setup ? [] : setup.config.providers.keys();
  const { credentials } = credentialsFromEnv({ variables, rows: CATALOG, mentioned, closest });
  const own = Map.groupBy(credentials, ({ provider }) => provider);
  return new Map([...own].map(([id, all]) => [id, all.filter(({ kind }) => kind !== "none").length]));
}

/** Asks for name and address of a new one. Returns its id. */
async function ownProvider(draft: Draft): Promise<string | undefined> {
  const { names } = draft;
  const name = await ask(draft.room, {
    title: "A provider of your own",
    head: prose(draft.room, "A short name; models are then called name/model. Letters, digits and _."),
    check(text) {
      const upper = text.toUpperCase();
      if (!/^[A-Z][A-Z0-9_]*$/.test(upper)) return "Expected letters, digits and _, beginning with a letter";
      if (isReservedName(upper)) return "That name is taken by keyproxy itself";
      return names.idOf(upper) === undefined ? undefined : `There is a provider of that name: ${names.idOf(upper)}`;
    },
  });
  if (name === undefined) return undefined;
  const id = name.toLowerCase();
  const { address } = providerEditables(id, undefined, draft);
  const text = await ask(draft.room, {
    title: id,
    head: prose(draft.room, "Its address: everything before /chat/completions."),
    initial: "http://",
    check: address.check,
  });
  if (text === undefined) return undefined;
  draft.set(address.name, text);
  return id;
}

type Entry =
  | { readonly kind: "variable"; readonly editable: Editable }
  | { readonly kind: "models"; readonly editable: Editable }
  | { readonly kind: "filter"; readonly which: "ignore" | "whitelist" }
  | { readonly kind: "fallbacks" };

async function showProvider(draft: Draft, id: string): Promise<void> {
  const row = findRow(id);
  let at = 0;
  while (true) {
    const result = await pickInDraft(draft, () => ({ title: row?.name ?? id, items: entries(draft, id), at }));
    if (result.kind !== "chosen") return;
    at = result.at;
    await openEntry(draft, id, result.value);
  }
}

function entries(draft: Draft, id: string): MenuItem<Entry>[] {
  const own = providerEditables(id, findRow(id), draft);
  const variable = (editable: Editable): MenuItem<Entry> => ({
    value: { kind: "variable", editable },
    label: editable.label,
    help: editable.help,
    ...draft.note(editable),
  });
  const ranks = rankEditables(draft, id).map(variable);
  const logins = own.login.map(variable);
  const title = (items: MenuItem<Entry>[], section: string) => items.map((it, at) => at === 0 ? { ...it, section } : it);
  return [
    variable(own.address),
    { ...variable(own.models), value: { kind: "models", editable: own.models } },
    { ...variable(own.ignore), value: { kind: "filter", which: "ignore" } },
    { ...variable(own.whitelist), value: { kind: "filter", which: "whitelist" } },
    variable(own.limit),
    variable(own.rotation),
    { value: { kind: "fallbacks" }, label: "Fallbacks", help: "A model that serves when no key can serve another one." },
    ...title(ranks, "Which key is used first"),
    ...title(logins, "Logins"),
  ];
}

/** One a key that stands in a variable of the usual form. */
function rankEditables({ setup, variables }: Draft, id: string): Editable[] {
  const mentioned = "problems" in setup ? [] : setup.config.providers.keys();
  const { credentials } = credentialsFromEnv({ variables, rows: CATALOG, mentioned, closest });
  return credentials.filter(({ provider }) => provider === id).flatMap(({ source }) => priorityEditable(source) ?? []);
}

async function openEntry(draft: Draft, id: string, entry: Entry): Promise<void> {
  switch (entry.kind) {
    case "variable":
      return await editVariable(draft, entry.editable);
    case "models":
      return await editDefinitions(draft, entry.editable);
    case "filter":
      return await editFilter(draft, { provider: id, which: entry.which });
    case "fallbacks":
      return await editFamily(draft, fallbacksOf(nameForFallbacks(draft, id)));
  }
}

/** Of several names of a provider the one that is used for this already. */
function nameForFallbacks({ names, variables }: Draft, id: string): string {
  const all = names.namesOf(id);
  const used = all.find((name) => [...variables.keys()].some((it) => it.startsWith(fallbacksOf(name).head)));
  return used ?? all[0] ?? id.toUpperCase();
}
