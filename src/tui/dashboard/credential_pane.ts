/** The credentials by provider: one line each, and lines below for why one or its models rest. Pure. */
import type { ProviderStatus } from "../../gateway/status_report.ts";
import { compact, successRate, usd } from "../../terminal/amounts.ts";
import type { Line } from "../../terminal/frame.ts";
import type { Cell } from "../../terminal/text.ts";
import { cutTo } from "../../terminal/width.ts";
import { counted, elapsed } from "../../terminal/words.ts";
import { type Column, type ColumnPlan, columnsIn, rowOf, titlesOf } from "./columns.ts";
import { cleaned, dotted } from "./line.ts";
import { type ListLine, titleLine, type ToneLine, windowed } from "./list_window.ts";
import type { Drawing } from "./scene.ts";
import { bars, median } from "./signs.ts";
import { circuitSpan, circuitWords, reasonWords, restWords, stateSpan } from "./state_words.ts";
import { displayOf, type Member, membersOf, positionOf } from "./view.ts";

const PLAN: readonly ColumnPlan[] = [
  { title: "", least: 1 },
  { title: "#", least: 2, align: "right" },
  { title: "credential", least: 10, most: 28 },
  { title: "state", least: 20 },
  { title: "now", least: 3, align: "right" },
  { title: "today", least: 5, align: "right" },
  { title: "ok", least: 5, align: "right" },
  { title: "tokens", least: 6, align: "right" },
  { title: "in", least: 6, align: "right", rank: 3 },
  { title: "cached", least: 6, align: "right", rank: 3 },
  { title: "out", least: 6, align: "right", rank: 3 },
  { title: "cost", least: 7, align: "right" },
  { title: "latency", least: 12, most: 24 },
  { title: "why", least: 34, most: 80, rank: 2 },
];
const LATENCY_COLUMN = 12;
const WHY_COLUMN = 13;
/** Columns of a time, after the bars. */
const TIME_COLUMNS = 6;
const MAX_RESTING = 4;
/** Columns of a provider's name. */
const MAX_NAME = 24;
const INDENT = "       ";

/** `height` lines: title, column titles, the list. */
export function credentialPane(drawing: Drawing, height: number): ToneLine[] {
  const { report, view, look } = drawing;
  const members = membersOf(report, view.filter);
  const isFocused = view.pane === "credentials";
  const current = positionOf(members.map(({ credential }) => credential.id), view.selected.credentials);
  const columns = columnsIn(PLAN, look.width);
  const list = credentialLines(drawing, members, { columns, current });
  const shown = windowed(list, { height: Math.max(0, height - 2), current, isFocused });
  const total = report.providers.reduce((sum, { credentials }) => sum + credentials.length, 0);
  const place = members.length === 0 ? "" : ` ${current + 1} of ${members.length}, ${members[current]?.provider.id ?? ""}`;
  const hint = members.length === total ? "" : `, ${total - members.length} hidden by the filter`;
  const title = titleLine(cleaned(`CREDENTIALS${place}${hint}`, look.signs.set), { look, hidden: shown, isFocused });
  return [{ line: title, tone: "normal" }, { line: titlesOf(columns, look), tone: "normal" }, ...shown.lines];
}

/** Lines that the list would take if there were room. */
export function credentialLineCount(drawing: Drawing): number {
  const columns = columnsIn(PLAN, drawing.look.width);
  return credentialLines(drawing, membersOf(drawing.report, drawing.view.filter), { columns, current: 0 }).length;
}

interface Table {
  readonly columns: readonly Column[];
  readonly current: number;
}

