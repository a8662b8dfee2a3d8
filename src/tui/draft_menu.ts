/** A menu of the settings tool: what waits to be saved stands above it, and two letters save or discard that on every screen. */
import type { Menu, MenuKey, MenuResult } from "../terminal/menu.ts";
import type { Draft } from "./draft.ts";
import { pick } from "./room.ts";
import { save } from "./save.ts";

const SAVE_KEYS: readonly MenuKey[] = [{ letter: "s", label: "save" }, { letter: "d", label: "discard" }];

/** Shows it until something else than those letters ends it. */
export async function pickInDraft<T>(draft: Draft, menu: () => Menu<T>): Promise<MenuResult<T>> {
  let at: number | undefined;
  while (true) {
    const { head = [], ...rest } = menu();
    const isWaiting = draft.pending.size > 0;
    const result = await pick(draft.room, {
      ...rest,
      head: [...draft.head(), ...head],
      ...(at === undefined ? {} : { at }),
      ...(isWaiting ? { keys: [...SAVE_KEYS, ...rest.keys ?? []] } : {}),
    });
    if (result.kind !== "letter" || !SAVE_KEYS.some(({ letter }) => letter === result.letter)) return result;
    at = result.at;
    if (result.letter === "s") await save(draft);
    else draft.discard();
  }
}
