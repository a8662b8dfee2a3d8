/**
 * The HTTP side of every simulated login provider: one listener on 127.0.0.1 that journals each request,
 * applies the fault rules and plays the provider's answer. Closing it ends every socket and every wait.
 */
import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../../../src/kernel/clock.ts";
import { type Connection, play } from "../play.ts";
import { readBody, RequestRecord } from "../recorder.ts";
import { jsonReply, type Reply } from "../reply.ts";
import type { Hold, Step } from "../step.ts";
import { type Asked, type Identity, Journal, readAsked } from "./asked.ts";
import { type Alteration, alteredStep, FaultBook, isAlteration, isReplacement, replacementStep } from "./faults.ts";

/** What a provider does with requests. */
export interface Endpoints {
  /** What is called, about whom and which model. Changes nothing. */
  identify(asked: Omit<Asked, keyof Identity>): Identity;
  /** The answer, and everything that changes with it. Runs without interruption. */
  answer(asked: Asked): Reply | Step;
}

/** What the server is given. */
export interface OAuthServerOptions<E extends { readonly kind: string }> {
  readonly clock: Clock;
  readonly endpoints: Endpoints;
  /** Shared with the endpoints, which take the provider's own effects from it. */
  readonly faults?: FaultBook<E>;
  /** Default: a free one. */
  readonly port?: number;
}

/** A running server. */
export interface OAuthServer<E extends { readonly kind: string }> extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly journal: Journal;
  readonly faults: FaultBook<E>;
  /** Ends every connection with RST; safe to call twice. */
  close(): Promise<void>;
}

/** Starts a server; resolves when it accepts connections. */
export async function startOAuthServer<E extends { readonly kind: string } = { readonly kind: never }>(
  options: OAuthServerOptions<E>,
): Promise<OAuthServer<E>> {
  const server = new JournallingServer(options);
  await server.listen(options.port ?? 0);
  return server;
}

class JournallingServer<E extends { readonly kind: string }> implements OAuthServer<E> {
  readonly journal = new Journal();
  readonly faults: FaultBook<E>;
  readonly #clock: Clock;
  readonly #endpoints: Endpoints;
  readonly #server: Server;
  readonly #sockets = new Map<Socket, Connection>();
  readonly #exchanges = new Set<Promise<void>>();
  #connectionCount = 0;
  #requestCount = 0;
  #port = 0;
  #closed: Promise<void> | undefined;

  constructor(options: OAuthServerOptions<E>) {
    this.faults = options.faults ?? new FaultBook<E>();
    this.#clock = options.clock;
    this.#endpoints = options.endpoints;
    this.#server = createServer({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 }, (request, response) => {
      const exchange = this.#serve(request, response);
      this.#exchanges.add(exchange);
      exchange.finally(() => this.#exchanges.delete(exchange));
    });
    this.#server.on("connection", (socket) => {
      this.#sockets.set(socket, { socket, index: this.#connectionCount++ });
      // Broken connections are what many rules are about.
      socket.on("error", () => {});
      socket.on("close", () => this.#sockets.delete(socket));
    });
    this.#server.on("clientError", (_error, socket) => socket.destroy());
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  listen(port: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once("error", reject);
    this.#server.listen(port, "127.0.0.1", () => {
      const address = this.#server.address();
      if (typeof address === "object" && address !== null) this.#port = address.port;
      resolve();
    });
    return promise;
  }

  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #shutDown(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.journal.close();
    this.#server.close(() => resolve());
    for (const socket of this.#sockets.keys()) socket.resetAndDestroy();
    await Promise.all([promise, ...this.#exchanges]);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const connection = this.#sockets.get(request.socket);
    if (connection === undefined) return;
    const over = new AbortController();
    response.on("error", () => {});
    response.on("close", () => over.abort());
    const rawBody = await readBody(request);
    const index = this.#requestCount++;
    let isSettled = false;
    const record = new RequestRecord(request, { rawBody, index, socketIndex: connection.index, onEnd: () => void (isSettled = true) });
    const asked = this.#ask(request, { rawBody, index });
    const tell = this.journal.add(asked);
    try {
      if (!request.complete) return;
      const step = await this.#stepFor(asked, over.signal);
      if (step === undefined) return;
      if (step.fault?.at !== "request") tell({ status: step.status ?? 200 });
      await play(step, { record, response, connection, over: over.signal }, {});
    } finally {
      tell({ isFinished: record.finished, isAborted: !isSettled && this.#closed === undefined });
    }
  }

  #ask(request: IncomingMessage, place: { readonly rawBody: string; readonly index: number }): Asked {
    const { method = "GET", url = "/", headers } = request;
    const read = {
      ...readAsked({ method, url, headers, rawBody: place.rawBody }),
      index: place.index,
      at: this.#clock.now(),
    };
    return { ...read, account: undefined, model: undefined, ...this.#endpoints.identify(read) };
  }

  /** Undefined when the client left before there was an answer. */
  async #stepFor(asked: Asked, over: AbortSignal): Promise<Step | undefined> {
    const alterations = this.faults.takeAll(asked, isAlteration);
    for (const effect of alterations.filter(isEarlyHold)) await held({ at: "request", ...effect }, over);
    if (over.aborted) return undefined;
    const replacement = this.faults.take(asked, isReplacement);
    const step = replacement === undefined ? this.#answer(asked) : replacementStep(replacement);
    return alterations.filter((effect) => !isEarlyHold(effect)).reduce(alteredStep, step);
  }

  #answer(asked: Asked): Step {
    try {
      const answer = this.#endpoints.answer(asked);
      return "pieces" in answer ? stepOf(answer) : answer;
    } catch (error) {
      // A fault of the simulator itself: the test shall see it, and where it came from.
      const message = error instanceof Error ? error.stack ?? error.message : String(error);
      return stepOf(jsonReply(500, { simulator: message }));
    }
  }
}

/** A reply as a step that plays it. */
export function stepOf(reply: Reply): Step {
  const { status, headers, pieces } = reply;
  if (reply.form === "whole") return { name: `reply ${status}`, status, headers, body: { from: "bytes", bytes: Buffer.concat(pieces) } };
  return { name: "events", status, headers, body: { from: "events", events: pieces.map((piece) => Buffer.from(piece).toString()) } };
}

function isEarlyHold(effect: Alteration): effect is Extract<Alteration, { readonly kind: "hold" }> {
  return effect.kind === "hold" && (effect.at ?? "request") === "request";
}

function held(hold: Hold, over: AbortSignal): Promise<void> {
  if (over.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  over.addEventListener("abort", () => resolve(), { once: true });
  hold.until?.released.then(resolve);
  return promise;
}
