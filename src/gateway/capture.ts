/**
 * The request log: one directory per request with everything that came in, went out and was tried. It never
 * makes a request wait or fail, holds bounded memory, and writes nothing that has not passed the redactor.
 */
import { Buffer } from "node:buffer";
import { join } from "node:path";
import type { Clock } from "../kernel/clock.ts";
import type { Failure } from "../kernel/failure.ts";
import { parseJson } from "../kernel/json.ts";
import { type Chunk, ChunkMasker } from "./capture/chunk_masker.ts";
import { DiskQueue } from "./capture/disk_queue.ts";
import { directoryName, RequestDirectory } from "./capture/request_directory.ts";
import { openTraffic, type SentCall, type TrafficLog } from "./capture/traffic.ts";
import type { HeaderFields, Redactor } from "./redact.ts";

/** Memory all captures together may hold for what is not written yet. */
const QUEUE_LIMIT_BYTES = 8 * 1024 * 1024;
/** Memory of a chunk beyond its text. */
const CHUNK_OVERHEAD_BYTES = 64;

/** A body: best the bytes or the text as they came; an object is turned into text at once. */
export type CapturedBody = string | Uint8Array | object | null | undefined;

/** One try with one credential, as `attempts.jsonl` shows it. */
export interface AttemptLine {
  /** Id, never the secret. */
  readonly credential: string;
  readonly provider: string;
  readonly model: string;
  /** Epoch ms. */
  readonly startedAt: number;
  /** HTTP status the provider answered with, null when it did not. */
  readonly status: number | null;
  /** Null when the attempt served the request. */
  readonly failure: Failure | null;
  readonly durationMs: number;
}

/** How a request ended, as `final_response.json` and `metadata.json` show it. */
export interface CapturedEnd {
  /** HTTP status the client saw. */
  readonly status: number;
  readonly headers?: HeaderFields;
  readonly body?: CapturedBody;
  readonly model: string | null;
  readonly provider: string | null;
  readonly streaming: boolean;
  /** Token counts as the client saw them. */
  readonly usage: object | null;
  readonly finishReason: string | null;
  readonly reasoningFound: boolean;
  readonly reasoningContent: string | null;
  /** How many attempts were made. */
  readonly attempts: number;
  /** Fields of the request that its provider could not be told. */
  readonly lossy: readonly string[];
}

/** The log of one running request. Every call returns at once; calls after `finish` do nothing. */
export interface RequestCapture {
  attempt(line: AttemptLine): void;
  /** A piece of the stream, as the client gets it. */
  chunk(text: string): void;
  /** Begins the record of one call to a provider whose traffic is kept by itself. */
  traffic(provider: string, call: SentCall): TrafficLog;
  finish(end: CapturedEnd): void;
}

/** What a client sent. */
export interface CapturedRequest {
  readonly requestId: string;
  readonly request: { readonly method: string; readonly path: string; readonly headers: HeaderFields; readonly body: CapturedBody };
}

export interface Capture {
  /** Starts the log of a request; undefined when the log is off, pauses or has no room. */
  begin(captured: CapturedRequest): RequestCapture | undefined;
  /** Turns the log on or off for requests to come. */
  configure(fields: { readonly isRequestLogOn: boolean }): void;
  /** Resolves when everything so far was written or dropped. */
  flush(): Promise<void>;
  /** Writes what is left and takes no more. */
  close(): Promise<void>;
}

export interface CaptureOptions {
  readonly isRequestLogOn: boolean;
  readonly dataDir: string;
  readonly clock: Clock;
  /** Knows all secrets; it may learn more while requests run. */
  readonly redactor: Redactor;
  /** Told once when the disk falls into trouble. */
  readonly warn: (message: string) => void;
  /** Told once when it works again. */
  readonly note: (message: string) => void;
}

/** Where the directories of logged requests are. */
export function requestLogRoot(dataDir: string): string {
  return join(dataDir, "logs", "detailed_logs");
}

