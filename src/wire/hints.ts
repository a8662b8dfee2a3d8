/**
 * How long a provider asks us to wait. Only places that are meant to say so are read, in a fixed order;
 * digits in other prose never become a wait. The result is clamped once, here.
 */
import { asObject, asString, type Json, type JsonObject, parseJson } from "../kernel/json.ts";
import { readErrorBody } from "./error_body.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** A hint is never shorter or longer than this. */
export const HINT_RANGE_MS = { shortest: SECOND_MS, longest: 7 * DAY_MS } as const;
/** Numbers above these are instants: epoch seconds, epoch ms. */
const EPOCH_SECONDS = 1e9;
const EPOCH_MS = 1e12;
const READ_CHARS = 65_536;

/** An answer that may ask for a wait. */
export interface HintSource {
  /** Response headers, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body's text, or the JSON it was parsed into. */
  readonly body: Json;
  readonly status: number;
  /** Epoch ms. */
  readonly now: number;
  /** Names (lower case) of further headers in which this provider says when a limit ends. */
  readonly resetHeaders?: readonly string[];
}

/**
 * The wait an answer asks for, ms, within {@link HINT_RANGE_MS}; undefined when it asks for none. Order:
 * Google's retry fields in the body, `retry-after-ms`, `Retry-After`, then for a 429 only the reset
 * headers and at last the words of the message.
 */
export function retryHintMs(source: HintSource): number | undefined {
  const waitMs = statedWaitMs(source) ?? (source.status === 429 ? resetWaitMs(source) ?? wordedWaitMs(source) : undefined);
  return clampHint(waitMs);
}

/** As {@link retryHintMs} without reset headers, which some providers send on every answer whatever the cause. */
export function declaredWaitMs(source: HintSource): number | undefined {
  return clampHint(statedWaitMs(source) ?? (source.status === 429 ? wordedWaitMs(source) : undefined));
}

function clampHint(waitMs: number | undefined): number | undefined {
  if (waitMs === undefined) return undefined;
  return Math.round(Math.min(Math.max(waitMs, HINT_RANGE_MS.shortest), HINT_RANGE_MS.longest));
}

function statedWaitMs(source: HintSource): number | undefined {
  return bodyWaitMs(source) ?? retryAfterMsHeader(source.headers) ?? parseWaitMs(source.headers["retry-after"], source.now);
}

/**
 * `retryDelay`, `quotaResetDelay`, `quotaResetTimeStamp` (Google) and `resets_in_seconds` (Codex), also where the
 * error is JSON text inside JSON or damaged JSON: the quoted names are looked for, not the structure. When
 * two of them, or one and the message, disagree the longer wait is the safe one.
 */
function bodyWaitMs(source: HintSource): number | undefined {
  const text = (typeof source.body === "string" ? source.body : JSON.stringify(source.body)).slice(0, READ_CHARS);
  const field = /"(retryDelay|quotaResetDelay|quotaResetTimeStamp|resets_in_seconds)\\*"\s*:\s*\\*"?([\w.:+-]+)/g;
  let longest: number | undefined;
  for (const [, name, value] of text.matchAll(field)) {
    const isInstant = name === "quotaResetTimeStamp";
    if (isInstant && longest !== undefined) continue;
    const waitMs = parseWaitMs(value, source.now);
    if (waitMs !== undefined) longest = Math.max(longest ?? 0, waitMs);
  }
  return longest === undefined ? undefined : Math.max(longest, parseDurationMs(QUOTA_RESET.exec(text)?.[1] ?? "") ?? 0);
}

function retryAfterMsHeader(headers: HintSource["headers"]): number | undefined {
  return positive(parseNumber(headers["retry-after-ms"]));
}

interface Reset {
  readonly waitMs: number;
  readonly state: "exhausted" | "left" | "untold";
}

/** The wait until the limit that was hit opens again: every exhausted one must, else the soonest that may be the cause. */
function resetWaitMs(source: HintSource): number | undefined {
  const headers = { ...headersInBody(source.body), ...source.headers };
  const resets: Reset[] = [];
  for (const [name, value] of Object.entries(headers)) {
    const remaining = remainingName(name, source.resetHeaders ?? []);
    if (remaining === undefined) continue;
    const waitMs = parseWaitMs(value, source.now);
    const left = parseNumber(headers[remaining]);
    if (waitMs !== undefined) resets.push({ waitMs, state: left === undefined ? "untold" : left <= 0 ? "exhausted" : "left" });
  }
  const waits = (state: Reset["state"]) => resets.filter((reset) => reset.state === state).map((reset) => reset.waitMs);
  if (waits("exhausted").length > 0) return Math.max(...waits("exhausted"));
  const candidates = waits("untold").length > 0 ? waits("untold") : waits("left");
  return candidates.length > 0 ? Math.min(...candidates) : undefined;
}

/** The header that tells what is left of the limit whose reset `name` tells; undefined when `name` is no reset header. */
function remainingName(name: string, own: readonly string[]): string | undefined {
  const isReset = /^(?:x-)?ratelimit-reset(?:-|$)/.test(name) || /^anthropic-ratelimit-.+-reset$/.test(name) || own.includes(name);
  if (!isReset) return undefined;
  // A name without "reset" has no such companion: it must not be taken for its own.
  return /(^|-)reset(?=-|$)/.test(name) ? name.replace(/(^|-)reset(?=-|$)/, "$1remaining") : "";
}

