/**
 * The request log as a whole: which requests it holds. A folder of any size is walked name by name, and only the
 * newest names are kept; a request's files are read when it is asked for.
 */
import { opendir } from "node:fs/promises";
import { join } from "node:path";
import { requestLogRoot } from "../../gateway/capture.ts";
import { hasCode } from "../../kernel/atomic_file.ts";
import { readLogged } from "./request_directory.ts";
import type { SeenRequest } from "./seen_request.ts";

/** `<YYYYMMDD_HHMMSS>_<id>`: names in order of time are in order of letters. */
const NAME = /^\d{8}_\d{6}_/;
const STAMP_LENGTH = "20260101_000000_".length;
/** An id longer than this is cut in the name. */
const MAX_ID_LENGTH = 80;
/** Names that are kept, and thus requests that are looked at, newest first. */
export const MAX_LOOKED_AT = 2_000;
/** Entries read from a folder at a time. */
const BUFFER_COUNT = 1_024;

/** Names of the newest directories that `wanted` wants, newest first. A folder that is not there holds none. */
async function newestNames(root: string, wanted: (name: string) => boolean): Promise<{ readonly names: string[]; readonly count: number }> {
  let names: string[] = [];
  let count = 0;
  const keepNewest = () => names = names.sort().reverse().slice(0, MAX_LOOKED_AT);
  try {
    for await (const entry of await opendir(root, { bufferSize: BUFFER_COUNT })) {
      if (!entry.isDirectory() || !NAME.test(entry.name) || !wanted(entry.name)) continue;
      count += 1;
      names.push(entry.name);
      if (names.length >= 2 * MAX_LOOKED_AT) keepNewest();
    }
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
  return { names: keepNewest(), count };
}

export interface LoggedList {
  /** Newest first. */
  readonly requests: readonly SeenRequest[];
  /** Older requests that were not looked at while `limit` was not reached. */
  readonly unseenCount: number;
}

/** The newest finished requests that match. Rejects when the folder cannot be read. */
export async function newestLogged(
  dataDir: string,
  { limit, matches }: { readonly limit: number; readonly matches: (request: SeenRequest) => boolean },
): Promise<LoggedList> {
  const root = requestLogRoot(dataDir);
  const { names, count } = await newestNames(root, () => true);
  const found: SeenRequest[] = [];
  let second = "";
  for (const name of names) {
    // Names tell the second only: all of the last one are read before the newest are chosen.
    if (found.length >= limit && !name.startsWith(second)) break;
    second = name.slice(0, STAMP_LENGTH);
    const request = await readLogged(join(root, name));
    if (request !== undefined && matches(request)) found.push(request);
  }
  const requests = found.toSorted((left, right) => right.arrived_at - left.arrived_at).slice(0, limit);
  return { requests, unseenCount: requests.length < limit ? count - names.length : 0 };
}

/** Absolute paths of directories whose name, or the request's id in it, begins with `text`; newest first. */
export async function findLogged(dataDir: string, text: string): Promise<string[]> {
  const root = requestLogRoot(dataDir);
  // An id stands in a name with `_` for every sign that could mean something to a file system.
  const id = text.slice(0, MAX_ID_LENGTH).replace(/[^A-Za-z0-9._-]/g, "_");
  const { names } = await newestNames(root, (name) => name.startsWith(text) || name.slice(STAMP_LENGTH).startsWith(id));
  return names.map((name) => join(root, name));
}
