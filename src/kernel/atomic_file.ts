/**
 * Writing a file so that a reader, or a machine that stops half-way, sees the old text or the new one, never
 * a part of either.
 */
import { randomUUID } from "node:crypto";
import { open, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Replaces the file at `path` by way of a temporary file beside it, synced before it takes the name. A link
 * is followed, so that it stays a link. `mode` is the new file's, e.g. 0o600. Throws file system errors; the
 * old file is then untouched and no temporary file stays.
 */
export async function writeFileAtomic(path: string, text: string, mode: number): Promise<void> {
  const target = await realpath(path).catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return path;
    throw error;
  });
  // The name ends in .tmp so that nothing takes it for an .env file.
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`);
  try {
    await writeSynced(temporary, text, mode);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeSynced(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    // The process's mask may have taken bits away.
    await file.chmod(mode);
    await file.writeFile(text, "utf8");
    await file.sync();
  } finally {
    await file.close();
  }
}

/** True for a file system error with this code, e.g. `ENOENT`. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
