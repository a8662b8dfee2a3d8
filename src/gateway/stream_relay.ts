/**
 * One stream on its way to the client: provider's bytes as they are, with back-pressure, a heartbeat and an
 * idle limit. Ends exactly once. An answer that breaks off becomes an error event, never a quiet end.
 */
import type { ServerResponse } from "node:http";
import type { Clock } from "../kernel/clock.ts";
import { type Failure, failure } from "../kernel/failure.ts";
import { isObject, type JsonObject, parseJson } from "../kernel/json.ts";
import type { Usage } from "../kernel/usage.ts";
import type { AnswerForm, EventReader } from "../providers/answer_form.ts";
import { eventData, splitEvents } from "../wire/sse.ts";
import { classifyAnswerError, classifyTransport } from "./classify.ts";
import type { Ending, Exchange } from "./exchange.ts";
import type { EventFeed, FeedEnd } from "./feed.ts";
import { earlierIdRestorer, modelRestorer } from "./model_name.ts";
import { reasonOf } from "./send.ts";
import type { Target } from "./route.ts";

const DONE = "[DONE]";
/** An unasked-for field that a provider adds to every event when usage was asked for. */
const NULL_USAGE = ',"usage":null';
const NOT_ASCII = /[\x80-\xff]/;
/** How much text and reasoning is kept for the request log. */
const MAX_LOGGED_CHARS = 1024 * 1024;

/** For streams that are framed in another way than the provider's: every event is written anew. */
const AS_IT_IS: EventReader = { push: (event) => [event], flush: () => [] };

export interface StreamRelayOptions {
  readonly exchange: Exchange;
  readonly target: Target;
  /** What came before the commit point: whole events, then perhaps the beginning of one. */
  readonly held: string;
  readonly torn: string;
  readonly feed: EventFeed;
  readonly form: AnswerForm;
  readonly hidesUsage: boolean;
  /** Told of each event that is read, as the client gets it. */
  readonly learn: (event: JsonObject) => void;
  readonly clock: Clock;
}

export class StreamRelay {
  readonly #options: StreamRelayOptions;
  readonly #out: ServerResponse;
  readonly #restore: ((text: string) => string) | undefined;
  /** For events that are written here. */
  readonly #restoreId: ((text: string) => string) | undefined;
  readonly #reader: EventReader | undefined;
  #resolve: (ending: Ending) => void = () => {};
  #cancelWatch: () => void = () => {};
  #isEnded = false;
  #isBlocked = false;
  /** The client has part of an event: only its rest may follow. */
  #isInsideEvent = false;
  /** The provider's own end was passed on. */
  #isEndTold = false;
  #place: "first" | "later" = "first";
  /** What was relayed last, raw. */
  #relayed = "";
  readonly #mustReadAll: boolean;
  #lastReadAt: number;
  #lastWriteAt: number;
  #usage: Usage | undefined;
  #finishReason: string | undefined;
  #text = "";
  #reasoning = "";

  constructor(options: StreamRelayOptions) {
    this.#options = options;
    this.#out = options.exchange.out;
    this.#restore = modelRestorer(options.target, options.exchange, "latin1");
    this.#restoreId = earlierIdRestorer(options.exchange);
    const { framing } = options.exchange.dialect;
    this.#reader = options.form.reader() ?? (framing.isRelayed ? undefined : AS_IT_IS);
    this.#mustReadAll = this.#reader !== undefined || options.exchange.capture !== undefined;
    this.#lastReadAt = this.#lastWriteAt = options.clock.now();
  }

  /** Relays until the end, and says how it came. Never throws. */
  run(): Promise<Ending> {
    const { exchange, feed, held, torn } = this.#options;
    return new Promise((resolve) => {
      this.#resolve = resolve;
      const { signal } = exchange;
      if (signal.aborted) return this.#end(reasonOf(signal));
      signal.addEventListener("abort", this.#onClientGone, { once: true });
      this.#out.on("drain", this.#onDrain);
      this.#watch();
      this.#events(held, "");
      if (torn !== "") this.#events("", torn);
      if (!this.#isEnded) {
        feed.attach({
          events: (whole, torn) => this.#events(whole, torn),
          end: (how, rest) => this.#feedEnded(how, rest),
        });
      }
    });
  }

  readonly #onClientGone = () => this.#end(reasonOf(this.#options.exchange.signal));

  readonly #onDrain = () => {
    this.#isBlocked = false;
    this.#lastReadAt = this.#options.clock.now();
    this.#options.feed.resume();
  };

