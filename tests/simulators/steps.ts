/**
 * Every behaviour a provider can be scripted to show, by name. A constructor returns plain data; `with*`
 * functions take a step and add to it, so behaviours combine.
 */
import type { Json } from "../../src/kernel/json.ts";
import type { AnswerShape } from "./answers.ts";
import type { Latch } from "./latch.ts";
import { dataEvent, DONE_EVENT, errorBody, type ErrorFields, type ReplyHeaders } from "./reply.ts";
import type { Body, ConnectionEnd, Moment, Step } from "./step.ts";

const CORRECT: Body = { from: "answer" };
/** Has characters of 2, 3 and 4 bytes. */
export const MULTIBYTE_TEXT = "Grüße aus 世界 mit 🙂 und naïve Zeichen";

// Answers

/** A correct answer; `shape` says what it says instead of the echo. */
export function answer(shape: AnswerShape = {}): Step {
  return { name: "answer", body: { from: "answer", shape } };
}

/** Any status with any body. */
export function reply(status: number, body: Json | string | Uint8Array, headers: ReplyHeaders = {}): Step {
  const made: Body = typeof body === "string"
    ? { from: "text", text: body }
    : body instanceof Uint8Array
    ? { from: "bytes", bytes: body }
    : { from: "json", json: body };
  return { name: `reply ${status}`, status, headers, body: made };
}

/** An event stream of exactly these texts, one piece each; blank lines and `[DONE]` are the caller's. */
export function rawEvents(...events: readonly string[]): Step {
  return { name: "raw events", body: { from: "events", events } };
}

/** 200 with nothing in it: no text in a well-formed answer, an empty list of choices, or no body at all. */
export function emptyAnswer(kind: "no_text" | "no_choices" | "no_body" = "no_text"): Step {
  if (kind === "no_text") return { name: "empty answer", body: { from: "answer", shape: { text: "" } } };
  if (kind === "no_body") return { name: "empty answer", body: { from: "text", text: "" }, streamBody: { from: "events", events: [] } };
  const nothing = { id: "chatcmpl-sim-empty", object: "chat.completion", created: 0, model: "sim", choices: [] };
  const events = [dataEvent({ ...nothing, object: "chat.completion.chunk" }), DONE_EVENT];
  return { name: "empty answer", body: { from: "json", json: nothing }, streamBody: { from: "events", events } };
}

/** One line of at least `byteCount` bytes: a single text delta in a stream, one long string in JSON. */
export function giantLine(byteCount: number): Step {
  return { ...answer({ text: "x".repeat(byteCount) }), name: "giant line" };
}

/** A long answer of `chunkCount` deltas of `chunkBytes` each: for back-pressure, watched through `bytesSent`. */
export function flood(size: { readonly chunkCount: number; readonly chunkBytes: number }): Step {
  const word = ` ${"x".repeat(size.chunkBytes - 1)}`;
  return { ...answer({ text: word.repeat(size.chunkCount) }), name: "flood" };
}

// Refusals

/** An error status with OpenAI's error object. */
export function errorAnswer(status: number, fields: ErrorFields, headers: ReplyHeaders = {}): Step {
  return { name: `error ${status}`, status, headers, body: { from: "json", json: errorBody(fields) } };
}

/** 429 `rate_limit_exceeded`, with `Retry-After` only when seconds are given. */
export function rateLimited(
  options: { readonly retryAfterSeconds?: number; readonly headers?: ReplyHeaders; readonly message?: string } = {},
): Step {
  const hint: ReplyHeaders = options.retryAfterSeconds === undefined ? {} : { "retry-after": String(options.retryAfterSeconds) };
  const message = options.message ?? "Rate limit reached for requests per min (RPM): Limit 3, Used 3, Requested 1.";
  const step = errorAnswer(429, { message, type: "requests", code: "rate_limit_exceeded" }, { ...hint, ...options.headers });
  return { ...step, name: "rate limited" };
}

