/**
 * Keeps the request logs within their age and size: the choice is pure, the oldest go first, and only
 * directories this program named are ever removed.
 */
import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../kernel/clock.ts";
import { codeOf } from "./capture/request_directory.ts";

const DAY_MS = 86_400_000;
const INTERVAL_MS = 3_600_000;
/** `<YYYYMMDD_HHMMSS>_<id>`: whatever is named otherwise is not ours to remove. */
const LOG_DIRECTORY = /^\d{8}_\d{6}_/;
/** `detailed_logs`, and the traffic logs of single providers such as `qwen_code_logs`. */
const LOG_ROOT = /_logs$/;

/** One logged request on disk. */
export interface LoggedRequest {
  readonly name: string;
  /** Of all its files together. */
  readonly bytes: number;
  /** Latest change of it or any of its files, epoch ms. */
  readonly modifiedAt: number;
}

export interface RetentionLimits {
  /** Days a log is kept; 0 = for ever. */
  readonly retentionDays: number;
  /** Bytes all logs together may take; 0 = any number. */
  readonly maxBytes: number;
}

/** Which logs go: those too old, then the oldest of the others until the rest fits. Oldest first. */
export function expiredLogs<Log extends LoggedRequest>(
  logs: readonly Log[],
  { retentionDays, maxBytes, nowAt }: RetentionLimits & { readonly nowAt: number },
): Log[] {
  const oldestAt = retentionDays > 0 ? nowAt - retentionDays * DAY_MS : -Infinity;
  const mostBytes = maxBytes > 0 ? maxBytes : Infinity;
  let keptBytes = logs.reduce((sum, log) => sum + log.bytes, 0);
  const oldestFirst = [...logs].sort((left, right) => left.modifiedAt - right.modifiedAt || (left.name < right.name ? -1 : 1));
  return oldestFirst.filter((log) => {
    const isExpired = log.modifiedAt < oldestAt || keptBytes > mostBytes;
    if (isExpired) keptBytes -= log.bytes;
    return isExpired;
  });
}

export interface RetentionOptions {
  readonly dataDir: string;
  /** Asked at every round, so that a reload is heeded. */
  readonly limits: () => RetentionLimits;
  readonly clock: Clock;
  /** Told when logs cannot be removed: once until it works again. */
  readonly warn: (message: string) => void;
}

export interface Retention {
  /** Removes what has expired, now. Never rejects. */
  run(): Promise<void>;
  /** No further rounds; resolves when a running one is over. */
  stop(): Promise<void>;
}

/** Removes expired request logs at once and then every hour until stopped. */
export function startRetention({ dataDir, limits, clock, warn }: RetentionOptions): Retention {
  const logsPath = join(dataDir, "logs");
  let isInTrouble = false;
  let isStopped = false;
  let cancel: (() => void) | undefined;
  let round: Promise<void> = Promise.resolve();

  const removeExpired = async () => {
    try {
      const logs = await findLogs(logsPath);
      for (const { path } of expiredLogs(logs, { ...limits(), nowAt: clock.now() })) {
        if (isStopped) return;
        await rm(path, { recursive: true, force: true, maxRetries: 3 });
      }
      isInTrouble = false;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!isInTrouble) warn(`Cannot remove old request logs from "${logsPath}": ${reason}; it is tried again every hour`);
      isInTrouble = true;
    }
  };
  const run = () => round = round.then(removeExpired);
  const repeat = () => {
    cancel = clock.after(INTERVAL_MS, repeat);
    void run();
  };
  repeat();
  return {
    run,
    stop: async () => {
      isStopped = true;
      cancel?.();
      await round;
    },
  };
}

async function findLogs(logsPath: string): Promise<(LoggedRequest & { readonly path: string })[]> {
  const logs: (LoggedRequest & { readonly path: string })[] = [];
  for (const root of await directoriesIn(logsPath, LOG_ROOT)) {
    for (const name of await directoriesIn(join(logsPath, root), LOG_DIRECTORY)) {
      const path = join(logsPath, root, name);
      logs.push({ name, path, ...await measured(path) });
    }
  }
  return logs;
}

/** Names of real directories only: a link leads out of the logs. */
async function directoriesIn(path: string, pattern: RegExp): Promise<string[]> {
  const entries = await orAbsent(readdir(path, { withFileTypes: true })) ?? [];
  return entries.filter((entry) => entry.isDirectory() && pattern.test(entry.name)).map((entry) => entry.name);
}

async function measured(path: string): Promise<{ readonly bytes: number; readonly modifiedAt: number }> {
  const files = await orAbsent(readdir(path)) ?? [];
  let bytes = 0;
  let modifiedAt = (await orAbsent(lstat(path)))?.mtimeMs ?? 0;
  for (const file of files) {
    const found = await orAbsent(lstat(join(path, file)));
    bytes += found?.size ?? 0;
    modifiedAt = Math.max(modifiedAt, found?.mtimeMs ?? 0);
  }
  return { bytes, modifiedAt };
}

/** Undefined for what is not there, be it never made or removed a moment ago. */
async function orAbsent<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
