/** The last finished requests, newest first: one line each, with what was tried for it. Pure. */
import type { RequestReport, StatusReport } from "../../gateway/status_report.ts";
import { compact, usd } from "../../terminal/amounts.ts";
import type { Line } from "../../terminal/frame.ts";
import type { Cell } from "../../terminal/text.ts";
import { age, elapsed } from "../../terminal/words.ts";
import { type ColumnPlan, columnsIn, rowOf, titlesOf } from "./columns.ts";
import { type ListLine, titleLine, type ToneLine, windowed } from "./list_window.ts";
import type { Drawing } from "./scene.ts";
import type { Signs } from "./signs.ts";
import { findMember, positionOf, requestsOf } from "./view.ts";

const PLAN: readonly ColumnPlan[] = [
  { title: "", least: 1 },
  { title: "status", least: 6 },
  { title: "ago", least: 3, align: "right" },
  { title: "took", least: 6, align: "right" },
  { title: "model", least: 20, most: 44 },
  { title: "in", least: 5, align: "right", rank: 2 },
  { title: "out", least: 5, align: "right", rank: 2 },
  { title: "cost", least: 7, align: "right", rank: 3 },
  { title: "attempts", least: 36, most: 120 },
];

/** `height` lines: title, column titles, the list. */
export function requestPane(drawing: Drawing, height: number): ToneLine[] {
  const { report, view, look } = drawing;
  const requests = requestsOf(report, view.filter);
  const isFocused = view.pane === "requests";
  const current = positionOf(requests.map(({ id }) => id), view.selected.requests);
  const columns = columnsIn(PLAN, look.width);
  const list = requests.length === 0 ? [{ line: () => emptyLine(report), item: null }] : requests.map((request, item): ListLine => ({
    line: () => rowOf(cellsOf(request, drawing, isFocused && item === current), columns, look),
    item,
  }));
  const shown = windowed(list, { height: Math.max(0, height - 2), current, isFocused });
  const place = requests.length === 0 || !isFocused ? "" : ` ${current + 1} of ${requests.length}`;
  const hiddenCount = report.recent.length - requests.length;
  const hint = hiddenCount === 0 ? "" : `, ${hiddenCount} hidden by the filter`;
  const title = titleLine(`LAST REQUESTS${place}${hint}`, { look, hidden: shown, isFocused });
  return [{ line: title, tone: "normal" }, { line: titlesOf(columns, look), tone: "normal" }, ...shown.lines];
}

/** Lines that the list would take if there were room. */
export function requestLineCount({ report, view }: Drawing): number {
  return Math.max(1, requestsOf(report, view.filter).length);
}

function emptyLine({ recent, requests }: StatusReport): Line {
  if (recent.length > 0) return [{ text: "  The filter finds no request. Esc clears it." }];
  return [{ text: requests.in_flight > 0 ? "  No request has finished yet" : "  No request has come yet", style: "dim" }];
}

function cellsOf(request: RequestReport, { report, at, look }: Drawing, isPointed: boolean): Cell[] {
  const { status, arrived_at, duration_ms, model, usage } = request;
  const { signs } = look;
  return [
    { text: isPointed ? signs.pointer : "", style: "bold" },
    statusCell(status, signs),
    { text: age(at - arrived_at - duration_ms) },
    { text: elapsed(duration_ms) },
    { text: model },
    { text: usage === null ? "-" : compact(usage.input_tokens) },
    { text: usage === null ? "-" : compact(usage.output_tokens) },
    { text: usage === null ? "-" : usd(usage.cost_usd ?? 0) },
    { text: attemptChain(request, { report, signs }), style: request.failure === null || status === 499 ? undefined : "red" },
  ];
}

/** `✔ 200`; `✖ 429`; 499 is a client that left, which is nobody's failure. */
export function statusCell(status: number, signs: Signs): Cell {
  if (status === 499) return { text: `- left`, style: "dim" };
  return status < 400 ? { text: `${signs.good} ${status}`, style: "green" } : { text: `${signs.bad} ${status}`, style: "red" };
}

/** `openai:1 429 › openai:2 ok`; what went wrong, when nothing was tried. */
function attemptChain(request: RequestReport, { report, signs }: { readonly report: StatusReport; readonly signs: Signs }): string {
  const { attempts, failure } = request;
  if (attempts.length === 0) return failure ?? "answered without an attempt";
  return attempts.map((it) => `${shortName(report, it.credential)} ${it.failure === null ? "ok" : it.failure.status}`).join(
    ` ${signs.then} `,
  );
}

/** `openai:2`, or the id of a credential that is not configured any more. */
export function shortName(report: StatusReport, credential: string): string {
  const member = findMember(report, credential);
  return member === undefined ? credential : `${member.provider.id}:${member.credential.number}`;
}
