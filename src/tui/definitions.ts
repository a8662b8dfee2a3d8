/** Models that a user defines for a provider: plain names, or names with the provider's id and options. */
import { MODELS_EXPECTED, readModelDefinitions } from "../config/provider_settings.ts";
import { isObject, parseJson } from "../kernel/json.ts";
import { line } from "../terminal/frame.ts";
import type { MenuItem } from "../terminal/menu.ts";
import { type Definition, inOneLine, writeDefinitions } from "./definition_text.ts";
import type { Draft } from "./draft.ts";
import type { Editable } from "./editable.ts";
import { ask, pick, prose, tell } from "./room.ts";
import { pickInDraft } from "./draft_menu.ts";

type Entry = { readonly kind: "add" } | { readonly kind: "json" } | { readonly kind: "clear" } | {
  readonly kind: "one";
  readonly at: number;
};

export async function editDefinitions(draft: Draft, editable: Editable): Promise<void> {
  const obstacle = draft.obstacle(editable);
  if (obstacle !== undefined) return await tell(draft.room, editable.label, prose(draft.room, obstacle));
  let at = 0;
  const known = () => {
    const text = draft.text(editable);
    return text === "" ? [] : readModelDefinitions(text);
  };
  while (true) {
    const result = await pickInDraft<Entry>(draft, () => ({
      title: `Models (${editable.name})`,
      head: [
        line(""),
        ...prose(draft.room, "Models to offer beside those the provider lists. A name may stand for another id, with options of its own."),
      ],
      items: itemsOf(known()),
      at,
    }));
    if (result.kind !== "chosen") return;
    at = result.at;
    await open(draft, editable, { entry: result.value, known: known() ?? [] });
  }
}

/** `known` is undefined where the text cannot be read: then only the text itself can be mended. */
function itemsOf(known: readonly Definition[] | undefined): MenuItem<Entry>[] {
  const json: MenuItem<Entry> = { value: { kind: "json" }, label: "Write all as JSON", help: MODELS_EXPECTED };
  if (known === undefined) return [{ ...json, note: "what is there cannot be read", noteStyle: "yellow" }];
  return [
    ...known.map(({ name, id, options }, at): MenuItem<Entry> => ({
      value: { kind: "one", at },
      label: name,
      note: [...(id === name ? [] : [`id ${id}`]), ...(Object.keys(options).length === 0 ? [] : [JSON.stringify(options)])].join("  "),
    })),
    { value: { kind: "add" }, label: "Add a model" },
    json,
    ...(known.length === 0 ? [] : [{ value: { kind: "clear" } as const, label: "Remove all" }]),
  ];
}

async function open(draft: Draft, editable: Editable, { entry, known }: { readonly entry: Entry; readonly known: readonly Definition[] }) {
  const put = (definitions: readonly Definition[]) =>
    draft.set(editable.name, definitions.length === 0 ? null : writeDefinitions(definitions));
  switch (entry.kind) {
    case "add": {
      const name = await askName(draft, known);
      if (name !== undefined) put([...known, { name, id: name, options: {} }]);
      return;
    }
    case "json": {
      const text = await ask(draft.room, {
        title: `Models (${editable.name})`,
        head: prose(draft.room, `Expected ${MODELS_EXPECTED}. An empty line removes all.`),
        initial: draft.text(editable),
        check: (it) => it === "" || readModelDefinitions(it) !== undefined ? undefined : `Expected ${MODELS_EXPECTED}`,
      });
      if (text !== undefined) draft.set(editable.name, text === "" ? null : inOneLine(text));
      return;
    }
    case "clear":
      return put([]);
    case "one": {
      const old = known[entry.at];
      if (old === undefined) return;
      const changed = await change(draft, old);
      if (changed !== undefined) put(known.flatMap((it) => it !== old ? [it] : changed === "removed" ? [] : [changed]));
    }
  }
}

function askName(draft: Draft, known: readonly Definition[]): Promise<string | undefined> {
  return ask(draft.room, {
    title: "Add a model",
    head: prose(draft.room, "The name clients use, after provider/. It may be the provider's own id."),
    check: (text) => {
      if (text === "" || /\s/.test(text)) return "Expected a name without blanks";
      return known.some(({ name }) => name === text) ? "There is one of that name already" : undefined;
    },
  });
}

async function change(draft: Draft, old: Definition): Promise<Definition | "removed" | undefined> {
  const { room } = draft;
  const result = await pick(room, {
    title: old.name,
    items: [
      { value: "id" as const, label: "The provider's id", note: old.id, help: "What the provider calls the model." },
      { value: "options" as const, label: "Options", note: JSON.stringify(old.options), help: "Laid under every request, as JSON." },
      { value: "remove" as const, label: "Remove it" },
    ],
  });
  if (result.kind !== "chosen") return undefined;
  if (result.value === "remove") return "removed";
  if (result.value === "id") {
    const id = await ask(room, {
      title: old.name,
      head: prose(room, "What the provider calls the model."),
      initial: old.id,
      check: (text) => text === "" || /\s/.test(text) ? "Expected an id without blanks" : undefined,
    });
    return id === undefined ? undefined : { ...old, id };
  }
  const text = await ask(room, {
    title: old.name,
    head: prose(
      room,
      'Fields laid under every request, as a JSON object: {"temperature": 0.2, "reasoning_effort": "high"}. An empty line means none.',
    ),
    initial: Object.keys(old.options).length === 0 ? "" : JSON.stringify(old.options),
    check: (it) => it === "" || isObject(parseJson(it)) ? undefined : 'Expected a JSON object such as {"temperature": 0.2}',
  });
  if (text === undefined) return undefined;
  const options = text === "" ? {} : parseJson(text);
  return isObject(options) ? { ...old, options } : undefined;
}
