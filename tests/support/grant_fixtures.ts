/** What tests of grants in files and variables stand on: any grant, its fields for comparing, a folder that is gone afterwards. */
import fc from "fast-check";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type Grant, grantOf, originOf } from "../../src/credentials/grant.ts";
import type { OAuthRow } from "../../src/credentials/oauth/row.ts";
import { OAUTH_ROWS } from "../../src/credentials/oauth/rows.ts";
import { Secret } from "../../src/kernel/secret.ts";
import type { Variables } from "../../src/kernel/variables.ts";

/** Every field with its secrets as text: two secrets compare as equal whatever they hold. */
export function plain(grant: Grant): Record<string, unknown> {
  return Object.fromEntries(Object.entries(grant).map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]));
}

/** A row by its provider's id. */
export function rowOf(provider: string): OAuthRow {
  const row = OAUTH_ROWS.find((it) => it.provider === provider);
  if (row === undefined) throw new Error(`No login type is called ${provider}`);
  return row;
}

export function variablesOf(env: Readonly<Record<string, string>>): Variables {
  return new Map(Object.entries(env).map(([name, value]) => [name, { value, origin: "environment" }]));
}

/** A login of `account`, or of nobody in particular; tokens are made of `seed`. */
export function someGrant(seed: string, more: Partial<Grant> = {}): Grant {
  const refreshToken = new Secret(`refresh-${seed}`);
  return grantOf({
    accessToken: new Secret(`access-${seed}`),
    refreshToken,
    expiresAt: Date.UTC(2026, 6, 1),
    origin: originOf(refreshToken.reveal()),
    ...more,
  });
}

const token = fc.string({ unit: fc.constantFrom(..."abcXYZ019-._~+/=|{}[]!%&*^:;,?@()'\"`$#\\<>"), minLength: 1, maxLength: 60 });
/** What a person or a provider may write: inner blanks and other alphabets, no line ends. */
const words = fc.string({ unit: fc.constantFrom(..."ab1 @.-_é中'\"`$#\\=/"), minLength: 1, maxLength: 30 }).map((text) => text.trim())
  .filter(
    (text) => text !== "",
  );
const secret = token.map((text) => new Secret(text));
const instant = fc.integer({ min: 1e11, max: 4e12 });

/** Any grant that was kept once: it has an origin. */
export const anyGrant: fc.Arbitrary<Grant> = fc.record({
  accessToken: secret,
  refreshToken: fc.option(secret),
  expiresAt: fc.option(instant),
  tokenType: fc.constantFrom("Bearer", "bearer"),
  scope: fc.option(words),
  idToken: fc.option(secret),
  account: fc.option(words),
  apiKey: fc.option(secret),
  resourceUrl: fc.option(words),
  projectId: fc.option(words),
  tier: fc.option(words),
  checkedAt: fc.option(instant),
  clientId: fc.option(words),
  clientSecret: fc.option(secret),
  tokenUrl: fc.option(fc.webUrl()),
  universeDomain: fc.option(fc.domain()),
}).map((fields) => ({ ...fields, origin: originOf((fields.refreshToken ?? fields.accessToken).reveal()) }));

/** Writes a file that only its owner can read, with its folders. */
export async function put(path: string, content: string | object): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content), { mode: 0o600 });
}
