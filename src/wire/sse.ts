/**
 * Server-sent events as raw text. Events are cut out of the byte stream without being re-encoded: text is
 * held as latin1, one character a byte, so that what is relayed is what came, byte for byte.
 * Format: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import { createParser } from "eventsource-parser";
import { Buffer } from "node:buffer";

/** An event longer than this is passed on unread, so that memory per stream stays bounded. */
export const MAX_EVENT_BYTES = 64 * 1024;

/** An empty line: two line ends in a row, each of which may be CRLF, LF or CR. */
const EVENT_END = /\r\n(?:\r\n|\n|\r(?!\n)(?=[^]))|\n(?:\r\n|\n|\r(?!\n)(?=[^]))|\r(?!\n)(?:\r\n|\n|\r(?!\n)(?=[^]))/g;

/** What one piece of input completed. */
export interface Cut {
  /** Whole events, each with its empty line; may be empty. */
  readonly whole: string;
  /** Part of an event too long to hold; comes before `whole`. */
  readonly torn: string;
}

/** Cuts a stream at its event ends. Its result does not depend on how the input was cut into pieces. */
export class EventCutter {
  readonly #maxEventBytes: number;
  #pending = "";
  #isInsideTorn = false;

  constructor({ maxEventBytes = MAX_EVENT_BYTES }: { readonly maxEventBytes?: number } = {}) {
    this.#maxEventBytes = maxEventBytes;
  }

  /** Takes latin1 text. */
  push(piece: string): Cut {
    // What is pending holds no end: only its last characters may be half of one.
    const from = Math.max(this.#pending.length - 3, 0);
    const text = this.#pending === "" ? piece : this.#pending + piece;
    if (this.#isInsideTorn) return this.#pushTorn(text);
    const end = lastEventEnd(text, from);
    this.#pending = text.slice(end);
    const whole = end === text.length ? text : text.slice(0, end);
    if (this.#pending.length <= this.#maxEventBytes) return { whole, torn: "" };
    if (whole !== "") return { whole, torn: "" };
    return this.#tear();
  }

  /** What is left when the stream ends: an event without its empty line. */
  rest(): string {
    const rest = this.#pending;
    this.#pending = "";
    return rest;
  }

  #tear(): Cut {
    // The last characters may be half of an empty line: they stay until it is certain.
    const torn = this.#pending.slice(0, -3);
    this.#pending = this.#pending.slice(-3);
    this.#isInsideTorn = true;
    return { whole: "", torn };
  }

  #pushTorn(text: string): Cut {
    const end = firstEventEnd(text);
    if (end === 0) {
      this.#pending = text;
      return this.#tear();
    }
    this.#isInsideTorn = false;
    this.#pending = "";
    const { whole, torn } = this.push(text.slice(end));
    return { whole, torn: text.slice(0, end) + torn };
  }
}

function lastEventEnd(text: string, from: number): number {
  if (text.endsWith("\n\n")) return text.length;
  const fast = text.lastIndexOf("\n\n");
  if (fast >= 0 && !text.includes("\r", fast)) return fast + 2;
  let end = 0;
  EVENT_END.lastIndex = from;
  for (let found = EVENT_END.exec(text); found !== null; found = EVENT_END.exec(text)) end = found.index + found[0].length;
  return end;
}

function firstEventEnd(text: string): number {
  EVENT_END.lastIndex = 0;
  const found = EVENT_END.exec(text);
  return found === null ? 0 : found.index + found[0].length;
}

/** The single events of whole-event text, each with its empty line. */
export function splitEvents(whole: string): string[] {
  const events: string[] = [];
  let start = 0;
  EVENT_END.lastIndex = 0;
  for (let found = EVENT_END.exec(whole); found !== null; found = EVENT_END.exec(whole)) {
    const end = found.index + found[0].length;
    events.push(whole.slice(start, end));
    start = end;
  }
  if (start < whole.length) events.push(whole.slice(start));
  return events;
}

/** The `data` of one raw event as UTF-8 text, or undefined for a comment or an empty event. */
export function eventData(raw: string): string | undefined {
  let data: string | undefined;
  const parser = createParser({ onEvent: (event) => data = event.data });
  parser.feed(Buffer.from(raw, "latin1").toString("utf8"));
  // An event that the stream ended in has no empty line of its own.
  parser.feed("\n\n");
  return data;
}
