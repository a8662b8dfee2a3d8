/**
 * The provider simulator: a real HTTP server on a free port of 127.0.0.1 that answers like a correct
 * OpenAI-compatible provider until a script says otherwise. Closing it ends every socket, timer and wait.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { ProviderFacts } from "./answers.ts";
import { breakSocket, type Connection, play } from "./play.ts";
import { readBody, type RecordedRequest, Recorder, RequestRecord } from "./recorder.ts";
import { type Match, type Script, StepQueue } from "./script.ts";
import type { Step } from "./step.ts";
import { answer } from "./steps.ts";

export type { RecordedRequest } from "./recorder.ts";
export type { Match, Script } from "./script.ts";
export type { Step } from "./step.ts";

/** What the provider knows, and the port (default: a free one). */
export interface SimulatorOptions extends ProviderFacts {
  readonly port?: number;
}

/** A running provider. */
export interface Simulator extends AsyncDisposable {
  /** `http://127.0.0.1:<port>/v1` */
  readonly baseUrl: string;
  readonly port: number;
  /** Every request in the order its body was read. */
  readonly requests: readonly RecordedRequest[];
  /** Connections that are open now. */
  readonly openSockets: number;
  /** Connections ever accepted. */
  readonly connectionCount: number;
  /** Requests read whose exchange is not over. */
  readonly inFlight: number;
  /** The most requests that were ever in flight at once. */
  readonly peakInFlight: number;
  /** Requests cut off unread because a step had doomed their connection. */
  readonly droppedCount: number;
  /** Adds a script; scripts made earlier are asked first. */
  script(match: Match, ...steps: readonly Step[]): Script;
  /** Forgets all scripts. */
  clearScripts(): void;
  /** Requests that came with this key. */
  callsFor(key: string): readonly RecordedRequest[];
  /** The first matching request not handed out before, now or when it arrives; rejects when the simulator closes first. */
  nextRequest(match?: Match): Promise<RecordedRequest>;
  /** Breaks every connection with RST and refuses new ones until the simulator is started again on its port. Safe to call twice. */
  close(): Promise<void>;
}

/** Starts a simulator; resolves when it accepts connections. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = new HttpSimulator(options);
  await simulator.listen(options.port ?? 0);
  return simulator;
}

class HttpSimulator implements Simulator {
  readonly #facts: ProviderFacts;
  readonly #server: Server;
  readonly #recorder = new Recorder();
  readonly #connections = new Map<Socket, Connection>();
  readonly #exchanges = new Set<Promise<void>>();
  #scripts: StepQueue[] = [];
  #connectionCount = 0;
  #inFlight = 0;
  #peakInFlight = 0;
  #droppedCount = 0;
  #port = 0;
  #closed: Promise<void> | undefined;

  constructor(facts: ProviderFacts) {
    this.#facts = facts;
    // An idle connection stays until a script or the client ends it, so that no test depends on a default.
    this.#server = createServer(
      { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 },
      (request, response) => this.#accept(request, response),
    );
    this.#server.on("connection", (socket) => this.#connected(socket));
    this.#server.on("clientError", (_error, socket) => socket.destroy());
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${this.#port}/v1`;
  }

  get port(): number {
    return this.#port;
  }

  get requests(): readonly RecordedRequest[] {
    return this.#recorder.requests;
  }

  get openSockets(): number {
    return this.#connections.size;
  }

  get connectionCount(): number {
    return this.#connectionCount;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get peakInFlight(): number {
    return this.#peakInFlight;
  }

  get droppedCount(): number {
    return this.#droppedCount;
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

  script(match: Match, ...steps: readonly Step[]): Script {
    const script = new StepQueue(match, steps);
    this.#scripts.push(script);
    return script;
  }

  clearScripts(): void {
    this.#scripts = [];
  }

  callsFor(key: string): readonly RecordedRequest[] {
    return this.requests.filter((request) => request.key === key);
  }

  nextRequest(match: Match = {}): Promise<RecordedRequest> {
    return this.#recorder.next(match);
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
    this.#recorder.close();
    this.#server.close(() => resolve());
    for (const socket of this.#connections.keys()) socket.resetAndDestroy();
    await Promise.all([promise, ...this.#exchanges]);
  }

  #connected(socket: Socket): void {
    this.#connections.set(socket, { socket, index: this.#connectionCount++ });
    // A broken connection is what many steps are about; what it means for a request is read from the response.
    socket.on("error", () => {});
    socket.on("close", () => this.#connections.delete(socket));
  }

  #accept(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.get(request.socket);
    if (connection === undefined) return;
    if (connection.doom !== undefined) {
      this.#droppedCount++;
      breakSocket(connection.socket, connection.doom);
      return;
    }
    const exchange = this.#serve(request, response, connection);
    this.#exchanges.add(exchange);
    exchange.finally(() => this.#exchanges.delete(exchange));
  }

  async #serve(request: IncomingMessage, response: ServerResponse, connection: Connection): Promise<void> {
    const over = new AbortController();
    response.on("error", () => {});
    response.on("close", () => over.abort());
    const rawBody = await readBody(request);
    const record = new RequestRecord(request, {
      rawBody,
      index: this.requests.length,
      socketIndex: connection.index,
      onEnd: () => void this.#inFlight--,
    });
    const settle = () =>
      record.end(response.writableFinished ? "finished" : this.#closed === undefined ? "client_left" : "broken_by_script");
    this.#inFlight++;
    this.#peakInFlight = Math.max(this.#peakInFlight, this.#inFlight);
    this.#recorder.add(record);
    over.signal.addEventListener("abort", settle);
    if (over.signal.aborted || !request.complete) return settle();
    await play(this.#stepFor(record), { record, response, connection, over: over.signal }, this.#facts);
  }

  #stepFor(record: RequestRecord): Step {
    for (const script of this.#scripts) {
      const step = script.take(record);
      if (step !== undefined) return step;
    }
    return answer();
  }
}
