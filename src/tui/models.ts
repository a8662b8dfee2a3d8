/** Names of models: aliases, groups, patterns; and the list of what can be called. */
import { ALIASES, editFamily, type Family, GROUP_NAMES } from "./names.ts";
import type { MenuItem } from "../terminal/menu.ts";
import type { Draft } from "./draft.ts";
import { editVariable } from "./edit.ts";
import { MODEL_MAP } from "./editable.ts";
import { run } from "./room.ts";

export type ModelItem = "list" | "aliases" | "groups" | "map";

export function modelItems(): MenuItem<ModelItem>[] {
  return [
    { value: "list", label: "What can be called", help: "Lists all models with the configuration as it is saved." },
    { value: "aliases", label: "Aliases", help: "Another name for a model, such as fast for groq/llama-3.1-8b-instant." },
    { value: "groups", label: "Groups with fallbacks", help: "A name for several models, tried in their order." },
    { value: "map", label: "Names without a provider", help: MODEL_MAP.help },
  ];
}

const FAMILIES: Readonly<Record<"aliases" | "groups", Family>> = { aliases: ALIASES, groups: GROUP_NAMES };

export async function openModelItem(draft: Draft, item: ModelItem): Promise<void> {
  switch (item) {
    case "list":
      return await run(draft.room, () => draft.room.actions.models());
    case "aliases":
    case "groups":
      return await editFamily(draft, FAMILIES[item]);
    case "map":
      return await editVariable(draft, MODEL_MAP);
  }
}
