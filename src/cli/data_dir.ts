/** Whether a directory can be the data directory. One that is there but cannot be written to can: state then stays in memory. */
import { mkdir, stat } from "node:fs/promises";

/** Makes the directory when it is not there. The sentence says what is wrong and what to do; undefined when nothing is. */
export async function dataDirFault(path: string): Promise<string | undefined> {
  const isDirectory = await stat(path).then((found) => found.isDirectory(), () => undefined);
  if (isDirectory === true) return undefined;
  const where = `Cannot keep data in ${path}: `;
  const remedy = "; name another directory with --data-dir or KEYPROXY_DATA_DIR";
  if (isDirectory === false) return `${where}it is a file, not a directory${remedy}`;
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    return undefined;
  } catch (error) {
    return `${where}it is not there and cannot be made (${codeOf(error)})${remedy}`;
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown error";
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}
