/**
 * Finds every login: variables, `oauth_creds/`, paths in `P_OAUTH_<n>`, and the vendors' tools, whose files
 * are copied when first seen. The same account is used once. Nothing that is found is changed.
 */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { naturalOrder, type Variables } from "../../kernel/variables.ts";
import { type Grant, identityOf } from "../grant.ts";
import type { GrantKeeper } from "./flow.ts";
import { grantsFromEnv } from "./grant_env.ts";
import { fileKeeper, foreignFiles, grantFolder, grantPaths, numberOf, readGrantFile, saveNewGrant, variableKeeper } from "./grant_files.ts";
import type { OAuthRow } from "./row.ts";

/** Files read at the same time. */
const READ_COUNT = 64;

export interface FoundGrant {
  readonly provider: string;
  readonly grant: Grant;
  /** Variable name or path, as shown. */
  readonly source: string;
  readonly kind: "env" | "file" | "path";
  readonly keeper: GrantKeeper;
  /** Tier; lower is used first. */
  readonly priority: number;
  /** Number among the logins of its provider, as `provider:n` names it. */
  readonly number: number;
  readonly label: string | null;
}

export interface Discovery {
  readonly found: readonly FoundGrant[];
  /** Each names a place and what is the matter there; never a token. */
  readonly warnings: readonly string[];
}

export interface DiscoveryOptions {
  readonly dataDir: string;
  /** Null: there is none, so there are no tools. */
  readonly home: string | null;
  readonly variables: Variables;
  readonly rows: readonly OAuthRow[];
  /** Relative paths in variables start here. */
  readonly cwd: string;
  /** `copy`: logins of the vendors' tools that are not known yet are copied into `oauth_creds/`. */
  readonly toolFiles: "copy" | "leave";
}

type Candidate = Omit<FoundGrant, "number">;

/** Looks everywhere. Never rejects: what cannot be read is a warning. */
export async function findGrants(options: DiscoveryOptions): Promise<Discovery> {
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  const found: FoundGrant[] = [];
  for (const row of options.rows) {
    const desk = { ...options, row, warn };
    const known = [...await fromVariables(desk), ...await fromFiles(desk), ...await fromPaths(desk)];
    if (options.toolFiles === "copy") known.push(...await fromTool(desk, known));
    const own = options.variables.get(`${row.prefix}_PROJECT_ID`)?.value.trim() || null;
    const unique = withoutDuplicates(known, row, warn);
    found.push(...unique.map((it, index) => ({ ...it, grant: withProject(it.grant, own), number: index + 1 })));
  }
  for (const path of await foreign(options)) {
    warn(`${path} is ignored: its name is not <provider>_oauth_<n>.json with a provider that has logins.`);
  }
  return { found, warnings };
}

interface Desk extends DiscoveryOptions {
  readonly row: OAuthRow;
  readonly warn: (message: string) => void;
}

async function fromVariables({ row, variables, dataDir, warn }: Desk): Promise<Candidate[]> {
  return await Promise.all(
    grantsFromEnv(row, variables, warn).map(async ({ provider, grant, variable }) => {
      const keeper = variableKeeper({ dataDir, provider, variable, origin: grant.origin ?? identityOf(grant) });
      const renewed = await keeper.load();
      return { provider, grant: renewed ?? grant, source: variable, kind: "env" as const, keeper, priority: 0, label: null };
    }),
  );
}

async function fromFiles(desk: Desk): Promise<Candidate[]> {
  const folder = grantFolder(desk.dataDir);
  const paths = await grantPaths(folder, desk.row.provider).catch((error: unknown) => {
    desk.warn(`Cannot look for logins in ${folder}: ${error instanceof Error && "code" in error ? String(error.code) : "unknown error"}.`);
    return [];
  });
  return await readAll(paths, "file", desk);
}

