/**
 * Tells when a watched file changed. The directory is watched, not the file, so a file that is replaced or
 * appears later is seen too. Where watching is impossible it stays silent: a signal can still ask for a reload.
 */
import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";
import type { Clock } from "../kernel/clock.ts";
import { logger } from "../kernel/log.ts";

/** Quiet time after the last change before it is told, ms: editors write in several steps. */
export const WATCH_DEBOUNCE_MS = 500;

export interface WatchOptions {
  /** Files; `dir/*.ending` for all with an ending. */
  readonly paths: readonly string[];
  readonly clock: Clock;
  /** Called once for a burst of changes. */
  readonly onChange: () => void;
}

/** Watches until closed; nothing is told after `close`. Never throws, and does not keep the process alive. */
export function watchSources({ paths, clock, onChange }: WatchOptions): { readonly close: () => void } {
  const burst = burstOf(clock, onChange);
  const namesByDirectory = Map.groupBy(paths, (path) => dirname(path));
  const watchers = [...namesByDirectory].flatMap(([directory, members]) => {
    const accepts = members.map((path) => matcher(basename(path)));
    return watchDirectory(directory, (name) => {
      if (name === null || accepts.some((accept) => accept(name))) burst.noteChange();
    });
  });
  return {
    close: () => {
      burst.close();
      for (const watcher of watchers) watcher.close();
    },
  };
}

/** Tells `onChange` once for changes that come close together; nothing after `close`, though the system may still deliver old ones. */
export function burstOf(clock: Clock, onChange: () => void): { readonly noteChange: () => void; readonly close: () => void } {
  let cancel = () => {};
  let isClosed = false;
  return {
    noteChange: () => {
      if (isClosed) return;
      cancel();
      cancel = clock.after(WATCH_DEBOUNCE_MS, onChange);
    },
    close: () => {
      isClosed = true;
      cancel();
    },
  };
}

function matcher(pattern: string): (name: string) => boolean {
  return pattern.startsWith("*") ? (name) => name.endsWith(pattern.slice(1)) : (name) => name === pattern;
}

function watchDirectory(directory: string, onName: (name: string | null) => void): FSWatcher[] {
  const log = logger("config");
  const complain = (error: unknown) => log.debug("Cannot watch {directory}: {error}", { directory, error: String(error) });
  try {
    const watcher = watch(directory, { persistent: false }, (_event, name) => onName(name));
    watcher.on("error", complain);
    return [watcher];
  } catch (error) {
    complain(error);
    return [];
  }
}
