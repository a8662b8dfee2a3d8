/**
 * Grants on disk: one file each in `oauth_creds/`, replaced whole or not at all, readable by their owner
 * alone. A file that cannot be read as a login is told of and never touched.
 */
import { chmod, mkdir, readdir, readFile, rename, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { hasCode, writeFileAtomic } from "../../kernel/atomic_file.ts";
import { asObject, type JsonObject, parseJson } from "../../kernel/json.ts";
import { naturalOrder } from "../../kernel/variables.ts";
import { type Grant, identityOf, originOf } from "../grant.ts";
import type { GrantKeeper } from "./flow.ts";
import { type GrantNotes, readGrant, writeGrant } from "./grant_json.ts";

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
/** Larger than any login: whatever is in it, it is not one. */
const MAX_FILE_BYTES = 1024 * 1024;

/** Where the logins of a data directory are. */
export function grantFolder(dataDir: string): string {
  return join(dataDir, "oauth_creds");
}

/** A login file that was read. */
export interface GrantFile {
  readonly path: string;
  readonly grant: Grant;
  readonly notes: GrantNotes;
  /** What a person should be told about the file. */
  readonly warnings: readonly string[];
}

/** One sentence, why a file is not used. */
export interface BadFile {
  readonly path: string;
  readonly problem: string;
}

/** Numbered login files of a provider, in natural order: `<provider>_oauth_<n>.json`. A folder that is not there has none. */
export async function grantPaths(folder: string, provider: string): Promise<string[]> {
  const names = await namesIn(folder);
  return names.filter((name) => numberOf(name, provider) !== undefined).map((name) => join(folder, name));
}

/** Files of the folder that look like logins but belong to no provider of these. */
export async function foreignFiles(folder: string, providers: readonly string[]): Promise<string[]> {
  const names = await namesIn(folder);
  const isKnown = (name: string) => providers.some((provider) => numberOf(name, provider) !== undefined);
  return names.filter((name) => name.endsWith(".json") && !isKnown(name)).map((name) => join(folder, name));
}

async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  });
  return names.toSorted(naturalOrder);
}

/** The number in a file's name; undefined when it is no login file of this provider. */
export function numberOf(name: string, provider: string): number | undefined {
  const match = /^(.+)_oauth_(\d+)\.json$/.exec(basename(name));
  return match?.[1] === provider ? Number(match[2]) : undefined;
}

/** Reads a login file. */
export async function readGrantFile(path: string): Promise<GrantFile | BadFile> {
  const found = await readJsonFile(path);
  if ("problem" in found) return { path, problem: found.problem };
  const reading = readGrant(found.json);
  if ("problem" in reading) return { path, problem: reading.problem };
  return { path, ...reading, warnings: found.warnings };
}

type JsonFile = { readonly json: JsonObject | undefined; readonly warnings: readonly string[] } | { readonly problem: string };

async function readJsonFile(path: string): Promise<JsonFile> {
  try {
    const { size, mode } = await stat(path);
    if (size > MAX_FILE_BYTES) return { problem: `it is larger than a login can be (${size} bytes)` };
    const json = parseJson(await readFile(path, "utf8"));
    // Windows has no such modes.
    const isOpen = process.platform !== "win32" && (mode & 0o077) !== 0;
    const warnings = isOpen ? [`Others on this machine can read the login in ${path}: run chmod 600 ${quoted(path)}`] : [];
    return json === undefined ? { problem: "it is not JSON, or only half of it was written" } : { json: asObject(json), warnings };
  } catch (error) {
    return { problem: hasCode(error, "ENOENT") ? "there is no such file" : `it cannot be read (${codeOf(error)})` };
  }
}

/** As a shell wants it. */
function quoted(path: string): string {
  return /^[\w./~-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}

/** Keeps a grant in its file; fields of other programs stay. */
export function fileKeeper(path: string): GrantKeeper {
  return {
    place: path,
    lockPath: `${path}.lock`,
    load: async () => {
      const found = await readGrantFile(path);
      return "problem" in found ? undefined : found.grant;
    },
    save: async (grant) => {
      const before = await readJsonFile(path);
      await writeGrantFile(path, writeGrant(grant, "json" in before ? before.json : undefined));
    },
  };
}

/** Writes a login file, with its folder when that is missing. Rejects with the file system's error. */
export async function writeGrantFile(path: string, json: JsonObject): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE });
  await writeFileAtomic(path, `${JSON.stringify(json, null, 2)}\n`, FILE_MODE);
}

/**
 * Keeps what became of a grant that was given by variables. It is used again only while the variables still hold
 * the login it began with.
 */
export function variableKeeper(
  options: { readonly dataDir: string; readonly provider: string; readonly variable: string; readonly origin: string },
): GrantKeeper {
  const { dataDir, provider, variable, origin } = options;
  const path = join(grantFolder(dataDir), "env", `${provider}_${origin.slice(0, 12)}.json`);
  const file = fileKeeper(path);
  return {
    place: `${variable} (renewed: ${path})`,
    lockPath: file.lockPath,
    load: async () => {
      const grant = await file.load();
      return grant?.origin === origin ? grant : undefined;
    },
    save: (grant) => file.save({ ...grant, origin }),
  };
}

/** Puts a new login where it belongs: over the tokens of the same account, else under the next free number. */
export async function saveNewGrant(
  options: { readonly dataDir: string; readonly provider: string; readonly grant: Grant; readonly notes?: Partial<GrantNotes> },
): Promise<{ readonly path: string; readonly how: "added" | "replaced" }> {
  const { dataDir, provider, grant, notes } = options;
  const folder = grantFolder(dataDir);
  const paths = await grantPaths(folder, provider);
  for (const path of paths) {
    const found = await readGrantFile(path);
    if ("problem" in found || identityOf(found.grant) !== identityOf(grant)) continue;
    const before = await readJsonFile(path);
    // A label or rank that the user gave stays.
    await writeGrantFile(path, writeGrant(grant, "json" in before ? before.json : undefined, notes));
    return { path, how: "replaced" };
  }
  const number = Math.max(0, ...paths.map((path) => numberOf(path, provider) ?? 0)) + 1;
  const path = join(folder, `${provider}_oauth_${number}.json`);
  const first = grant.refreshToken ?? grant.accessToken;
  await writeGrantFile(path, writeGrant({ ...grant, origin: grant.origin ?? originOf(first.reveal()) }, {}, notes));
  return { path, how: "added" };
}

/** Changes the user's own notes on a login. */
export async function editGrantNotes(path: string, notes: Partial<GrantNotes>): Promise<void> {
  const [found, before] = [await readGrantFile(path), await readJsonFile(path)];
  if ("problem" in found || "problem" in before) {
    throw new Error(`Cannot edit ${path}: ${"problem" in found ? found.problem : "it cannot be read"}`);
  }
  await writeGrantFile(path, writeGrant(found.grant, before.json, notes));
}

/** Takes a login out of use without deleting it: it moves to `removed/`. Tells where it is now. */
export async function setAside(path: string, now: number): Promise<string> {
  const folder = join(dirname(path), "removed");
  await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  const target = join(folder, `${new Date(now).toISOString().replace(/[:.]/g, "-")}_${basename(path)}`);
  await rename(path, target);
  await chmod(target, FILE_MODE);
  return target;
}
