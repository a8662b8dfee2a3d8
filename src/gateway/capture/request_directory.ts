/**
 * The directory of one logged request: named by instant and id, made when the first file is written, for
 * its owner only. It may vanish at any time (retention, a person) and is then made again.
 */
import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;
const MAX_ID_LENGTH = 80;
/** Requests with the same id in the same second; beyond it they share a directory's name with an error. */
const MAX_TWIN_COUNT = 1000;

/** `<YYYYMMDD_HHMMSS>_<request id>`, UTC; what could mean something to a file system becomes `_`. */
export function directoryName({ startedAt, requestId }: { readonly startedAt: number; readonly requestId: string }): string {
  const [date = "", time = ""] = new Date(startedAt).toISOString().split("T");
  const id = requestId.slice(0, MAX_ID_LENGTH).replace(/[^A-Za-z0-9._-]/g, "_");
  return `${date.replaceAll("-", "")}_${time.slice(0, 8).replaceAll(":", "")}_${id}`;
}

export class RequestDirectory {
  readonly #root: string;
  readonly #name: string;
  #path: string | undefined;

  /** `root` holds the directories of all requests. Nothing is made yet. */
  constructor(place: { readonly root: string; readonly name: string }) {
    this.#root = place.root;
    this.#name = place.name;
  }

  /** Makes or replaces a file. */
  write(file: string, text: string): Promise<void> {
    return this.#inside((path) => writeFile(join(path, file), text, { mode: FILE_MODE }));
  }

  /** Adds to the end of a file. */
  append(file: string, text: string): Promise<void> {
    return this.#inside((path) => appendFile(join(path, file), text, { mode: FILE_MODE }));
  }

  async #inside(write: (path: string) => Promise<void>): Promise<void> {
    this.#path ??= await this.#make();
    try {
      await write(this.#path);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
      await mkdir(this.#path, { recursive: true, mode: DIRECTORY_MODE });
      await write(this.#path);
    }
  }

  /** Clients choose request ids, so two requests may want one name: the later ones get a number. */
  async #make(): Promise<string> {
    await mkdir(this.#root, { recursive: true, mode: DIRECTORY_MODE });
    for (let twin = 1;; twin++) {
      const path = join(this.#root, twin === 1 ? this.#name : `${this.#name}_${twin}`);
      try {
        await mkdir(path, { mode: DIRECTORY_MODE });
        return path;
      } catch (error) {
        if (codeOf(error) !== "EEXIST" || twin === MAX_TWIN_COUNT) throw error;
      }
    }
  }
}

/** The system's name of the error, e.g. `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