/** Opens the request log below `<dataDir>/logs/detailed_logs/`. Nothing is made on disk before the first request. */
export function openCapture(options: CaptureOptions): Capture {
  const { dataDir, clock, redactor, warn, note } = options;
  const root = requestLogRoot(dataDir);
  const queue = new DiskQueue({ subject: "the request log", path: root, limitBytes: QUEUE_LIMIT_BYTES, clock, warn, note });
  let isOn = options.isRequestLogOn;
  return {
    begin(captured) {
      if (!isOn || !queue.isOpen) return undefined;
      return CaptureInProgress.begin({ captured, dataDir, root, queue, clock, redactor });
    },
    configure({ isRequestLogOn }) {
      isOn = isRequestLogOn;
    },
    flush: () => queue.flush(),
    close: () => queue.close(),
  };
}

interface Surroundings {
  readonly captured: CapturedRequest;
  readonly dataDir: string;
  readonly root: string;
  readonly queue: DiskQueue;
  readonly clock: Clock;
  readonly redactor: Redactor;
}

class CaptureInProgress implements RequestCapture {
  readonly #requestId: string;
  readonly #name: string;
  readonly #dataDir: string;
  readonly #startedAt: number;
  readonly #directory: RequestDirectory;
  readonly #queue: DiskQueue;
  readonly #clock: Clock;
  readonly #redactor: Redactor;
  readonly #masker: ChunkMasker;
  #pendingChunks: Chunk[] = [];
  #attemptCount = 0;
  #callCount = 0;
  #isTruncated = false;
  #isFinished = false;

  private constructor({ captured, dataDir, root, queue, clock, redactor }: Surroundings) {
    // The id is the client's to choose: even it may be, or hold, a secret.
    this.#requestId = redactor.text(captured.requestId);
    this.#startedAt = clock.now();
    this.#name = directoryName({ startedAt: this.#startedAt, requestId: this.#requestId });
    this.#dataDir = dataDir;
    this.#directory = new RequestDirectory({ root, name: this.#name });
    this.#queue = queue;
    this.#clock = clock;
    this.#redactor = redactor;
    this.#masker = new ChunkMasker(redactor);
  }

  /** Undefined when the queue has no room even for a request without its body. */
  static begin(surroundings: Surroundings): CaptureInProgress | undefined {
    const capture = new CaptureInProgress(surroundings);
    return capture.#writeRequest(surroundings.captured.request) ? capture : undefined;
  }

