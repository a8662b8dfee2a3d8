/** Why a file could not be written, as a person can act on it: no system call, and no name of a temporary file. */

const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: "not allowed; change the permissions of the file and its folder, or use another folder",
  EPERM: "not allowed; change the permissions of the file and its folder, or use another folder",
  EROFS: "the file system is read-only; use another folder",
  EISDIR: "it is a directory; move it away, or name another file",
  ENOTDIR: "its folder is a file; name another one",
  ENOENT: "its folder is not there; make it, or name another one",
  ENOSPC: "the disk is full; make room",
  EDQUOT: "the disk quota is used up; make room",
  EBUSY: "it is mounted by itself and cannot be replaced; mount its folder instead",
  ELOOP: "it is a link that leads back to itself; remove it",
};

/** Completes "Cannot write <path>: ". What is no fault of the file system keeps its own words. */
export function writeFault(error: unknown): string {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  const remedy = REMEDIES[code];
  if (remedy !== undefined) return `${remedy} (${code})`;
  return error instanceof Error ? error.message : String(error);
}