async function fromPaths(desk: Desk): Promise<Candidate[]> {
  const pattern = new RegExp(`^${desk.row.prefix}_OAUTH_\\d+$`);
  const names = [...desk.variables.keys()].filter((name) => pattern.test(name)).toSorted(naturalOrder);
  const paths = names.flatMap((name) => {
    const text = desk.variables.get(name)?.value.trim() ?? "";
    return text === "" ? [] : [resolve(desk.cwd, text.replace(/^~(?=$|[/\\])/, desk.home ?? homedir()))];
  });
  return await readAll(paths, "path", desk);
}

/** Reads in order, a bounded number at a time. */
async function readAll(paths: readonly string[], kind: "file" | "path", { row, warn }: Desk): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (let at = 0; at < paths.length; at += READ_COUNT) {
    for (const file of await Promise.all(paths.slice(at, at + READ_COUNT).map(readGrantFile))) {
      if ("problem" in file) {
        warn(`The login in ${file.path} is ignored: ${file.problem}. The file was left as it is.`);
        continue;
      }
      file.warnings.forEach(warn);
      const { grant, notes, path } = file;
      candidates.push({
        provider: row.provider,
        grant,
        source: path,
        kind,
        keeper: fileKeeper(path),
        priority: notes.priority ?? 0,
        label: notes.label,
      });
    }
  }
  return candidates;
}

/** The login of the vendor's tool, unless it, or what became of it, is known already. */
async function fromTool(desk: Desk, known: readonly Candidate[]): Promise<Candidate[]> {
  const { home, row, dataDir, warn } = desk;
  if (home === null) return [];
  const file = await readGrantFile(join(home, row.toolFile));
  if ("problem" in file) {
    if (file.problem !== "there is no such file") warn(`The login of ${row.toolName} in ${file.path} is ignored: ${file.problem}.`);
    return [];
  }
  const origin = file.grant.origin;
  if (await isKnown({ grant: file.grant, origin }, known)) return [];
  try {
    const { path } = await saveNewGrant({ dataDir, provider: row.provider, grant: file.grant, notes: { importedOrigin: origin } });
    const sharing = row.rotates
      ? ` It and keyproxy cannot both go on with one login: log in again with keyproxy creds add ${row.provider}.`
      : "";
    warn(`The login of ${row.toolName} was copied from ${file.path} to ${path}.${sharing}`);
    return await readAll([path], "file", desk);
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    warn(`The login of ${row.toolName} cannot be copied to ${grantFolder(dataDir)} (${why}); it is not used.`);
    return [];
  }
}

/** A copy is known by the account, or by the token it was made of however often it was renewed since. */
async function isKnown(
  { grant, origin }: { readonly grant: Grant; readonly origin: string | null },
  known: readonly Candidate[],
): Promise<boolean> {
  for (const it of known) {
    if (identityOf(it.grant) === identityOf(grant)) return true;
    if (it.grant.origin === origin && origin !== null) return true;
    if (it.kind !== "file") continue;
    const file = await readGrantFile(it.keeper.place);
    if (!("problem" in file) && file.notes.importedOrigin === origin) return true;
  }
  return false;
}

/** The first of each account; the others are told of. */
function withoutDuplicates(candidates: readonly Candidate[], row: OAuthRow, warn: (message: string) => void): Candidate[] {
  const firsts = new Map<string, Candidate>();
  for (const it of candidates) {
    const identity = identityOf(it.grant);
    const first = firsts.get(identity);
    if (first === undefined) firsts.set(identity, it);
    else if (first.source !== it.source) {
      warn(`${row.name}: the same account is in ${first.source} and in ${it.source}; the first one is used.`);
    }
  }
  return [...firsts.values()];
}

function withProject(grant: Grant, projectId: string | null): Grant {
  return grant.projectId === null && projectId !== null ? { ...grant, projectId } : grant;
}

function foreign({ dataDir, rows }: DiscoveryOptions): Promise<string[]> {
  return foreignFiles(grantFolder(dataDir), rows.map(({ provider }) => provider)).catch(() => []);
}

/** The number in a found login's file name, where it has one. */
export function fileNumber({ source, provider }: FoundGrant): number | undefined {
  return numberOf(source, provider);
}
