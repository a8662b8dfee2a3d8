/**
 * `GET /admin/events`: the server's status now and every second, and each finished request at once. One timer for
 * all who listen and none while nobody does; a listener that does not read costs a bounded amount of memory, then
 * its connection.
 */
import type { RequestReport, StatusReport } from "../gateway/status_report.ts";
import type { Clock } from "../kernel/clock.ts";
import { type Failure, failure } from "../kernel/failure.ts";
import { logger } from "../kernel/log.ts";

const INTERVAL_MS = 1_000;
const MAX_LISTENERS = 16;
/** Bytes of requests' events that may wait for a listener beyond what its connection takes. */
const MAX_BEHIND_BYTES = 1024 * 1024;
/** Status events that may be left out for it one after the other. */
const MAX_SKIPPED = 30;

export interface EventSources {
  readonly clock: Clock;
  readonly status: () => StatusReport;
  /** The result ends it. */
  readonly onRequest: (listener: (request: RequestReport) => void) => () => void;
}

/** What node's response can do, as far as it is needed here. */
export interface EventSink {
  on(event: "drain" | "close" | "error", told: () => void): unknown;
  writeHead(status: number, headers: Record<string, string>): unknown;
  /** False when it did not leave at once; "drain" says when it did. */
  write(text: string): boolean;
  end(): unknown;
  destroy(): unknown;
}

interface Listener {
  readonly out: EventSink;
  /** What was written has left. */
  isDrained: boolean;
  behindBytes: number;
  skippedCount: number;
}

export class AdminEvents {
  readonly #sources: EventSources;
  readonly #listeners = new Set<Listener>();
  #cancelTimer = () => {};
  #stopListening = () => {};
  #isClosed = false;

  constructor(sources: EventSources) {
    this.#sources = sources;
  }

  /** Answers with the stream until the client leaves, or says why not; then nothing was written. */
  open(out: EventSink): Failure | undefined {
    if (this.#isClosed) return unavailable("stopping", "The server is stopping");
    if (this.#listeners.size >= MAX_LISTENERS) {
      return unavailable("too_many_listeners", `${MAX_LISTENERS} programs listen to the server's events already`);
    }
    const now = event("status", this.#sources.status());
    const listener: Listener = { out, isDrained: true, behindBytes: 0, skippedCount: 0 };
    out.on("drain", () => Object.assign(listener, { isDrained: true, behindBytes: 0, skippedCount: 0 }));
    out.on("close", () => this.#leave(listener));
    out.on("error", () => this.#leave(listener));
    out.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
      // A stopping server need not wait for what else might be asked here.
      connection: "close",
    });
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#start();
    write(listener, now);
    return undefined;
  }

  /** Ends every stream; nobody may listen any more. */
  close(): void {
    this.#isClosed = true;
    for (const listener of this.#listeners) {
      this.#leave(listener);
      listener.out.end();
    }
  }

  #start(): void {
    const tick = () => {
      this.#cancelTimer = this.#sources.clock.after(INTERVAL_MS, tick);
      this.#sendStatus();
    };
    this.#cancelTimer = this.#sources.clock.after(INTERVAL_MS, tick);
    this.#stopListening = this.#sources.onRequest((request) => this.#sendRequest(request));
  }

  #leave(listener: Listener): void {
    if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return;
    this.#cancelTimer();
    this.#stopListening();
  }

  #sendStatus(): void {
    let text: string | undefined;
    for (const listener of this.#listeners) {
      if (listener.isDrained) {
        text ??= event("status", this.#sources.status());
        write(listener, text);
      } else if (++listener.skippedCount > MAX_SKIPPED) this.#drop(listener);
    }
  }

  #sendRequest(request: RequestReport): void {
    const text = event("request", request);
    for (const listener of this.#listeners) {
      if (!listener.isDrained) listener.behindBytes += text.length;
      if (listener.behindBytes > MAX_BEHIND_BYTES) this.#drop(listener);
      else write(listener, text);
    }
  }

  #drop(listener: Listener): void {
    logger("admin").warn("A program that listens to the server's events does not read them: its connection is closed");
    this.#leave(listener);
    listener.out.destroy();
  }
}

function write(listener: Listener, text: string): void {
  listener.isDrained = listener.out.write(text) && listener.isDrained;
}

function event(name: "status" | "request", value: StatusReport | RequestReport): string {
  return `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`;
}

function unavailable(code: string, message: string): Failure {
  return failure({ scope: "gateway", kind: "internal", status: 503, code, message });
}
