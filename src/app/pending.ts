/** Changes of `.env` that are not saved yet: what they are, how they read, and the configuration they would make. Pure. */
import { mask } from "../kernel/secret.ts";
import type { Sources } from "../config/load.ts";
import { PATTERNS } from "../config/provider_patterns.ts";
import { ALL_SETTINGS, SETTINGS } from "../config/schema.ts";
import { CATALOG } from "../providers/catalog.ts";

/** New values by variable; null takes the variable out of the file. */
export type Pending = ReadonlyMap<string, string | null>;

export const NOTHING_PENDING: Pending = new Map();

/** With one more change; one that leaves the file as it is is none. `before`: what the file says now. */
export function withChange(
  pending: Pending,
  { name, value, before }: { readonly name: string; readonly value: string | null; readonly before: string | undefined },
): Pending {
  const changed = new Map(pending);
  const isSame = (value ?? "") === (before ?? "").trim();
  if (isSame) changed.delete(name);
  else changed.set(name, value);
  return changed;
}

/** What `.env` itself says, without its neighbours. */
export function fileValue({ files }: Pick<Sources, "files">, envFile: string, name: string): string | undefined {
  return files.find(({ path }) => path === envFile)?.variables[name];
}

/** The sources as they would be read after saving. */
export function withPending(sources: Sources, envFile: string, pending: Pending): Sources {
  if (pending.size === 0) return sources;
  const old = sources.files.find(({ path }) => path === envFile);
  const variables: Record<string, string> = { ...old?.variables };
  for (const [name, value] of pending) {
    if (value === null) delete variables[name];
    else variables[name] = value;
  }
  const changed = { path: envFile, variables, lines: old?.lines ?? new Map<string, number>() };
  return { ...sources, files: [changed, ...sources.files.filter((it) => it !== old)] };
}

const SECRET_SETTINGS: ReadonlySet<string> = new Set(
  ALL_SETTINGS.flatMap(({ env, aliases = [], isSecret }) => isSecret ? [env, ...aliases] : []),
);
const SECRET_ENDINGS = Object.values(PATTERNS).flatMap((it) => "isSecret" in it ? [it.name.slice(1)] : []);

/** Keys with names of their own, such as `SNOWFLAKE_JWT`. */
const KEY_VARIABLES: ReadonlySet<string> = new Set(CATALOG.flatMap((row) => row.keyVariables ?? []));

/** True for variables whose value nobody is shown whole. */
export function isSecretVariable(name: string): boolean {
  return SECRET_SETTINGS.has(name) || KEY_VARIABLES.has(name.replace(/_\d+$/, "")) ||
    SECRET_ENDINGS.some((ending) => new RegExp(`${ending}(_\\w+)?$`).test(name)) ||
    /(TOKEN|SECRET|PASSWORD)(_\d+)?$/.test(name);
}

/** A value as it may be shown. */
export function shownValue(name: string, value: string | null | undefined): string {
  if (value === null || value === undefined || value === "") return "(not set)";
  return isSecretVariable(name) ? mask(value, { head: 3, tail: 4 }) : value;
}

/** Variables a server reads only when it starts. */
const AT_START: ReadonlySet<string> = new Set(
  [
    SETTINGS.host,
    SETTINGS.port,
    SETTINGS.dataDir,
    SETTINGS.logLevel,
    SETTINGS.logFormat,
    SETTINGS.isModelInfoRefreshed,
    SETTINGS.httpProxy,
    SETTINGS.httpsProxy,
    SETTINGS.noProxy,
  ].map(({ env }) => env),
);

/** Those of the changed variables that a running server takes up only at its next start. */
export function needRestart(names: Iterable<string>): string[] {
  return [...names].filter((name) => AT_START.has(name));
}
