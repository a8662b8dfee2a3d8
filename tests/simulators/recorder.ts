/**
 * What the simulator saw, kept for the test. A request is recorded once its body was read (or its client left
 * before that); how it ended is filled in afterwards, and promises stand in for waiting.
 */
import { Buffer } from "node:buffer";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { systemClock } from "../../src/kernel/clock.ts";
import { asObject, asString, type Json, parseJson } from "../../src/kernel/json.ts";
import { type Match, matches } from "./script.ts";

/** One request as it arrived, and what became of it. */
export interface RecordedRequest {
  /** Position in `simulator.requests`. */
  readonly index: number;
  /** Epoch ms. */
  readonly receivedAt: number;
  /** Which connection it came on, counted from 0: two requests with one number shared a socket. */
  readonly socketIndex: number;
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  /** Query with its `?`, or empty. */
  readonly query: string;
  /** Bearer token, or the value of `x-api-key`, `api-key` or `x-goog-api-key`. */
  readonly key: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in the order and spelling of the wire. */
  readonly rawHeaders: readonly string[];
  readonly rawBody: string;
  /** The parsed body; undefined when it is not JSON. */
  readonly body: Json | undefined;
  readonly model: string | undefined;
  readonly isStream: boolean;
  /** Name of the step that served it. */
  readonly step: string;
  /** Bytes of the answer's body the socket took. */
  readonly bytesSent: number;
  /** Pieces of the answer's body the socket took. */
  readonly chunksSent: number;
  /** The client closed before the answer had ended. */
  readonly abortedByClient: boolean;
  /** The answer was sent to its end: not when the client left, nor when the script broke it. */
  readonly finished: boolean;
  /** Resolves when the client closes before the answer has ended; otherwise never. */
  readonly aborted: Promise<void>;
  /** Resolves when the exchange is over, however it ended. */
  readonly done: Promise<void>;
}

/** How an exchange ended. */
export type Ending = "finished" | "client_left" | "broken_by_script";

/** What a record has to be told beside the request itself. */
export interface RequestPlace {
  readonly rawBody: string;
  readonly index: number;
  readonly socketIndex: number;
  /** Called once, when the exchange is over. */
  readonly onEnd: () => void;
}

/** The simulator's own, changing side of a {@link RecordedRequest}. */
export class RequestRecord implements RecordedRequest {
  readonly receivedAt = systemClock.now();
  readonly rawBody: string;
  readonly index: number;
  readonly socketIndex: number;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly key: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: Json | undefined;
  readonly model: string | undefined;
  readonly isStream: boolean;
  step = "none";
  bytesSent = 0;
  chunksSent = 0;
  abortedByClient = false;
  finished = false;
  readonly #onEnd: () => void;
  #isOver = false;
  readonly #aborted = Promise.withResolvers<void>();
  readonly #done = Promise.withResolvers<void>();

  constructor(request: IncomingMessage, place: RequestPlace) {
    ({ rawBody: this.rawBody, index: this.index, socketIndex: this.socketIndex, onEnd: this.#onEnd } = place);
    const url = new URL(request.url ?? "/", "http://simulator");
    this.method = request.method ?? "GET";
    this.path = url.pathname;
    this.query = url.search;
    this.headers = request.headers;
    this.rawHeaders = request.rawHeaders;
    this.key = keyOf(request.headers);
    this.body = parseJson(this.rawBody);
    const fields = asObject(this.body);
    // Google and Amazon name model and method in the address.
    const [, model, method] = /\/models?\/([^/]+)[:/]([\w-]+)$/.exec(this.path) ?? [];
    this.model = asString(fields?.model) ?? (model === undefined ? undefined : decodeURIComponent(model));
    this.isStream = fields?.stream === true || method === "streamGenerateContent" || method === "converse-stream";
  }

  get aborted(): Promise<void> {
    return this.#aborted.promise;
  }

  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** Settles how the exchange ended; only the first call counts. */
  end(ending: Ending): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.finished = ending === "finished";
    this.abortedByClient = ending === "client_left";
    if (this.abortedByClient) this.#aborted.resolve();
    this.#done.resolve();
    this.#onEnd();
  }
}

interface Waiter {
  readonly match: Match;
  readonly resolve: (request: RecordedRequest) => void;
  readonly reject: (reason: Error) => void;
}

/** All requests in order, and the tests waiting for the next one. */
export class Recorder {
  readonly requests: RequestRecord[] = [];
  readonly #unseen: RequestRecord[] = [];
  readonly #waiters: Waiter[] = [];

  /** Files a request and wakes the test that waits for such a one. */
  add(record: RequestRecord): void {
    this.requests.push(record);
    const waiting = this.#waiters.findIndex((waiter) => matches(waiter.match, record));
    const [waiter] = waiting < 0 ? [] : this.#waiters.splice(waiting, 1);
    if (waiter === undefined) this.#unseen.push(record);
    else waiter.resolve(record);
  }

  /** The first matching request no earlier call was given, now or when it arrives. Rejects when the simulator closes first. */
  next(match: Match): Promise<RecordedRequest> {
    const position = this.#unseen.findIndex((record) => matches(match, record));
    const [record] = position < 0 ? [] : this.#unseen.splice(position, 1);
    if (record !== undefined) return Promise.resolve(record);
    const { promise, resolve, reject } = Promise.withResolvers<RecordedRequest>();
    this.#waiters.push({ match, resolve, reject });
    // A test that gave up waiting is not a failure of its own; one that still waits sees the rejection.
    promise.catch(() => {});
    return promise;
  }

  /** Tells every waiting test that nothing will come. */
  close(): void {
    for (const waiter of this.#waiters.splice(0)) {
      waiter.reject(new Error(`Cannot wait for a request matching ${JSON.stringify(waiter.match)}: the simulator was closed`));
    }
  }
}

/** The whole body as text; what arrived, when the client leaves in the middle. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
  } catch {
    // The client left; `complete` on the request tells the caller.
  }
  return Buffer.concat(chunks).toString();
}

function keyOf(headers: IncomingHttpHeaders): string | undefined {
  const bearer = headers.authorization?.match(/^Bearer\s+(.+)$/i)?.[1];
  return bearer ?? asString(headers["x-api-key"]) ?? asString(headers["api-key"]) ?? asString(headers["x-goog-api-key"]);
}