/** 401 `invalid_api_key`. */
export function rejectedKey(): Step {
  return { ...errorAnswer(401, { message: "Incorrect API key provided: sk-***.", code: "invalid_api_key" }), name: "rejected key" };
}

/** 429 `insufficient_quota`: no money left, not a limit that passes. */
export function insufficientQuota(): Step {
  const message = "You exceeded your current quota, please check your plan and billing details.";
  return { ...errorAnswer(429, { message, type: "insufficient_quota", code: "insufficient_quota" }), name: "insufficient quota" };
}

/** A 5xx with an error object. */
export function serverError(status: number = 500): Step {
  const message = "The server had an error while processing your request. Sorry about that!";
  return { ...errorAnswer(status, { message, type: "server_error" }), name: `server error ${status}` };
}

/** 404 `model_not_found`. */
export function unknownModel(model: string = "sim-gone"): Step {
  const message = `The model \`${model}\` does not exist or you do not have access to it.`;
  return { ...errorAnswer(404, { message, code: "model_not_found", param: "model" }), name: "unknown model" };
}

/** 400 `context_length_exceeded`. */
export function contextOverflow(): Step {
  const message = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.";
  return { ...errorAnswer(400, { message, code: "context_length_exceeded", param: "messages" }), name: "context overflow" };
}

/** An HTML page, as a gateway in front of the provider sends it. */
export function htmlPage(status: number = 502): Step {
  const text = `<!DOCTYPE html>\n<html><head><title>${status}</title></head><body><h1>${status} from the edge</h1></body></html>\n`;
  return { name: `html page ${status}`, status, body: { from: "text", text, contentType: "text/html; charset=utf-8" } };
}

/** 200 whose JSON does not parse: the body, or the first event of a stream. */
export function invalidJson(): Step {
  const broken = '{"id": "chatcmpl-broken", "choices": [';
  return {
    name: "invalid json",
    body: { from: "text", text: broken, contentType: "application/json" },
    streamBody: { from: "events", events: [`data: ${broken}\n\n`] },
  };
}

/** Bytes that are not HTTP, then the connection closes. */
export function notHttp(text: string = "SSH-2.0-OpenSSH_9.6\r\n"): Step {
  return { name: "not http", framing: "none", body: { from: "text", text }, fault: { kind: "half_close", at: { chunkCount: Infinity } } };
}

/** An error object as event number `afterCount` (0: the very first) and then the end, no `[DONE]`; without a stream, inside a 200 body. */
export function sseError(fields: ErrorFields, options: { readonly afterCount?: number } = {}): Step {
  const body = errorBody(fields);
  return {
    name: "error in a 200",
    body: { from: "json", json: body },
    streamBody: CORRECT,
    edits: [{ edit: "replace_rest", keepCount: options.afterCount ?? 0, text: dataEvent(body) }],
  };
}

// Broken answers

/** Reads the request and never says anything. */
export function stall(): Step {
  return { name: "stall", body: CORRECT, holds: [{ at: "request" }] };
}

/** Sends `chunkCount` pieces (0: only headers) and then nothing more. */
export function stallAfter(chunkCount: number): Step {
  return { name: `stall after ${chunkCount}`, body: CORRECT, holds: [{ at: chunkCount === 0 ? "headers" : { chunkCount } }] };
}

/** The event that only names the role, then nothing more. */
export function roleOnlyThenStall(): Step {
  return { ...stallAfter(1), name: "role only, then stall" };
}

/** RST before the headers, after them, or after so many pieces. */
export function reset(at: Moment = "request"): Step {
  return { name: "reset", body: CORRECT, fault: { kind: "reset", at } };
}

/** RST after exactly `byteCount` bytes of the body. */
export function resetAfterBytes(byteCount: number): Step {
  return { ...reset({ chunkCount: Infinity }), edits: [{ edit: "keep_bytes", byteCount }] };
}

