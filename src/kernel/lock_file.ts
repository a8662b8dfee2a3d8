/**
 * A lock between processes: a file that exists while somebody holds it. A holder shows that it lives by
 * touching the file; one that died is replaced, at once when its process is seen to be gone. A lock file is only ever removed by whoever has claimed that
 * very file, so nobody removes a newer lock in place of the dead one they looked at.
 */
import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import process from "node:process";
import type { Clock, Random } from "./clock.ts";
import { pause } from "./pause.ts";

/** A lock nobody has touched for this long belongs to nobody. */
export const STALE_LOCK_MS = 15_000;
const TOUCH_MS = 5_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;
/** Covers a renewal by another process that takes as long as it may. */
const DEFAULT_MAX_WAIT_MS = 100_000;
const READ_BYTES = 256;
/** Claims of dead claimants that are cleared: of a lock, and of a claim of a lock. */
const MAX_CLAIM_DEPTH = 2;

export interface LockOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends the wait for a lock that somebody else holds. */
  readonly signal: AbortSignal;
  /** Longest wait for somebody else, ms. */
  readonly maxWaitMs?: number;
}

export interface HeldLock {
  readonly kind: "held";
  /** Gives the lock back if it is still ours. Never rejects; a second call does nothing. */
  release(): Promise<void>;
}

export type LockResult =
  | HeldLock
  /** Somebody who lives held it all the time, or the signal ended the wait. */
  | { readonly kind: "busy" }
  /** No lock can be made there. `reason` is a file system error code where there is one. */
  | { readonly kind: "unavailable"; readonly reason: string };

/** Takes the lock, waiting for its holder with growing pauses. Never rejects. */
export async function takeLock(options: LockOptions): Promise<LockResult> {
  const { path, clock, random, signal, maxWaitMs = DEFAULT_MAX_WAIT_MS } = options;
  const watch = new Watch(clock);
  const endAt = clock.now() + maxWaitMs;
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      const made = await make(path, clock);
      if (made !== undefined) return held(made, { path, clock });
      const found = await instanceAt(path);
      if (clock.now() >= endAt) return { kind: "busy" };
      if (found !== undefined && watch.isStale(found) && await remove(path, { instance: found.id, clock, depth: 0 }) === "removed") {
        continue;
      }
    } catch (error) {
      return { kind: "unavailable", reason: codeOf(error) };
    }
    await pause(pauseMs * (0.5 + 0.5 * random()), { clock, signal });
    pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS);
  }
  return { kind: "busy" };
}

/** A lock file as it was looked at. Two files that had the same path one after the other differ in `id`. */
interface Instance {
  readonly id: string;
  readonly touchedAt: number;
  /** The process that made it is known to be gone. */
  readonly isOrphan: boolean;
}

/** Tells a dead holder: by the time of its last touch, or, where clocks differ, by having watched it for as long. */
class Watch {
  readonly #clock: Clock;
  #last: Instance | undefined;
  #sinceAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isStale(found: Instance): boolean {
    const now = this.#clock.now();
    if (this.#last?.id !== found.id || this.#last.touchedAt !== found.touchedAt) {
      this.#last = found;
      this.#sinceAt = now;
    }
    return found.isOrphan || now - found.touchedAt > STALE_LOCK_MS || now - this.#sinceAt > STALE_LOCK_MS;
  }
}

interface Made {
  readonly file: FileHandle;
  readonly instance: string;
}

/** Makes the file with a content of its own; undefined when there is one already. */
async function make(path: string, clock: Clock): Promise<Made | undefined> {
  const content = `${randomUUID()} ${process.pid} ${hostname()}`;
  let file: FileHandle;
  try {
    file = await open(path, "wx", 0o600);
  } catch (error) {
    if (codeOf(error) === "EEXIST") return undefined;
    throw error;
  }
  try {
    await file.writeFile(content, "utf8");
    await touch(file, clock);
    return { file, instance: idOf(content) };
  } catch (error) {
    await file.close();
    await unlink(path).catch(() => undefined);
    throw error;
  }
}

async function instanceAt(path: string): Promise<Instance | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const { bytesRead, buffer } = await file.read(new Uint8Array(READ_BYTES), 0, READ_BYTES, 0);
    const { mtimeMs, ino } = await file.stat();
    const content = new TextDecoder().decode(buffer.subarray(0, bytesRead));
    // Its maker died, or is about to write.
    return { id: idOf(content === "" ? `${ino} ${mtimeMs}` : content), touchedAt: mtimeMs, isOrphan: isOrphan(content) };
  } finally {
    await file.close();
  }
}

/** True when the content names a process of this machine that does not run any more. Others are told by their silence. */
function isOrphan(content: string): boolean {
  const [, pid = "", host] = content.split(" ");
  if (host !== hostname() || !/^\d+$/.test(pid)) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
}

/** Removes the file at `path` if it is still this instance. The claim beside it makes looking and removing one step. */
async function remove(
  path: string,
  { instance, clock, depth }: { readonly instance: string; readonly clock: Clock; readonly depth: number },
): Promise<"removed" | "left"> {
  const claimPath = `${path}.${instance}`;
  const claim = await make(claimPath, clock);
  if (claim === undefined) {
    const found = await instanceAt(claimPath);
    const isDead = found !== undefined && clock.now() - found.touchedAt > STALE_LOCK_MS;
    if (isDead && depth < MAX_CLAIM_DEPTH) await remove(claimPath, { instance: found.id, clock, depth: depth + 1 });
    return "left";
  }
  try {
    if ((await instanceAt(path))?.id !== instance) return "left";
    await unlink(path);
    return "removed";
  } finally {
    await claim.file.close();
    await unlink(claimPath);
  }
}

function held({ file, instance }: Made, { path, clock }: { readonly path: string; readonly clock: Clock }): HeldLock {
  let isReleased = false;
  let touching = Promise.resolve();
  let cancel = () => {};
  const arm = () => {
    cancel = clock.after(TOUCH_MS, () => {
      // The open file is touched, not the path: a lock that was taken from us is not kept alive.
      touching = touch(file, clock).catch(() => undefined);
      arm();
    });
  };
  arm();
  return {
    kind: "held",
    release: async () => {
      if (isReleased) return;
      isReleased = true;
      cancel();
      await touching;
      await file.close();
      // What cannot be removed goes stale.
      await remove(path, { instance, clock, depth: 0 }).catch(() => undefined);
    },
  };
}

function touch(file: FileHandle, clock: Clock): Promise<void> {
  const nowS = clock.now() / 1_000;
  return file.utimes(nowS, nowS);
}

function idOf(content: string): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 16);
}

function codeOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return error instanceof Error ? error.name : "unknown";
}
