/**
 * From a 2xx reply to the commit point: a whole answer, or the first event of a stream that says something.
 * What says nothing, or says that it failed, becomes a failure while another credential may still be tried.
 */
import type { IncomingMessage } from "node:http";
import type { Reading } from "../canonical/answer.ts";
import { type Failure, isFailure } from "../kernel/failure.ts";
import { asObject, isObject, type JsonObject, parseJson } from "../kernel/json.ts";
import type { Prepared } from "../providers/adapter.ts";
import type { AnswerForm } from "../providers/answer_form.ts";
import { EVENT_STREAM_TYPE } from "../wire/event_stream.ts";
import { eventData, splitEvents } from "../wire/sse.ts";
import { classifyAnswerError, type ClassifyContext, classifyTransport, emptyAnswer, malformedAnswer } from "./classify.ts";
import type { Exchange } from "./exchange.ts";
import { EventFeed } from "./feed.ts";
import { readBody, reasonOf, type UpstreamReply } from "./send.ts";

/** Longest whole answer. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** Events held back before the commit point; beyond this the answer counts as begun. */
const MAX_HELD_BYTES = 64 * 1024;
/** Longest event that is translated; those relayed as they come need not be held whole. */
const MAX_TRANSLATED_EVENT_BYTES = 32 * 1024 * 1024;

/** The provider has begun to answer. */
export type Committed =
  /** Passed on as it is. */
  | {
    readonly kind: "bytes";
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: IncomingMessage;
  }
  | {
    readonly kind: "answer";
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    /** For the client, but for the model's name: the provider's own bytes where nothing had to be changed. */
    readonly text: string;
    readonly reading: Reading;
  }
  | {
    readonly kind: "stream";
    readonly headers: Readonly<Record<string, string>>;
    /** Whole raw events that came so far, latin1; the last one is the first that says something. */
    readonly held: string;
    /** The beginning of an event too long to be held, after them; or empty. */
    readonly torn: string;
    /** Nobody listens to it yet. */
    readonly feed: EventFeed;
    readonly form: AnswerForm;
    /** Usage was asked for on the gateway's own account and must be hidden again. */
    readonly hidesUsage: boolean;
  };

export interface Reading200 {
  readonly exchange: Exchange;
  readonly reply: UpstreamReply;
  readonly context: ClassifyContext;
  readonly signal: AbortSignal;
  readonly prepared: Prepared;
}

/** Reads a 2xx reply up to its commit point. */
export function commitment(input: Reading200): Promise<Committed | Failure> {
  const { status, headers, body } = input.reply;
  if (input.exchange.request.native.raw !== undefined) return Promise.resolve({ kind: "bytes", status, headers, body });
  const type = (input.reply.headers["content-type"] ?? "").toLowerCase();
  const isStream = type.startsWith("text/event-stream") || type.startsWith(EVENT_STREAM_TYPE);
  if (!isStream) return wholeAnswer(input);
  const { fold } = input.prepared.form;
  return fold === undefined || input.exchange.request.isStream ? firstEvents(input) : foldedAnswer(input, fold);
}

async function wholeAnswer(input: Reading200): Promise<Committed | Failure> {
  const { context, prepared: { form } } = input;
  const text = await wholeText(input, "utf8");
  if (isFailure(text)) return text;
  const body = asObject(parseJson(text));
  if (body === undefined) return malformedAnswer(text, context);
  const error = classifyAnswerError(body, context);
  if (error !== undefined) return error;
  const shown = form.answer(body, input.reply.headers);
  return answerOf(input, shown, shown === body ? text : JSON.stringify(shown));
}