/** FIN after `chunkCount` pieces of a chunked answer, without the end of the last chunk. */
export function halfClose(chunkCount: number = 2): Step {
  return { name: "half close", body: CORRECT, fault: { kind: "half_close", at: chunkCount === 0 ? "headers" : { chunkCount } } };
}

/** A stream that ends properly for HTTP, but inside an event and without `[DONE]`. Without a stream: JSON cut short. */
export function cutSse(byteCount: number = 20): Step {
  return { name: "cut inside an event", body: CORRECT, edits: [{ edit: "drop_end", byteCount }] };
}

/** A correct stream without `[DONE]`. */
export function noDone(): Step {
  return { name: "no [DONE]", body: CORRECT, edits: [{ edit: "drop_done" }] };
}

/** `content-length` off by `errorBytes`. Too long: the connection then closes short of it; too short: the rest follows as litter. */
export function lyingContentLength(errorBytes: number): Step {
  const step: Step = { name: "lying content-length", body: CORRECT, lengthErrorBytes: errorBytes };
  return errorBytes > 0 ? { ...step, fault: { kind: "half_close", at: { chunkCount: Infinity } } } : step;
}

/** A correct answer whose pieces end inside characters: in each (default), every so many bytes, or at byte offsets of the body. */
export function cutUtf8(
  options: { readonly text?: string; readonly everyBytes?: number; readonly atBytes?: readonly number[] } = {},
): Step {
  const step = { ...answer({ text: options.text ?? MULTIBYTE_TEXT }), name: "cut inside characters" };
  if (options.atBytes !== undefined) return { ...step, edits: [{ edit: "split_at", offsets: options.atBytes }] };
  if (options.everyBytes !== undefined) return { ...step, edits: [{ edit: "split_every", byteCount: options.everyBytes }] };
  return { ...step, edits: [{ edit: "split_characters" }] };
}

// Odd but correct answers

/** `count` comment events before a correct answer. */
export function commentsThenAnswer(count: number = 3, comment: string = "KEEPALIVE"): Step {
  return {
    name: "comments first",
    body: CORRECT,
    edits: Array.from({ length: count }, () => ({ edit: "prepend", text: `: ${comment}\n\n` })),
  };
}

/** A correct answer whose pieces come `chunkDelayMs` apart. */
export function trickle(chunkDelayMs: number, shape: AnswerShape = {}): Step {
  return { ...answer(shape), name: "trickle", chunkDelayMs };
}

/** A correct answer, after which the connection closes: at once, or at the moment it is used again. */
export function keepAliveClose(end: Partial<ConnectionEnd> = {}): Step {
  return { ...answer(), name: "keep-alive close", connectionEnd: { at: end.at ?? "answer_end", kind: end.kind ?? "half_close" } };
}

// Additions

/** `step`, which waits at `at` (default: before the headers) until the test releases `until`. */
export function withHold(step: Step, until: Latch, at: Moment = "request"): Step {
  return { ...step, holds: [...(step.holds ?? []), { at, until }] };
}

/** `step`, `delayMs` later: before the headers, or at `at`. */
export function withDelay(step: Step, delayMs: number, at: Moment = "request"): Step {
  return { ...step, holds: [...(step.holds ?? []), { at, delayMs }] };
}

/** `step` with these headers as well. */
export function withHeaders(step: Step, headers: ReplyHeaders): Step {
  return { ...step, headers: { ...step.headers, ...headers } };
}

/** `step` with its body compressed, whether or not the client said it can read that. */
export function withGzip(step: Step): Step {
  return { ...withHeaders(step, { "content-encoding": "gzip" }), edits: [...(step.edits ?? []), { edit: "gzip" }] };
}

/** `step`, of which the client sees comments until `until` is released: one at once, before the wait. */
export function withCommentThenHold(step: Step, until: Latch): Step {
  return withHold({ ...step, edits: [...(step.edits ?? []), { edit: "prepend", text: ": waiting\n\n" }] }, until, { chunkCount: 1 });
}
