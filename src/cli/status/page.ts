/** `status` as a person reads it: providers, their credentials, the last requests. Pure; no line is wider than the page. */
import type { SeenRequest } from "../../app/logs/seen_request.ts";
import type { CredentialStatus, ProviderStatus, StatusReport } from "../../gateway/status_report.ts";
import { compact, successRate, usd } from "../../terminal/amounts.ts";
import { harmless } from "../../terminal/harmless.ts";
import { type Column, fitted } from "../../terminal/table.ts";
import { freeWords, sequelWords, stateStyle, stateWords } from "../../terminal/state_words.ts";
import type { Cell } from "../../terminal/text.ts";
import { cutTo, wrapped } from "../../terminal/width.ts";
import { counted, span } from "../../terminal/words.ts";
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
  const lines = head.flatMap((text) => text.split("\n").flatMap((line) => wrapped(harmless(line), page.width).split("\n")));
  if (providers.length === 0) lines.push("", "No credentials yet. Add the first one with keyproxy creds add");
  else lines.push("", ...providerLines(providers, page));
  if (recent.length > 0) lines.push("", page.paint("bold", "Last requests"), ...requestTable(recent, { ...page, header: "yes" }));
  return lines;
}

/** `keyproxy 0.1.0 at http://…, up for 3h12m` and what it did so far. */
export function serverHead(report: StatusReport, url: string): string[] {
  const { version, at, started_at, requests, is_stopping, is_request_log_on } = report;
  const done = `${counted(requests.finished, "request")} served, ${requests.failed} failed, ${requests.in_flight} running`;
  return [
    `keyproxy ${version} answers at ${url}, up for ${span(at - started_at)}${is_stopping ? ", and is stopping" : ""}`,
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
  const shownId = harmless(id);
  const plain = `${shownId}  ${harmless(name)}`;
  const queue = queued === 0 ? "" : `, ${queued} waiting for a credential`;
  const title = cutTo(plain, width - queue.length);
  const head = `${paint("bold", title.slice(0, shownId.length))}${title.slice(shownId.length)}${paint("yellow", queue)}`;
  const notes = [
    ...(circuit === "closed" ? [] : [
      paint(
        "red",
        cutTo(circuit === "open" ? "  it rests: it could not be reached" : "  it is tried again: it could not be reached", width),
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
    { text: stateWords(credential, now), style: stateStyle(credential) },
    right(in_flight === 0 ? "" : String(in_flight)),
    right(isUsed ? compact(today.requests) : ""),
    right(successRate(today)),
    right(isUsed ? compact(today.input_tokens) : ""),
    right(isUsed ? compact(today.output_tokens) : ""),
    right(isUsed ? usd(today.cost_usd) : ""),
  ];
}

function detailLines(credential: CredentialStatus, { paint, width, now }: Page): string[] {
  const { reason, resting, login } = credential;
  const models = resting.slice(0, MAX_RESTING).map(({ model, reason: why, until_at: at }) => {
    const when = freeWords(at, now);
    return ended(`${harmless(model)}: ${harmless(why)}`, when === "" ? "" : `, ${when}`, width);
  });
  const about = login === null || login.state === "ok"
    ? []
    : [`login${login.state === "needs_login" ? "" : ` ${login.state.replaceAll("_", " ")}`}: ${login.reason}`];
  const more = resting.length > MAX_RESTING ? [`and ${counted(resting.length - MAX_RESTING, "model")} more`] : [];
  return [...(reason === "" ? [] : [ended(harmless(reason), sequelWords(credential), width)]), ...about.map(harmless), ...models, ...more]
    .map((line) => paint("dim", cutTo(`${INDENT}${line}`, width)));
}

const INDENT = "     ";

/** The text with its ending, which is never what is cut. */
function ended(text: string, ending: string, width: number): string {
  return cutTo(text, width - INDENT.length - ending.length) + ending;
}
