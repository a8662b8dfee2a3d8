/**
 * A list to choose from, by arrows, letters j and k, numbers or a search. Pure: a state, what a key makes of it, and
 * the lines it shows; it scrolls within whatever height there is, and the marker tells the place without colour.
 */
import { type Frame, type Line, line, paragraph, READABLE_COLUMNS, reflowed, type Size } from "./frame.ts";
import { harmless } from "./harmless.ts";
import type { Key } from "./keys.ts";
import type { Step, View } from "./stage.ts";
import type { Cell } from "./text.ts";
import { cutTo, padTo, widthOf } from "./width.ts";

export interface MenuItem<T> {
  readonly value: T;
  readonly label: string;
  /** Present value or state, in a column of its own. */
  readonly note?: string;
  readonly noteStyle?: Cell["style"];
  /** Shown below the list while the item is chosen. */
  readonly help?: string;
  /** Stands above the item, as the title of those that follow. */
  readonly section?: string;
}

/** A letter that does something in this menu, beside moving and choosing. */
export interface MenuKey {
  readonly letter: string;
  readonly label: string;
}

export interface Menu<T> {
  readonly title: string;
  /** Lines between the title and the list. */
  readonly head?: readonly Line[];
  readonly items: readonly MenuItem<T>[];
  /** The item that is chosen first; from 0. */
  readonly at?: number;
  readonly keys?: readonly MenuKey[];
  /** A list that is long enough to search: `/` and some letters narrow it. */
  readonly isLong?: true;
  /** What leaving is called. */
  readonly leave?: string;
  /** Nothing to choose: Enter and Esc do the same. */
  readonly isNotice?: true;
}

export interface MenuState {
  /** Index into all items. */
  readonly at: number;
  /** Digits of a number that may go on. */
  readonly digits: string;
  /** Undefined: nobody searches. */
  readonly search: string | undefined;
}

/** `at`: where the marker stood, to come back to. */
export type MenuResult<T> =
  | { readonly kind: "chosen"; readonly value: T; readonly at: number }
  | { readonly kind: "letter"; readonly letter: string; readonly value: T | undefined; readonly at: number }
  | { readonly kind: "back"; readonly at: number };

/** The menu as a screen. `headOf` gives lines that change while it is shown. */
export function menuView<T>(menu: Menu<T>): View<MenuState, MenuResult<T>> {
  return {
    start: startOf(menu),
    draw: (state, size) => drawMenu(menu, state, size),
    press: (state, key) => pressInMenu(menu, state, key),
  };
}

export function startOf({ at = 0, items }: Menu<unknown>): MenuState {
  return { at: Math.min(Math.max(at, 0), Math.max(items.length - 1, 0)), digits: "", search: undefined };
}

/** Indexes of the items that a search leaves, in order. */
function found({ items }: Menu<unknown>, { search }: MenuState): number[] {
  const words = (search ?? "").toLowerCase().split(/\s+/).filter((it) => it !== "");
  return items.flatMap(({ label, note = "" }, at) => {
    const text = `${label} ${note}`.toLowerCase();
    return words.every((word) => text.includes(word)) ? [at] : [];
  });
}

export function pressInMenu<T>(menu: Menu<T>, state: MenuState, key: Key): Step<MenuState, MenuResult<T>> {
  const stay = (change: Partial<MenuState>): Step<MenuState, MenuResult<T>> => ({
    kind: "stay",
    state: { ...state, digits: "", ...change },
  });
  const places = found(menu, state);
  const move = (to: number) => stay({ at: places[to] ?? state.at });
  const place = places.indexOf(state.at);
  const last = places.length - 1;
  switch (key.kind) {
    case "up":
      return move(place <= 0 ? last : place - 1);
    case "down":
      return move(place >= last ? 0 : place + 1);
    case "home":
      return move(0);
    case "end":
      return move(last);
    case "page_up":
      return move(Math.max(place - PAGE, 0));
    case "page_down":
      return move(Math.min(place + PAGE, last));
    case "right":
    case "enter":
      return (place >= 0 ? chosen(menu, state.at) : undefined) ?? stay({});
    case "escape":
    case "left":
      if (state.search !== undefined) return stay({ search: undefined });
      return { kind: "done", result: { kind: "back", at: state.at } };
    case "backspace":
      return state.search === undefined ? stay({}) : searched(menu, state, state.search.slice(0, -1));
    case "text":
      return state.search === undefined ? pressLetter(menu, state, key.text) : searched(menu, state, state.search + key.text);
    default:
      return stay({});
  }
}

const PAGE = 10;

function chosen<T>({ items }: Menu<T>, at: number): Step<MenuState, MenuResult<T>> | undefined {
  const item = items[at];
  return item === undefined ? undefined : { kind: "done", result: { kind: "chosen", value: item.value, at } };
}

function pressLetter<T>(menu: Menu<T>, state: MenuState, text: string): Step<MenuState, MenuResult<T>> {
  if (/^[0-9]$/.test(text)) return pressDigit(menu, state, text);
  const { at } = state;
  if (menu.keys?.some(({ letter }) => letter === text) === true) {
    return { kind: "done", result: { kind: "letter", letter: text, value: menu.items[at]?.value, at } };
  }
  if (text === "j") return pressInMenu(menu, state, { kind: "down" });
  if (text === "k") return pressInMenu(menu, state, { kind: "up" });
  if (text === "q" || text === "h") return { kind: "done", result: { kind: "back", at } };
  if (text === "l") return pressInMenu(menu, state, { kind: "enter" });
  if (text === "/" && menu.isLong === true) return { kind: "stay", state: { ...state, digits: "", search: "" } };
  return { kind: "stay", state: { ...state, digits: "" } };
}

