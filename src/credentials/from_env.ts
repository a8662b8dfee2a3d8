/**
 * Plain keys out of the environment, in the order they are used. Warnings name variables, never values; a
 * provider nobody mentioned gets no credential, however little it needs one.
 */
import { readBaseUrl } from "../kernel/base_url.ts";
import { isPlaceholder, isReservedName, naturalOrder, type ProviderNames, providerNames, type Variables } from "../kernel/variables.ts";
import type { ProviderRow } from "../providers/row.ts";
import { apiKeyCredential, type Credential, keylessCredential } from "./credential.ts";
import { loginBringsKey } from "./oauth/grant_env.ts";

/** The part of a row that says how its keys are called and whether it needs one. */
export type KeyedRow = Pick<ProviderRow, "id" | "name" | "prefixes" | "keyVariables" | "auth">;

export interface EnvCredentials {
  /** By provider in the order of the rows, custom ones last; within a provider in natural order of the variables. */
  readonly credentials: readonly Credential[];
  /** Providers that exist only through `P_API_BASE`. */
  readonly customProviders: readonly { readonly id: string; readonly baseUrl: string }[];
  /** Addresses that replace a row's own, by provider id. */
  readonly apiBases: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

export interface EnvCredentialsOptions {
  readonly variables: Variables;
  readonly rows: readonly KeyedRow[];
  /** Providers the configuration speaks of in another way; `config.providers.keys()`. */
  readonly mentioned?: Iterable<string>;
  /** Finds the known name nearest to a mistyped one, for "did you mean". */
  readonly closest?: (name: string, known: Iterable<string>) => string | undefined;
}

/** A variable that holds a key of a known provider. */
interface KeyVariable {
  readonly variable: string;
  readonly provider: string;
  readonly text: string;
  /** Sorts the variables of one provider: its names in their order, key variables of another form last. */
  readonly rank: number;
  /** What follows `_API_KEY_`, to find the matching rank. */
  readonly suffix: string;
}

/** Variables such as `GITHUB_TOKEN` come after those of the form `P_API_KEY`. */
const SPECIAL_RANK = 1_000;

/** Reads every key, keyless provider and address of the environment. */
export function credentialsFromEnv(options: EnvCredentialsOptions): EnvCredentials {
  const { variables, rows } = options;
  const names = providerNames(rows, variables);
  const warnings: string[] = [];
  const keys = keyVariables(options, names, warnings);
  const bases = new Map(providerBases(variables, names));
  const custom = names.custom.flatMap(({ id }) => {
    const baseUrl = bases.get(id);
    return baseUrl === undefined ? [] : [{ id, baseUrl }];
  });
  const keyed = keys.filter(({ text }) => faultOf(text) === undefined).map(({ provider }) => provider);
  const mentioned = new Set([...options.mentioned ?? [], ...bases.keys(), ...keyed]);
  const credentials: Credential[] = [];
  for (const row of rows) {
    const own = keys.filter(({ provider }) => provider === row.id).sort(byName);
    credentials.push(...credentialsOfRow(row, { own, isMentioned: mentioned.has(row.id), variables, names, warnings }));
    if (bases.has(row.id) && own.length === 0 && needsKey(row)) {
      warnings.push(
        `${baseVariable(row.id, variables, names)} is set, but ${row.name} has no key: set ${firstName(row.id, names)}_API_KEY.`,
      );
    }
  }
  for (const { id } of custom) {
    const own = usable(keys.filter(({ provider }) => provider === id).sort(byName), { variables, names, warnings });
    credentials.push(...own.length > 0 ? own : [keylessCredential(id, baseVariable(id, variables, names))]);
  }
  const apiBases = new Map(rows.flatMap(({ id }) => {
    const base = bases.get(id);
    return base === undefined ? [] : [[id, base] as const];
  }));
  return { credentials, customProviders: custom, apiBases, warnings };
}

/** What is at hand while the credentials of one provider are made. */
interface Desk {
  readonly variables: Variables;
  readonly names: ProviderNames;
  readonly warnings: string[];
}

function credentialsOfRow(
  row: KeyedRow,
  desk: Desk & { readonly own: readonly KeyVariable[]; readonly isMentioned: boolean },
): readonly Credential[] {
  switch (row.auth.kind) {
    case "oauth":
      if (row.auth.takesKeys) return usable(desk.own, desk);
      for (const { variable } of desk.own) desk.warnings.push(`${variable} is ignored: ${row.name} takes a login, not a key.`);
      return [];
    case "none":
      for (const { variable } of desk.own) desk.warnings.push(`${variable} is not sent: ${row.name} takes no key.`);
      return desk.isMentioned ? [keyless(row, desk)] : [];
    case "bearer_optional": {
      const keys = usable(desk.own, desk);
      return keys.length > 0 || !desk.isMentioned ? keys : [keyless(row, desk)];
    }
    case "bearer":
    case "header":
      return usable(desk.own, desk);
  }
}

function needsKey(row: KeyedRow): boolean {
  return row.auth.kind === "bearer" || row.auth.kind === "header";
}

function keyless(row: KeyedRow, { variables, names }: Desk): Credential {
  return keylessCredential(row.id, baseVariable(row.id, variables, names));
}

function firstName(id: string, names: ProviderNames): string {
  return names.namesOf(id)[0] ?? id;
}

/** The variable that gives a provider's address, or its name when none does. */
function baseVariable(id: string, variables: Variables, names: ProviderNames): string {
  const all = names.namesOf(id).map((name) => `${name}_API_BASE`);
  return all.find((it) => (variables.get(it)?.value ?? "").trim() !== "") ?? id;
}

/** Valid addresses by provider; unreadable ones are problems of the configuration and not repeated here. */
function* providerBases(variables: Variables, names: ProviderNames): Generator<readonly [string, string]> {
  const seen = new Set<string>();
  for (const name of names.all) {
    const id = names.idOf(name);
    const reading = readBaseUrl(variables.get(`${name}_API_BASE`)?.value ?? "");
    if (id === undefined || seen.has(id) || reading.kind === "bad") continue;
    seen.add(id);
    yield [id, reading.url];
  }
}

/** Keys fit for use as credentials: no blanks, placeholders or repetitions. One warning for each that is dropped. */
function usable(keys: readonly KeyVariable[], { variables, names, warnings }: Desk): Credential[] {
  const firsts = new Map<string, string>();
  return keys.flatMap(({ variable, provider, text, suffix }) => {
    const first = firsts.get(text);
    const fault = faultOf(text) ?? (first === undefined ? undefined : `it holds the same key as ${first}`);
    if (fault !== undefined) {
      warnings.push(`${variable} is ignored: ${fault}.`);
      return [];
    }
    firsts.set(text, variable);
    return [apiKeyCredential({ provider, key: text, source: variable, priority: priorityOf(provider, suffix, { variables, names }) })];
  });
}

function faultOf(text: string): string | undefined {
  if (text === "") return "it is empty";
  if (isPlaceholder(text)) return "it still holds the text of an example";
  // Anything else cannot travel in a header, and would fail every request instead of the start.
  return /^[\x21-\x7e]+$/.test(text) ? undefined : "a key has no blanks and no signs beyond plain ASCII";
}

function priorityOf(provider: string, suffix: string, { variables, names }: Pick<Desk, "variables" | "names">): number {
  for (const name of names.namesOf(provider)) {
    const text = variables.get(suffix === "" ? `${name}_PRIORITY` : `${name}_PRIORITY_${suffix}`)?.value.trim() ?? "";
    if (/^\d{1,4}$/.test(text)) return Number(text);
  }
  return 0;
}

function byName(left: KeyVariable, right: KeyVariable): number {
  return left.rank - right.rank || naturalOrder(left.suffix, right.suffix) || naturalOrder(left.variable, right.variable);
}

function keyVariables({ variables, rows, closest }: EnvCredentialsOptions, names: ProviderNames, warnings: string[]): KeyVariable[] {
  const special = specialNames(rows);
  const keyedLogins = new Set(rows.filter(({ id, auth }) => auth.kind === "oauth" && loginBringsKey(id)).map(({ id }) => id));
  const found: KeyVariable[] = [];
  for (const [variable, { value }] of variables) {
    const text = bareKey(value);
    const own = specialKey(variable, special);
    if (own !== undefined) {
      found.push({ variable, text, ...own });
      continue;
    }
    const parts = splitKeyName(variable, names);
    if (parts === undefined) continue;
    const provider = names.idOf(parts.name);
    if (provider === undefined) {
      const warning = unknownKeyWarning(variable, parts.name, {
        variables,
        names,
        keyedLogins,
        ...(closest === undefined ? {} : { closest }),
      });
      if (warning !== undefined && text !== "") warnings.push(warning);
    } else if (!keyedLogins.has(provider) || !isBundled(parts, variables)) {
      found.push({ variable, provider, text, rank: names.namesOf(provider).indexOf(parts.name), suffix: parts.suffix });
    }
  }
  return [...found, ...awsChain(variables)];
}

/** Amazon's own variables make one key of two or three parts, for the row that signs with it. */
function awsChain(variables: Variables): KeyVariable[] {
  const [id, secret, token] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].map((name) =>
    bareKey(variables.get(name)?.value ?? "")
  );
  if (id === undefined || secret === undefined || id === "" || secret === "") return [];
  const text = [id, secret, ...(token === undefined || token === "" ? [] : [token])].join(":");
  return [{ variable: "AWS_ACCESS_KEY_ID", provider: "bedrock", text, rank: SPECIAL_RANK + 1, suffix: "" }];
}