  attempt(line: AttemptLine): void {
    if (this.#isFinished) return;
    const attempt = ++this.#attemptCount;
    this.#offer({ bytes: line.failure?.message.length ?? 0, weight: "bulk" }, () =>
      this.#directory.append(
        "attempts.jsonl",
        this.#line({
          attempt,
          credential: line.credential,
          provider: line.provider,
          model: line.model,
          started_utc: utc(line.startedAt),
          status: line.status,
          failure: line.failure === null ? null : { scope: line.failure.scope, kind: line.failure.kind, message: line.failure.message },
          duration_ms: line.durationMs,
        }),
      ));
  }

  chunk(text: string): void {
    if (this.#isFinished) return;
    const atMs = this.#clock.now();
    const isTaken = this.#offer(
      { bytes: text.length + CHUNK_OVERHEAD_BYTES, weight: "bulk" },
      () => this.#writeChunks(this.#masker.push(this.#takeChunks())),
    );
    if (isTaken) this.#pendingChunks.push({ atMs, text });
  }

  traffic(provider: string, call: SentCall): TrafficLog {
    return openTraffic(call, {
      dataDir: this.#dataDir,
      provider,
      name: `${this.#name}_${++this.#callCount}`,
      queue: this.#queue,
      clock: this.#clock,
      redactor: this.#redactor,
    });
  }

  finish(end: CapturedEnd): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    const endedAt = this.#clock.now();
    const body = held(end.body);
    const bytes = sizeOf(body) + (end.reasoningContent?.length ?? 0);
    const isTaken = this.#offer({ bytes, weight: "bulk" }, () => this.#writeEnd({ end, endedAt, body }));
    if (isTaken) return;
    this.#offer({ bytes: 0, weight: "essential" }, () => this.#writeEnd({ end: { ...end, reasoningContent: null }, endedAt, body: null }));
  }

  #writeRequest({ method, path, headers, body }: CapturedRequest["request"]): boolean {
    const writeWith = (heldBody: HeldBody) => () =>
      this.#directory.write(
        "request.json",
        this.#document({
          request_id: this.#requestId,
          timestamp_utc: utc(this.#startedAt),
          method,
          path: this.#redactor.path(path),
          headers: this.#redactor.headers(headers),
          body: parsed(heldBody),
        }),
      );
    const heldBody = held(body);
    return this.#offer({ bytes: sizeOf(heldBody), weight: "bulk" }, writeWith(heldBody)) ||
      this.#offer({ bytes: 0, weight: "essential" }, writeWith(null));
  }

  async #writeEnd({ end, endedAt, body }: { readonly end: CapturedEnd; readonly endedAt: number; readonly body: HeldBody }): Promise<void> {
    await this.#writeChunks(this.#masker.finish());
    const times = { request_id: this.#requestId, timestamp_utc: utc(endedAt), duration_ms: endedAt - this.#startedAt };
    await this.#directory.write(
      "final_response.json",
      this.#document({
        ...times,
        status_code: end.status,
        headers: this.#redactor.headers(end.headers ?? {}),
        body: parsed(body),
      }),
    );
    await this.#directory.write(
      "metadata.json",
      this.#document({
        ...times,
        timestamp_utc: utc(this.#startedAt),
        status_code: end.status,
        model: end.model,
        provider: end.provider,
        streaming: end.streaming,
        usage: end.usage,
        finish_reason: end.finishReason,
        reasoning_found: end.reasoningFound,
        reasoning_content: end.reasoningContent,
        attempts: end.attempts,
        lossy: end.lossy.length === 0 ? undefined : end.lossy,
        truncated: this.#isTruncated ? true : undefined,
      }),
    );
  }

  /** Chunks that piled up while the disk was busy are written in one go; the jobs of the others then find none. */
  #takeChunks(): Chunk[] {
    const chunks = this.#pendingChunks;
    this.#pendingChunks = [];
    return chunks;
  }

  async #writeChunks(chunks: readonly Chunk[]): Promise<void> {
    if (chunks.length === 0) return;
    // Masked already, and a chunk is kept as it was cut: it does not pass through the redactor again.
    const lines = chunks.map(({ atMs, text }) => `${JSON.stringify({ timestamp_utc: utc(atMs), chunk: text })}\n`);
    await this.#directory.append("streaming_chunks.jsonl", lines.join(""));
  }

  /** False, and the log is marked as truncated, when there is no room or the disk is in trouble. */
  #offer(cost: { readonly bytes: number; readonly weight: "bulk" | "essential" }, run: () => Promise<void>): boolean {
    const drop = () => {
      this.#isTruncated = true;
      this.#pendingChunks = [];
    };
    const isTaken = this.#queue.offer({ ...cost, run, drop });
    if (!isTaken) this.#isTruncated = true;
    return isTaken;
  }

  #document(value: object): string {
    return `${JSON.stringify(this.#redactor.value(value), null, 2)}\n`;
  }

  #line(value: object): string {
    return `${JSON.stringify(this.#redactor.value(value))}\n`;
  }
}

/** A body while it waits: its size is known, and nobody else can change it. */
type HeldBody = string | Uint8Array | null;

function held(body: CapturedBody): HeldBody {
  if (body === undefined || body === null) return null;
  return typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
}

function sizeOf(body: HeldBody): number {
  return body === null ? 0 : body.length;
}

/** JSON as a value, so that escapes cannot hide a secret and the file reads well; anything else as text. */
function parsed(body: HeldBody): unknown {
  if (body === null) return null;
  const text = typeof body === "string" ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
  return parseJson(text) ?? text;
}

function utc(atMs: number): string {
  return new Date(atMs).toISOString();
}
