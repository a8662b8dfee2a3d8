/** What to do: the keys, and what helps when there is nothing to show. Pure. */
import type { Line } from "../../terminal/frame.ts";
import type { Cell } from "../../terminal/text.ts";
import { folded } from "../../terminal/width.ts";
import { span } from "../../terminal/words.ts";
import { cleaned, type Look } from "./line.ts";
import type { Link, Scene } from "./scene.ts";
import { memberAtHand, type View } from "./view.ts";

/** The page behind `?`: fits the smallest screen. */
export function helpLines({ signs }: Look): Line[] {
  const { states } = signs;
  const key = (keys: string, what: string): Line => [{ text: `  ${keys.padEnd(18)}`, style: "bold" }, { text: what }];
  const state = (
    name: string,
    what: string,
  ): Line => [{ text: `  ${states.get(name) ?? "?"} ${name.padEnd(16)}`, style: "bold" }, { text: what }];
  return [
    key(`${signs.up} ${signs.down}  k j`, "move; PgUp PgDn Home End too"),
    key("Tab", "between credentials and requests"),
    key("Enter", "all about the selected one; Enter or Esc goes back"),
    key("/", "filter both lists by a text (key, model, state, status)"),
    key("r", "reset: what the selected credential rests for ends now"),
    key("d  e", "disable it: it serves no request; enable it again"),
    key("R", "let the server reload its configuration"),
    key("Ctrl-L  Ctrl-Z", "draw anew; suspend (fg comes back)"),
    key("q  Esc  Ctrl-C", "leave; the server goes on"),
    [],
    state("ready", "can serve now; in yellow: but not every model"),
    state("busy", "serves requests now, and can take more up to its limit"),
    state("cooling", "rests until the countdown ends: a limit, or trouble"),
    state("quarantined", "refused by the provider; tried again at the countdown's end"),
    state("disabled", "switched off by a person"),
    [],
    key("now  today  ok", "requests in flight; since the daily reset; gone well"),
    key("latency", "to the first useful byte, newest right; half height is"),
    key("", "the median, which stands behind"),
  ];
}

/** What can be pressed, as much as fits, what matters most first. */
export function keyLine({ view, heard }: Pick<Scene, "view" | "heard">, look: Look): Line {
  const { up, down } = look.signs;
  if (heard === undefined && view.page.kind === "list") {
    return [{ text: "?", style: "bold" }, { text: " help  ", style: "dim" }, { text: "q", style: "bold" }, { text: " quit", style: "dim" }];
  }
  const member = heard === undefined ? undefined : memberAtHand(view, heard.report);
  const hints = hintsOf(view, { arrows: `${up}${down}`, state: member?.credential.state });
  const line: Cell[] = [];
  let used = 0;
  for (const [key, what] of hints) {
    const width = key.length + (what === "" ? 0 : 1 + what.length) + (used === 0 ? 0 : 2);
    if (used + width > look.width) break;
    used += width;
    line.push({ text: line.length === 0 ? "" : "  " }, { text: key, style: "bold" }, { text: what === "" ? "" : ` ${what}`, style: "dim" });
  }
  return line;
}

type Hint = readonly [key: string, what: string];

function hintsOf({ asking, page, pane }: View, { arrows, state }: { readonly arrows: string; readonly state: string | undefined }): Hint[] {
  if (asking?.kind === "filter") return [["Enter", "keep"], ["Esc", "forget"]];
  if (asking?.kind === "confirm") return [["y", "yes"], ["any other key", "no"]];
  const actions: Hint[] = state === undefined ? [] : [["r", "reset"], state === "disabled" ? ["e", "enable"] : ["d", "disable"]];
  if (page.kind !== "list") return [[arrows, "scroll"], ...(page.kind === "credential" ? actions : []), ["Esc", "back"], ["q", "quit"]];
  return [
    [arrows, ""],
    ["Tab", pane === "credentials" ? "requests" : "credentials"],
    ["Enter", "details"],
    ...(pane === "requests" ? [] : actions),
    ["/", "filter"],
    ["?", "help"],
    ["q", "quit"],
    ["R", "reload"],
  ];
}

/** What is shown while the server has told nothing yet. */
export function absenceLines(
  { link, url, now, look }: { readonly link: Link; readonly url: string; readonly now: number; readonly look: Look },
): Line[] {
  if (link.kind !== "lost") return [[], [{ text: `  Asking ${url} ${look.signs.cut}` }]];
  const say = (text: string, style?: Cell["style"]): Line[] =>
    folded(cleaned(text, look.signs.set), look.width - 4).map((line) => [{ text: "  " }, { text: line, style }]);
  const headline = troubleWords(link, url);
  return [
    [],
    ...say(headline, "red"),
    [],
    ...adviceOn(link.trouble.kind, url).flatMap((text) => say(text)),
    [],
    ...say(retryWords(link, now), "dim"),
  ];
}

/** One sentence. */
function troubleWords({ trouble }: Extract<Link, { kind: "lost" }>, url: string): string {
  switch (trouble.kind) {
    case "absent":
      return trouble.message;
    case "refused":
      return `The server at ${url} does not accept this key: ${trouble.message}`;
    case "failed":
      return trouble.message;
  }
}

/** `next try in 3s`. */
function retryWords({ retryAt }: Extract<Link, { kind: "lost" }>, now: number): string {
  return retryAt <= now ? "trying again now" : `next try in ${span(retryAt - now)}`;
}

/** All of it in one line. */
export function lostWords(
  link: Extract<Link, { kind: "lost" }>,
  { url, now, dot }: { readonly url: string; readonly now: number; readonly dot: string },
): string {
  const what = link.trouble.kind === "absent" ? `No server at ${url}` : troubleWords(link, url);
  return [what, hintOn(link.trouble.kind), retryWords(link, now)].join(` ${dot} `);
}

function hintOn(kind: Extract<Link, { kind: "lost" }>["trouble"]["kind"]): string {
  switch (kind) {
    case "absent":
      return "start it: keyproxy serve";
    case "refused":
      return "set KEYPROXY_ADMIN_KEY";
    case "failed":
      return "look at the server's log";
  }
}

function adviceOn(kind: Extract<Link, { kind: "lost" }>["trouble"]["kind"], url: string): string[] {
  switch (kind) {
    case "absent":
      return [
        "Start it in another terminal:  keyproxy serve",
        "If it runs elsewhere, say where:  keyproxy status --watch --url <address>",
      ];
    case "refused":
      return [
        "Set KEYPROXY_ADMIN_KEY in .env to the same value as the server has, then start this again.",
        "Where the server has none, its proxy key (PROXY_API_KEY) opens the status, but only on a loopback address.",
      ];
    case "failed":
      return [`Look at the log of the server at ${url}, and that it is a keyproxy of this version (keyproxy version).`];
  }
}
