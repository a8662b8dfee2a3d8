/** Finished requests as lines for a person: one a request, its attempts below. Pure; whatever others wrote is made harmless. */
import { hasFailed, type SeenAttempt, type SeenRequest } from "../app/logs/seen_request.ts";
import { clockTime, compact, usd } from "../terminal/amounts.ts";
import { harmless } from "../terminal/harmless.ts";
import { type Column, fitted } from "../terminal/table.ts";
import type { Cell, Paint } from "../terminal/text.ts";
import { cutTo, wrapped } from "../terminal/width.ts";
import { elapsed } from "../terminal/words.ts";

export interface Page {
  readonly paint: Paint;
  /** Columns; `Infinity` for files and pipes. */
  readonly width: number;
  /** Epoch ms. */
  readonly now: number;
}

const COLUMNS: readonly Column[] = [
  { shrinks: "no" },
  { shrinks: "no" },
  { shrinks: "no" },
  { shrinks: "yes" },
  { shrinks: "no" },
  { shrinks: "no" },
  { shrinks: "yes" },
];
/** Of an id, in a table for people: the beginning is enough to ask for the request. */
const ID_CHARS = 8;

/** A table: when, its id, what the client got, the model, how long, how many attempts, what went wrong. */
export function requestTable(requests: readonly SeenRequest[], page: Page & { readonly header?: "yes" | "no" }): string[] {
  const titles = ["time", "id", "got", "model", "took", "tries", "trouble"];
  const header = titles.map((text, at): Cell => ({ text, style: "dim", align: at === 4 || at === 5 ? "right" : "left" }));
  const rows = requests.map((request) => cellsOf(request, page));
  return fitted([...(page.header === "yes" ? [header] : []), ...rows], { columns: COLUMNS, ...page });
}

function cellsOf(request: SeenRequest, { now, width }: Page): Cell[] {
  const { id, arrived_at, model, duration_ms, attempts, failure } = request;
  const isWhole = !Number.isFinite(width);
  return [
    { text: clockTime(arrived_at, now), style: "dim" },
    { text: harmless(isWhole ? id : id.slice(0, ID_CHARS)) },
    statusCell(request),
    { text: harmless(model) },
    { text: duration_ms === null ? "" : elapsed(duration_ms), align: "right" },
    { text: String(attempts.length), align: "right", ...(attempts.length > 1 ? { style: "yellow" as const } : {}) },
    { text: failure === null ? "" : harmless(failure), style: "red" },
  ];
}

/** The number a client got, or that only failures are known. */
export function statusCell({ status, failure }: Pick<SeenRequest, "status" | "failure">): Cell {
  if (status === null) return { text: "?", style: "yellow" };
  if (status === 499) return { text: "left", style: "yellow" };
  return { text: String(status), style: hasFailed({ status, failure }) ? "red" : "green" };
}

/** A line an attempt: its number, when, the credential, the model, how long; below it what went wrong, cut or whole. */
export function attemptLines(
  attempts: readonly SeenAttempt[],
  { reasons, ...page }: Page & { readonly reasons: "cut" | "whole" },
): string[] {
  const { paint, width, now } = page;
  const columns: readonly Column[] = [{ shrinks: "no" }, { shrinks: "no" }, { shrinks: "yes" }, { shrinks: "yes" }, { shrinks: "no" }];
  const rows = attempts.map(({ started_at, credential, provider, model, duration_ms, failure }, at): Cell[] => [
    { text: `#${at + 1}` },
    { text: clockTime(started_at, now), style: "dim" },
    { text: harmless(credential) },
    { text: harmless(`${provider}/${model}`) },
    { text: `${elapsed(duration_ms)} ${failure === null ? "ok" : "failed"}`, align: "right", style: failure === null ? "green" : "red" },
  ]);
  return fitted(rows, { columns, width: width - INDENT.length, paint }).flatMap((line, at) => {
    const failure = attempts[at]?.failure ?? null;
    return [
      `${INDENT}${line}`,
      ...(failure === null ? [] : reasonLines(failureWords(failure), { width, reasons }).map((it) => paint("red", it))),
    ];
  });
}

function reasonLines(words: string, { width, reasons }: { readonly width: number; readonly reasons: "cut" | "whole" }): string[] {
  const indent = `${INDENT}      `;
  if (reasons === "cut" || !Number.isFinite(width)) return [cutTo(`${indent}${words}`, width)];
  return wrapped(words.slice(0, MAX_REASON_CHARS), width - indent.length).split("\n").map((line) => cutTo(`${indent}${line}`, width));
}

/** Some providers answer with whole pages. */
const MAX_REASON_CHARS = 1_000;
const INDENT = "  ";

/** `rate_limit (429): the provider's words`. */
export function failureWords({ kind, status, message }: NonNullable<SeenAttempt["failure"]>): string {
  return harmless(`${kind}${status === 0 ? "" : ` (${status})`}${message === "" ? "" : `: ${message}`}`);
}

/** `1.2k in (300 cached), 340 out, $0.01`. */
export function usageWords(usage: NonNullable<SeenRequest["usage"]>): string {
  const cached = usage.cached_tokens === 0 ? "" : ` (${compact(usage.cached_tokens)} cached)`;
  const cost = usage.cost_usd === null ? "" : `, ${usd(usage.cost_usd)}`;
  return `${compact(usage.input_tokens)} in${cached}, ${compact(usage.output_tokens)} out${cost}`;
}
