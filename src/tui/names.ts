/** Families of variables with a name of the user's choice in them: aliases, groups, and what stands in for a model. */
import { readGroups } from "../config/model_names.ts";
import { PATTERNS } from "../config/provider_patterns.ts";
import { nameOfId, naturalOrder } from "../kernel/variables.ts";
import { line } from "../terminal/frame.ts";
import type { Draft } from "./draft.ts";
import { editVariable } from "./edit.ts";
import type { Editable } from "./editable.ts";
import { pickInDraft } from "./draft_menu.ts";
import { ask, prose } from "./room.ts";

export interface Family {
  readonly title: string;
  /** What a variable's name begins with; the rest is the user's. */
  readonly head: string;
  readonly help: string;
  /** What the rest of the name is. */
  readonly nameIs: string;
  readonly example: string;
  /** Undefined accepts the value of `variable`. */
  readonly check: (variable: string, text: string) => string | undefined;
}

function checkGroup(variable: string, text: string): string | undefined {
  let found: string | undefined;
  readGroups(new Map([[variable, { value: text, origin: "" }]]), (_, expected) => void (found = expected));
  return found === undefined ? undefined : `Expected ${found}`;
}

export const ALIASES: Family = {
  title: "Aliases",
  head: "MODEL_ALIAS_",
  help: PATTERNS.alias.help,
  nameIs: "The new name, as clients shall write it, such as fast",
  example: "groq/llama-3.1-8b-instant",
  check: checkGroup,
};

export const GROUP_NAMES: Family = {
  title: "Groups with fallbacks",
  head: "FALLBACK_",
  help: PATTERNS.group.help,
  nameIs: "The name of the group, as clients shall write it, such as best",
  example: "anthropic/claude-sonnet-4-5,openrouter/anthropic/claude-sonnet-4.5",
  check: checkGroup,
};

/** What stands in for single models of a provider. `name`: the provider as it is called in variables. */
export function fallbacksOf(name: string): Family {
  return {
    title: `Fallbacks of ${name.toLowerCase()}`,
    head: `${name}_FALLBACK_`,
    help: PATTERNS.fallback.help,
    nameIs: "The model that may fail, by its id without the provider",
    example: "gemini-2.5-pro",
    check: (_, text) => /^\S+$/.test(text) ? undefined : "Expected the id of one model of the same provider",
  };
}

/** Lists what there is, changes it, adds to it. */
export async function editFamily(draft: Draft, family: Family): Promise<void> {
  let at = 0;
  while (true) {
    const result = await pickInDraft<Editable | null>(draft, () => ({
      title: family.title,
      head: [line(""), ...prose(draft.room, family.help)],
      items: [
        ...membersOf(draft, family).map((name) => editableOf(family, name)).map((it) => ({
          value: it,
          label: it.label,
          ...draft.note(it),
        })),
        { value: null, label: "Add one" },
      ],
      at,
    }));
    if (result.kind !== "chosen") return;
    at = result.at;
    const editable = result.value ?? await added(draft, family);
    if (editable !== undefined) await editVariable(draft, editable);
  }
}

function membersOf(draft: Draft, { head }: Family): string[] {
  const names = new Set([...draft.setup.variables.keys(), ...draft.pending.keys()]);
  return [...names].filter((it) => it.startsWith(head) && it.length > head.length && isSet(draft, it)).toSorted(naturalOrder);
}

/** A variable of a family that is set now, or was changed here. */
function isSet(draft: Draft, name: string): boolean {
  return draft.pending.has(name) || (draft.setup.variables.get(name)?.value.trim() ?? "") !== "";
}

function editableOf({ head, help, example, check }: Family, name: string): Editable {
  const label = name.slice(head.length).toLowerCase().replaceAll("_", "-");
  return { name, aliases: [], label, help, fallback: "", example, check: (text) => check(name, text) };
}

async function added(draft: Draft, family: Family): Promise<Editable | undefined> {
  const name = await ask(draft.room, {
    title: family.title,
    head: prose(draft.room, `${family.nameIs}. Case and signs do not count: gpt-5.1 and GPT_5_1 are one name.`),
    check: (text) => /[A-Za-z0-9]/.test(text) && !/[\s=]/.test(text) ? undefined : "Expected a name without blanks",
  });
  return name === undefined ? undefined : editableOf(family, family.head + nameOfId(name));
}
