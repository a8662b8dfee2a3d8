/** The whole status screen: a scene and a terminal in, one line for each of its rows out. Pure. */
import type { Line } from "../../terminal/frame.ts";
import { wrapped } from "../../terminal/width.ts";
import { credentialLineCount, credentialPane } from "./credential_pane.ts";
import { credentialDetails, problemLines, requestDetails } from "./details.ts";
import { absenceLines, helpLines, keyLine } from "./guidance.ts";
import { headerLines, statusLine } from "./header.ts";
import { type Look, painted, type Tone } from "./line.ts";
import { titleLine, type ToneLine } from "./list_window.ts";
import { requestLineCount, requestPane } from "./request_pane.ts";
import { type Drawing, type Scene, serverNow } from "./scene.ts";
import type { Page } from "./view.ts";

/** The smallest terminal that is drawn on. */
const LEAST_COLUMNS = 80;
const LEAST_LINES = 24;
/** Two above the body, two below it. */
const EDGE_LINES = 4;
/** Title and column titles of a pane. */
const PANE_HEAD_LINES = 2;

export interface Screen {
  /** One text a row of the terminal. */
  readonly frame: readonly string[];
  /** The farthest that the text of the open page can be scrolled, lines. */
  readonly lastTop: number;
}

export function drawn(scene: Scene, look: Look): Screen {
  const { width, height } = look;
  if (width < LEAST_COLUMNS || height < LEAST_LINES) {
    const words = `The status needs ${LEAST_COLUMNS}x${LEAST_LINES}, this terminal has ${width}x${height}. q leaves`;
    const lines = wrapped(words, width).split("\n").slice(0, height);
    return { frame: lines.map((text) => painted([{ text }], { look })), lastTop: 0 };
  }
  const { lines, lastTop } = body(scene, look, height - EDGE_LINES);
  const isStale = scene.link.kind === "lost" && scene.heard !== undefined && scene.view.page.kind !== "help";
  const toneOf = (tone: Tone): Tone => isStale ? "stale" : tone;
  return {
    frame: [
      ...headerLines(scene, look).map((line) => painted(line, { look })),
      ...lines.map(({ line, tone }) => painted(line, { look, tone: toneOf(tone) })),
      painted(statusLine(scene, look), { look }),
      painted(keyLine(scene, look), { look }),
    ],
    lastTop,
  };
}

interface Body {
  readonly lines: readonly ToneLine[];
  readonly lastTop: number;
}

function body(scene: Scene, look: Look, height: number): Body {
  const { view, heard, link, url, now } = scene;
  const { page } = view;
  if (page.kind === "help") return paged({ title: "HELP", lines: helpLines(look), top: page.top }, look, height);
  if (heard === undefined) return paged({ title: "STATUS", lines: absenceLines({ link, url, now, look }), top: 0 }, look, height);
  const drawing: Drawing = { report: heard.report, at: serverNow(heard, now), view, look };
  if (page.kind === "list") return { lines: panes(drawing, height), lastTop: 0 };
  return paged({ ...textOf(page, drawing), top: page.top }, look, height);
}

function textOf(page: Exclude<Page, { kind: "list" | "help" }>, drawing: Drawing): { readonly title: string; readonly lines: Line[] } {
  switch (page.kind) {
    case "credential":
      return { title: "CREDENTIAL", lines: credentialDetails(page.id, drawing) };
    case "request":
      return { title: "REQUEST", lines: requestDetails(page.request, drawing) };
    case "problems":
      return { title: "CONFIGURATION", lines: problemLines(page.problems, drawing.look) };
  }
}

/** A page of text under a title, scrolled. */
function paged(
  { title, lines, top }: { readonly title: string; readonly lines: readonly Line[]; readonly top: number },
  look: Look,
  height: number,
): Body {
  const room = height - 1;
  const lastTop = Math.max(0, lines.length - room);
  const from = Math.min(top, lastTop);
  const hidden = { aboveCount: from, belowCount: Math.max(0, lines.length - from - room) };
  const shown = lines.slice(from, from + room);
  const blank = Array.from({ length: room - shown.length }, (): Line => []);
  const all = [titleLine(title, { look, hidden, isFocused: true }), ...shown, ...blank];
  return { lines: all.map((line) => ({ line, tone: "normal" })), lastTop };
}

/** Both lists: each gets what it needs; where that is too much, the one in use gets two thirds. */
function panes(drawing: Drawing, height: number): ToneLine[] {
  const room = height - 2 * PANE_HEAD_LINES;
  const wanted = { credentials: credentialLineCount(drawing), requests: requestLineCount(drawing) };
  const isAbove = drawing.view.pane === "credentials";
  const other = isAbove ? wanted.requests : wanted.credentials;
  const otherRoom = Math.min(other, Math.max(Math.floor(room / 3), room - (isAbove ? wanted.credentials : wanted.requests)));
  const above = isAbove ? Math.min(room - otherRoom, wanted.credentials) : otherRoom;
  return [
    ...credentialPane(drawing, PANE_HEAD_LINES + above),
    ...requestPane(drawing, PANE_HEAD_LINES + room - above),
  ];
}
