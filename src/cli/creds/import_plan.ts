/**
 * What an import would do, as a list, and doing it. Nothing of ours is replaced: a name that is taken stays, a
 * key or login that is there already is left alone.
 */
import { resolve } from "node:path";
import { importRests, type KnownRest } from "../../app/import_rests.ts";
import type { CredentialView } from "../../app/credential_view.ts";
import { closest } from "../../config/suggest.ts";
import { credentialId } from "../../credentials/credential.ts";
import { credentialsFromEnv } from "../../credentials/from_env.ts";
import { type Grant, identityOf } from "../../credentials/grant.ts";
import { readGrantFile, saveNewGrant } from "../../credentials/oauth/grant_files.ts";
import { type ImportedRest, type ProxyFolder, readProxyFolder } from "../../credentials/oauth/import_proxy_folder.ts";
import type { ToolLogin } from "../../credentials/oauth/import_tools.ts";
import type { OAuthRow } from "../../credentials/oauth/row.ts";
import { OAUTH_ROWS } from "../../credentials/oauth/rows.ts";
import { systemClock } from "../../kernel/clock.ts";
import type { Secret } from "../../kernel/secret.ts";
import type { Variables } from "../../kernel/variables.ts";
import { CATALOG } from "../../providers/catalog.ts";
import { type Desk, shownPath } from "../desk.ts";
import { writeVariables } from "../write_variables.ts";
import { freeKeyVariable, prefixOf, withChanges } from "./key_variables.ts";
import { lookAtAll } from "./list.ts";
import { usage } from "../../terminal/stop.ts";
import { counted } from "../../terminal/words.ts";

type Deed =
  | { readonly kind: "variable"; readonly name: string; readonly value: string }
  | { readonly kind: "login"; readonly provider: string; readonly grant: Grant }
  | { readonly kind: "rests"; readonly rests: readonly KnownRest[] };

export interface ImportItem {
  readonly result: "new" | "there_already" | "kept_ours" | "problem";
  /** What it is, without a secret. */
  readonly what: string;
  /** Where it is now, or will be. */
  readonly place: string;
  /** For a person; may be empty. */
  readonly note: string;
  readonly deed?: Deed;
}

/** What the vendors' tools left on this machine. */
export async function planFromTools(found: readonly ToolLogin[], desk: Desk): Promise<ImportItem[]> {
  const { views } = await lookAtAll(desk);
  const items: ImportItem[] = [];
  let variables = desk.variables;
  for (const it of found) {
    const what = `the login of ${it.row.toolName}`;
    if (it.kind === "problem") items.push({ result: "problem", what: `${what} in ${it.path}`, place: "", note: it.problem });
    else if (it.kind === "login") {
      const note = it.row.rotates ? `it and ${it.row.toolName} cannot both go on with one login` : "";
      items.push(await loginItem({ row: it.row, grant: it.grant, what, note }, views));
    } else {
      const item = keyItem({ provider: it.row.provider, key: it.key, what: `the key of ${it.row.toolName}` }, { desk, variables });
      items.push(item);
      variables = withDeed(variables, item, desk);
    }
  }
  return items;
}

/** Everything of a folder of another proxy. */
export async function planFromFolder(folder: string, desk: Desk): Promise<ImportItem[]> {
  const path = resolve(desk.sources.cwd, folder);
  const found = await readProxyFolder(path, { rows: OAUTH_ROWS, now: systemClock.now() });
  if (found === undefined) throw usage(`Cannot import from ${folder}: it holds neither .env nor oauth_creds/ nor key_usage.json`);
  const { views } = await lookAtAll(desk);
  const theirs: Variables = new Map(Object.entries(found.variables).map(([name, value]) => [name, { value, origin: path }]));
  const read = credentialsFromEnv({ variables: theirs, rows: CATALOG, closest });
  const keys = read.credentials.flatMap((it) => it.kind === "api_key" ? [it] : []);
  const problem = (what: string) => (note: string): ImportItem => ({ result: "problem", what, place: path, note });
  const items = [...found.warnings.map(problem("all of the folder")), ...read.warnings.map(problem("every key"))];
  let variables = desk.variables;
  for (const { provider, secret, source, display } of keys) {
    const item = keyItem({ provider, key: secret, what: `${provider} key ${display}`, wish: source }, { desk, variables });
    items.push(item);
    variables = withDeed(variables, item, desk);
  }
  const keyNames = new Set(keys.map(({ source }) => source));
  for (const [name, { value }] of theirs) {
    if (keyNames.has(name) || value.trim() === "" || isKeyName(name)) continue;
    items.push(settingItem({ name, value: /_OAUTH_\d+$/.test(name) ? resolve(path, value) : value }, desk));
  }
  for (const { row, grant, path: file } of found.grants) {
    items.push(await loginItem({ row, grant, what: `the ${row.name} login ${grant.account ?? file}`, note: "" }, views));
  }
  const rests = restsOf(found, keys.map(({ provider, secret }) => ({ provider, key: secret.reveal() })));
  if (rests.length > 0) {
    const what = counted(rests.length, "rest");
    items.push({
      result: "new",
      what,
      place: "keyproxy.db",
      note: "a running server sees them after a restart",
      deed: { kind: "rests", rests },
    });
  }
  return items;
}

