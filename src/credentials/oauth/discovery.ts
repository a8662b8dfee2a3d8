/**
 * Finds every login: variables, `oauth_creds/`, paths in `P_OAUTH_<n>`, and the vendors' tools, whose files
 * are copied when first seen. The same account is used once. Nothing that is found is changed.
 */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { naturalOrder, type Variables } from "../../kernel/variables.ts";
import type { Grant } from "../grant.ts";
import { isSameLogin, withoutDuplicates } from "./duplicates.ts";
import type { GrantKeeper } from "./flow.ts";
import { grantsFromEnv } from "./grant_env.ts";
import {
  fileErrorCode,
  fileKeeper,
  foreignFiles,
  type GrantFile,
  grantFolder,
  grantPaths,
  prepareVariableFolder,
  readGrantFile,
  readGrantFiles,
  removedPaths,
  saveNewGrant,
  unkeptKeeper,
  variableFolder,
  variableKeeper,
} from "./grant_files.ts";
import type { OAuthRow } from "./row.ts";

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
  /**
   * `copy`: logins of the vendors' tools that are not known yet are copied into `oauth_creds/`, and the folder for
   * renewed logins of the environment is made. `leave`: only looks.
   */
  readonly toolFiles: "copy" | "leave";
}

interface Candidate extends Omit<FoundGrant, "number"> {
  readonly importedOrigin: string | null;
  readonly importedFrom: string | null;
}

