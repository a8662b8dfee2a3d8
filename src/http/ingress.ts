/**
 * From an HTTP request to an `Exchange`: body read within its limit, JSON checked, deadline and request id
 * settled. Whatever is wrong with a request is found here, before any credential is touched.
 */
import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { CanonicalRequest } from "../gateway/exchange.ts";
import type { Dialect } from "../dialects/dialect.ts";
import type { Exchange } from "../gateway/exchange.ts";
import type { OpenCapture } from "../gateway/deps.ts";
import type { Snapshot } from "../gateway/snapshot.ts";
import type { Clock, Stopwatch } from "../kernel/clock.ts";
import { type Failure, failure, isFailure } from "../kernel/failure.ts";
import { asObject, isNestedDeeper, isObject, type JsonObject, parseJson } from "../kernel/json.ts";
import { Secret } from "../kernel/secret.ts";
import { clientKey } from "./client_auth.ts";
import { mayHoldMarks, withoutMarks } from "../gateway/owned_ids.ts";
import type { Continued } from "./responses.ts";

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;
/** Set by whoever wants a shorter deadline. */
const TIMEOUT_HEADER = "x-keyproxy-timeout";
/** Set by the official SDKs without being asked. */
const SDK_TIMEOUT_HEADER = "x-stainless-timeout";
const MAX_TIMEOUT_SECONDS = 7 * 24 * 3600;
/** Deeper than any schema or conversation; what walks a body on its way has a stack to spare. */
const MAX_LEVELS = 1_000;

export interface IngressInput {
  readonly incoming: IncomingMessage;
  readonly out: ServerResponse;
  readonly path: string;
  readonly dialect: Dialect;
  readonly snapshot: Snapshot;
  readonly clock: Clock;
  readonly stopwatch: Stopwatch;
  readonly openCapture: OpenCapture;
  readonly read: ReadRequest;
}

/** A request that was read and found right. */
export interface Asked {
  readonly request: CanonicalRequest;
  /** For the request log. */
  readonly body: JsonObject;
  /** Keeps the answer for later requests. */
  readonly keep?: ((answer: JsonObject) => void) | undefined;
  /** The id of the answer it goes on from. */
  readonly continues?: string | undefined;
  /** The end of the id of the one credential that can serve it. */
  readonly only?: string | undefined;
  /** Whose the ids are that it names: files, cached contents. */
  readonly owned?: ReadonlyMap<string, string>;
}

/** Reads what a client sent. */
export type ReadRequest = (
  incoming: IncomingMessage,
  at: { readonly maxBytes: number; readonly client: Secret },
) => Promise<Asked | Failure>;

/** The exchange for a request, or what is wrong with it. */
export async function readExchange(input: IngressInput): Promise<Exchange | Failure> {
  const { incoming, out, dialect, snapshot, clock, stopwatch } = input;
  const startedMs = stopwatch();
  const arrivedAt = clock.now();
  const timeoutMs = clientTimeout(incoming, snapshot.config.globalTimeoutMs);
  if (isFailure(timeoutMs)) return timeoutMs;
  const client = new Secret(clientKey(incoming.headers));
  const asked = await input.read(incoming, { maxBytes: snapshot.config.maxBodyBytes, client });
  if (isFailure(asked)) return asked;
  const { request, body, keep, continues, only, owned = new Map() } = asked;
  const requestId = requestIdOf(incoming);
  const method = incoming.method ?? "POST";
  return {
    requestId,
    dialect,
    request,
    snapshot,
    out,
    signal: clientSignal(out),
    arrivedAt,
    deadlineAt: arrivedAt + timeoutMs,
    elapsedMs: () => stopwatch() - startedMs,
    dialectHeaders: dialectHeaders(incoming, dialect),
    client,
    keep,
    continues,
    only,
    owned,
    capture: input.openCapture({ requestId, request: { method, path: input.path, headers: incoming.headers, body } }),
    attempts: [],
    waitedMs: 0,
    lossy: [],
    target: undefined,
  };
}

/** Reads requests whose body is one JSON object. */
export function jsonRequest(
  { dialect, overlay, continued }: {
    readonly dialect: Dialect;
    /** What the address says, laid over the body. */
    readonly overlay: JsonObject;
    /** The request with what was said before it, for dialects that can go on from an earlier answer. */
    readonly continued?: (body: JsonObject, client: Secret) => Continued | Failure;
  },
): ReadRequest {
  return async (incoming, { maxBytes, client }) => {
    const bytes = await readBytes(incoming, maxBytes);
    if (isFailure(bytes)) return bytes;
    const text = bytes.toString("utf8");
    const given = jsonBody(text);
    if (isFailure(given)) return given;
    const own = { ...given, ...overlay };
    const whole = continued?.(own, client) ?? { body: own };
    if (isFailure(whole)) return whole;
    // Earlier turns are kept with their marks, so these are taken off when everything is together.
    const mayBeMarked = whole.body !== own || mayHoldMarks(text);
    const { body, owners } = mayBeMarked ? unmarked(whole.body) : { body: whole.body, owners: new Map() };
    const request = dialect.decodeRequest(body);
    return isFailure(request) ? request : { request, ...whole, body, owned: owners };
  };
}

