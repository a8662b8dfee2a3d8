/**
 * Grants as files hold them: the official tools' own, this project's, and those of other proxies. Reading
 * says what is wrong without repeating a token; writing keeps the form of the file and every field it does not know.
 */
import { Buffer } from "node:buffer";
import { asArray, asNumber, asObject, asString, isObject, type Json, type JsonObject, parseJson } from "../../kernel/json.ts";
import { Secret } from "../../kernel/secret.ts";
import { type Grant, grantOf, originOf } from "../grant.ts";

/** Numbers from here on are milliseconds since 1970, smaller ones seconds. */
const FIRST_MS = 1e11;
/** The year 5138: whatever is beyond it is no instant in ms. */
const LAST_MS = 1e14;

/** What a file says beside the grant. */
export interface GrantNotes {
  /** The user's name for it. */
  readonly label: string | null;
  readonly priority: number | null;
  /** Fingerprint of the refresh token that a copy was made of. */
  readonly importedOrigin: string | null;
  /** Path of the file that a copy was made of. */
  readonly importedFrom: string | null;
}

export type GrantReading =
  | { readonly grant: Grant; readonly notes: GrantNotes }
  /** Completes "Cannot read the login in <place>: …". */
  | { readonly problem: string };

/** The fields that files hold beside their metadata, each under the names that programs give it. We write the first one. */
const NAMES = {
  accessToken: ["access_token", "accessToken", "token"],
  refreshToken: ["refresh_token", "refreshToken"],
  expiresAt: ["expiry_date", "expired", "expiry", "token_expiry", "expires_at", "expiresAt"],
  tokenType: ["token_type", "tokenType"],
  scope: ["scope"],
  idToken: ["id_token", "idToken"],
  apiKey: ["api_key", "apiKey"],
  resourceUrl: ["resource_url"],
  clientId: ["client_id"],
  clientSecret: ["client_secret"],
  tokenUrl: ["token_uri"],
  universeDomain: ["universe_domain"],
} as const satisfies Partial<Record<keyof Grant, readonly string[]>>;

type FieldName = keyof typeof NAMES;

/** Objects in which some programs put the tokens, one level down. */
const NESTS = ["token", "credential", "tokens"] as const;

/** What `type` says in files of other programs, to the provider that a login of that type is for. */
const TYPES: Readonly<Record<string, string>> = {
  gemini: "gemini_cli",
  qwen: "qwen_code",
  iflow: "iflow",
  claude: "anthropic",
  codex: "codex",
  antigravity: "antigravity",
  kimi: "kimi",
  service_account: "a service account",
};

/** Reads the parsed text of a login file. `provider`: whose login it must be, where that is known. */
export function readGrant(json: Json | undefined, provider?: string): GrantReading {
  const outer = asObject(json);
  if (outer === undefined) return { problem: json === undefined ? "it is not JSON" : `expected an object, found ${kindOf(json)}` };
  const places = placesOf(outer);
  const owner = ownerOf(outer.type);
  if (provider !== undefined && owner !== undefined && owner !== provider) {
    return { problem: `it is a login of ${owner}, not of ${provider}` };
  }
  const problem = problemOf(places);
  if (problem !== undefined) return { problem };
  const text = (name: FieldName) => textIn(places, NAMES[name]);
  const secret = (value: string | undefined) => value === undefined ? null : new Secret(value);
  const metadata = asObject(outer._proxy_metadata) ?? {};
  const [accessToken, refreshToken, idToken] = [text("accessToken"), text("refreshToken"), text("idToken")];
  const grant = grantOf({
    accessToken: new Secret(accessToken ?? ""),
    refreshToken: secret(refreshToken),
    expiresAt: accessToken === undefined ? null : expiryIn(places),
    tokenType: text("tokenType") ?? "Bearer",
    scope: text("scope") ?? scopesIn(places),
    idToken: secret(idToken),
    account: asString(metadata.email) || textIn(places, ["email", "phone"]) || accountOfIdToken(idToken),
    origin: asString(metadata.origin) || originOf(refreshToken ?? accessToken ?? ""),
    apiKey: secret(text("apiKey")),
    resourceUrl: text("resourceUrl") ?? null,
    // Some files list several projects of one account.
    projectId: asString(metadata.project_id) || textIn(places, ["project_id"])?.split(",")[0]?.trim() || null,
    tier: asString(metadata.tier) || null,
    checkedAt: checkedAtOf(metadata.last_check_timestamp),
    clientId: text("clientId") ?? null,
    clientSecret: secret(text("clientSecret")),
    tokenUrl: text("tokenUrl") ?? null,
    universeDomain: text("universeDomain") ?? null,
  });
  return { grant, notes: readNotes(metadata) };
}

