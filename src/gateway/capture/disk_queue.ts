/**
 * Work for the disk that no request waits for: one writer, first come first served, bounded in bytes. A
 * disk in trouble is told of once, then left alone and tried again every 30 s; work offered meanwhile is refused.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../../kernel/clock.ts";

/** Pause after a failed write. */
export const RETRY_DELAY_MS = 30_000;
/** Memory of a job beyond the bytes it carries. */
const JOB_OVERHEAD_BYTES = 256;

export interface DiskJob {
  /** Memory the job holds on to until it has run. */
  readonly bytes: number;
  /** `bulk` is refused first; `essential` may use a further quarter of the limit. */
  readonly weight: "bulk" | "essential";
  /** Writes; what it throws is taken as trouble with the disk. */
  run(): Promise<void>;
  /** Called instead of `run` when the disk fell into trouble while the job waited. */
  drop(): void;
}

export interface DiskQueueOptions {
  /** What is written, as a sentence names it, e.g. `the request log`. */
  readonly subject: string;
  /** Where, as shown to a person. */
  readonly path: string;
  readonly limitBytes: number;
  readonly clock: Clock;
  /** Told once when writing begins to fail. */
  readonly warn: (message: string) => void;
  /** Told once when writing works again. */
  readonly note: (message: string) => void;
}

export class DiskQueue {
  readonly #options: DiskQueueOptions;
  #jobs: DiskJob[] = [];
  #heldBytes = 0;
  /** `trying`: the pause is over, and the next write shows whether the trouble is too. */
  #state: "working" | "paused" | "trying" | "closed" = "working";
  #cancelRetry: (() => void) | undefined;
  #draining: Promise<void> | undefined;

  constructor(options: DiskQueueOptions) {
    this.#options = options;
  }

  /** False while the disk is in trouble and after the end: nothing is taken then. */
  get isOpen(): boolean {
    return this.#state === "working" || this.#state === "trying";
  }

  /** Takes the job to run it later, or says false: no room, or a disk in trouble. */
  offer(job: DiskJob): boolean {
    const limitBytes = job.weight === "bulk" ? this.#options.limitBytes : this.#options.limitBytes * 1.25;
    const bytes = job.bytes + JOB_OVERHEAD_BYTES;
    if (!this.isOpen || this.#heldBytes + bytes > limitBytes) return false;
    this.#heldBytes += bytes;
    this.#jobs.push(job);
    this.#draining ??= this.#drain();
    return true;
  }

  /** Resolves when everything taken so far was written or dropped. */
  async flush(): Promise<void> {
    await this.#draining;
  }

  /** Writes what was taken and takes no more. */
  async close(): Promise<void> {
    this.#state = "closed";
    this.#cancelRetry?.();
    await this.#draining;
  }

  async #drain(): Promise<void> {
    // The caller is on a request's path: even the first step waits for its own turn.
    await nextTurn();
    while (this.#jobs.length > 0) {
      const jobs = this.#jobs;
      this.#jobs = [];
      for (const [index, job] of jobs.entries()) {
        const error = await outcomeOf(job);
        this.#heldBytes -= job.bytes + JOB_OVERHEAD_BYTES;
        if (error !== undefined) {
          this.#pause(error);
          this.#dropAll([...jobs.slice(index + 1), ...this.#jobs]);
          job.drop();
          break;
        }
        this.#resume();
      }
    }
    this.#draining = undefined;
  }

  #dropAll(jobs: readonly DiskJob[]): void {
    this.#jobs = [];
    for (const job of jobs) {
      this.#heldBytes -= job.bytes + JOB_OVERHEAD_BYTES;
      job.drop();
    }
  }

  #pause(error: Error): void {
    const { clock, warn, subject, path } = this.#options;
    if (this.#state !== "trying") {
      warn(`Cannot write ${subject} at "${path}": ${error.message}; it pauses and is tried again every ${RETRY_DELAY_MS / 1000} s`);
    }
    if (this.#state === "closed") return;
    this.#state = "paused";
    this.#cancelRetry = clock.after(RETRY_DELAY_MS, () => {
      this.#state = "trying";
    });
  }

  #resume(): void {
    if (this.#state !== "trying") return;
    this.#state = "working";
    this.#options.note(`${capitalised(this.#options.subject)} is written again`);
  }
}

/** What went wrong, or undefined. */
async function outcomeOf(job: DiskJob): Promise<Error | undefined> {
  try {
    await job.run();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
