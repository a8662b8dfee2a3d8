/** The list of providers a person chooses from, and what a search text finds in it. Pure. */
import { OAUTH_ROWS, oauthRow } from "../../credentials/oauth/rows.ts";
import { HOSTS } from "../../providers/catalog/hosts.ts";
import { LABS } from "../../providers/catalog/labs.ts";
import { LOCAL } from "../../providers/catalog/local.ts";
import { ROUTERS } from "../../providers/catalog/routers.ts";
import { loginStatus } from "../../providers/login_status.ts";
import type { ProviderRow } from "../../providers/row.ts";
import type { Choice } from "../../terminal/prompts.ts";

/** Stands for a provider that is not in the list. */
export const CUSTOM = "custom…";

/** Shown first, since most people come for one of them. */
const FIRST = ["openai", "anthropic", "gemini", "openrouter", "groq", "mistral", "deepseek", "xai", "nvidia_nim", "together_ai"];

interface Category {
  readonly word: string;
  readonly rows: readonly ProviderRow[];
}

const CATEGORIES: readonly Category[] = [
  { word: "model maker", rows: LABS },
  { word: "host", rows: HOSTS },
  { word: "router", rows: ROUTERS },
  { word: "on your machine", rows: LOCAL },
];

/** Keys first, logins after them, a provider of one's own last; the kind stands in a column of its own. */
export function providerChoices(): Choice<string>[] {
  const keyed = CATEGORIES.flatMap(({ word, rows }) => rows.filter(takesKey).map((row) => ({ row, word })));
  const rank = ({ row }: { readonly row: ProviderRow }) => FIRST.includes(row.id) ? FIRST.indexOf(row.id) : FIRST.length;
  const choice = (value: string, name: string, kind: string) => ({ value, label: `${name.padEnd(NAME_COLUMNS)} ${kind}` });
  return [
    ...keyed.toSorted((left, right) => rank(left) - rank(right)).map(({ row, word }) => choice(row.id, row.name, kindOf(row, word))),
    ...OAUTH_ROWS.map(({ provider, name }) => choice(loginChoice(provider), name, loginKind(provider))),
    choice(CUSTOM, "Another OpenAI-compatible provider", "your own address"),
  ];
}

const NAME_COLUMNS = 42;

function kindOf({ auth }: ProviderRow, word: string): string {
  return auth.kind === "bearer_optional" || auth.kind === "none" ? `${word}, no key needed` : `key, ${word}`;
}

/** The choice that stands for the login of a provider that may take keys as well. */
export function loginChoice(provider: string): string {
  return `${provider} login`;
}

/** The provider a login's choice stands for; undefined for every other choice. */
export function providerOfLogin(choice: string): string | undefined {
  return OAUTH_ROWS.find(({ provider }) => loginChoice(provider) === choice)?.provider;
}

/** A provider whose key keyproxy can use. */
export function takesKey({ auth, operations }: ProviderRow): boolean {
  return operations.length > 0 && (auth.kind !== "oauth" || auth.takesKeys === true);
}

/** True when keyproxy can log in at the provider. */
export function takesLogin(provider: string): boolean {
  return oauthRow(provider) !== undefined;
}

function loginKind(provider: string): string {
  const status = loginStatus(provider);
  return status === undefined || status.status === "open" ? "login" : `login, ${status.status} since ${status.since}`;
}

/** True when every word of the text stands somewhere in the name, id or kind. */
export function matchesChoice(text: string, { value, label }: Choice<string>): boolean {
  const hay = `${value} ${label}`.toLowerCase();
  return text.toLowerCase().split(/\s+/).every((word) => hay.includes(word));
}
