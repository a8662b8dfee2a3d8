/**
 * Writing a file so that a reader, or a machine that stops half-way, sees the old text or the new one, never
 * a part of either.
 */
import { randomUUID } from "node:crypto";
import { link, open, readlink, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

/**
 * Replaces the file at `path` by way of a temporary file beside it, synced before it takes the name. A link
 * is followed, so that it stays a link. `mode` is the new file's, e.g. 0o600. Throws file system errors; the
 * old file is then untouched and no temporary file stays.
 */
export async function writeFileAtomic(path: string, text: string, mode: number): Promise<void> {
  const target = await realpath(path).catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return whereTo(path);
    throw error;
  });
  const temporary = temporaryBeside(target);
  try {
    await writeSynced(temporary, text, mode);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(target));
}

/** Where a link points whose file is not there yet; the path itself when it is no link. */
function whereTo(path: string): Promise<string> {
  return readlink(path).then((to) => resolve(dirname(path), to), () => path);
}

/** File systems without hard links say one of these. */
const NO_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"];

/**
 * Makes a file at `path` in the same way, unless there is one: `taken`, and nothing was changed. Of several
 * processes that try only one succeeds. Throws file system errors; no temporary file stays.
 */
export async function createFileAtomic(path: string, text: string, mode: number): Promise<"created" | "taken"> {
  const temporary = temporaryBeside(path);
  try {
    await writeSynced(temporary, text, mode);
    await link(temporary, path);
  } catch (error) {
    if (hasCode(error, "EEXIST")) return "taken";
    if (!NO_LINKS.some((code) => hasCode(error, code))) throw error;
    const isTaken = await realpath(path).then(() => true, () => false);
    if (isTaken) return "taken";
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  await syncFolder(dirname(path));
  return "created";
}

/** The name ends in .tmp so that nothing takes it for an .env file. */
function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
}

/** The new name is safe only when the folder is; where folders cannot be synced, the system sees to it. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, "r");
    await folder.sync().finally(() => folder.close());
  } catch {
    // The file is whole and in its place, whatever the folder says.
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