function unmarked(marked: JsonObject): { readonly body: JsonObject; readonly owners: ReadonlyMap<string, string> } {
  const { text, owners } = withoutMarks(JSON.stringify(marked));
  return { body: owners.size === 0 ? marked : asObject(parseJson(text)) ?? marked, owners };
}

function dialectHeaders({ headers }: IncomingMessage, { passedHeaders = [] }: Dialect): Readonly<Record<string, string>> {
  return Object.fromEntries(passedHeaders.flatMap((name) => {
    const value = headers[name];
    return typeof value === "string" ? [[name, value] as const] : [];
  }));
}

/** The client's own id when it is printable and short, else a new one. */
export function requestIdOf(incoming: IncomingMessage): string {
  const given = incoming.headers["x-request-id"];
  return typeof given === "string" && REQUEST_ID.test(given) ? given : randomUUID();
}

/** Aborted, with a failure as its reason, when the client closes before the answer has ended. */
function clientSignal(out: ServerResponse): AbortSignal {
  const gone = new AbortController();
  out.once("close", () => {
    if (!out.writableFinished) gone.abort(clientGone());
  });
  // A write that crosses the client's leaving is an error of the response, and unheard it would end the process.
  out.on("error", () => gone.abort(clientGone()));
  return gone.signal;
}

function clientGone(): Failure {
  return failure({ scope: "client", kind: "client_gone", status: 499, message: "The client closed the connection" });
}

/** A client may shorten its deadline. What a person wrote must be right; what an SDK wrote is taken as far as it makes sense. */
function clientTimeout(incoming: IncomingMessage, longestMs: number): number | Failure {
  const written = incoming.headers[TIMEOUT_HEADER];
  if (typeof written === "string") {
    const seconds = Number(written);
    const isFit = written.trim() !== "" && seconds > 0 && seconds <= MAX_TIMEOUT_SECONDS;
    if (isFit) return Math.min(seconds * 1000, longestMs);
    return badRequest(`Invalid header "${TIMEOUT_HEADER}": expected seconds between 0 and ${MAX_TIMEOUT_SECONDS}`, TIMEOUT_HEADER);
  }
  const stamped = Number(incoming.headers[SDK_TIMEOUT_HEADER] || "none");
  // Cut to whole seconds by the SDK: 0 means less than one, which the SDK itself watches over.
  return stamped >= 0 ? Math.min(Math.max(stamped, 1) * 1000, longestMs) : longestMs;
}

/** Reads a JSON object from a request body, or says what is wrong with it. */
export async function readJsonBody(incoming: IncomingMessage, maxBytes: number): Promise<JsonObject | Failure> {
  const bytes = await readBytes(incoming, maxBytes);
  return isFailure(bytes) ? bytes : jsonBody(bytes.toString("utf8"));
}

/** The JSON object that a text is, or what is wrong with it. */
export function jsonBody(text: string): JsonObject | Failure {
  const body = parseJson(text);
  if (body !== undefined && isNestedDeeper(body, MAX_LEVELS)) {
    return badRequest(`Cannot read the request body: it is nested more than ${MAX_LEVELS} levels deep`);
  }
  if (isObject(body)) return body;
  const found = text.trim() === "" ? "it is empty" : body === undefined ? "it is not valid JSON" : "expected a JSON object";
  return badRequest(`Cannot read the request body: ${found}`);
}

/** The bytes of a body within the limit; a compressed one cannot be read. */
export function readBytes(incoming: IncomingMessage, maxBytes: number): Promise<Buffer | Failure> {
  const encoding = incoming.headers["content-encoding"];
  if (encoding === undefined || encoding === "identity") return readPlainBytes(incoming, maxBytes);
  return Promise.resolve(failure({
    scope: "request",
    kind: "invalid_request",
    status: 415,
    message: `Cannot read the request body: content-encoding "${encoding.slice(0, 40)}" is not supported`,
  }));
}

function readPlainBytes(incoming: IncomingMessage, maxBytes: number): Promise<Buffer | Failure> {
  const tooLarge = failure({
    scope: "request",
    kind: "too_large",
    status: 413,
    message: `The request body is larger than the limit of ${maxBytes} bytes (MAX_BODY_BYTES)`,
  });
  if (Number(incoming.headers["content-length"] ?? 0) > maxBytes) return Promise.resolve(tooLarge);
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let size = 0;
    incoming.on("data", (piece: Buffer) => {
      size += piece.length;
      if (size > maxBytes) {
        incoming.pause();
        resolve(tooLarge);
      } else pieces.push(piece);
    });
    incoming.on("end", () => resolve(Buffer.concat(pieces)));
    incoming.on("error", () => resolve(clientGone()));
    incoming.on("close", () => resolve(clientGone()));
  });
}

export function badRequest(message: string, param?: string): Failure {
  return failure({ scope: "request", kind: "invalid_request", status: 400, message, ...(param === undefined ? {} : { param }) });
}
