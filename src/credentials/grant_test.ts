/** Who a grant belongs to: the same over every rotation, and told without a token. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { inspect } from "node:util";
import fc from "fast-check";
import { Secret } from "../kernel/secret.ts";
import { type Grant, grantOf, identityOf, originOf } from "./grant.ts";

function grant(fields: Partial<Grant> = {}): Grant {
  return grantOf({ accessToken: new Secret("at-canary"), refreshToken: new Secret("rt-canary"), expiresAt: 1, ...fields });
}

Deno.test("an account is the same however it is written, and stands above tokens", () => {
  assert.equal(identityOf(grant({ account: " Some.One@Example.COM " })), "some.one@example.com");
  assert.equal(identityOf(grant({ account: "a@b.example", origin: "f".repeat(64) })), "a@b.example");
  assert.notEqual(identityOf(grant({ account: "a@b.example" })), identityOf(grant({ account: "c@b.example" })));
});

Deno.test("without an account the first refresh token that was seen tells logins apart", () => {
  assert.equal(identityOf(grant({ origin: "0".repeat(64) })), "0".repeat(64));
  assert.equal(identityOf(grant()), createHash("sha256").update("rt-canary").digest("hex"));
  assert.equal(identityOf(grant({ refreshToken: null })), originOf("at-canary"));
  const rotated = grant({ origin: originOf("rt-canary"), refreshToken: new Secret("rt-next"), accessToken: new Secret("at-next") });
  assert.equal(identityOf(rotated), identityOf(grant()));
});

Deno.test("fields that are not given are empty, and given ones are kept", () => {
  fc.assert(fc.property(fc.string(), fc.option(fc.integer(), { nil: null }), (account, expiresAt) => {
    const { accessToken, refreshToken, ...rest } = grantOf({ accessToken: new Secret("a"), refreshToken: null, expiresAt, account });
    assert.deepEqual([accessToken.reveal(), refreshToken], ["a", null]);
    const { tokenType, ...nulls } = rest;
    assert.equal(tokenType, "Bearer");
    const known = Object.fromEntries(Object.entries(nulls).filter(([, value]) => value !== null));
    assert.deepEqual(known, expiresAt === null ? { account } : { account, expiresAt });
  }));
});

Deno.test("a grant that is printed shows none of its secrets", () => {
  const full = grant({ idToken: new Secret("id-canary"), apiKey: new Secret("key-canary"), clientSecret: new Secret("cs-canary") });
  for (const text of [JSON.stringify(full), inspect(full, { depth: 5 }), Deno.inspect(full), `${Object.values(full)}`]) {
    assert.doesNotMatch(text, /canary/);
  }
});
