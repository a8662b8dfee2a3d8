/** What a screen must know of a variable to let a person change it: taken from the schema and the table of families. Pure. */
import { BASE_URL_EXPECTED, readBaseUrl } from "../kernel/base_url.ts";
import type { ProviderNames, Variables } from "../kernel/variables.ts";
import type { Kind } from "../config/kinds.ts";
import { PATTERN_KINDS, PATTERNS, type ProviderPattern } from "../config/provider_patterns.ts";
import { type GroupId, type Setting, SETTINGS } from "../config/schema.ts";
import { oauthRow } from "../credentials/oauth/rows.ts";
import type { ProviderRow } from "../providers/row.ts";

export interface Editable {
  /** The variable that is written. */
  readonly name: string;
  /** Further names it is read by. */
  readonly aliases: readonly string[];
  readonly label: string;
  readonly help: string;
  /** In force while it is not set; blank: nothing. */
  readonly fallback: string;
  readonly example: string;
  /** The only values there are. */
  readonly words?: readonly string[];
  /** Undefined accepts a text, which is not blank. */
  readonly check: (text: string) => string | undefined;
}

type AnySetting = (typeof SETTINGS)[keyof typeof SETTINGS];

function complaint(kind: Pick<Kind<unknown>, "expected"> & { readonly schema: { safeParse(text: string): { success: boolean } } }) {
  return (text: string) => kind.schema.safeParse(text).success ? undefined : `Expected ${kind.expected}`;
}

function ofSetting(setting: AnySetting): Editable {
  const { env, default: fallback, help, example, kind } = setting;
  const aliases = (setting as Pick<Setting<unknown>, "aliases">).aliases ?? [];
  const words = kind.words;
  return { name: env, aliases, label: env, help, fallback, example, check: complaint(kind), ...(words === undefined ? {} : { words }) };
}

/** The settings of a group; the proxy key has a screen of its own. */
export function groupEditables(group: GroupId): Editable[] {
  return Object.values(SETTINGS).filter((it) => it.group === group && it !== SETTINGS.proxyKeys).map(ofSetting);
}

export const MODEL_MAP: Editable = ofSetting(SETTINGS.modelMap);

/** What provider `id` is called in variables, first the name that a family uses already. */
function variableOf(pattern: ProviderPattern, id: string, { names, variables }: Known): { name: string; aliases: string[] } {
  const all = names.namesOf(id).map((name) => nameIn(pattern.name, name));
  const used = all.find((it) => (variables.get(it)?.value.trim() ?? "") !== "") ?? all[0] ?? nameIn(pattern.name, id.toUpperCase());
  return { name: used, aliases: all.filter((it) => it !== used) };
}

function nameIn(pattern: string, name: string): string {
  return pattern.startsWith("P_") ? name + pattern.slice(1) : pattern.slice(0, -1) + name;
}

export interface Known {
  readonly names: ProviderNames;
  readonly variables: Variables;
}

/** The families of one provider that hold a plain value, by what they are called on the screen. */
export interface ProviderEditables {
  readonly address: Editable;
  readonly models: Editable;
  readonly limit: Editable;
  readonly rotation: Editable;
  readonly ignore: Editable;
  readonly whitelist: Editable;
  /** Only of providers with a login. */
  readonly login: readonly Editable[];
}

export function providerEditables(id: string, row: ProviderRow | undefined, known: Known): ProviderEditables {
  const make = (label: string, pattern: ProviderPattern, rest: Pick<Editable, "check"> & Partial<Editable>): Editable => ({
    ...variableOf(pattern, id, known),
    label,
    help: pattern.help,
    fallback: pattern.default,
    example: (pattern.examples[0] ?? "").replace(/^\w+=/, ""),
    ...rest,
  });
  const address = { check: (text: string) => readBaseUrl(text).kind === "ok" ? undefined : `Expected ${BASE_URL_EXPECTED}` };
  const any = { check: () => undefined };
  return {
    address: make("Address", PATTERNS.apiBase, { ...address, fallback: row?.baseUrl ?? "" }),
    models: make("Models", PATTERNS.models, { check: () => undefined, fallback: "what the provider lists" }),
    limit: make("Requests at a time, per key", PATTERNS.maxInFlight, {
      check: complaint(PATTERN_KINDS.maxInFlight),
      fallback: row?.isLocal === true ? "unlimited" : PATTERNS.maxInFlight.default,
    }),
    rotation: make("Rotation", PATTERNS.rotation, { check: complaint(PATTERN_KINDS.rotation), words: PATTERN_KINDS.rotation.words ?? [] }),
    ignore: make("Hide models", PATTERNS.ignoreModels, { check: complaint(PATTERN_KINDS.ignoreModels), example: "*preview*,dall-e-*" }),
    whitelist: make("Show models in any case", PATTERNS.whitelistModels, {
      check: complaint(PATTERN_KINDS.whitelistModels),
      example: "gpt-5,gpt-5-mini",
    }),
    login: oauthRow(id) === undefined ? [] : [
      make("OAuth client id", PATTERNS.clientId, any),
      make("OAuth client secret", PATTERNS.clientSecret, any),
      make("Cloud project", PATTERNS.projectId, any),
      make("Port for the browser's way back", PATTERNS.oauthPort, { check: complaint(PATTERN_KINDS.oauthPort) }),
      make("Login address", PATTERNS.authUrl, address),
      make("Token address", PATTERNS.tokenUrl, address),
      make("Account address", PATTERNS.userinfoUrl, address),
    ],
  };
}

/** The rank of the key in `keyVariable` (`OPENAI_API_KEY_2` → `OPENAI_PRIORITY_2`); undefined for keys that have none. */
export function priorityEditable(keyVariable: string): Editable | undefined {
  const match = /^(.+)_API_KEY(_.+)?$/.exec(keyVariable);
  if (match === null) return undefined;
  const { help, default: fallback } = PATTERNS.priority;
  return {
    name: `${match[1]}_PRIORITY${match[2] ?? ""}`,
    aliases: [],
    label: `Rank of ${keyVariable}`,
    help,
    fallback,
    example: "1",
    check: complaint(PATTERN_KINDS.priority),
  };
}
