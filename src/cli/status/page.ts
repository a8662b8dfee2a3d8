/** `status` as a person reads it: providers, their credentials, the last requests. Pure; no line is wider than the page. */
import type { SeenRequest } from "../../app/logs/seen_request.ts";
import type { CredentialStatus, ProviderStatus, StatusReport } from "../../gateway/status_report.ts";
import { compact, successRate, usd } from "../../terminal/amounts.ts";
import { cut, harmless } from "../../terminal/harmless.ts";
import { type Column, fitted } from "../../terminal/table.ts";
import type { Cell } from "../../terminal/text.ts";
import { counted, inWords, span, wrapped } from "../../terminal/words.ts";
import { type Page, requestTable } from "../request_lines.ts";

/** What is shown: a server's report, or what the store tells while none answers. */
export interface ShownStatus {
  readonly head: readonly string[];
  readonly providers: readonly ProviderStatus[];
  readonly recent: readonly SeenRequest[];
}

/** A healthy provider has a handful of models that rest, a sick one dozens. */
const MAX_RESTING = 5;

/** The whole page. */
export function statusLines({ head, providers, recent }: ShownStatus, page: Page): string[] {
  const lines = head.flatMap((line) => wrapped(line, bounded(page.width)).split("\n"));
  if (providers.length === 0) lines.push("", "No credentials yet. Add the first one with keyproxy creds add");
  else lines.push("", ...providerLines(providers, page));
  if (recent.length > 0) lines.push("", page.paint("bold", "Last requests"), ...requestTable(recent, page));
  return lines;
}

function bounded(width: number): number | undefined {
  return Number.isFinite(width) ? width : undefined;
}

/** `keyproxy 0.1.0 at http://…, up for 3 h` and what it did so far. */
export function serverHead(report: StatusReport, url: string): string[] {
  const { version, at, started_at, requests, is_stopping, is_request_log_on } = report;
  const done = `${counted(requests.finished, "request")} served, ${requests.failed} failed, ${requests.in_flight} running`;
  return [
    `keyproxy ${harmless(version)} answers at ${harmless(url)}, up for ${span(at - started_at)}${is_stopping ? ", and is stopping" : ""}`,
    `${done}${is_request_log_on ? "; requests are logged" : ""}`,
  ];
}

const COLUMNS: readonly Column[] = [
  { shrinks: "no" },
  { shrinks: "yes" },
  { shrinks: "no" },
  { shrinks: "no" },
  { shrinks: "no" },
  { shrinks: "no" },
  { shrinks: "no" },
  { shrinks: "no" },
  { shrinks: "no" },
];

const HEADER: readonly Cell[] = ["#", "credential", "state", "now", "today", "ok", "in", "out", "cost"]
  .map((text, at) => ({ text, style: "dim", align: at === 0 || at > 2 ? "right" : "left" }));

/** One table for all, so that columns stand under each other across providers. */
function providerLines(providers: readonly ProviderStatus[], page: Page): string[] {
  const all = providers.flatMap(({ credentials }) => credentials);
  const [header = "", ...rows] = fitted([HEADER, ...all.map((it) => cellsOf(it, page))], { columns: COLUMNS, ...page });
  const lines = [header];
  let at = 0;
  for (const provider of providers) {
    lines.push(...headOf(provider, page));
    for (const credential of provider.credentials) lines.push(rows[at++] ?? "", ...detailLines(credential, page));
  }
  return lines;
}

function headOf({ id, name, credentials, queued, circuit }: ProviderStatus, { paint, width }: Page): string[] {
  const plain = `${id}  ${harmless(name)}`;
  const queue = queued === 0 ? "" : `, ${queued} waiting for a credential`;
  const title = cut(plain, width - queue.length).slice(id.length);
  const head = `${paint("bold", id)}${title}${paint("yellow", queue)}`;
  const notes = [
    ...(circuit === "closed" ? [] : [
      paint(
        "red",
        cut(circuit === "open" ? "  it rests: it could not be reached" : "  it is tried again: it could not be reached", width),
      ),
    ]),
    ...(credentials.length === 0 ? ["  no credentials"] : []),
  ];
  return [head, ...notes];
}

function cellsOf(credential: CredentialStatus, { now }: Page): Cell[] {
  const { number, display, in_flight, today } = credential;
  const right = (text: string): Cell => ({ text, align: "right" });
  const isUsed = today.requests > 0;
  return [
    right(String(number)),
    { text: harmless(display) },
    { text: stateWords(credential, now), style: colourOf(credential) },
    right(in_flight === 0 ? "" : String(in_flight)),
    right(isUsed ? compact(today.requests) : ""),
    right(successRate(today)),
    right(isUsed ? compact(today.input_tokens) : ""),
    right(isUsed ? compact(today.output_tokens) : ""),
    right(isUsed ? usd(today.cost_usd) : ""),
  ];
}

/** `ready`, `free in 4 min`, `quarantined`: short, since why and what else stands below. */
export function stateWords({ state, until_at, login }: CredentialStatus, now: number): string {
  switch (state) {
    case "cooling":
      return until_at === null ? "resting" : `free ${inWords(until_at - now)}`;
    case "quarantined":
      return login?.state === "needs_login" ? "needs login" : "quarantined";
    default:
      return harmless(state);
  }
}

function colourOf({ state, resting }: CredentialStatus): "green" | "cyan" | "yellow" | "red" | "dim" {
  switch (state) {
    case "ready":
      return resting.length > 0 ? "yellow" : "green";
    case "busy":
      return "cyan";
    case "cooling":
      return "yellow";
    case "disabled":
      return "dim";
    default:
      return "red";
  }
}

function detailLines(credential: CredentialStatus, { paint, width, now }: Page): string[] {
  const { reason, resting, login, state, until_at } = credential;
  const models = resting.slice(0, MAX_RESTING).map(({ model, reason: why, until_at: at }) => {
    const when = at === null ? "" : `, free ${inWords(at - now)}`;
    return ended(`${harmless(model)}: ${harmless(why)}`, when, width);
  });
  const tried = state === "quarantined" && until_at !== null ? `, tried again ${inWords(until_at - now)}` : "";
  const about = login === null || login.state === "ok" ? [] : [`login ${login.state.replaceAll("_", " ")}: ${login.reason}`];
  const more = resting.length > MAX_RESTING ? [`and ${counted(resting.length - MAX_RESTING, "model")} more`] : [];
  return [...(reason === "" ? [] : [ended(harmless(reason), tried, width)]), ...about.map(harmless), ...models, ...more]
    .map((line) => paint("dim", cut(`${INDENT}${line}`, width)));
}

const INDENT = "     ";

/** The text with its ending, which is never what is cut. */
function ended(text: string, ending: string, width: number): string {
  return cut(text, width - INDENT.length - ending.length) + ending;
}
