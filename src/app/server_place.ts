/**
 * Where the server of this configuration is, and the key that opens its admin routes. A server leaves a note in its
 * data directory while it runs; without a live one it is where the configuration says. Asks nobody.
 */
import { readFileSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { z } from "zod";
import { clientUrl } from "../kernel/address.ts";
import { createFileAtomic, hasCode } from "../kernel/atomic_file.ts";
import { parseJson } from "../kernel/json.ts";
import { logger } from "../kernel/log.ts";
import { type AdminClient, adminClient } from "./admin_client.ts";
import type { Setup } from "./setup.ts";

const FILE_NAME = "server.json";

const NOTE = z.object({
  pid: z.int().positive(),
  /** Without a path. */
  url: z.string().regex(/^http:\/\/[^/?#@\s]+$/),
  /** Epoch ms. */
  started_at: z.number(),
});
type Note = z.infer<typeof NOTE>;

/** The server that runs with this data directory, else the one that this configuration would start; or the one at `url`. */
export function serverOf({ config }: Pick<Setup, "config">, { url }: { readonly url?: string | undefined } = {}): AdminClient {
  const key = config.adminKeys[0] ?? config.proxyKeys[0];
  const place = url?.replace(/\/+$/, "") ?? liveUrl(config.dataDir) ?? clientUrl(config);
  return adminClient({ url: place, key: key?.reveal() ?? "" });
}

/**
 * Leaves a note of where this process serves, for this user only. The result takes it away, unless another server has
 * left its own since. A disk that cannot be written to is no reason not to serve.
 */
export async function leaveNote({ dataDir, url, at }: { readonly dataDir: string; readonly url: string; readonly at: number }) {
  const path = join(dataDir, FILE_NAME);
  const note: Note = { pid: process.pid, url, started_at: at };
  const text = `${JSON.stringify(note)}\n`;
  try {
    // Whatever is there, a link too, is an older note: what a link leads to is none.
    await rm(path, { force: true });
    await createFileAtomic(path, text, 0o600);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    logger("app").debug("Cannot note where the server is in {path}: {reason}", { path, reason });
  }
  return async (): Promise<void> => {
    const isOwn = await readFile(path, "utf8").then((found) => found === text, () => false);
    if (isOwn) await rm(path, { force: true }).catch(() => {});
  };
}

/** The address of a server of another process that uses the data directory; undefined when there is none. */
export function otherServerUrl(dataDir: string): string | undefined {
  const note = liveNote(dataDir);
  return note === undefined || note.pid === process.pid ? undefined : note.url;
}

function liveUrl(dataDir: string): string | undefined {
  return liveNote(dataDir)?.url;
}

/** What a crashed process left says nothing; a process that took over its number answers for itself. */
function liveNote(dataDir: string): Note | undefined {
  try {
    const note = NOTE.parse(parseJson(readFileSync(join(dataDir, FILE_NAME), "utf8")));
    return isAlive(note.pid) ? note : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It is there, and somebody else's.
    return hasCode(error, "EPERM");
  }
}
