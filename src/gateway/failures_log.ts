/**
 * `logs/failures.log`: one JSON line per failed attempt, in three files of at most 5 MiB. It never makes a
 * request wait or fail, and holds no secret.
 */
import { Buffer } from "node:buffer";
import { appendFile, mkdir, rename, stat, truncate } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Clock } from "../kernel/clock.ts";
import type { Failure } from "../kernel/failure.ts";
import { DiskQueue } from "./capture/disk_queue.ts";
import { codeOf } from "./capture/request_directory.ts";
import type { Redactor } from "./redact.ts";

/** A file that would grow beyond this is moved on first. */
export const ROTATION_BYTES = 5 * 1024 * 1024;
const QUEUE_LIMIT_BYTES = 1024 * 1024;
/** Memory of a line beyond its message. */
const LINE_OVERHEAD_BYTES = 512;

/** One failed attempt. */
export interface FailureLine {
  readonly requestId: string;
  readonly provider: string;
  readonly model: string;
  /** Id; null when no credential was chosen. */
  readonly credential: string | null;
  readonly failure: Failure;
  /** 1 for the request's first attempt. */
  readonly attempt: number;
  readonly durationMs: number;
}

export interface FailuresLog {
  /** Takes the line to write it later. Returns at once; without room or with a disk in trouble the line is lost. */
  record(line: FailureLine): void;
  /** Resolves when every line so far was written or dropped. */
  flush(): Promise<void>;
  /** Writes what is left and takes no more. */
  close(): Promise<void>;
}

export interface FailuresLogOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly redactor: Redactor;
  /** Told once when the disk falls into trouble. */
  readonly warn: (message: string) => void;
  /** Told once when it works again. */
  readonly note: (message: string) => void;
}

/** Where the newest failures are; the older ones are beside it with `.1` and `.2`. */
export function failuresLogPath(dataDir: string): string {
  return join(dataDir, "logs", "failures.log");
}

/** Opens the failure log. Nothing is made on disk before the first failure. */
export function openFailuresLog({ dataDir, clock, redactor, warn, note }: FailuresLogOptions): FailuresLog {
  const path = failuresLogPath(dataDir);
  const queue = new DiskQueue({ subject: "the failure log", path, limitBytes: QUEUE_LIMIT_BYTES, clock, warn, note });
  let pending: { readonly atMs: number; readonly line: FailureLine }[] = [];
  const take = () => {
    const taken = pending;
    pending = [];
    return taken;
  };
  // Lines that piled up while the disk was busy are written in one go; the jobs of the others then find none.
  const run = async () => {
    const text = take().map((entry) => `${JSON.stringify(redactor.value(shown(entry)))}\n`).join("");
    if (text !== "") await append({ path, text });
  };
  return {
    record(line) {
      const bytes = line.failure.message.length + LINE_OVERHEAD_BYTES;
      if (queue.offer({ bytes, weight: "bulk", run, drop: take })) pending.push({ atMs: clock.now(), line });
    },
    flush: () => queue.flush(),
    close: () => queue.close(),
  };
}

function shown({ atMs, line }: { readonly atMs: number; readonly line: FailureLine }): object {
  return {
    timestamp_utc: new Date(atMs).toISOString(),
    request_id: line.requestId,
    provider: line.provider,
    model: line.model,
    credential: line.credential,
    kind: line.failure.kind,
    scope: line.failure.scope,
    status: line.failure.upstreamStatus ?? line.failure.status,
    message: line.failure.message,
    attempt: line.attempt,
    duration_ms: line.durationMs,
  };
}

async function append({ path, text }: { readonly path: string; readonly text: string }): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  let sizeBytes = await sizeOf(path);
  if (sizeBytes > 0 && sizeBytes + Buffer.byteLength(text) > ROTATION_BYTES) {
    await rotate(path);
    sizeBytes = 0;
  }
  try {
    await appendFile(path, text, { mode: 0o600 });
  } catch (error) {
    // A disk that filled up half way leaves half a line, which would spoil the next one. Shrinking needs no room.
    await truncate(path, sizeBytes).catch(() => {});
    throw error;
  }
}

/** Read from the disk each time: a person may empty or move the file. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return 0;
    throw error;
  }
}

async function rotate(path: string): Promise<void> {
  await move({ from: `${path}.1`, to: `${path}.2` });
  await move({ from: path, to: `${path}.1` });
}

async function move({ from, to }: { readonly from: string; readonly to: string }): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}