function credentialLines(drawing: Drawing, members: readonly Member[], table: Table): ListLine[] {
  const { report, view, look } = drawing;
  if (report.providers.length === 0) {
    return [free([{ text: "  No provider is configured. Add a key with: keyproxy creds add", style: "yellow" }])];
  }
  if (members.length === 0 && view.filter !== "") return [free([{ text: "  The filter finds no credential. Esc clears it." }])];
  const lines: ListLine[] = [];
  let item = 0;
  for (const provider of report.providers) {
    const own = members.filter((member) => member.provider === provider);
    if (own.length === 0 && view.filter !== "") continue;
    lines.push(...providerLines(provider, drawing).map(free));
    if (own.length === 0) lines.push(free([{ text: `${INDENT}no credential: keyproxy creds add ${provider.id}`, style: "dim" }]));
    for (const member of own) {
      const isCurrent = item === table.current;
      lines.push({ line: () => memberLine(member, drawing, { ...table, isCurrent }), item });
      for (const text of belowWords(member, drawing, table.columns)) {
        lines.push({ line: () => [{ text: `${INDENT}${look.signs.branch} ${text}`, style: "dim" }], item });
      }
      item += 1;
    }
  }
  return lines;
}

function free(line: Line): ListLine {
  return { line: () => line, item: null };
}

function providerLines(provider: ProviderStatus, { look }: Drawing): Line[] {
  const { id, name, in_flight, queued, rotation_mode } = provider;
  const shown = (text: string) => cutTo(cleaned(text, look.signs.set), MAX_NAME, look.signs.cut);
  const facts = dotted([
    ...(name === "" || name === id ? [] : [{ text: shown(name) }]),
    circuitSpan(provider),
    { text: `${in_flight} in flight`, style: in_flight > 0 ? "cyan" : "dim" },
    { text: `${queued} queued`, style: queued > 0 ? "yellow" : "dim" },
    { text: rotation_mode, style: "dim" },
  ], look.signs);
  const meaning = circuitWords(provider);
  return [
    [{ text: shown(id), style: "bold" }, { text: "  " }, ...facts],
    ...(meaning === "" ? [] : [[{ text: `${look.signs.branch} ${meaning}`, style: "dim" as const }]]),
  ];
}

function memberLine(
  { credential }: Member,
  { at, view, look }: Drawing,
  { columns, isCurrent }: Table & { readonly isCurrent: boolean },
): Line {
  const { number, in_flight, today, latencies_ms } = credential;
  const { signs } = look;
  const barColumns = (columns.find((column) => column.at === LATENCY_COLUMN)?.width ?? 0) - TIME_COLUMNS - 1;
  const middle = latencies_ms.length === 0 ? "-" : elapsed(median(latencies_ms));
  const isPointed = isCurrent && view.pane === "credentials";
  const cells: Cell[] = [
    { text: isPointed ? signs.pointer : "", style: "bold" },
    { text: `${number}`, style: "dim" },
    { text: displayOf(credential) },
    stateSpan(credential, { at, signs }),
    { text: in_flight === 0 ? "-" : `${in_flight}`, style: in_flight === 0 ? "dim" : "cyan" },
    { text: compact(today.requests) },
    { text: successRate(today), style: today.failures * 10 > today.requests ? "red" : undefined },
    { text: compact(today.input_tokens + today.output_tokens) },
    { text: compact(today.input_tokens) },
    { text: compact(today.cached_tokens) },
    { text: compact(today.output_tokens) },
    { text: usd(today.cost_usd) },
    { text: `${bars(latencies_ms, barColumns, signs).padEnd(barColumns)} ${middle}`, style: "cyan" },
    { text: reasonWords(credential) || restingSummary(credential.resting.length), style: "dim" },
  ];
  return rowOf(cells, columns, look);
}

function restingSummary(count: number): string {
  return count === 0 ? "" : `${counted(count, "model")} ${count === 1 ? "rests" : "rest"}`;
}

/** What stands below a credential: why, unless a column says it; models that rest. */
function belowWords({ credential }: Member, { at }: Drawing, columns: readonly Column[]): string[] {
  const reason = columns.some((column) => column.at === WHY_COLUMN) ? "" : reasonWords(credential);
  const { resting } = credential;
  return [
    ...(reason === "" ? [] : [reason]),
    ...resting.slice(0, MAX_RESTING).map((rest) => `${rest.model}: ${restWords(rest, at)}`),
    ...(resting.length > MAX_RESTING ? [`and ${counted(resting.length - MAX_RESTING, "model")} more (Enter shows all)`] : []),
  ];
}