function readNotes(metadata: JsonObject): GrantNotes {
  return {
    label: asString(metadata.label) || null,
    priority: asNumber(metadata.priority) ?? null,
    importedOrigin: asString(metadata.imported_origin) || null,
    importedFrom: asString(metadata.imported_from) || null,
  };
}

/** Where fields are looked for, the most telling place first. */
function placesOf(outer: JsonObject): readonly JsonObject[] {
  const nest = nestOf(outer);
  const inner = nest === undefined ? undefined : asObject(outer[nest]);
  return inner === undefined ? [outer] : [inner, outer];
}

function nestOf(outer: JsonObject): string | undefined {
  return NESTS.find((name) => isObject(outer[name]));
}

function ownerOf(type: Json | undefined): string | undefined {
  return typeof type === "string" && Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
}

function problemOf(places: readonly JsonObject[]): string | undefined {
  const [hasAccess, hasRefresh] = [textIn(places, NAMES.accessToken), textIn(places, NAMES.refreshToken)].map((text) => text !== undefined);
  const [refresh, access] = [fieldIn(places, NAMES.refreshToken), fieldIn(places, NAMES.accessToken)];
  // A login that never had a refresh token can be used while it lasts; one that has it in another form is broken.
  if (!hasRefresh && (!hasAccess || refresh !== undefined)) return `expected "refresh_token" to be a string, found ${kindOf(refresh)}`;
  if (!hasAccess && access !== undefined && access !== null && access !== "") {
    return `expected "access_token" to be a string, found ${kindOf(access)}`;
  }
  const odd = (["accessToken", "apiKey"] as const).find((name) => !/^[\x21-\x7e]*$/.test(textIn(places, NAMES[name]) ?? ""));
  // It would fail every request in place of the start.
  return odd === undefined ? undefined : `"${NAMES[odd][0]}" holds blanks or signs beyond plain ASCII, which cannot travel in a header`;
}

function textIn(places: readonly JsonObject[], names: readonly string[]): string | undefined {
  return places.flatMap((place) => names.map((name) => asString(place[name]))).find((text) => text !== undefined && text !== "");
}

/** What stands there in whatever form, but for objects that are places and not fields. */
function fieldIn(places: readonly JsonObject[], names: readonly string[]): Json | undefined {
  const values = places.flatMap((place) => names.filter((name) => !isNest(name) || !isObject(place[name])).map((name) => place[name]));
  return values.find((value) => value !== undefined);
}

function isNest(name: string): boolean {
  return NESTS.some((nest) => nest === name);
}

function expiryIn(places: readonly JsonObject[]): number | null {
  const instants = places.flatMap((place) => NAMES.expiresAt.map((name) => readInstant(place[name])));
  return instants.find((instant) => instant !== null) ?? null;
}

function scopesIn(places: readonly JsonObject[]): string | null {
  const scopes = places.flatMap(({ scopes }) => asArray(scopes)).filter((scope) => typeof scope === "string");
  return scopes.length === 0 ? null : scopes.join(" ");
}

function checkedAtOf(seconds: Json | undefined): number | null {
  const found = asNumber(seconds);
  return found === undefined || found <= 0 ? null : Math.round(found * 1000);
}

/** Whom an ID token names; it is a label here and proves nothing, so its signature is not looked at. */
export function accountOfIdToken(idToken: string | undefined): string | null {
  const claims = asObject(parseJson(Buffer.from(idToken?.split(".")[1] ?? "", "base64url").toString("utf8")));
  return asString(claims?.email)?.trim() || null;
}

export interface GrantWriting {
  /** What the file holds now. */
  readonly previous?: JsonObject | undefined;
  readonly notes?: Partial<GrantNotes> | undefined;
}

/**
 * The file form of a grant over what the file held before: under the names, in the place and in the form of time that
 * are there, so that the program whose file it is can go on reading it; else under the official tools' names. A note
 * that is undefined stays as it is; null removes it.
 */