/** A stream nobody asked for as such: read to its end and told as one answer. */
async function foldedAnswer(
  input: Reading200,
  fold: (events: readonly JsonObject[]) => JsonObject,
): Promise<Committed | Failure> {
  const { context, prepared: { form } } = input;
  const text = await wholeText(input, "latin1");
  if (isFailure(text)) return text;
  const bodies: JsonObject[] = [];
  let isEnded = false;
  for (const raw of splitEvents(text)) {
    const body = asObject(parseJson(eventData(raw) ?? ""));
    if (body === undefined) continue;
    const error = classifyAnswerError(body, context);
    if (error !== undefined) return error;
    isEnded ||= form.readEvent(body).finishReason !== undefined;
    bodies.push(body);
  }
  if (bodies.length === 0) return text.trim() === "" ? emptyAnswer() : malformedAnswer(text, context);
  if (!isEnded) return classifyTransport(brokeOff(), "body");
  if (!bodies.some((body) => form.readEvent(body).isMeaningful)) return emptyAnswer();
  const shown = fold(bodies);
  return answerOf(input, shown, JSON.stringify(shown));
}

/** `latin1`: one character a byte, as events are cut. */
async function wholeText({ reply, context, signal }: Reading200, form: "utf8" | "latin1"): Promise<string | Failure> {
  const bytes = await readBody(reply.body, MAX_ANSWER_BYTES);
  if (signal.aborted) return reasonOf(signal);
  if (bytes === "cut") return classifyTransport(brokeOff(), "body");
  return bytes === "too_long" ? malformedAnswer("", context) : bytes.toString(form);
}

function answerOf({ exchange, reply }: Reading200, body: JsonObject, text: string): Committed | Failure {
  const reading = exchange.dialect.readAnswer(body);
  if (!reading.isMeaningful) return emptyAnswer();
  return { kind: "answer", status: reply.status, headers: reply.headers, text, reading };
}

/** Waits for the first event that says something. */
function firstEvents({ reply, context, signal, prepared }: Reading200): Promise<Committed | Failure> {
  const { form, hidesUsage } = prepared;
  const feed = new EventFeed(reply.body, form.isTranslated ? { maxEventBytes: MAX_TRANSLATED_EVENT_BYTES } : {});
  return new Promise((resolve) => {
    let held = "";
    const fail = (failed: Failure) => {
      signal.removeEventListener("abort", onStop);
      feed.destroy();
      resolve(failed);
    };
    const onStop = () => fail(reasonOf(signal));
    const commit = (torn = "") => {
      signal.removeEventListener("abort", onStop);
      feed.detach();
      resolve({ kind: "stream", headers: reply.headers, held, torn, feed, form, hidesUsage });
    };
    signal.addEventListener("abort", onStop, { once: true });
    if (signal.aborted) return onStop();
    feed.attach({
      events(whole, torn) {
        // Until an event is torn there is none it could be the end of: it comes alone.
        if (torn !== "") return form.isTranslated ? fail(malformedAnswer("", context)) : commit(torn);
        held += whole;
        const verdict = held.length > MAX_HELD_BYTES ? "meaningful" : judge(whole, form, context);
        if (verdict === "meaningful") commit();
        else if (verdict !== "nothing_yet") fail(verdict);
      },
      end(how, rest) {
        if (how === "cut") return fail(classifyTransport(brokeOff(), "body"));
        const verdict = judge(rest, form, context);
        if (isFailure(verdict)) return fail(verdict);
        if (verdict === "nothing_yet") return fail(emptyAnswer());
        held += `${rest}\n\n`;
        commit();
      },
    });
  });
}

/** What the events so far amount to. */
function judge(whole: string, form: AnswerForm, context: ClassifyContext): "meaningful" | "nothing_yet" | Failure {
  for (const raw of splitEvents(whole)) {
    const data = eventData(raw);
    if (data === undefined || data.trim() === "") continue;
    if (data === "[DONE]") return emptyAnswer();
    const body = parseJson(data);
    if (!isObject(body)) return malformedAnswer(data, context);
    const error = classifyAnswerError(body, context);
    if (error !== undefined) return error;
    const reading = form.readEvent(body);
    if (reading.isMeaningful) return "meaningful";
    if (reading.endsStream === true) return emptyAnswer();
  }
  return "nothing_yet";
}

function brokeOff(): Error {
  return Object.assign(new Error("the connection was closed in the middle of the answer"), { code: "ECONNRESET" });
}
