/**
 * The events of one upstream answer, from node's stream to one consumer at a time. Nothing is lost while
 * the consumer changes at the commit point: the stream is paused and its end is remembered.
 */
import type { IncomingMessage } from "node:http";
import type { Clock } from "../kernel/clock.ts";
import { EVENT_STREAM_TYPE, FrameCutter } from "../wire/event_stream.ts";
import { EventCutter } from "../wire/sse.ts";

/** How long a provider may take to close an answer that is over. */
const DRAIN_MS = 1_000;

/** `complete`: the provider ended the answer; `cut`: the connection broke. */
export type FeedEnd = "complete" | "cut";

export interface FeedConsumer {
  /** Whole events as latin1 text, after `torn` (part of an over-long event). Either may be empty, not both. */
  events(whole: string, torn: string): void;
  /** Called once, last. `rest` is an unfinished event. */
  end(how: FeedEnd, rest: string): void;
}

export class EventFeed {
  readonly #body: IncomingMessage;
  readonly #cutter: Pick<EventCutter, "push" | "rest">;
  #consumer: FeedConsumer | undefined;
  #ended: FeedEnd | undefined;
  /** Came, but not handed on yet. */
  #gathered = "";
  #isDraining = false;

  constructor(body: IncomingMessage, limits: { readonly maxEventBytes?: number } = {}) {
    this.#body = body;
    const isFramed = (body.headers["content-type"] ?? "").startsWith(EVENT_STREAM_TYPE);
    this.#cutter = isFramed ? new FrameCutter() : new EventCutter(limits);
    body.setEncoding("latin1");
    body.on("data", (text: string) => this.#onData(text));
    body.on("end", () => this.#onEnd(body.complete ? "complete" : "cut"));
    body.on("error", () => this.#onEnd("cut"));
    body.on("close", () => this.#onEnd(body.complete && body.readableEnded ? "complete" : "cut"));
    body.pause();
  }

  /** Makes `consumer` the one that is told, and lets the stream flow. */
  attach(consumer: FeedConsumer): void {
    this.#consumer = consumer;
    this.#flush();
    // The consumer may have had enough already.
    if (this.#consumer === undefined) return;
    if (this.#ended !== undefined) this.#deliverEnd(this.#ended);
    else this.#body.resume();
  }

  /** Stops the flow and forgets the consumer. */
  detach(): void {
    this.#consumer = undefined;
    this.#body.pause();
  }

  pause(): void {
    this.#body.pause();
  }

  resume(): void {
    this.#body.resume();
  }

  /** Lets the provider finish, so that its connection can be used again, but not for long. */
  drain(clock: Clock): void {
    this.#consumer = undefined;
    this.#isDraining = true;
    if (this.#ended !== undefined) return;
    const cancel = clock.after(DRAIN_MS, () => this.#body.destroy());
    this.#body.once("close", cancel);
    this.#body.resume();
  }

  /** Ends the upstream call. */
  destroy(): void {
    this.#consumer = undefined;
    this.#body.destroy();
  }

  /** One read of the socket may hold many chunks: they are handed on together, in the same turn of the loop. */
  #onData(text: string): void {
    if (this.#isDraining) return;
    if (this.#gathered === "") queueMicrotask(() => this.#flush());
    this.#gathered += text;
  }

  #flush(): void {
    if (this.#gathered === "" || this.#consumer === undefined) return;
    const { whole, torn } = this.#cutter.push(this.#gathered);
    this.#gathered = "";
    if (whole !== "" || torn !== "") this.#consumer.events(whole, torn);
  }

  #onEnd(how: FeedEnd): void {
    if (this.#ended !== undefined) return;
    this.#ended = how;
    this.#flush();
    this.#deliverEnd(how);
  }

  #deliverEnd(how: FeedEnd): void {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    consumer?.end(how, this.#cutter.rest());
  }
}