export function writeGrant(grant: Grant, { previous = {}, notes = {} }: GrantWriting = {}): JsonObject {
  const nest = nestOf(previous);
  const outer: Record<string, Json | undefined> = { ...previous };
  const inner: Record<string, Json | undefined> | undefined = nest === undefined ? undefined : { ...asObject(previous[nest]) };
  const fields = Object.entries(fieldsOf(grant));
  for (const [names, value] of fields.map(([name, value]) => [namesOf(name), value] as const)) {
    const places = [inner, outer].flatMap((place) => place === undefined ? [] : names.map((name) => ({ place, name })));
    const taken = places.filter(({ place, name }) => place[name] !== undefined && !isObject(place[name]) && !Array.isArray(place[name]));
    for (const { place, name } of taken) {
      if (value === null) delete place[name];
      else place[name] = names === NAMES.expiresAt ? inFormOf(Number(value), { name, before: place[name] }) : value;
    }
    if (taken.length === 0 && value !== null) (inner ?? outer)[names[0] ?? ""] = value;
  }
  if (nest !== undefined && inner !== undefined) outer[nest] = inner;
  outer._proxy_metadata = metadataOf(grant, { before: asObject(previous._proxy_metadata) ?? {}, notes });
  return outer;
}

function namesOf(name: string): readonly string[] {
  const names: Readonly<Record<string, readonly string[]>> = NAMES;
  return names[name] ?? [];
}

function fieldsOf(grant: Grant): Record<FieldName, string | number | null> {
  return {
    accessToken: grant.accessToken.reveal() || null,
    refreshToken: grant.refreshToken?.reveal() ?? null,
    expiresAt: grant.expiresAt,
    tokenType: grant.tokenType,
    scope: grant.scope,
    idToken: grant.idToken?.reveal() ?? null,
    apiKey: grant.apiKey?.reveal() ?? null,
    resourceUrl: grant.resourceUrl,
    clientId: grant.clientId,
    clientSecret: grant.clientSecret?.reveal() ?? null,
    tokenUrl: grant.tokenUrl,
    universeDomain: grant.universeDomain,
  };
}

/** An instant as the file has had it: a date, seconds, or milliseconds. */
function inFormOf(at: number, { name, before }: { readonly name: string; readonly before: Json | undefined }): Json {
  if (typeof before === "string" && readInstant(before) !== null && !/^\d+(\.\d+)?$/.test(before.trim())) return new Date(at).toISOString();
  const isSeconds = name !== NAMES.expiresAt[0] && typeof before === "number" && before > 0 && before < FIRST_MS;
  return isSeconds ? at / 1000 : at;
}

interface MetadataBefore {
  readonly before: JsonObject;
  readonly notes: Partial<GrantNotes>;
}

function metadataOf(grant: Grant, { before, notes }: MetadataBefore): JsonObject {
  const { label, priority, importedOrigin, importedFrom } = notes;
  const first = grant.refreshToken ?? grant.accessToken;
  const metadata: Record<string, Json | undefined> = { ...before };
  const own: Record<string, Json | undefined> = {
    email: grant.account,
    origin: grant.origin ?? originOf(first.reveal()),
    project_id: grant.projectId,
    tier: grant.tier,
    last_check_timestamp: grant.checkedAt === null ? null : grant.checkedAt / 1000,
    label,
    priority,
    imported_origin: importedOrigin,
    imported_from: importedFrom,
  };
  for (const [name, value] of Object.entries(own)) {
    if (value === null) delete metadata[name];
    else if (value !== undefined) metadata[name] = value;
  }
  return metadata;
}

const DATE = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d+)?\s?([Zz]|[+-]\d\d:?\d\d)?$/;
/** iFlow's console gives Chinese time without saying so. */
const CHINESE_DATE = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d)$/;

/** An instant as any of the tools writes it, epoch ms; null when there is none: refresh before first use. */
export function readInstant(value: Json | undefined): number | null {
  if (typeof value === "number") return plausible(value >= FIRST_MS ? value : value * 1000);
  if (typeof value !== "string") return null;
  const text = value.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return readInstant(Number(text));
  const [, chineseDay, chineseTime] = CHINESE_DATE.exec(text) ?? [];
  if (chineseDay !== undefined) return plausible(Date.parse(`${chineseDay}T${chineseTime}:00+08:00`));
  const [, day, time, fraction = "", zone = "Z"] = DATE.exec(text) ?? [];
  // Without a zone it is what Python writes of an instant in UTC.
  return day === undefined ? null : plausible(Date.parse(`${day}T${time}${fraction.slice(0, 4)}${zoneOf(zone)}`));
}

function zoneOf(zone: string): string {
  return zone.toUpperCase().replace(/^([+-]\d\d):?(\d\d)$/, "$1:$2");
}

/** Go writes the year 1 for "never", and Google's library 0. */
function plausible(at: number): number | null {
  return at > 0 && at < LAST_MS ? Math.round(at) : null;
}

function kindOf(value: Json | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (value === "") return "an empty string";
  return isObject(value) ? "an object" : Array.isArray(value) ? "a list" : `a ${typeof value}`;
}
