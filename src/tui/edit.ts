/** Lets a person change one variable: by a list where there are only some values, else by a line to write in. */
import { line } from "../terminal/frame.ts";
import type { Draft } from "./draft.ts";
import type { Editable } from "./editable.ts";
import { isSecretVariable } from "../app/pending.ts";
import { ask, pick, prose, tell } from "./room.ts";

/** Puts the new value among the changes. An empty line takes the variable out. */
export async function editVariable(draft: Draft, editable: Editable): Promise<void> {
  const obstacle = draft.obstacle(editable);
  if (obstacle !== undefined) return await tell(draft.room, editable.label, prose(draft.room, obstacle));
  const text = editable.words === undefined ? await typed(draft, editable) : await chosen(draft, editable, editable.words);
  if (text === undefined) return;
  draft.set(editable.name, text === "" ? null : text);
  const elsewhere = text === "" ? draft.elsewhere(editable) : undefined;
  if (elsewhere !== undefined) {
    await tell(draft.room, editable.label, prose(draft.room, `The value comes from ${elsewhere}, not from .env: take it out there.`));
  }
}

/** Help, the variable's name, what it is now. */
function explained(draft: Draft, { help, name, label, aliases, fallback, example }: Editable) {
  const { text, place } = draft.origin({ name, aliases, fallback });
  const now = isSecretVariable(name) && place !== "default" ? "set" : text === "" ? "not set" : text;
  return [
    ...prose(draft.room, help),
    line(""),
    ...(label === name ? [] : [line(`  variable  ${name}`, "dim")]),
    line(`  now       ${now}  (${place})`, "dim"),
    ...(fallback === "" || place === "default" ? [] : [line(`  default   ${fallback}`, "dim")]),
    ...(example === "" ? [] : [line(`  example   ${example}`, "dim")]),
  ];
}

/** A secret does not stand in its line, so an empty line could mean two things: taking it out is asked for by itself. */
async function wantsRemoval(draft: Draft, editable: Editable): Promise<"remove" | "write" | "back"> {
  const result = await pick(draft.room, {
    title: editable.label,
    head: explained(draft, editable),
    items: [{ value: "write" as const, label: "Set another" }, { value: "remove" as const, label: "Remove it" }],
  });
  return result.kind === "chosen" ? result.value : "back";
}

async function typed(draft: Draft, editable: Editable): Promise<string | undefined> {
  const isHidden = isSecretVariable(editable.name);
  const isSet = draft.text(editable) !== "";
  const wish = isHidden && isSet ? await wantsRemoval(draft, editable) : "write";
  if (wish !== "write") return wish === "remove" ? "" : undefined;
  return await ask(draft.room, {
    title: editable.label,
    head: [...explained(draft, editable), ...(isHidden ? [] : prose(draft.room, "An empty line means: not set."))],
    ...(isHidden ? { isHidden: true as const } : { initial: draft.text(editable) }),
    check: (text) => text !== "" ? editable.check(text) : isHidden ? "Expected a value; Esc goes back" : undefined,
  });
}

async function chosen(draft: Draft, editable: Editable, words: readonly string[]): Promise<string | undefined> {
  const now = draft.text(editable).toLowerCase();
  const items = [
    { value: "", label: `Default (${editable.fallback})` },
    ...words.map((word) => ({ value: word, label: word })),
  ];
  const at = Math.max(items.findIndex(({ value }) => value === now), 0);
  const result = await pick(draft.room, { title: editable.label, head: explained(draft, editable), items, at });
  return result.kind === "chosen" ? result.value : undefined;
}
