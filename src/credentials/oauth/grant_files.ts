/**
 * Grants on disk: one file each in `oauth_creds/`, replaced whole or not at all, readable by their owner
 * alone. A file that cannot be read as a login is told of and never touched.
 */
import { access, chmod, constants, mkdir, readdir, readFile, rename, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { createFileAtomic, hasCode, writeFileAtomic } from "../../kernel/atomic_file.ts";
import { type Clock, type Random, systemClock, systemRandom } from "../../kernel/clock.ts";
import { asObject, type Json, type JsonObject, parseJson } from "../../kernel/json.ts";
import { naturalOrder } from "../../kernel/variables.ts";
import { type Grant, identityOf } from "../grant.ts";
import type { GrantKeeper } from "./flow.ts";
import { type GrantNotes, readGrant, writeGrant } from "./grant_json.ts";
import { takeLock } from "../../kernel/lock_file.ts";

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
/** Larger than any login: whatever is in it, it is not one. */
const MAX_FILE_BYTES = 1024 * 1024;
/** Files read at the same time. */
const READ_COUNT = 64;
/** Others that add logins at the same time may take a number each. */
const MAX_NUMBER_COUNT = 1_000;
/** Longest wait for a renewal that is writing the same file. */
const MAX_WAIT_MS = 20_000;

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
  readonly isMissing: boolean;
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

/** Reads a login file. `provider`: whose login it must be, where that is known. */
export async function readGrantFile(path: string, provider?: string): Promise<GrantFile | BadFile> {
  const found = await readJsonFile(path);
  if ("problem" in found) return { path, ...found };
  const reading = readGrant(found.json, provider);
  if ("problem" in reading) return { path, problem: reading.problem, isMissing: false };
  return { path, ...reading, warnings: found.warnings };
}

/** Reads many files, a bounded number at a time, each once; the results are in the order of the paths. */
export async function readGrantFiles<Result>(
  paths: readonly string[],
  read: (path: string) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const left = paths.entries();
  const worker = async () => {
    // The iterator is shared: each worker takes the next path that nobody has.
    for (const [at, path] of left) results[at] = await read(path);
  };
  await Promise.all(Array.from({ length: Math.min(READ_COUNT, paths.length) }, worker));
  return results;
}

type JsonFile =
  | { readonly json: Json; readonly warnings: readonly string[] }
  | { readonly problem: string; readonly isMissing: boolean };

async function readJsonFile(path: string): Promise<JsonFile> {
  const bad = (problem: string) => ({ problem, isMissing: false });
  try {
    const stats = await stat(path);
    // Reading a pipe would wait for somebody to write.
    if (!stats.isFile()) return bad("it is not a file");
    if (stats.size > MAX_FILE_BYTES) return bad(`it is larger than a login can be (${stats.size} bytes)`);
    // Some editors put a byte order mark in front.
    const text = (await readFile(path, "utf8")).replace(/^\ufeff/, "");
    if (text.trim() === "") return bad("it is empty");
    const json = parseJson(text);
    if (json === undefined) return bad("it is not JSON, or only half of it was written");
    // Windows has no such modes.
    const isOpen = process.platform !== "win32" && (stats.mode & 0o077) !== 0;
    const warnings = isOpen ? [`Others on this machine can read the login in ${path}: run chmod 600 ${quoted(path)}`] : [];
    return { json, warnings };
  } catch (error) {
    if (hasCode(error, "ENOENT")) return { problem: "there is no such file", isMissing: true };
    return bad(`it cannot be read (${fileErrorCode(error)})`);
  }
}

/** As a shell wants it. */
function quoted(path: string): string {
  return /^[\w./~-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

/** The code of a file system error, e.g. `EACCES`; its message may be long and names the path again. */
export function fileErrorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}

/** What is at the path now is no login: it belongs to somebody else, or somebody is writing it. */
export class NotALogin extends Error {
  override readonly name = "NotALogin";
  readonly code = "NOT_A_LOGIN";

  constructor({ path, problem }: BadFile) {
    super(`Cannot keep the login in ${path}: ${problem}. The file was left as it is`);
  }
}

/** Keeps a grant in its file; fields of other programs stay. Saving rejects rather than write over what is no login. */
export function fileKeeper(path: string, provider: string): GrantKeeper {
  return {
    place: path,
    lockPath: lockOf(path),
    load: async () => {
      const found = await readGrantFile(path, provider);
      return "problem" in found ? undefined : found.grant;
    },
    save: (grant) => overwrite({ path, provider, grant }),
  };
}

function lockOf(path: string): string {
  return `${path}.lock`;
}

interface Overwriting {
  readonly path: string;
  readonly provider: string;
  readonly grant: Grant;
  readonly notes?: Partial<GrantNotes> | undefined;
}

async function overwrite({ path, provider, grant, notes }: Overwriting): Promise<void> {
  const found = await readGrantFile(path, provider);
  if ("problem" in found && !found.isMissing) throw new NotALogin(found);
  await writeGrantFile(path, writeGrant(grant, { previous: await objectIn(path), notes }));
}

async function objectIn(path: string): Promise<JsonObject | undefined> {
  const found = await readJsonFile(path);
  return "problem" in found ? undefined : asObject(found.json);
}

/** Writes a login file, with its folder when that is missing. Rejects with the file system's error. */
async function writeGrantFile(path: string, json: JsonObject): Promise<void> {
  await makeFolder(dirname(path));
  await writeFileAtomic(path, textOf(json), FILE_MODE);
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
}

function textOf(json: JsonObject): string {
  return `${JSON.stringify(json, null, 2)}\n`;
}

/** Makes the folder for what becomes of logins given by variables. The result is the code of the error that forbids it. */
export async function prepareVariableFolder(dataDir: string): Promise<string | undefined> {
  try {
    await makeFolder(variableFolder(dataDir));
    await access(variableFolder(dataDir), constants.W_OK);
    return undefined;
  } catch (error) {
    return fileErrorCode(error);
  }
}

/** Where {@link variableKeeper} keeps what becomes of logins given by variables. */
export function variableFolder(dataDir: string): string {
  return join(grantFolder(dataDir), "env");
}

/** A login given by variables. */
export interface VariableGrant {
  readonly dataDir: string;
  readonly provider: string;
  /** Name of its first variable. */
  readonly variable: string;
  /** As the variables have it. */
  readonly grant: Grant;
}

/**
 * Keeps what became of a grant that was given by variables. It is used again only while the variables still hold
 * the login it began with; account, project and client stay what the variables say.
 */
export function variableKeeper({ dataDir, provider, variable, grant: given }: VariableGrant): GrantKeeper {
  const origin = given.origin ?? identityOf(given);
  const path = join(variableFolder(dataDir), `${provider}_${origin.slice(0, 12)}.json`);
  const file = fileKeeper(path, provider);
  return {
    place: `${variable} (renewed: ${path})`,
    lockPath: file.lockPath,
    load: async () => {
      const kept = await file.load();
      return kept?.origin === origin ? underVariables(kept, given) : undefined;
    },
    save: (grant) => file.save({ ...grant, origin }),
  };
}

function underVariables(kept: Grant, given: Grant): Grant {
  const hasClient = given.clientId !== null || given.clientSecret !== null;
  const { clientId, clientSecret } = hasClient ? given : kept;
  return {
    ...kept,
    account: given.account ?? kept.account,
    projectId: given.projectId ?? kept.projectId,
    tokenUrl: given.tokenUrl ?? kept.tokenUrl,
    universeDomain: given.universeDomain ?? kept.universeDomain,
    clientId,
    clientSecret,
  };
}

/** For a login whose variables stay good however often it is renewed, where nothing can be written. */
export function unkeptKeeper(variable: string): GrantKeeper {
  return { place: variable, lockPath: null, load: () => Promise.resolve(undefined), save: () => Promise.resolve() };
}

/** What waits for a renewal that writes the same file are measured with. */
export interface LockTools {
  readonly clock: Clock;
  readonly random: Random;
}

const MACHINE: LockTools = { clock: systemClock, random: systemRandom };

/** Does something to a file while no renewal does. Where no lock can be made it is done all the same. */
async function whileLocked<Result>(
  { path, tools, onBusy }: { readonly path: string; readonly tools: LockTools; readonly onBusy: "go_on" | "throw" },
  work: () => Promise<Result>,
): Promise<Result> {
  const { signal } = new AbortController();
  const lock = await takeLock({ path: lockOf(path), ...tools, signal, maxWaitMs: MAX_WAIT_MS });
  if (lock.kind === "busy" && onBusy === "throw") throw new Error(`${path} is being renewed by another process: try again in a minute`);
  try {
    return await work();
  } finally {
    if (lock.kind === "held") await lock.release();
  }
}

/** A login to keep. */
export interface NewGrant {
  readonly dataDir: string;
  readonly provider: string;
  readonly grant: Grant;
  readonly notes?: Partial<GrantNotes>;
}

/**
 * Puts a new login where it belongs: over the tokens of the same account, whose name and rank stay, else under the
 * next free number. Rejects with the file system's error.
 */
export async function saveNewGrant(
  { dataDir, provider, grant, notes }: NewGrant,
  tools: LockTools = MACHINE,
): Promise<{ readonly path: string; readonly how: "added" | "replaced" }> {
  const folder = grantFolder(dataDir);
  const paths = await grantPaths(folder, provider);
  const files = await readGrantFiles(paths, (path) => readGrantFile(path, provider));
  const same = files.find((file) => !("problem" in file) && identityOf(file.grant) === identityOf(grant));
  if (same !== undefined && !("problem" in same)) {
    // What was found out of the account holds for its new tokens too.
    const { projectId, tier, checkedAt } = grant.projectId === null ? same.grant : grant;
    const { path } = same;
    const next = { ...grant, projectId, tier, checkedAt };
    await whileLocked({ path, tools, onBusy: "go_on" }, () => overwrite({ path, provider, grant: next, notes }));
    return { path, how: "replaced" };
  }
  await makeFolder(folder);
  const text = textOf(writeGrant(grant, { notes }));
  const first = Math.max(0, ...paths.map((path) => numberOf(path, provider) ?? 0)) + 1;
  for (let number = first; number < first + MAX_NUMBER_COUNT; number++) {
    const path = join(folder, `${provider}_oauth_${number}.json`);
    if (await createFileAtomic(path, text, FILE_MODE) === "created") return { path, how: "added" };
  }
  throw new Error(`Cannot keep the login in ${folder}: ${MAX_NUMBER_COUNT} numbers from ${first} on are taken`);
}

/** Changes the user's own notes on a login: null removes one, undefined leaves it. Rejects with what is wrong with the file. */
export async function editGrantNotes(path: string, notes: Partial<GrantNotes>, tools: LockTools = MACHINE): Promise<void> {
  await whileLocked({ path, tools, onBusy: "throw" }, async () => {
    const found = await readGrantFile(path);
    if ("problem" in found) throw new Error(`Cannot edit ${path}: ${found.problem}`);
    await writeGrantFile(path, writeGrant(found.grant, { previous: await objectIn(path), notes }));
  });
}

/** Where {@link setAside} puts logins. */
export function removedFolder(folder: string): string {
  return join(folder, "removed");
}

/** Logins of a provider that were set aside and are still there. */
export async function removedPaths(folder: string, provider: string): Promise<string[]> {
  const names = await namesIn(removedFolder(folder));
  // A time stands in front of the name it had.
  return names.filter((name) => numberOf(name.replace(/^[^_]*_/, ""), provider) !== undefined)
    .map((name) => join(removedFolder(folder), name));
}

/** Takes a login out of use without deleting it: it moves to `removed/`. Tells where it is now. */
export async function setAside(path: string, now: number): Promise<string> {
  const folder = removedFolder(dirname(path));
  await makeFolder(folder);
  const target = join(folder, `${new Date(now).toISOString().replace(/[:.]/g, "-")}_${basename(path)}`);
  await rename(path, target);
  await chmod(target, FILE_MODE);
  return target;
}