/** OpenRouter repeats the limit's headers in `error.metadata.headers`. */
function headersInBody(body: Json): Record<string, string> {
  const json = asObject(typeof body === "string" ? parseJson(body) : body);
  const listed: JsonObject = asObject(asObject(asObject(json?.["error"])?.["metadata"])?.["headers"]) ?? {};
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(listed)) {
    const text = typeof value === "number" ? String(value) : asString(value);
    if (text !== undefined) headers[name.toLowerCase()] = text;
  }
  return headers;
}

function wordedWaitMs(source: HintSource): number | undefined {
  const text = typeof source.body === "string" ? source.body : JSON.stringify(source.body);
  return parseWordedWaitMs(readErrorBody(text, { maxChars: 4_000 }).message, source.now);
}

const UNIT = "milliseconds?|msecs?|ms|minutes?|mins?|seconds?|secs?|hours?|hrs?|days?|[dhms]";
const AMOUNT = String.raw`(?:\d+(?:\.\d+)?\s*(?:${UNIT})(?![a-z])(?:\s*,)?(?:\s+and)?\s*){1,5}`;
const WORDED_WAIT = new RegExp(
  String
    .raw`(?:\b(?:try again|retry|resets?)\s+(?:in|after)|\b(?:please|must|to) wait(?:\s+for)?)\s+(?:about\s+|approximately\s+)?(${AMOUNT})`,
  "i",
);
const QUOTA_RESET = new RegExp(String.raw`\bquota will reset after\s+(${AMOUNT})`, "i");
const INSTANT = String.raw`(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?)\s?(Z|UTC|[+-]\d\d:?\d\d)?`;
const WORDED_INSTANTS = [new RegExp(String.raw`\bresets?\s+(?:at|on)\s+${INSTANT}`, "i"), new RegExp(String.raw`将在\s*${INSTANT}\s*重置`)];

/**
 * The wait in a message such as "try again in 1.2s", "please wait 40 seconds", "resets at 2026-01-02 03:04:05".
 * An instant without a zone is Beijing time: only Chinese services leave it out.
 */
export function parseWordedWaitMs(message: string, now: number): number | undefined {
  const amount = WORDED_WAIT.exec(message)?.[1];
  if (amount !== undefined) return positive(parseDurationMs(amount));
  for (const pattern of WORDED_INSTANTS) {
    const [, instant, zone = "+08:00"] = pattern.exec(message) ?? [];
    if (instant !== undefined) return positive(Date.parse(`${instant.replace(" ", "T")}${zone === "UTC" ? "Z" : zone}`) - now);
  }
  return undefined;
}

const UNIT_MS: readonly (readonly [RegExp, number])[] = [
  [/^(?:ns)$/, 1e-6],
  [/^(?:us|µs|μs)$/, 1e-3],
  [/^(?:ms|msecs?|milliseconds?)$/, 1],
  [/^(?:s|secs?|seconds?)$/, SECOND_MS],
  [/^(?:m|mins?|minutes?)$/, MINUTE_MS],
  [/^(?:h|hrs?|hours?)$/, HOUR_MS],
  [/^(?:d|days?)$/, DAY_MS],
];

/** `1h2m3.5s`, `750ms`, `2 minutes, 5 seconds` → whole ms. Undefined when anything else stands in the text. */
export function parseDurationMs(text: string): number | undefined {
  const trimmed = text.trim().toLowerCase();
  if (!/^(?:\d+(?:\.\d+)?\s*[a-zµμ]+[\s,]*(?:and\s+)?)+$/.test(trimmed)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit = ""] of trimmed.matchAll(/(\d+(?:\.\d+)?)\s*([a-zµμ]+)/g)) {
    const unitMs = UNIT_MS.find(([name]) => name.test(unit))?.[1];
    if (unitMs === undefined) return undefined;
    totalMs += Number(amount) * unitMs;
  }
  return Math.round(totalMs);
}

/**
 * A header's wait: seconds, epoch seconds or epoch ms (by magnitude), a duration, an ISO or HTTP date → ms from
 * `now`. Undefined for anything else and for 0, negative numbers and instants that are over, which tell nothing.
 */
export function parseWaitMs(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const number = parseNumber(text);
  if (number !== undefined) return positive(numberToWaitMs(number, now));
  return positive(parseDurationMs(text) ?? parseInstant(text) - now);
}

function numberToWaitMs(value: number, now: number): number {
  if (value > EPOCH_MS) return value - now;
  const valueMs = Math.round(value * SECOND_MS);
  return value > EPOCH_SECONDS ? valueMs - now : valueMs;
}

function parseInstant(text: string): number {
  return /^\s*(?:\d{4}-\d\d-\d\d[T ]|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,)/i.test(text) ? Date.parse(text) : NaN;
}

function parseNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*-?\d+(?:\.\d+)?\s*$/.test(text) ? Number(text) : undefined;
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}

/** Milliseconds from `now` until the next midnight in a time zone, on days with a clock change too. */
export function untilMidnightMs(now: number, timeZone: string): number {
  const leftMs = DAY_MS - sinceMidnightMs(now, timeZone);
  const overMs = sinceMidnightMs(now + leftMs, timeZone);
  return overMs < DAY_MS / 2 ? leftMs - overMs : leftMs + DAY_MS - overMs;
}

function sinceMidnightMs(at: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" })
    .formatToParts(at);
  const part = (type: string) => Number(parts.find((candidate) => candidate.type === type)?.value ?? 0);
  return part("hour") * HOUR_MS + part("minute") * MINUTE_MS + part("second") * SECOND_MS + at % SECOND_MS;
}