/** Looks everywhere. Never rejects: what cannot be read is a warning. */
export async function findGrants(options: DiscoveryOptions): Promise<Discovery> {
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  const found: FoundGrant[] = [];
  for (const row of options.rows) {
    const desk = { ...options, row, warn };
    const known = [...await fromVariables(desk), ...await fromFiles(desk), ...await fromPaths(desk)];
    if (options.toolFiles === "copy") known.push(...await fromTool(desk, known));
    const { unique, warnings: repeated } = withoutDuplicates(known, row);
    repeated.forEach(warn);
    const projectId = options.variables.get(`${row.prefix}_PROJECT_ID`)?.value.trim() || null;
    found.push(...unique.map((it, index) => ({ ...foundOf(it, projectId), number: index + 1 })));
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

async function fromVariables({ row, variables, dataDir, toolFiles, warn }: Desk): Promise<Candidate[]> {
  const bundles = grantsFromEnv(row, { variables, warn });
  if (bundles.length === 0) return [];
  const forbidden = toolFiles === "copy" ? await prepareVariableFolder(dataDir) : undefined;
  if (forbidden !== undefined && row.rotates) {
    warn(
      `${row.name}: renewed logins cannot be kept in ${variableFolder(dataDir)} (${forbidden}), and each renewal ends the one in ` +
        `${bundles.map(({ variable }) => variable).join(", ")}: after a restart a new login is needed.`,
    );
  }
  return await Promise.all(bundles.map(async ({ provider, grant, variable }) => {
    const isLost = forbidden !== undefined && !row.rotates;
    const keeper = isLost ? unkeptKeeper(variable) : variableKeeper({ dataDir, provider, variable, grant });
    const renewed = await keeper.load();
    const kind = "env" as const;
    const notes = { priority: 0, label: null, importedOrigin: null, importedFrom: null };
    return { provider, grant: renewed ?? grant, source: variable, kind, keeper, ...notes };
  }));
}

async function fromFiles(desk: Desk): Promise<Candidate[]> {
  const { row: { provider }, dataDir, warn } = desk;
  const folder = grantFolder(dataDir);
  const paths = await grantPaths(folder, provider).catch((error: unknown) => {
    warn(`Cannot look for logins in ${folder}: ${fileErrorCode(error)}.`);
    return [];
  });
  const files = await readGrantFiles(paths, (path) => readGrantFile(path, provider));
  return files.flatMap((file) => {
    if (!("problem" in file)) return [candidateOf(file, "file", desk)];
    warn(`The login in ${file.path} is ignored: ${file.problem}. The file was left as it is.`);
    return [];
  });
}

async function fromPaths(desk: Desk): Promise<Candidate[]> {
  const { row, variables, cwd, home, warn } = desk;
  const pattern = new RegExp(`^${row.prefix}_OAUTH_\\d+$`);
  const names = [...variables.keys()].filter((name) => pattern.test(name)).toSorted(naturalOrder);
  const places = names.flatMap((name) => {
    const text = variables.get(name)?.value.trim() ?? "";
    return text === "" ? [] : [{ name, path: resolve(cwd, text.replace(/^~(?=$|[/\\])/, home ?? homedir())) }];
  });
  const files = await readGrantFiles(places.map(({ path }) => path), (path) => readGrantFile(path, row.provider));
  return files.flatMap((file, at) => {
    if (!("problem" in file)) return [candidateOf(file, "path", desk)];
    warn(`The login in ${file.path}, which ${places[at]?.name} names, is ignored: ${file.problem}.`);
    return [];
  });
}

function candidateOf(file: GrantFile, kind: "file" | "path", { row: { provider }, warn }: Desk): Candidate {
  const { path, grant, notes: { label, priority, importedOrigin, importedFrom }, warnings } = file;
  warnings.forEach(warn);
  const keeper = fileKeeper(path, provider);
  return { provider, grant, source: path, kind, keeper, priority: priority ?? 0, label, importedOrigin, importedFrom };
}

/** The login of the vendor's tool, unless it, or what became of it, is known already. */
async function fromTool(desk: Desk, known: readonly Candidate[]): Promise<Candidate[]> {
  const { home, row, dataDir, warn } = desk;
  if (home === null) return [];
  const file = await readGrantFile(join(home, row.toolFile), row.provider);
  if ("problem" in file) {
    if (!file.isMissing) warn(`The login of ${row.toolName} in ${file.path} is ignored: ${file.problem}.`);
    return [];
  }
  if (await isKnown(file, known, desk)) return [];
  const { grant, path: from } = file;
  try {
    const notes = { importedOrigin: grant.origin, importedFrom: from };
    const { path } = await saveNewGrant({ dataDir, provider: row.provider, grant, notes });
    const sharing = row.rotates
      ? ` Each renewal ends the tokens before it, so the tool and keyproxy log each other out: give keyproxy a login of its own ` +
        `with keyproxy creds add ${row.provider}.`
      : "";
    warn(`The login of ${row.toolName} was copied from ${from} to ${path}.${sharing}`);
    const copy = await readGrantFile(path, row.provider);
    return "problem" in copy ? [] : [candidateOf(copy, "file", desk)];
  } catch (error) {
    warn(`The login of ${row.toolName} in ${from} cannot be copied to ${grantFolder(dataDir)} (${fileErrorCode(error)}); it is not used.`);
    return [];
  }
}

/** Whether a tool's login is here already, or was here and was removed. */
async function isKnown(file: GrantFile, known: readonly Candidate[], { row, dataDir, warn }: Desk): Promise<boolean> {
  const tool = { grant: file.grant, source: file.path, importedOrigin: null };
  if (known.some((it) => isSameLogin(it, tool))) return true;
  if (file.grant.account === null && row.rotates) {
    // Nothing in the file tells a renewal of the login that was copied from another one.
    const copy = known.find(({ importedFrom }) => importedFrom === file.path);
    if (copy !== undefined) {
      warn(
        `${row.toolName} has renewed its login, or logged in anew, since it was copied to ${copy.source}. If that copy asks for a ` +
          `login: keyproxy creds add ${row.provider}, or keyproxy creds import --from-tool ${row.provider}.`,
      );
      return true;
    }
  }
  return await wasRemoved(file, { row, dataDir });
}

/** What a person has removed does not come back by itself. */
async function wasRemoved(file: GrantFile, { row, dataDir }: Pick<Desk, "row" | "dataDir">): Promise<boolean> {
  const paths = await removedPaths(grantFolder(dataDir), row.provider).catch(() => []);
  const removed = await readGrantFiles(paths, (path) => readGrantFile(path, row.provider));
  return removed.some((it) => {
    if ("problem" in it) return false;
    const { importedOrigin, importedFrom } = it.notes;
    const isSameToken = file.grant.origin !== null && (it.grant.origin === file.grant.origin || importedOrigin === file.grant.origin);
    return isSameToken || (file.grant.account === null && row.rotates && importedFrom === file.path);
  });
}

function foundOf(
  { provider, grant, source, kind, keeper, priority, label }: Candidate,
  projectId: string | null,
): Omit<FoundGrant, "number"> {
  const isLent = projectId !== null && grant.projectId === null;
  return {
    provider,
    grant: isLent ? withProject(grant, projectId) : grant,
    source,
    kind,
    keeper: isLent ? lendingKeeper(keeper, projectId) : keeper,
    priority,
    label,
  };
}

function withProject(grant: Grant, projectId: string): Grant {
  return grant.projectId === null ? { ...grant, projectId } : grant;
}

/** The project of `P_PROJECT_ID` is the environment's: it is not kept with the login, so that a change of the variable counts. */
function lendingKeeper(keeper: GrantKeeper, projectId: string): GrantKeeper {
  return {
    ...keeper,
    load: async () => {
      const kept = await keeper.load();
      return kept === undefined ? undefined : withProject(kept, projectId);
    },
    save: (grant) => keeper.save(grant.projectId === projectId ? { ...grant, projectId: null } : grant),
  };
}

function foreign({ dataDir, rows }: DiscoveryOptions): Promise<string[]> {
  return foreignFiles(grantFolder(dataDir), rows.map(({ provider }) => provider)).catch(() => []);
}
