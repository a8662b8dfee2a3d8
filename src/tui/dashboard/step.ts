/** What a key changes: the view before and after, and what must be done in the world. Pure. */
import type { StatusReport } from "../../gateway/status_report.ts";
import type { ExitCode } from "../../terminal/exit.ts";
import type { Key, KeyName } from "../../terminal/keys.ts";
import { type ChangeAction, idsOf, type Member, memberAtHand, nameOf, positionOf, requestsOf, type View } from "./view.ts";

export type Effect =
  | { readonly kind: "change"; readonly action: ChangeAction; readonly credential: string; readonly name: string }
  | { readonly kind: "reload" }
  | { readonly kind: "leave"; readonly code: ExitCode };

export interface Stepped {
  readonly view: View;
  readonly effect?: Effect;
}

export interface StepContext {
  readonly report: StatusReport | undefined;
  /** Lines that PgUp and PgDn move. */
  readonly pageLineCount: number;
  /** The farthest that the text of the open page can be scrolled, lines. */
  readonly lastTop: number;
}

/** A filter is a few words. */
const MAX_FILTER_LENGTH = 60;

export function step(view: View, key: Key, context: StepContext): Stepped {
  if (key.kind === "interrupt") return { view, effect: { kind: "leave", code: 130 } };
  if (view.asking?.kind === "filter") return { view: filtering(view, view.asking.before, key) };
  if (view.asking?.kind === "confirm") return confirming(view, view.asking, key);
  const calm: View = view.isBusy ? view : { ...view, notice: null };
  return key.kind === "text" ? commanded(calm, key.text, context) : moved(calm, key.kind, context);
}

function filtering(view: View, before: string, key: Key): View {
  if (key.kind === "text") return { ...view, filter: (view.filter + key.text).slice(0, MAX_FILTER_LENGTH) };
  switch (key.kind) {
    case "backspace":
      return { ...view, filter: [...view.filter].slice(0, -1).join("") };
    case "escape":
      return { ...view, filter: before, asking: null };
    case "enter":
      return { ...view, asking: null };
    default:
      return view;
  }
}

function confirming(view: View, { action, credential, name }: Extract<View["asking"], { kind: "confirm" }>, key: Key): Stepped {
  const isYes = key.kind === "text" && key.text.toLowerCase() === "y";
  if (!isYes) return { view: { ...view, asking: null, notice: { tone: "plain", text: "Nothing was changed" } } };
  return { view: { ...view, asking: null, isBusy: true }, effect: { kind: "change", action, credential, name } };
}

function moved(view: View, name: KeyName, context: StepContext): Stepped {
  const { page } = view;
  switch (name) {
    case "escape":
      if (page.kind !== "list") return { view: listed(view) };
      return view.filter === "" ? { view, effect: { kind: "leave", code: 0 } } : { view: { ...view, filter: "" } };
    case "tab":
      return { view: listed({ ...view, pane: page.kind === "list" && view.pane === "credentials" ? "requests" : "credentials" }) };
    case "enter":
      return { view: page.kind === "list" ? opened(view, context) : listed(view) };
    case "up":
      return { view: byLines(view, -1, context) };
    case "down":
      return { view: byLines(view, 1, context) };
    case "page_up":
      return { view: byLines(view, -context.pageLineCount, context) };
    case "page_down":
      return { view: byLines(view, context.pageLineCount, context) };
    case "home":
      return { view: byLines(view, -Infinity, context) };
    case "end":
      return { view: byLines(view, Infinity, context) };
    default:
      return { view };
  }
}

function commanded(view: View, text: string, context: StepContext): Stepped {
  switch (text) {
    case "j":
      return moved(view, "down", context);
    case "k":
      return moved(view, "up", context);
    case "g":
      return moved(view, "home", context);
    case "G":
      return moved(view, "end", context);
    case " ":
      return moved(view, "page_down", context);
    case "q":
      return { view, effect: { kind: "leave", code: 0 } };
    case "?":
      return { view: view.page.kind === "help" ? listed(view) : { ...view, page: { kind: "help", top: 0 } } };
    case "/":
      return { view: { ...listed(view), asking: { kind: "filter", before: view.filter } } };
    case "R":
      return view.isBusy ? { view } : { view: { ...view, isBusy: true }, effect: { kind: "reload" } };
    case "r":
      return changing(view, "reset", context);
    case "d":
      return changing(view, "disable", context);
    case "e":
      return changing(view, "enable", context);
    default:
      return { view };
  }
}

function changing(view: View, action: ChangeAction, { report }: StepContext): Stepped {
  if (view.isBusy) return { view };
  const isAboutCredential = view.page.kind === "credential" || (view.page.kind === "list" && view.pane === "credentials");
  const member = report === undefined || !isAboutCredential ? undefined : memberAtHand(view, report);
  if (member === undefined) return { view: noticed(view, "Select a credential first (Tab goes to them)") };
  const needless = needlessness(action, member);
  if (needless !== undefined) return { view: noticed(view, needless) };
  const about = { action, credential: member.credential.id, name: nameOf(member) };
  return action === "reset"
    ? { view: { ...view, isBusy: true }, effect: { kind: "change", ...about } }
    : { view: { ...view, asking: { kind: "confirm", ...about } } };
}

/** Why an action would change nothing. A reset is never needless: it also forgets how long the next rest would be. */
function needlessness(action: ChangeAction, member: Member): string | undefined {
  const isDisabled = member.credential.state === "disabled";
  if (action === "disable" && isDisabled) return `${nameOf(member)} is disabled already`;
  if (action === "enable" && !isDisabled) return `${nameOf(member)} is not disabled; r ends what it rests for`;
  return undefined;
}

function noticed(view: View, text: string): View {
  return { ...view, notice: { tone: "plain", text } };
}

function listed(view: View): View {
  return { ...view, page: { kind: "list" } };
}

function opened(view: View, { report }: StepContext): View {
  if (report === undefined) return view;
  if (view.pane === "credentials") {
    const member = memberAtHand(view, report);
    return member === undefined ? view : { ...view, page: { kind: "credential", id: member.credential.id, top: 0 } };
  }
  const requests = requestsOf(report, view.filter);
  const request = requests[positionOf(requests.map(({ id }) => id), view.selected.requests)];
  return request === undefined ? view : { ...view, page: { kind: "request", request, top: 0 } };
}

/** Moves the selection of a list, or the text of a page. */
function byLines(view: View, count: number, { report, lastTop }: StepContext): View {
  const { page, pane } = view;
  if (page.kind !== "list") return { ...view, page: { ...page, top: Math.min(Math.max(page.top + count, 0), lastTop) } };
  if (report === undefined) return view;
  const ids = idsOf(pane, report, view.filter);
  const at = Math.min(Math.max(positionOf(ids, view.selected[pane]) + count, 0), ids.length - 1);
  // The first of the requests stands for "the newest, whichever that is".
  const id = pane === "requests" && at === 0 ? null : ids[at] ?? null;
  return { ...view, selected: { ...view.selected, [pane]: id } };
}
