/** Files and folders: who may read the secrets in them, and what is damaged or left behind. Pure. */
import { type Finding, findingsOf, quoted } from "./finding.ts";

const { ok, note, warning, error } = findingsOf("files");

/** What must stay private about a file. */
export type Content = "secrets" | "records" | "settings";

export interface FileFact {
  readonly path: string;
  readonly content: Content;
  readonly isFolder: boolean;
  /** Permission bits; null where the system has none. */
  readonly mode: number | null;
}

export interface LockFact {
  readonly path: string;
  readonly ageMs: number;
}

/** `launcher_config.json`. `problem` says why it cannot be used. */
export type LauncherFact =
  | { readonly kind: "absent" }
  | { readonly kind: "sound" }
  | { readonly kind: "bad"; readonly path: string; readonly problem: string };

export interface FilesFacts {
  readonly files: readonly FileFact[];
  readonly launcher: LauncherFact;
  readonly locks: readonly LockFact[];
}

/** A holder touches its lock every few seconds. */
const DEAD_LOCK_MS = 60_000;

export function judgeFiles({ files, launcher, locks }: FilesFacts): Finding[] {
  const modes = files.flatMap(ofMode);
  const hasSecrets = files.some(({ content, mode }) => content === "secrets" && mode !== null);
  return [
    ...modes,
    ...modes.length === 0 && hasSecrets ? [ok("Only you can read the files with secrets")] : [],
    ...launcher.kind === "bad"
      ? [
        warning(
          `The launcher does not use ${launcher.path}: ${launcher.problem}`,
          `mv ${quoted(launcher.path)} ${quoted(`${launcher.path}.old`)}`,
        ),
      ]
      : [],
    ...locks.filter(({ ageMs }) => ageMs > DEAD_LOCK_MS).map(({ path }) =>
      note(`${path} was left behind by a process that is gone; the next renewal replaces it`, `rm ${quoted(path)}`)
    ),
  ];
}

function ofMode({ path, content, isFolder, mode }: FileFact): Finding[] {
  if (mode === null) return [];
  const shown = (mode & 0o777).toString(8).padStart(3, "0");
  if (content === "settings") {
    return (mode & 0o002) === 0
      ? []
      : [warning(`Everybody on this machine can change ${path} (mode ${shown})`, `chmod o-w ${quoted(path)}`)];
  }
  if ((mode & 0o077) === 0) return [];
  const fix = `chmod ${isFolder ? "700" : "600"} ${quoted(path)}`;
  if (content === "records") {
    return (mode & 0o007) === 0 ? [] : [note(`Others on this machine can read usage in ${path} (mode ${shown})`, fix)];
  }
  return [warning(`Others on this machine can read the secrets in ${path} (mode ${shown})`, fix)];
}

/** The data directory as it is found. */
export type DirectoryFact =
  | { readonly kind: "writable" }
  | { readonly kind: "read_only"; readonly code: string }
  /** Not there; `canBeMade` says whether its nearest folder that is lets us. */
  | { readonly kind: "absent"; readonly canBeMade: boolean }
  /** Something else lies there, or on the way. */
  | { readonly kind: "blocked"; readonly by: string };

export type DatabaseFact =
  | { readonly kind: "absent" }
  | { readonly kind: "sound"; readonly version: number }
  | { readonly kind: "newer"; readonly version: number }
  | { readonly kind: "corrupt"; readonly reason: string }
  | { readonly kind: "unreadable"; readonly reason: string };

export interface DataFacts {
  readonly path: string;
  readonly directory: DirectoryFact;
  readonly databasePath: string;
  readonly database: DatabaseFact;
  /** Null: not known. */
  readonly freeBytes: number | null;
}

const MIB = 1024 * 1024;
const LOW_BYTES = 200 * MIB;
const FULL_BYTES = 10 * MIB;

export function judgeData({ path, directory, databasePath, database, freeBytes }: DataFacts): Finding[] {
  return [
    ...directory.kind === "absent" || directory.kind === "blocked" || directory.kind === "read_only" ? [ofDirectory(path, directory)] : [],
    ...directory.kind === "blocked" ? [] : ofDatabase(databasePath, database),
    ...freeBytes === null || freeBytes >= LOW_BYTES ? [] : [ofSpace(path, freeBytes)],
    ...directory.kind === "writable" && database.kind === "absent"
      ? [ok(`Data directory ${path} can be written; the database is made at first start`)]
      : [],
  ];
}

function ofDirectory(path: string, fact: Exclude<DirectoryFact, { readonly kind: "writable" }>): Finding {
  switch (fact.kind) {
    case "blocked":
      return error(`The data directory ${path} cannot be used: ${fact.by} is not a directory`, "KEYPROXY_DATA_DIR=<another directory>");
    case "read_only":
      return warning(
        `The data directory ${path} cannot be written (${fact.code}): counts, rests and new logins are lost at exit`,
        "KEYPROXY_DATA_DIR=<a directory you may write>",
      );
    case "absent":
      return fact.canBeMade
        ? ok(`Data directory ${path} is made at first start`)
        : warning(`The data directory ${path} does not exist and cannot be made here`, "KEYPROXY_DATA_DIR=<a directory you may write>");
  }
}

function ofDatabase(path: string, fact: DatabaseFact): Finding[] {
  switch (fact.kind) {
    case "absent":
      return [];
    case "sound":
      return [ok(`${path} is sound, schema version ${fact.version}`)];
    case "newer":
      return [
        error(
          `${path} was written by a newer keyproxy (schema version ${fact.version}): serve refuses to start`,
          `Use the newer keyproxy, or mv ${quoted(path)} ${quoted(`${path}.newer`)}`,
        ),
      ];
    case "corrupt":
      return [
        warning(
          `${path} is damaged (${fact.reason}): the next start sets it aside and begins a new one`,
          `mv ${quoted(path)} ${quoted(`${path}.damaged`)}`,
        ),
      ];
    case "unreadable":
      return [
        warning(
          `${path} cannot be read (${fact.reason}): counts and rests stay in memory`,
          `Make ${path} a file that you can read and write, or move it away`,
        ),
      ];
  }
}

function ofSpace(path: string, freeBytes: number): Finding {
  const fix = "Free some space, or set LOG_MAX_BYTES and LOG_RETENTION_DAYS lower";
  const text = `Only ${Math.floor(freeBytes / MIB)} MiB are free at ${path}`;
  return freeBytes < FULL_BYTES ? error(text, fix) : warning(text, fix);
}
