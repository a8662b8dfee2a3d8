/** The settings tool: every setting by group, providers, model names. Changes wait until they are saved together. */
import { type GroupId, GROUPS } from "../config/schema.ts";
import type { MenuItem } from "../terminal/menu.ts";
import { Draft } from "./draft.ts";
import { pickInDraft } from "./draft_menu.ts";
import { editVariable } from "./edit.ts";
import { type Editable, groupEditables } from "./editable.ts";
import { modelItems, openModelItem } from "./models.ts";
import { chooseProvider } from "./providers.ts";
import { changeProxyKey } from "./proxy_key.ts";
import { type Room, tell } from "./room.ts";
import { mayLeave } from "./save.ts";

const GROUP_IDS: readonly GroupId[] = ["server", "time", "rotation", "embeddings", "models", "logging", "logins", "network"];

type Entry =
  | { readonly kind: "providers" }
  | { readonly kind: "model"; readonly item: ReturnType<typeof modelItems>[number]["value"] }
  | { readonly kind: "group"; readonly group: GroupId };

/** Opens the tool; returns when it is left. */
export function openSettings(room: Room): Promise<void> {
  return visit(room, {
    title: "Provider and advanced settings",
    items: () => [
      {
        value: { kind: "providers" },
        label: "Providers",
        help: "Address, models, filters, limits, rotation, ranks; a provider of your own.",
      },
      ...modelItems().map(({ value, ...item }): MenuItem<Entry> => ({ ...item, value: { kind: "model", item: value } })),
      ...GROUP_IDS.map((group, at): MenuItem<Entry> => ({
        value: { kind: "group", group },
        label: GROUPS[group].title,
        help: GROUPS[group].help,
        ...(at === 0 ? { section: "Everything else" } : {}),
      })),
    ],
  });
}

/** The screens about models alone, under the same rules. */
export function openModels(room: Room): Promise<void> {
  return visit(room, {
    title: "Models and filters",
    items: () => [
      {
        value: { kind: "providers" },
        label: "Filters and models of a provider",
        help: "Hide or show models, and see at once which; define models of your own.",
      },
      ...modelItems().map(({ value, ...item }): MenuItem<Entry> => ({ ...item, value: { kind: "model", item: value } })),
    ],
  });
}

async function visit(room: Room, { title, items }: { readonly title: string; readonly items: () => MenuItem<Entry>[] }): Promise<void> {
  const draft = await Draft.open(room);
  let at = 0;
  while (true) {
    const result = await pickInDraft(draft, () => ({ title, items: items(), at }));
    at = result.at;
    if (result.kind === "back" && await mayLeave(draft) === "leave") return;
    if (result.kind === "chosen") await open(draft, result.value);
  }
}

async function open(draft: Draft, entry: Entry): Promise<void> {
  switch (entry.kind) {
    case "providers":
      return await chooseProvider(draft);
    case "model":
      return await openModelItem(draft, entry.item);
    case "group":
      return await showGroup(draft, entry.group);
  }
}

async function showGroup(draft: Draft, group: GroupId): Promise<void> {
  const { title } = GROUPS[group];
  const editables = groupEditables(group);
  let at = 0;
  while (true) {
    const keyItem: MenuItem<Editable | "key"> = {
      value: "key",
      label: "PROXY_API_KEY",
      note: "has a screen of its own",
      help: "Changed at once.",
    };
    const result = await pickInDraft<Editable | "key">(draft, () => ({
      title,
      items: [
        ...editables.map((it) => ({ value: it, label: it.label, help: it.help, ...draft.note(it) })),
        ...(group === "server" ? [keyItem] : []),
      ],
      at,
    }));
    if (result.kind !== "chosen") return;
    at = result.at;
    if (result.value !== "key") await editVariable(draft, result.value);
    else if (draft.pending.size > 0) await tell(draft.room, "Proxy key", [[{ text: "  Save or discard the other changes first." }]]);
    else {
      await changeProxyKey(draft.room, draft.setup);
      await draft.reread();
    }
  }
}
