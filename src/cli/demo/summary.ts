/**
 * What the demo tells at its end: what each key went through, where each request ended, and the line that
 * sums it up. Pure; fits 80 columns.
 */
import { assertNever } from "../../kernel/failure.ts";
import { type CallOutcome, type DemoKey, type Fate, LIMIT_SECONDS, type ProviderCall } from "./provider.ts";
import type { RequestOutcome } from "./requests.ts";
import type { KeyState } from "./stage.ts";
import { type Cell, type Paint, tableLines, wrapCells } from "../../terminal/text.ts";

/** A key and what became of it. */
export interface KeyStory {
  readonly key: DemoKey;
  readonly state: KeyState;
}

export interface Story {
  readonly keys: readonly KeyStory[];
  readonly requests: readonly RequestOutcome[];
  /** Every call the provider got, in order. */
  readonly calls: readonly ProviderCall[];
}

/** How the story is written down. */
export interface Page {
  readonly paint: Paint;
  /** Columns. */
  readonly width: number;
}

const ROLES: Readonly<Record<Fate, string>> = {
  stalling: "never answers",
  limited: "over its limit",
  revoked: "revoked",
  healthy: "healthy",
};

/** The key table, the request table and the conclusion. */
export function renderStory(story: Story, page: Page): string {
  const { paint } = page;
  const headed = (title: string, lines: readonly string[]) => ["", paint("bold", title), "", ...lines];
  return [
    ...headed("What each key went through", keyLines(story, page)),
    ...headed("Where each request went", requestLines(story, page)),
    "",
    conclusion(story, paint),
    "",
  ].join("\n");
}

/** One line: how many requests were answered, and how many keys failed meanwhile. */
export function conclusion({ requests, calls, keys }: Story, paint: Paint): string {
  const answeredCount = requests.filter(({ problem }) => problem === undefined).length;
  const failedCount = keys.filter(({ key }) => calls.some((call) => call.key === key && call.outcome !== "answered")).length;
  const areAllAnswered = answeredCount === requests.length;
  const mark = areAllAnswered ? paint("green", "✓") : paint("red", "✗");
  const link = areAllAnswered ? " although" : ";";
  const text = `${answeredCount} of ${requests.length} requests answered${link} ${failedCount} of ${keys.length} keys failed`;
  return `${mark} ${paint("bold", text)}`;
}

/** One line a failed request; empty when all were answered. */
export function failureLines(requests: readonly RequestOutcome[]): string[] {
  return requests.flatMap(({ number, kind, status, problem }) =>
    problem === undefined ? [] : [`Request ${number} (${kind}) failed: ${status === null ? "no answer" : `status ${status}`}, ${problem}`]
  );
}

/** How a call ended, in a few words. */
export function outcomeWords({ outcome, durationMs }: Pick<ProviderCall, "outcome" | "durationMs">): string {
  switch (outcome) {
    case "answered":
      return "answered";
    case "limited":
      return `429, retry in ${LIMIT_SECONDS} s`;
    case "rejected":
      return "401, key not valid";
    case "silent":
      return `silent for ${(durationMs / 1000).toFixed(1)} s`;
    case "left":
      return "caller left";
    default:
      return assertNever(outcome);
  }
}

function keyLines({ keys, calls }: Story, { paint }: Page): string[] {
  const head = ["key", "what it is", "calls", "what happened", "now"].map((text): Cell => ({ text, style: "dim" }));
  const rows = keys.map(({ key, state }): Cell[] => {
    const own = calls.filter((call) => call.key === key);
    const isFailing = own.some(({ outcome }) => outcome !== "answered");
    return [
      { text: key.display, style: isFailing ? "red" : "green" },
      { text: ROLES[key.fate] },
      { text: String(own.length), align: "right" },
      { text: happenings(own) },
      nowCell(state, paint),
    ];
  });
  return tableLines([head, ...rows], paint);
}

/** The different ends of a key's calls, counted where there are several. */
function happenings(calls: readonly ProviderCall[]): string {
  if (calls.length === 0) return "not used";
  const groups = Map.groupBy(calls, ({ outcome }) => outcome);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    if (first.outcome === "answered") return `${group.length} answered`;
    return group.length === 1 ? outcomeWords(first) : `${group.length}× ${outcomeWords(first)}`;
  }).join("; ");
}

function nowCell({ state, restMs }: KeyState, paint: Paint): Cell {
  switch (state) {
    case "ready":
    case "busy":
      return { text: paint("green", state) };
    case "cooling":
      return { text: paint("yellow", `rests for ${spanWords(restMs)}`) };
    case "quarantined":
      return { text: paint("red", `set aside for ${spanWords(restMs)}`) };
    default:
      return { text: state };
  }
}

/** A time ahead in whole seconds or minutes, never rounded down to nothing. */
function spanWords(ms: number): string {
  return ms < 90_000 ? `${Math.max(Math.ceil(ms / 1000), 1)} s` : `${Math.round(ms / 60_000)} min`;
}

const MARKS: Readonly<Record<CallOutcome, string>> = {
  answered: "✓",
  limited: "✗ 429",
  rejected: "✗ 401",
  silent: "✗ silent",
  left: "✗ left",
};

function requestLines({ requests, calls }: Story, { paint, width }: Page): string[] {
  const head = [
    { text: "#", align: "right" },
    { text: "kind" },
    { text: "status" },
    { text: "ms", align: "right" },
    { text: "way" },
  ] satisfies readonly Cell[];
  const fixed = (outcome: RequestOutcome): Cell[] => [
    { text: String(outcome.number), align: "right" },
    { text: outcome.kind },
    { text: String(outcome.status ?? "none"), style: outcome.problem === undefined ? "green" : "red" },
    { text: outcome.durationMs.toFixed(0), align: "right" },
  ];
  const rows = requests.flatMap((outcome) => {
    const [first = "not tried", ...rest] = wayLines(calls.filter((call) => call.requestId === outcome.requestId), {
      paint,
      width: width - WAY_INDENT,
    });
    const blank = { text: "" };
    return [[...fixed(outcome), { text: first }], ...rest.map((text) => [blank, blank, blank, blank, { text }])];
  });
  return tableLines([head.map((cell): Cell => ({ ...cell, style: "dim" })), ...rows], paint);
}

/** Columns before the last one: gap, number, gap, kind, gap, status, gap, at most five digits, gap. */
const WAY_INDENT = 2 + 1 + 2 + 6 + 2 + 6 + 2 + 5 + 2;

function wayLines(calls: readonly ProviderCall[], { paint, width }: Page): string[] {
  const cells = calls.map(({ key, outcome }): Cell => ({
    text: `${key.display} ${MARKS[outcome]}`,
    style: outcome === "answered" ? "green" : "red",
  }));
  return wrapCells(cells, { separator: " → ", width, paint });
}