/** In a list of ten the last item is 0, so that every one is a single key. */
const SINGLE_KEYS = 10;

/** A number that cannot go on chooses at once; one that can waits for its next digit or Enter. */
function pressDigit<T>(menu: Menu<T>, state: MenuState, digit: string): Step<MenuState, MenuResult<T>> {
  const { length } = menu.items;
  if (length === SINGLE_KEYS && digit === "0") return chosen(menu, length - 1) ?? { kind: "stay", state };
  const joined = Number(length > SINGLE_KEYS ? state.digits + digit : digit);
  const number = joined >= 1 && joined <= length ? joined : Number(digit);
  if (number < 1 || number > length) return { kind: "stay", state: { ...state, digits: "" } };
  const at = number - 1;
  const waiting = { kind: "stay", state: { ...state, at, digits: String(number) } } as const;
  return length <= SINGLE_KEYS || number * 10 > length ? chosen(menu, at) ?? waiting : waiting;
}

function searched<T>(menu: Menu<T>, state: MenuState, search: string): Step<MenuState, MenuResult<T>> {
  const places = found(menu, { ...state, search });
  const at = places.includes(state.at) ? state.at : places[0] ?? state.at;
  return { kind: "stay", state: { at, digits: "", search } };
}

export function drawMenu<T>(menu: Menu<T>, state: MenuState, { columns, rows }: Size): Frame {
  const head = [line(menu.title, "bold"), ...reflowed(menu.head ?? [], columns), line("")];
  const help = menu.items[state.at]?.help;
  const below = help === undefined ? [] : paragraph(help, { columns: columns - 1, indent: "  ", style: "dim" }).slice(0, MAX_HELP_ROWS);
  const foot = [line(""), ...below, footer(menu, state, columns)];
  // A very low window keeps the list and gives up what stands above it, then what stands below.
  const spare = rows - LEAST_LIST_ROWS;
  const shownFoot = foot.slice(-Math.max(Math.min(foot.length, spare), 1));
  const shownHead = head.slice(0, Math.max(spare - shownFoot.length, 0));
  const height = Math.max(rows - shownHead.length - shownFoot.length, 1);
  return { lines: [...shownHead, ...listLines(menu, state, { columns, height }), ...shownFoot] };
}

const MAX_HELP_ROWS = 3;
const LEAST_LIST_ROWS = 5;

interface Row {
  /** Undefined for titles. */
  readonly at?: number;
  readonly cells: Line;
}

function listLines<T>(menu: Menu<T>, state: MenuState, { columns, height }: { readonly columns: number; readonly height: number }): Line[] {
  const places = found(menu, state);
  if (places.length === 0) return [line(state.search === undefined ? "  Nothing here yet." : "  Nothing found.", "dim")];
  const rows = rowsOf(menu, state, { places, columns });
  if (rows.length <= height) return rows.map(({ cells }) => cells);
  const mark = rows.findIndex(({ at }) => at === state.at);
  const top = Math.min(Math.max(mark - Math.floor(height / 2), 0), rows.length - height);
  const shown = rows.slice(top, top + height).map(({ cells }) => cells);
  if (top > 0) shown[0] = line(`    ↑ ${top + 1} more`, "dim");
  const after = rows.length - top - height;
  if (after > 0) shown[height - 1] = line(`    ↓ ${after + 1} more`, "dim");
  return shown;
}

function rowsOf<T>(
  { items }: Menu<T>,
  state: MenuState,
  { places, columns }: { readonly places: readonly number[]; readonly columns: number },
): Row[] {
  const digits = items.length <= SINGLE_KEYS ? 1 : String(items.length).length;
  const room = Math.min(columns, READABLE_COLUMNS);
  const longest = Math.max(...items.map(({ label }) => widthOf(harmless(label))));
  const width = items.some(({ note }) => note !== undefined) ? Math.min(longest, Math.floor(room * 0.6)) : longest;
  return places.flatMap((at, nth): Row[] => {
    const item = items[at];
    if (item === undefined) return [];
    const isHere = at === state.at;
    const note: Line = item.note === undefined ? [] : [{ text: "  " }, { text: item.note, style: item.noteStyle ?? "dim" }];
    const cells: Line = [
      { text: isHere ? "› " : "  ", style: "cyan" },
      { text: `${String(items.length === SINGLE_KEYS ? (at + 1) % SINGLE_KEYS : at + 1).padStart(digits)}  `, style: "dim" },
      {
        text: item.note === undefined ? item.label : padTo(cutTo(harmless(item.label), width), width),
        ...(isHere ? { style: "bold" as const } : {}),
      },
      ...note,
    ];
    const row = { at, cells };
    if (item.section === undefined || state.search !== undefined) return [row];
    return [...(nth === 0 ? [] : [{ cells: line("") }]), { cells: line(`  ${item.section}`, "dim") }, row];
  });
}

function footer<T>(menu: Menu<T>, { search, digits }: MenuState, columns: number): Line {
  if (search !== undefined) return line(`  search: ${search}_   Enter choose · Esc all`, "cyan");
  if (menu.isNotice === true) return line("  Enter goes on", "dim");
  const leave = menu.leave ?? "back";
  const letters = (menu.keys ?? []).map(({ letter, label }) => `${letter} ${label}`);
  const number = digits === "" ? "number" : `${digits}_`;
  const keys = [...letters, ...(menu.isLong === true ? ["/ search"] : []), `Esc ${leave}`];
  const text = [`↑↓ or ${number}, Enter`, ...keys, "Ctrl-C quit"].join(" · ");
  return line(`  ${widthOf(text) + 3 > columns ? keys.join(" · ") : text}`, "dim");
}