/** Does what is planned, the variables in one edit. Items that fail become problems. */
export async function applyImport(items: readonly ImportItem[], desk: Desk): Promise<ImportItem[]> {
  const variables = items.flatMap(({ deed }) => deed?.kind === "variable" ? [[deed.name, deed.value] as const] : []);
  if (variables.length > 0) await writeVariables(desk.envFile, Object.fromEntries(variables));
  const done: ImportItem[] = [];
  for (const item of items) done.push(await perform(item, desk));
  return done;
}

async function perform(item: ImportItem, { config, terminal, ...desk }: Desk): Promise<ImportItem> {
  const { deed } = item;
  try {
    switch (deed?.kind) {
      case "login": {
        const notes = { importedOrigin: deed.grant.origin };
        const { path } = await saveNewGrant({ dataDir: config.dataDir, provider: deed.provider, grant: deed.grant, notes });
        return { ...item, place: shownPath(path, desk) };
      }
      case "rests":
        await importRests(config, deed.rests, { clock: systemClock, warn: (message) => terminal.say(message), note: () => {} });
        return item;
      default:
        return item;
    }
  } catch (error) {
    return { ...item, result: "problem", note: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

interface KeyFound {
  readonly provider: string;
  readonly key: Secret;
  readonly what: string;
  /** The name it has where it comes from. */
  readonly wish?: string;
}

function keyItem(
  { provider, key, what, wish }: KeyFound,
  { desk, variables }: { readonly desk: Desk; readonly variables: Variables },
): ImportItem {
  const id = credentialId(provider, key.reveal());
  const known = credentialsFromEnv({ variables, rows: CATALOG, closest }).credentials.find((it) => it.id === id);
  if (known !== undefined) return { result: "there_already", what, place: known.source, note: "" };
  const isWishFree = wish !== undefined && (variables.get(wish)?.value ?? "").trim() === "";
  const name = isWishFree ? wish : freeKeyVariable(prefixOf(provider, desk.names), variables);
  const note = wish === undefined || wish === name ? "" : `${wish} is taken`;
  return { result: "new", what, place: name, note, deed: { kind: "variable", name, value: key.reveal() } };
}

function withDeed(variables: Variables, { deed }: ImportItem, { envFile }: Desk): Variables {
  return deed?.kind === "variable" ? withChanges(variables, { [deed.name]: deed.value }, envFile) : variables;
}

/** Keys that were not taken are examples or repetitions. */
function isKeyName(name: string): boolean {
  return /_API_KEY(_|$)/.test(name) && name !== "PROXY_API_KEY" && !/^.+_\d+_API_KEY$/.test(name);
}

function settingItem({ name, value }: { readonly name: string; readonly value: string }, { variables }: Desk): ImportItem {
  const ours = variables.get(name)?.value.trim() ?? "";
  const what = `setting ${name}`;
  if (ours === value.trim()) return { result: "there_already", what, place: "with the same value", note: "" };
  if (ours !== "") return { result: "kept_ours", what, place: "another value is set here", note: "" };
  return { result: "new", what, place: name, note: "", deed: { kind: "variable", name, value } };
}

interface LoginFound {
  readonly row: OAuthRow;
  readonly grant: Grant;
  readonly what: string;
  readonly note: string;
}

async function loginItem({ row, grant, what, note }: LoginFound, views: readonly CredentialView[]): Promise<ImportItem> {
  for (const view of views) {
    if (view.provider === row.provider && await isSame(view, grant)) return { result: "there_already", what, place: view.source, note: "" };
  }
  return { result: "new", what, place: "oauth_creds/", note, deed: { kind: "login", provider: row.provider, grant } };
}

/** By account, or by the token a copy was made of, however often it was renewed since. */
async function isSame({ login }: CredentialView, grant: Grant): Promise<boolean> {
  if (login === null) return false;
  if (identityOf(login.grant) === identityOf(grant)) return true;
  if (grant.origin === null) return false;
  if (login.grant.origin === grant.origin) return true;
  if (login.kind === "env") return false;
  const file = await readGrantFile(login.source);
  return !("problem" in file) && file.notes.importedOrigin === grant.origin;
}

/** As far ahead as a provider's word is believed. */
const LONGEST_REST_MS = 7 * 24 * 3_600_000;

/** Rests under the ids that their credentials have here. Models lose the provider in front. */
function restsOf(
  { rests, grants }: ProxyFolder,
  keys: readonly { readonly provider: string; readonly key: string }[],
): KnownRest[] {
  const idOf = ({ credential, model }: ImportedRest) => {
    const login = grants.find(({ path }) => path.endsWith(`/${credential}`));
    if (login !== undefined) return credentialId(login.row.provider, identityOf(login.grant));
    const own = keys.filter(({ key }) => key === credential);
    const key = own.find(({ provider }) => model.startsWith(`${provider}/`)) ?? own[0];
    return key && credentialId(key.provider, key.key);
  };
  const latestAt = systemClock.now() + LONGEST_REST_MS;
  return rests.flatMap((rest) => {
    const credential = idOf(rest);
    if (credential === undefined) return [];
    return [{ credential, model: rest.model.replace(/^[^/]+\//, ""), untilAt: Math.min(rest.untilAt, latestAt) }];
  });
}