/** Trimmed, and without the quotes that some tools for containers leave in place. */
function bareKey(value: string): string {
  return value.trim().replace(/^(["'])(.*)\1$/, "$2").trim();
}

/** Names such as `GITHUB_TOKEN`, to their provider. The first row to claim one owns it. */
function specialNames(rows: readonly KeyedRow[]): ReadonlyMap<string, string> {
  const special = new Map<string, string>();
  for (const row of rows) {
    for (const name of row.keyVariables ?? []) if (!special.has(name)) special.set(name, row.id);
  }
  return special;
}

function specialKey(variable: string, special: ReadonlyMap<string, string>): Pick<KeyVariable, "provider" | "rank" | "suffix"> | undefined {
  const suffix = /_(\d+)$/.exec(variable)?.[1] ?? "";
  const numbered = suffix === "" ? undefined : special.get(variable.slice(0, -suffix.length - 1));
  const exact = special.get(variable);
  if (exact !== undefined) return { provider: exact, rank: SPECIAL_RANK, suffix: "" };
  return numbered === undefined ? undefined : { provider: numbered, rank: SPECIAL_RANK, suffix };
}

/** `OPENAI_API_KEY_TEAM_A` → `OPENAI`, `TEAM_A`: the longest known `P`, else the shortest part that could be one. */
function splitKeyName(variable: string, names: ProviderNames): { readonly name: string; readonly suffix: string } | undefined {
  const splits = [...variable.matchAll(/_API_KEY(?=_|$)/g)].map(({ index }) => ({
    name: variable.slice(0, index),
    suffix: variable.slice(index + "_API_KEY_".length),
  }));
  return splits.findLast(({ name }) => names.idOf(name) !== undefined) ?? splits.find(({ name }) => name !== "");
}

/** `IFLOW_API_KEY` beside `IFLOW_ACCESS_TOKEN` is a part of a login, not a key to be used by itself. */
function isBundled({ name, suffix }: { readonly name: string; readonly suffix: string }, variables: Variables): boolean {
  return suffix === "" && (variables.get(`${name}_ACCESS_TOKEN`)?.value ?? "").trim() !== "";
}

function unknownKeyWarning(
  variable: string,
  name: string,
  known: Pick<Desk, "variables" | "names"> & Pick<EnvCredentialsOptions, "closest"> & {
    /** Providers that give a key with a login. */
    readonly keyedLogins: ReadonlySet<string>;
  },
): string | undefined {
  if (isReservedName(name)) {
    const isList = name === "PROXY" && variable !== "PROXY_API_KEY";
    return isList ? `${variable} is ignored: PROXY_API_KEY holds all keys of your applications, separated by commas.` : undefined;
  }
  const [, base = "", number = ""] = /^(.+)_(\d+)$/.exec(name) ?? [];
  const owner = known.names.idOf(base);
  if (owner !== undefined) {
    // The middle of a login given as variables, unless the login is not there.
    const isLogin = known.keyedLogins.has(owner) && isBundled({ name, suffix: "" }, known.variables);
    return isLogin ? undefined : `${variable} is ignored: a further key is called ${base}_API_KEY_${number}.`;
  }
  const near = known.closest?.(name, known.names.all);
  const hint = near === undefined ? "" : ` Did you mean ${near}_API_KEY?`;
  return `${variable} is ignored: no provider is called ${name}.${hint} For a provider of your own set ${name}_API_BASE to its address.`;
}