  #events(whole: string, torn: string): void {
    this.#lastReadAt = this.#options.clock.now();
    const { form } = this.#options;
    if (torn !== "") {
      if (form.isTranslated) return this.#end(classifyTransport(new Error("an event of the answer is too long"), "body"));
      if (!this.#isInsideEvent) this.#relayed = torn;
      this.#write(this.#restore === undefined ? torn : this.#restore(torn));
      this.#isInsideEvent = whole === "" && !torn.endsWith("\n");
    }
    if (whole === "") return;
    this.#isInsideEvent = false;
    const shown = this.#options.hidesUsage ? whole.replaceAll(NULL_USAGE, "") : whole;
    if (!this.#mustRead(shown)) return this.#pass(shown);
    for (const raw of splitEvents(shown)) {
      if (this.#isEnded) return;
      if (this.#mustRead(raw)) this.#event(raw);
      else this.#pass(raw);
    }
  }

  /** Most events are text deltas that nobody but the client needs to read. */
  #mustRead(text: string): boolean {
    return this.#mustReadAll || this.#options.exchange.dialect.framing.worthReading.test(text);
  }

  #event(raw: string): void {
    const { exchange, target, clock, form } = this.#options;
    const data = eventData(raw);
    if (data === DONE) return this.#end(undefined);
    // An event with nothing in it is no JSON to a client.
    if (data?.trim() === "") return;
    const body = data === undefined ? undefined : parseJson(data);
    if (!isObject(body)) return form.isTranslated || this.#reader === AS_IT_IS ? undefined : this.#write(raw);
    const error = classifyAnswerError(body, { row: target.provider.row, model: target.model, now: clock.now() });
    if (error !== undefined) return this.#end(error);
    if (!form.isTranslated) exchange.capture?.chunk(data ?? "");
    const reading = form.readEvent(body);
    this.#usage = higher(this.#usage, reading.usage);
    this.#finishReason = reading.finishReason ?? this.#finishReason;
    this.#keep(reading.text, reading.reasoning);
    if (reading.isUsageOnly && this.#options.hidesUsage) return;
    const hidden = this.#options.hidesUsage && body.usage !== undefined ? without(body, "usage") : body;
    for (const chunk of this.#reader?.push(hidden) ?? [hidden]) {
      if (form.isTranslated) exchange.capture?.chunk(JSON.stringify(chunk));
      this.#options.learn(chunk);
      if (chunk !== body || this.#reader === AS_IT_IS) this.#writeJson(chunk);
      else {
        this.#keepWhole(body);
        this.#pass(raw);
      }
    }
    if (reading.endsStream !== true) return;
    this.#isEndTold = !form.isTranslated;
    this.#end(undefined);
  }

  #keep(text: string, reasoning: string): void {
    if (this.#options.exchange.capture === undefined) return;
    if (this.#text.length < MAX_LOGGED_CHARS) this.#text += text;
    if (this.#reasoning.length < MAX_LOGGED_CHARS) this.#reasoning += reasoning;
  }

  #feedEnded(how: FeedEnd, rest: string): void {
    if (this.#isEnded) return;
    if (how === "complete") this.#lastPiece(rest);
    if (this.#isEnded) return;
    const isWhole = this.#finishReason !== undefined || (how === "complete" && this.#options.form.endsUnsaid);
    this.#end(isWhole ? undefined : classifyTransport(new Error("the answer broke off"), "body"));
  }

  /** What came after the last empty line: some providers leave it out at the end. Half an event would break a client's parser. */
  #lastPiece(rest: string): void {
    if (rest === "") return;
    if (this.#isInsideEvent) return this.#events("", rest);
    const data = eventData(rest) ?? "";
    if (data === DONE || isObject(parseJson(data))) this.#events(`${rest}\n\n`, "");
  }

  /** Tells the client how it ended, unless it left, and lets go of everything. */
  #end(failed: Failure | undefined): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { exchange, feed, clock } = this.#options;
    this.#cancelWatch();
    exchange.signal.removeEventListener("abort", this.#onClientGone);
    this.#out.off("drain", this.#onDrain);
    if (failed === undefined) feed.drain(clock);
    else feed.destroy();
    if (failed?.scope !== "client") {
      for (const chunk of this.#reader?.flush(failed === undefined ? "complete" : "failed") ?? []) this.#writeJson(chunk);
      if (this.#isInsideEvent) this.#out.write("\n\n");
      this.#out.end(this.#lastWords(failed));
    } else this.#out.destroy();
    this.#resolve({
      status: 200,
      text: this.#text,
      reasoning: this.#reasoning,
      ...(failed === undefined ? {} : { failure: failed }),
      ...(this.#usage === undefined ? {} : { usage: this.#usage }),
      ...(this.#finishReason === undefined ? {} : { finishReason: this.#finishReason }),
    });
  }

  #keepWhole(event: JsonObject): void {
    const { exchange } = this.#options;
    const whole = exchange.dialect.wholeOf?.(event);
    if (whole !== undefined) exchange.keep?.(whole);
  }

  #lastWords(failed: Failure | undefined): string {
    const { framing } = this.#options.exchange.dialect;
    if (failed === undefined) return this.#isEndTold ? "" : framing.end(this.#place);
    const told = this.#reader?.fail?.(failed);
    const at = { place: this.#place, relayed: this.#relayed };
    return told === undefined ? framing.failed(failed, at) : told.map((body) => framing.event(body, this.#placeNow())).join("");
  }

  /** Where the next event stands. */
  #placeNow(): "first" | "later" {
    const place = this.#place;
    this.#place = "later";
    return place;
  }

  #writeJson(body: JsonObject): void {
    const { exchange, target } = this.#options;
    if (exchange.keep !== undefined) this.#keepWhole(body);
    const shown = body.model === target.model ? { ...body, model: exchange.request.model } : body;
    this.#lastWriteAt = this.#options.clock.now();
    const text = exchange.dialect.framing.event(shown, this.#placeNow());
    this.#flow(this.#out.write(this.#restoreId?.(text) ?? text));
  }

  /** Relays events as they came. */
  #pass(raw: string): void {
    this.#relayed = raw;
    this.#write(this.#restore === undefined ? raw : this.#restore(raw));
  }

  /** Raw text, one character a byte. */
  #write(raw: string): void {
    this.#lastWriteAt = this.#lastReadAt;
    // Plain ASCII has the same bytes in both, and the runtime encodes UTF-8 several times faster.
    this.#flow(this.#out.write(raw, NOT_ASCII.test(raw) ? "latin1" : "utf8"));
  }

  /** A client that reads slowly stops the provider's stream until it has caught up. */
  #flow(hasRoom: boolean): void {
    if (hasRoom || this.#isBlocked) return;
    this.#isBlocked = true;
    this.#options.feed.pause();
  }

  /** One timer for heartbeat and idle limit; it looks at the clock instead of being reset by every event. */
  #watch(): void {
    const { heartbeatMs, streamIdleTimeoutMs } = this.#options.exchange.snapshot.config;
    const now = this.#options.clock.now();
    if (now - this.#lastReadAt >= streamIdleTimeoutMs) return this.#end(this.#idle(streamIdleTimeoutMs));
    const isDue = heartbeatMs > 0 && now - this.#lastWriteAt >= heartbeatMs;
    if (isDue && !this.#isBlocked && !this.#isInsideEvent) {
      this.#out.write(this.#options.exchange.dialect.framing.heartbeat);
      this.#lastWriteAt = now;
    }
    const idleAt = this.#lastReadAt + streamIdleTimeoutMs;
    const beatAt = heartbeatMs > 0 ? Math.max(this.#lastWriteAt, now - heartbeatMs + 1) + heartbeatMs : Infinity;
    this.#cancelWatch = this.#options.clock.after(Math.max(Math.min(idleAt, beatAt) - now, 1), () => this.#watch());
  }

  #idle(limitMs: number): Failure {
    if (this.#isBlocked) {
      return failure({ scope: "client", kind: "client_gone", status: 499, message: "The client stopped reading" });
    }
    const { id } = this.#options.target.provider.row;
    return failure({
      scope: "transport",
      kind: "read_timeout",
      status: 504,
      message: `Provider "${id}" sent nothing for ${limitMs / 1000} s`,
    });
  }
}

/** Counts of a stream grow: the start tells of the input, the end of the output. */
function higher(known: Usage | undefined, told: Usage | undefined): Usage | undefined {
  if (known === undefined || told === undefined) return told ?? known;
  return {
    ...told,
    inputTokens: Math.max(known.inputTokens, told.inputTokens),
    cachedTokens: Math.max(known.cachedTokens, told.cachedTokens),
    outputTokens: Math.max(known.outputTokens, told.outputTokens),
  };
}

function without(body: JsonObject, key: string): JsonObject {
  const { [key]: _left, ...rest } = body;
  return rest;
}
