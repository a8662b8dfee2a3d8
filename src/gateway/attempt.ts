/**
 * One try at a provider, up to the commit point: the first event or answer that says something. Until then
 * nothing has reached the client and another credential may be tried.
 */
import type { Reading } from "../canonical/answer.ts";
import type { Clock } from "../kernel/clock.ts";
import { type Failure, failure, isFailure } from "../kernel/failure.ts";
import { asObject, isObject, parseJson } from "../kernel/json.ts";
import type { Lease } from "../pool/lease.ts";
import { prepareCall } from "../providers/adapter.ts";
import type { ProviderRow } from "../providers/row.ts";
import { eventData, splitEvents } from "../wire/sse.ts";
import { classifyAnswerError, type ClassifyContext, classifyReply, classifyTransport, emptyAnswer, malformedAnswer } from "./classify.ts";
import type { Exchange } from "./exchange.ts";
import { EventFeed } from "./feed.ts";
import type { Target } from "./route.ts";
import { readBody, reasonOf, type Sender, type UpstreamReply } from "./send.ts";

/** Longest whole answer, and longest text that is kept of an error. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;
/** Events held back before the commit point; beyond this the answer counts as begun. */
const MAX_HELD_BYTES = 64 * 1024;

/** The provider has begun to answer. */
export type Committed =
  | {
    readonly kind: "answer";
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    /** The provider's bytes as text. */
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
    /** Usage was asked for on the gateway's own account and must be hidden again. */
    readonly hidesUsage: boolean;
  };

export interface AttemptInput {
  readonly exchange: Exchange;
  readonly target: Target;
  readonly lease: Lease;
  readonly sender: Sender;
  readonly clock: Clock;
  /** How long it may take until the commit point, ms. */
  readonly timeoutMs: number;
}

/** Tries once. The lease is not settled here. */
export async function attempt(input: AttemptInput): Promise<Committed | Failure> {
  const { exchange, target, lease, clock } = input;
  const { row } = target.provider;
  const stop = new AbortController();
  const onClientGone = () => stop.abort(reasonOf(exchange.signal));
  exchange.signal.addEventListener("abort", onClientGone, { once: true });
  const cancelTimeout = clock.after(input.timeoutMs, () => stop.abort(timedOut(input)));
  try {
    const { call, asksStreamUsage } = prepareCall({
      row,
      dialect: exchange.dialect,
      body: target.body(exchange.request.native.body),
      isStream: exchange.request.isStream && !mustNotStream(row, exchange),
      credential: lease.credential,
      requestId: exchange.requestId,
    });
    const { connectTimeoutMs } = exchange.snapshot.config;
    const reply = await input.sender.send(call, { connectTimeoutMs, signal: stop.signal });
    if (isFailure(reply)) return reply;
    const context = { row, model: target.model, now: clock.now(), secret: lease.credential.secret, headers: reply.headers };
    if (reply.status < 200 || reply.status > 299) return await refused(reply, context, stop.signal);
    const hidesUsage = asksStreamUsage && !exchange.request.wantsStreamUsage;
    return isEventStream(reply)
      ? await firstEvents({ exchange, reply, context, signal: stop.signal, hidesUsage })
      : await wholeAnswer({ exchange, reply, context, signal: stop.signal });
  } finally {
    cancelTimeout();
    exchange.signal.removeEventListener("abort", onClientGone);
  }
}

function timedOut({ target, timeoutMs }: AttemptInput): Failure {
  return failure({
    scope: "transport",
    kind: "first_byte_timeout",
    status: 504,
    message: `Provider "${target.provider.row.id}" did not begin to answer within ${(timeoutMs / 1000).toFixed(1)} s`,
  });
}

/** Some providers refuse to stream when tools are given. */
function mustNotStream(row: ProviderRow, exchange: Exchange): boolean {
  const { tools } = exchange.request.native.body;
  return (row.quirks ?? []).includes("no_stream_with_tools") && Array.isArray(tools) && tools.length > 0;
}

function isEventStream(reply: UpstreamReply): boolean {
  return (reply.headers["content-type"] ?? "").toLowerCase().startsWith("text/event-stream");
}

async function refused(reply: UpstreamReply, context: ClassifyContext, signal: AbortSignal): Promise<Failure> {
  const body = await readBody(reply.body, MAX_ERROR_BYTES);
  if (signal.aborted) return reasonOf(signal);
  const text = typeof body === "string" ? "" : body.toString("utf8");
  return classifyReply({ status: reply.status, headers: reply.headers, body: text }, context);
}

interface Reading200 {
  readonly exchange: Exchange;
  readonly reply: UpstreamReply;
  readonly context: ClassifyContext;
  readonly signal: AbortSignal;
}

async function wholeAnswer({ exchange, reply, context, signal }: Reading200): Promise<Committed | Failure> {
  const bytes = await readBody(reply.body, MAX_ANSWER_BYTES);
  if (signal.aborted) return reasonOf(signal);
  if (bytes === "cut") return classifyTransport(brokeOff(), "body");
  if (bytes === "too_long") return malformedAnswer("", context);
  const text = bytes.toString("utf8");
  const body = asObject(parseJson(text));
  if (body === undefined) return malformedAnswer(text, context);
  const error = classifyAnswerError(body, context);
  if (error !== undefined) return error;
  const reading = exchange.dialect.readAnswer(body);
  if (!reading.isMeaningful) return emptyAnswer();
  return { kind: "answer", status: reply.status, headers: reply.headers, text, reading };
}

/** Waits for the first event that says something. */
function firstEvents(input: Reading200 & { readonly hidesUsage: boolean }): Promise<Committed | Failure> {
  const { exchange, reply, context, signal, hidesUsage } = input;
  const feed = new EventFeed(reply.body);
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
      resolve({ kind: "stream", headers: reply.headers, held, torn, feed, hidesUsage });
    };
    signal.addEventListener("abort", onStop, { once: true });
    if (signal.aborted) return onStop();
    feed.attach({
      events(whole, torn) {
        // Until an event is torn there is none it could be the end of: it comes alone.
        if (torn !== "") return commit(torn);
        held += whole;
        const verdict = held.length > MAX_HELD_BYTES ? "meaningful" : judge(whole, exchange, context);
        if (verdict === "meaningful") commit();
        else if (verdict !== "nothing_yet") fail(verdict);
      },
      end(how, rest) {
        if (how === "cut") return fail(classifyTransport(brokeOff(), "body"));
        const verdict = judge(rest, exchange, context);
        if (isFailure(verdict)) return fail(verdict);
        if (verdict === "nothing_yet") return fail(emptyAnswer());
        held += `${rest}\n\n`;
        commit();
      },
    });
  });
}

/** What the events so far amount to. */
function judge(whole: string, exchange: Exchange, context: ClassifyContext): "meaningful" | "nothing_yet" | Failure {
  for (const raw of splitEvents(whole)) {
    const data = eventData(raw);
    if (data === undefined) continue;
    if (data === "[DONE]") return emptyAnswer();
    const body = parseJson(data);
    if (!isObject(body)) return malformedAnswer(data, context);
    const error = classifyAnswerError(body, context);
    if (error !== undefined) return error;
    if (exchange.dialect.readEvent(body).isMeaningful) return "meaningful";
  }
  return "nothing_yet";
}

function brokeOff(): Error {
  return Object.assign(new Error("the connection was closed in the middle of the answer"), { code: "ECONNRESET" });
}
