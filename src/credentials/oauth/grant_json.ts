/**
 * Grants as files hold them: the official tools' own, this project's, and those of other proxies. Reading
 * says what is wrong without repeating a token; writing keeps every field it does not know.
 */
import { asNumber, asObject, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";
import { Secret } from "../../kernel/secret.ts";
import { type Grant, grantOf, originOf } from "../grant.ts";

/** Numbers from here on are milliseconds since 1970, smaller ones seconds. */
const FIRST_MS = 1e11;

/** What a file says beside the grant. */
export interface GrantNotes {
  /** The user's name for it. */
  readonly label: string | null;
  readonly priority: number | null;
  /** Fingerprint of the refresh token that a copy was made of. */
  readonly importedOrigin: string | null;
}

export type GrantReading =
  | { readonly grant: Grant; readonly notes: GrantNotes }
  /** Completes "Cannot read the login in <place>: …". */
  | { readonly problem: string };

/** Reads the parsed text of a login file. */
export function readGrant(json: Json | undefined): GrantReading {
  const outer = asObject(json);
  if (outer === undefined) return { problem: json === undefined ? "it is not JSON" : `expected an object, found ${kindOf(json)}` };
  // Some tools keep the tokens one level down.
  const inner = asObject(outer.token) ?? asObject(outer.credential) ?? asObject(outer.tokens) ?? outer;
  const both = { ...outer, ...inner };
  const field = (...names: readonly string[]) =>
    names.map((name) => asString(both[name])).find((text) => text !== undefined && text !== "");
  const accessToken = field("access_token", "accessToken");
  const refreshToken = field("refresh_token", "refreshToken");
  if (accessToken === undefined && refreshToken === undefined) {
    return { problem: `expected "refresh_token" to be a string, found ${kindOf(both.refresh_token)}` };
  }
  const notes = asObject(outer._proxy_metadata) ?? {};
  const secret = (text: string | undefined) => text === undefined ? null : new Secret(text);
  const checkedS = asNumber(notes.last_check_timestamp);
  const grant = grantOf({
    accessToken: new Secret(accessToken ?? ""),
    refreshToken: secret(refreshToken),
    expiresAt: accessToken === undefined
      ? null
      : readInstant(both.expiry_date ?? both.expired ?? both.expiry ?? both.token_expiry ?? both.expires_at ?? both.expiresAt),
    tokenType: field("token_type", "tokenType") ?? "Bearer",
    scope: field("scope") ?? null,
    idToken: secret(field("id_token")),
    account: asString(notes.email) || field("email", "phone") || null,
    origin: asString(notes.origin) ?? originOf(refreshToken ?? accessToken ?? ""),
    apiKey: secret(field("apiKey", "api_key")),
    resourceUrl: field("resource_url") ?? null,
    projectId: asString(notes.project_id) || field("project_id") || null,
    tier: asString(notes.tier) || null,
    checkedAt: checkedS === undefined ? null : checkedS * 1000,
    clientId: field("client_id") ?? null,
    clientSecret: secret(field("client_secret")),
    tokenUrl: field("token_uri") ?? null,
    universeDomain: field("universe_domain") ?? null,
  });
  return {
    grant,
    notes: {
      label: asString(notes.label) ?? null,
      priority: asNumber(notes.priority) ?? null,
      importedOrigin: asString(notes.imported_origin) ?? null,
    },
  };
}

/** The file form of a grant, under the official tools' names, over what the file held before. Null removes nothing: absent fields stay absent. */
export function writeGrant(grant: Grant, previous: JsonObject = {}, notes: Partial<GrantNotes> = {}): JsonObject {
  const { token: _token, credential: _credential, tokens: _tokens, ...kept } = previous;
  const before = asObject(previous._proxy_metadata) ?? {};
  return {
    ...without(kept, OWN_FIELDS),
    ...present({
      access_token: grant.accessToken.reveal(),
      refresh_token: grant.refreshToken?.reveal(),
      expiry_date: grant.expiresAt,
      token_type: grant.tokenType,
      scope: grant.scope,
      id_token: grant.idToken?.reveal(),
      api_key: grant.apiKey?.reveal(),
      resource_url: grant.resourceUrl,
      client_id: grant.clientId,
      client_secret: grant.clientSecret?.reveal(),
      token_uri: grant.tokenUrl,
      universe_domain: grant.universeDomain,
    }),
    _proxy_metadata: {
      ...without(before, ["email", "origin", "project_id", "tier", "last_check_timestamp"]),
      ...present({
        email: grant.account,
        origin: grant.origin,
        project_id: grant.projectId,
        tier: grant.tier,
        last_check_timestamp: grant.checkedAt === null ? null : grant.checkedAt / 1000,
        label: notes.label,
        priority: notes.priority,
        imported_origin: notes.importedOrigin,
      }),
    },
  };
}

/** Every name a field we write may have had in the file of another program. */
const OWN_FIELDS = [
  ...[
    "access_token",
    "accessToken",
    "refresh_token",
    "refreshToken",
    "expiry_date",
    "expired",
    "expiry",
    "token_expiry",
    "expires_at",
    "expiresAt",
  ],
  ...["token_type", "tokenType", "scope", "id_token", "api_key", "apiKey", "resource_url", "client_id", "client_secret", "token_uri"],
  ...["universe_domain", "email", "phone", "project_id"],
];

/** An instant as any of the tools writes it, epoch ms; null when there is none: refresh before first use. */
export function readInstant(value: Json | undefined): number | null {
  if (typeof value === "string" && /^\d+(\.\d+)?$/.test(value.trim())) return readInstant(Number(value));
  if (typeof value === "number") return Number.isFinite(value) && value > 0 ? (value >= FIRST_MS ? value : value * 1000) : null;
  if (typeof value !== "string") return null;
  // iFlow's console gives Chinese time without saying so.
  const china = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d)$/.exec(value.trim());
  const at = Date.parse(china === null ? value : `${china[1]}T${china[2]}:00+08:00`);
  return Number.isNaN(at) ? null : at;
}

function kindOf(value: Json | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (value === "") return "an empty string";
  return isObject(value) ? "an object" : Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

function present(fields: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
}

function without(fields: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}
