/**
 * Which variables the configuration knows, by name: settings, and what belongs to a provider or names a model. A name
 * that is not known here would be written for nobody to read. Pure.
 */
import { PATTERNS } from "../config/provider_patterns.ts";
import { ENV_FILE, type Setting, SETTINGS } from "../config/schema.ts";
import { closest } from "../config/suggest.ts";
import { LOGIN_PARTS } from "../credentials/oauth/grant_env.ts";
import { oauthRow } from "../credentials/oauth/rows.ts";
import type { ProviderNames } from "../kernel/variables.ts";
import { CATALOG, findRow } from "../providers/catalog.ts";

type AnySetting = Pick<Setting<unknown>, "env" | "aliases" | "default" | "group">;

export type KnownVariable =
  | { readonly kind: "setting"; readonly setting: AnySetting }
  /** `provider` is null for names of models; `fallback` is in force while it is not set, blank: nothing. */
  | { readonly kind: "family"; readonly provider: string | null; readonly fallback: string };

const ALL: readonly AnySetting[] = Object.values(SETTINGS);

/** What may follow `P_`, and what may stand before `_P`. */
const TAILS: readonly (readonly [RegExp, { readonly default: string }])[] = [
  [/^API_KEY(_\w+)?$/, PATTERNS.apiKey],
  [/^API_BASE$/, PATTERNS.apiBase],
  [/^MODELS$/, PATTERNS.models],
  [/^PRIORITY(_\w+)?$/, PATTERNS.priority],
  [/^FALLBACK_\w+$/, PATTERNS.fallback],
  [/^(API_VERSION|LOCATION)$/, { default: "" }],
];
const LOGIN_TAILS: readonly (readonly [RegExp, { readonly default: string }])[] = [
  [/^OAUTH_\d+$/, PATTERNS.oauth],
  [/^OAUTH_PORT$/, { default: "" }],
  [/^(AUTH_URL|TOKEN_URL|USERINFO_URL)$/, { default: "" }],
  [new RegExp(`^(\\d+_)?(${LOGIN_PARTS.join("|")})$`), { default: "" }],
];
const HEADS = [PATTERNS.maxInFlight, PATTERNS.ignoreModels, PATTERNS.whitelistModels, PATTERNS.rotation];
const MODEL_NAME = /^(MODEL_ALIAS|FALLBACK)_\w+$/;

/** Variables in addresses, such as `CLOUDFLARE_ACCOUNT_ID`, other names for them, and keys with names of their own; by provider. */
const OWN_NAMES: ReadonlyMap<string, string> = new Map(CATALOG.flatMap((row) => {
  const places = [...`${row.baseUrl} ${row.listing?.path ?? ""}`.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  const regions = places.includes("AWS_REGION") ? ["AWS_REGION_NAME", "AWS_DEFAULT_REGION"] : [];
  return [...places, ...regions, ...row.keyVariables ?? []].map((name) => [name, row.id] as const);
}));

/** What a variable is; undefined for names that nobody reads. `names`: with the changes in force, for new providers. */
export function knownVariable(name: string, names: ProviderNames): KnownVariable | undefined {
  const setting = ALL.find(({ env, aliases = [] }) => env === name || aliases.includes(name));
  if (setting !== undefined) return { kind: "setting", setting };
  if (MODEL_NAME.test(name)) return { kind: "family", provider: null, fallback: "" };
  const own = OWN_NAMES.get(name) ?? OWN_NAMES.get(name.replace(/_\d+$/, ""));
  return familyOf(name, names) ?? (own === undefined ? undefined : { kind: "family", provider: own, fallback: "" });
}

function familyOf(name: string, names: ProviderNames): KnownVariable | undefined {
  const head = HEADS.find((pattern) => name.startsWith(pattern.name.slice(0, -1)));
  if (head !== undefined) {
    const provider = names.idOf(name.slice(head.name.length - 1));
    return provider === undefined ? undefined : { kind: "family", provider, fallback: fallbackOf(head, provider) };
  }
  // `GEMINI_CLI_MODELS` is of gemini_cli: the longest name of a provider decides.
  for (let at = name.lastIndexOf("_"); at > 0; at = name.lastIndexOf("_", at - 1)) {
    const provider = names.idOf(name.slice(0, at));
    if (provider === undefined) continue;
    const tails = oauthRow(provider) === undefined ? TAILS : [...TAILS, ...LOGIN_TAILS];
    const found = tails.find(([tail]) => tail.test(name.slice(at + 1)))?.[1];
    if (found !== undefined) return { kind: "family", provider, fallback: fallbackOf(found, provider) };
  }
  return undefined;
}

function fallbackOf(pattern: { readonly default: string }, provider: string): string {
  const row = findRow(provider);
  if (pattern === PATTERNS.apiBase) return row === undefined || row.baseUrl.includes("{") ? "" : row.baseUrl;
  return pattern === PATTERNS.maxInFlight && row?.isLocal === true ? "0" : pattern.default;
}

/** Why a name is refused and what was meant, as a sentence. */
export function unknownVariable(name: string, names: ProviderNames): string {
  // It may be a key that was pasted into the wrong place.
  if (!/^[A-Za-z_]\w*$/.test(name)) return "A variable has a name of letters, digits and _, such as MAX_QUEUE.";
  if (name === ENV_FILE.env) return `${name} cannot stand in a file: only the environment, or --env-file, can name one.`;
  const near = closest(name, ALL.map(({ env }) => env)) ?? closest(name, nameable(names));
  const hint = near === undefined ? "keyproxy config shows all; a provider of your own needs P_API_BASE first." : `Did you mean ${near}?`;
  return `There is no setting ${name}. ${hint}`;
}

function nameable({ all }: ProviderNames): string[] {
  return [
    ...all.flatMap((it) => ["API_KEY", "API_BASE", "MODELS", "PRIORITY"].map((tail) => `${it}_${tail}`)),
    ...all.flatMap((it) => HEADS.map((head) => head.name.slice(0, -1) + it)),
  ];
}
