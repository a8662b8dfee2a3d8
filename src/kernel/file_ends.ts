/**
 * The beginning or the end of a file, never more than so many bytes of it, and of ordinary files only: whatever
 * else lies under the name (a folder, a pipe that nobody writes to) counts as not there.
 */
import { Buffer } from "node:buffer";
import { lstat, open } from "node:fs/promises";

export interface FilePart {
  readonly text: string;
  /** Nothing of the file is missing. */
  readonly isWhole: boolean;
  /** Of the whole file. */
  readonly sizeBytes: number;
}

/** The first `maxBytes` of a file; undefined when there is none. Rejects when it cannot be read. */
export function fileHead(path: string, maxBytes: number): Promise<FilePart | undefined> {
  return part(path, (sizeBytes) => ({ from: 0, count: Math.min(sizeBytes, maxBytes) }));
}

/** The last `maxBytes` of a file, as {@link fileHead}. */
export function fileTail(path: string, maxBytes: number): Promise<FilePart | undefined> {
  return part(path, (sizeBytes) => ({ from: Math.max(sizeBytes - maxBytes, 0), count: Math.min(sizeBytes, maxBytes) }));
}

async function part(
  path: string,
  choose: (sizeBytes: number) => { readonly from: number; readonly count: number },
): Promise<FilePart | undefined> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined || !found.isFile()) return undefined;
  const { from, count } = choose(found.size);
  const file = await open(path, "r");
  try {
    const bytes = Buffer.alloc(count);
    let readCount = 0;
    while (readCount < count) {
      const { bytesRead } = await file.read(bytes, readCount, count - readCount, from + readCount);
      if (bytesRead === 0) break;
      readCount += bytesRead;
    }
    return { text: bytes.subarray(0, readCount).toString("utf8"), isWhole: readCount === found.size, sizeBytes: found.size };
  } finally {
    await file.close();
  }
}

/** The lines of the end of a file; the first one is left out when its beginning may be missing. */
export async function lastLines(path: string, maxBytes: number): Promise<string[]> {
  const end = await fileTail(path, maxBytes);
  if (end === undefined) return [];
  const lines = end.text.split("\n");
  return (end.isWhole ? lines : lines.slice(1)).filter((line) => line !== "");
}

/** The lines of the beginning of a file; the last one is left out when its end may be missing. */
export async function firstLines(path: string, maxBytes: number): Promise<string[]> {
  const head = await fileHead(path, maxBytes);
  if (head === undefined) return [];
  const lines = head.text.split("\n");
  return (head.isWhole ? lines : lines.slice(0, -1)).filter((line) => line !== "");
}
