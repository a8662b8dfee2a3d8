/**
 * Grants as environment variables: `P_ACCESS_TOKEN`, `P_REFRESH_TOKEN`, … for one login, `P_<n>_…` for several.
 * One table of names serves reading and exporting, so that what is exported loads again.
 */
import { Secret } from "../../kernel/secret.ts";
import { isPlaceholder, naturalOrder, type Variables } from "../../kernel/variables.ts";
import { type Grant, grantOf, originOf } from "../grant.ts";
import { accountOfIdToken, readInstant } from "./grant_json.ts";
import type { OAuthRow } from "./row.ts";

/** The parts of a bundle: what follows `P_` or `P_<n>_`, and its text. */
const PARTS = {
  ACCESS_TOKEN: (it) => it.accessToken.reveal(),
  REFRESH_TOKEN: (it) => it.refreshToken?.reveal() ?? null,
  EXPIRY_DATE: (it) => it.expiresAt === null ? null : String(it.expiresAt),
  TOKEN_TYPE: (it) => it.tokenType,
  SCOPE: (it) => it.scope,
  ID_TOKEN: (it) => it.idToken?.reveal() ?? null,
  EMAIL: (it) => it.account,
  API_KEY: (it) => it.apiKey?.reveal() ?? null,
  RESOURCE_URL: (it) => it.resourceUrl,
  PROJECT_ID: (it) => it.projectId,
  TIER: (it) => it.tier,
  CLIENT_ID: (it) => it.clientId,
  CLIENT_SECRET: (it) => it.clientSecret?.reveal() ?? null,
  TOKEN_URI: (it) => it.tokenUrl,
  UNIVERSE_DOMAIN: (it) => it.universeDomain,
} satisfies Readonly<Record<string, (grant: Grant) => string | null>>;
// The origin is made anew from the refresh token, and when project and tier were asked for stays behind.

type Part = keyof typeof PARTS;

/** What may follow `P_` or `P_<n>_` in the variables of a login. */
export const LOGIN_PARTS: readonly string[] = Object.keys(PARTS);

/** Providers that give a key with a login and take only that. Elsewhere `P_API_KEY` is a key of its own. */
const KEYED: ReadonlySet<string> = new Set(["iflow"]);
/** iFlow's tools write the end of a token as a date. */
const DATED: ReadonlySet<string> = new Set(["iflow"]);

/** True where `P_API_KEY` beside `P_ACCESS_TOKEN` belongs to a login. `provider`: id of the catalog. */
export function loginBringsKey(provider: string): boolean {
  return KEYED.has(provider);
}

function requiredParts({ provider }: OAuthRow): readonly Part[] {
  return ["ACCESS_TOKEN", "REFRESH_TOKEN", ...KEYED.has(provider) ? ["API_KEY" as const] : []];
}

/** A login found in variables. */
export interface EnvGrant {
  readonly provider: string;
  readonly grant: Grant;
  /** Name of the variable with the access token. */
  readonly variable: string;
  /** Null for the form without a number. */
  readonly number: number | null;
}

export interface EnvReading {
  readonly variables: Variables;
  readonly warn: (message: string) => void;
}

/** Every bundle of a login type, the unnumbered one first. Warnings name variables, never values. */
export function grantsFromEnv(row: OAuthRow, { variables, warn }: EnvReading): EnvGrant[] {
  const pattern = new RegExp(`^(${row.prefix}(?:_(\\d+))?)_(?:ACCESS|REFRESH)_TOKEN$`);
  const heads = new Map<string, number | null>();
  for (const [name, { value }] of variables) {
    const [, head, number] = value.trim() === "" ? [] : pattern.exec(name) ?? [];
    if (head !== undefined) heads.set(head, number === undefined ? null : Number(number));
  }
  return [...heads].toSorted(([left], [right]) => naturalOrder(left, right)).flatMap(([head, number]) => {
    const text = (part: Part) => textOf(variables, `${head}_${part}`);
    const missing = requiredParts(row).filter((part) => text(part) === undefined);
    if (missing.length > 0) {
      warn(`The login ${head}_… is ignored: it lacks ${missing.map((part) => `${head}_${part}`).join(" and ")}.`);
      return [];
    }
    const variable = `${head}_ACCESS_TOKEN`;
    const odd = (["ACCESS_TOKEN", "API_KEY"] as const).find((part) => !/^[\x21-\x7e]*$/.test(text(part) ?? ""));
    if (odd !== undefined) {
      warn(`The login ${head}_… is ignored: ${head}_${odd} holds blanks or signs beyond plain ASCII.`);
      return [];
    }
    return [{ provider: row.provider, grant: readBundle(row, text), variable, number }];
  });
}

function readBundle({ provider }: OAuthRow, text: (part: Part) => string | undefined): Grant {
  const secret = (part: Part) => {
    const value = text(part);
    return value === undefined ? null : new Secret(value);
  };
  const refreshToken = secret("REFRESH_TOKEN");
  return grantOf({
    accessToken: new Secret(text("ACCESS_TOKEN") ?? ""),
    refreshToken,
    expiresAt: readInstant(text("EXPIRY_DATE")),
    tokenType: text("TOKEN_TYPE") ?? "Bearer",
    scope: text("SCOPE") ?? null,
    idToken: secret("ID_TOKEN"),
    account: text("EMAIL") ?? accountOfIdToken(text("ID_TOKEN")),
    origin: refreshToken === null ? null : originOf(refreshToken.reveal()),
    apiKey: KEYED.has(provider) ? secret("API_KEY") : null,
    resourceUrl: text("RESOURCE_URL") ?? null,
    projectId: text("PROJECT_ID") ?? null,
    tier: text("TIER") ?? null,
    clientId: text("CLIENT_ID") ?? null,
    clientSecret: secret("CLIENT_SECRET"),
    tokenUrl: text("TOKEN_URI") ?? null,
    universeDomain: text("UNIVERSE_DOMAIN") ?? null,
  });
}

/** Trimmed, and without the quotes that some tools for containers leave in place; the text of an example counts as nothing. */
function textOf(variables: Variables, name: string): string | undefined {
  const text = variables.get(name)?.value.trim().replace(/^(["'])(.*)\1$/, "$2").trim();
  return text === undefined || text === "" || isPlaceholder(text) ? undefined : text;
}

/** A login under the names it is to have in variables. */
export interface NamedGrant {
  readonly row: OAuthRow;
  readonly grant: Grant;
  /** Null for the form without a number. */
  readonly number: number | null;
}

function headOf({ row, number }: NamedGrant): string {
  return number === null ? row.prefix : `${row.prefix}_${number}`;
}

/** The variables of a login. */
export function grantVariables(named: NamedGrant): [name: string, value: string][] {
  const { row: { provider }, grant } = named;
  const parts = Object.entries<(grant: Grant) => string | null>(PARTS).filter(([part]) => part !== "API_KEY" || KEYED.has(provider));
  return parts.flatMap(([part, textIn]) => {
    const value = part === "EXPIRY_DATE" && DATED.has(provider) && grant.expiresAt !== null
      ? new Date(grant.expiresAt).toISOString()
      : textIn(grant);
    return value === null || value === "" ? [] : [[`${headOf(named)}_${part}`, value] as [string, string]];
  });
}

/** The variables a login lacks to be read again. */
export function missingVariables(named: NamedGrant): string[] {
  const there = new Set(grantVariables(named).map(([name]) => name));
  return requiredParts(named.row).map((part) => `${headOf(named)}_${part}`).filter((name) => !there.has(name));
}
