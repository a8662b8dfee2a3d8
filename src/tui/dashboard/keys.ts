/** Keys as node's reader of keyboards reports them, by the names this screen knows. Pure. */

export type KeyName =
  | "up"
  | "down"
  | "page-up"
  | "page-down"
  | "home"
  | "end"
  | "tab"
  | "enter"
  | "escape"
  | "backspace"
  | "interrupt"
  | "suspend"
  | "redraw";

export type Key = { readonly kind: "named"; readonly name: KeyName } | { readonly kind: "text"; readonly text: string };

/** What node's `keypress` event tells. */
export interface Keypress {
  readonly name?: string | undefined;
  readonly ctrl?: boolean | undefined;
  readonly meta?: boolean | undefined;
}

const NAMES: Readonly<Record<string, KeyName>> = {
  up: "up",
  down: "down",
  pageup: "page-up",
  pagedown: "page-down",
  home: "home",
  end: "end",
  tab: "tab",
  return: "enter",
  enter: "enter",
  escape: "escape",
  backspace: "backspace",
};

const WITH_CTRL: Readonly<Record<string, KeyName>> = {
  c: "interrupt",
  z: "suspend",
  l: "redraw",
  b: "page-up",
  f: "page-down",
  p: "up",
  n: "down",
};

/** The key that was pressed; undefined for one that means nothing here. */
export function keyOf(text: string | undefined, { name = "", ctrl, meta }: Keypress): Key | undefined {
  if (ctrl === true && name !== "backspace") return named(WITH_CTRL[name]);
  const key = named(NAMES[name]);
  if (key !== undefined) return key;
  if (meta === true || text === undefined || text === "" || /\p{Cc}/u.test(text)) return undefined;
  return { kind: "text", text };
}

function named(name: KeyName | undefined): Key | undefined {
  return name === undefined ? undefined : { kind: "named", name };
}
