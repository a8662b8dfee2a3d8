/**
 * Grants as environment variables: `P_ACCESS_TOKEN`, `P_REFRESH_TOKEN`, … for one login, `P_<n>_…` for several.
 * One table of names serves reading and exporting, so that what is exported loads again.
 */
import { Secret } from "../../kernel/secret.ts";
import { naturalOrder, type Variables } from "../../kernel/variables.ts";
import { type Grant, grantOf, originOf } from "../grant.ts";
import { readInstant } from "./grant_json.ts";
import type { OAuthRow } from "./row.ts";

/** How one field travels: the part of the variable's name after `P_`, and its text. */
interface EnvField {
  readonly name: string;
  readonly text: (grant: Grant) => string | null;
}

/** Every field of a bundle. Times of what is cached (`checkedAt`) stay behind; the origin is made anew from the refresh token. */
const FIELDS: readonly EnvField[] = [
  { name: "ACCESS_TOKEN", text: (it) => it.accessToken.reveal() },
  { name: "REFRESH_TOKEN", text: (it) => it.refreshToken?.reveal() ?? null },
  { name: "EXPIRY_DATE", text: (it) => it.expiresAt === null ? null : String(it.expiresAt) },
  { name: "TOKEN_TYPE", text: (it) => it.tokenType },
  { name: "SCOPE", text: (it) => it.scope },
  { name: "ID_TOKEN", text: (it) => it.idToken?.reveal() ?? null },
  { name: "EMAIL", text: (it) => it.account },
  { name: "API_KEY", text: (it) => it.apiKey?.reveal() ?? null },
  { name: "RESOURCE_URL", text: (it) => it.resourceUrl },
  { name: "PROJECT_ID", text: (it) => it.projectId },
  { name: "TIER", text: (it) => it.tier },
  { name: "CLIENT_ID", text: (it) => it.clientId },
  { name: "CLIENT_SECRET", text: (it) => it.clientSecret?.reveal() ?? null },
  { name: "TOKEN_URI", text: (it) => it.tokenUrl },
  { name: "UNIVERSE_DOMAIN", text: (it) => it.universeDomain },
];

/** What a provider's bundle must hold beside the tokens. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = { iflow: ["API_KEY"] };
/** iFlow's tools write the end of a token as a date. */
const DATED = new Set(["iflow"]);

/** A login found in variables. */
export interface EnvGrant {
  readonly provider: string;
  readonly grant: Grant;
  /** Name of the variable with the access token. */
  readonly variable: string;
  /** Null for the form without a number. */
  readonly number: number | null;
}

/** Every bundle of a login type, the unnumbered one first. Warnings name variables, never values. */
export function grantsFromEnv(row: OAuthRow, variables: Variables, warn: (message: string) => void): EnvGrant[] {
  const pattern = new RegExp(`^${row.prefix}(?:_(\\d+))?_(?:ACCESS|REFRESH)_TOKEN$`);
  const heads = new Map<string, number | null>();
  for (const [name, { value }] of variables) {
    const match = value.trim() === "" ? null : pattern.exec(name);
    if (match !== null) {
      heads.set(match[1] === undefined ? row.prefix : `${row.prefix}_${match[1]}`, match[1] === undefined ? null : Number(match[1]));
    }
  }
  return [...heads].toSorted(([left], [right]) => naturalOrder(left, right)).flatMap(([head, number]) => {
    const missing = ["ACCESS_TOKEN", "REFRESH_TOKEN", ...REQUIRED[row.provider] ?? []].filter((name) =>
      textOf(variables, `${head}_${name}`) === undefined
    );
    if (missing.length > 0) {
      warn(`The login ${head}_… is ignored: it lacks ${missing.map((name) => `${head}_${name}`).join(" and ")}.`);
      return [];
    }
    return [{ provider: row.provider, grant: readBundle(head, variables), variable: `${head}_ACCESS_TOKEN`, number }];
  });
}

function readBundle(head: string, variables: Variables): Grant {
  const text = (name: string) => textOf(variables, `${head}_${name}`);
  const secret = (name: string) => {
    const value = text(name);
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
    account: text("EMAIL") ?? null,
    origin: refreshToken === null ? null : originOf(refreshToken.reveal()),
    apiKey: secret("API_KEY"),
    resourceUrl: text("RESOURCE_URL") ?? null,
    projectId: text("PROJECT_ID") ?? null,
    tier: text("TIER") ?? null,
    clientId: text("CLIENT_ID") ?? null,
    clientSecret: secret("CLIENT_SECRET"),
    tokenUrl: text("TOKEN_URI") ?? null,
    universeDomain: text("UNIVERSE_DOMAIN") ?? null,
  });
}

function textOf(variables: Variables, name: string): string | undefined {
  return variables.get(name)?.value.trim() || undefined;
}

/** The variables of a login. `number`: null for the form without a number. */
export function grantVariables(row: OAuthRow, grant: Grant, number: number | null): [name: string, value: string][] {
  const head = number === null ? row.prefix : `${row.prefix}_${number}`;
  return FIELDS.flatMap(({ name, text }) => {
    const value = name === "EXPIRY_DATE" && DATED.has(row.provider) && grant.expiresAt !== null
      ? new Date(grant.expiresAt).toISOString()
      : text(grant);
    return value === null || value === "" ? [] : [[`${head}_${name}`, value] as [string, string]];
  });
}
