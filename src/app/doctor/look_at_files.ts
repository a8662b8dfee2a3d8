/** Gathers facts of files and folders. Reads only: not even an access time of its own making, and nothing is created. */
import { access, constants, lstat, readdir, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import type { Sources } from "../../config/load.ts";
import { grantFolder, removedFolder, variableFolder } from "../../credentials/oauth/grant_files.ts";
import { DATABASE_NAME } from "../../store/open.ts";
import { examineSqlite } from "../../store/sqlite.ts";
import { LAUNCHER_FILE, readLauncherConfig } from "../../config/launcher_config.ts";
import type { Content, DataFacts, DirectoryFact, FileFact, FilesFacts, LauncherFact, LockFact } from "./files.ts";

const SERVER_NAME = "server.json";
const SECRET_NAME = /KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS/;
/** Files looked at in one folder. */
const MAX_FILE_COUNT = 1_000;

export interface FilePlaces {
  readonly sources: Sources;
  readonly dataDir: string;
  /** Epoch ms. */
  readonly now: number;
}

export async function lookAtFiles({ sources, dataDir, now }: FilePlaces): Promise<FilesFacts> {
  const logins = grantFolder(dataDir);
  const kept = [variableFolder(dataDir), removedFolder(logins)];
  const names = await Promise.all([logins, ...kept].map(async (folder) => (await namesIn(folder)).map((name) => join(folder, name))));
  // Files of logins themselves are looked at where logins are read; those that are kept aside are not.
  const asideJson = names.slice(1).flat().filter((path) => path.endsWith(".json"));
  const wanted: readonly (readonly [path: string, content: Content])[] = [
    ...await envFiles(sources),
    ...[logins, ...kept, ...asideJson].map((path) => [path, "secrets"] as const),
    [join(dataDir, SERVER_NAME), "secrets"],
    ...["", "-wal", "-shm"].map((ending) => [join(dataDir, DATABASE_NAME + ending), "records"] as const),
    [join(sources.cwd, LAUNCHER_FILE), "settings"],
    [dataDir, "settings"],
  ];
  return {
    files: (await Promise.all(wanted.map(([path, content]) => fileFact(path, content)))).flat()
      // What is not of the kind it should be is told of by whoever wants to read it.
      .filter(({ path, isFolder }) => isFolder === [dataDir, logins, ...kept].includes(path)),
    launcher: await launcherFact(sources.cwd),
    locks: (await Promise.all(names.flat().filter((path) => path.includes(".json.lock")).map((path) => lockFact(path, now)))).flat(),
  };
}

/** Files that hold a secret, or that could not be read and may. */
async function envFiles({ cwd, envFile, files }: Sources): Promise<[string, Content][]> {
  const paths = new Set([envFile, ...(await namesIn(cwd)).filter((name) => name.endsWith(".env")).map((name) => join(cwd, name))]);
  return [...paths].filter((path) => {
    const known = files.find((file) => file.path === path);
    return known === undefined || Object.entries(known.variables).some(([name, value]) => SECRET_NAME.test(name) && value.trim() !== "");
  }).map((path) => [path, "secrets"]);
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).toSorted().slice(0, MAX_FILE_COUNT);
}

async function fileFact(path: string, content: Content): Promise<FileFact[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return [];
  // Windows has no such modes.
  return [{ path, content, isFolder: found.isDirectory(), mode: process.platform === "win32" ? null : found.mode }];
}

async function lockFact(path: string, now: number): Promise<LockFact[]> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? [] : [{ path, ageMs: now - found.mtimeMs }];
}

async function launcherFact(folder: string): Promise<LauncherFact> {
  const reading = await readLauncherConfig(folder);
  switch (reading.kind) {
    case "absent":
      return { kind: "absent" };
    case "read":
      return { kind: "sound" };
    case "corrupt":
      return { kind: "bad", path: join(folder, LAUNCHER_FILE), problem: reading.why };
  }
}

/** The data directory, its database and the room that is left. */
export async function lookAtData(dataDir: string): Promise<DataFacts> {
  const directory = await directoryFact(dataDir);
  const databasePath = join(dataDir, DATABASE_NAME);
  const isThere = await lstat(databasePath).then(() => true, () => false);
  return {
    path: dataDir,
    directory,
    databasePath,
    database: isThere ? examineSqlite(databasePath) : { kind: "absent" },
    freeBytes: await freeBytesAt((await nearest(dataDir)).path),
  };
}

async function directoryFact(path: string): Promise<DirectoryFact> {
  const { path: there, isDirectory } = await nearest(path);
  if (!isDirectory) return { kind: "blocked", by: there };
  const code = await access(there, constants.W_OK | constants.X_OK).then(() => undefined, codeOf);
  if (there !== path) return { kind: "absent", canBeMade: code === undefined };
  return code === undefined ? { kind: "writable" } : { kind: "read_only", code };
}

/** The path itself, or what there is of the way to it. */
async function nearest(path: string): Promise<{ readonly path: string; readonly isDirectory: boolean }> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined) return { path, isDirectory: found.isDirectory() };
  const parent = dirname(path);
  return parent === path ? { path, isDirectory: true } : await nearest(parent);
}

async function freeBytesAt(path: string): Promise<number | null> {
  return await statfs(path).then(({ bavail, bsize }) => bavail * bsize, () => null);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown error";
}
