/** Lives of tokens: expiry, rotation, reuse and revocation. */
import assert from "node:assert/strict";
import { FakeClock } from "../../support/fake_clock.ts";
import { SeededTokens } from "./seeded_tokens.ts";
import { type IssuedTokens, type RefreshRefusal, type Rotation, TokenFamilies } from "./token_families.ts";

function families(rotation: Rotation) {
  const clock = new FakeClock();
  const made = new TokenFamilies({
    clock,
    tokens: new SeededTokens(1),
    accessPrefix: "a-",
    refreshPrefix: "r-",
    lifetimeMs: 1000,
    rotation,
  });
  return { clock, made, first: made.open({ account: "ada", clientId: "c", scope: "s" }) };
}

function issued(result: IssuedTokens | RefreshRefusal): IssuedTokens {
  assert.ok(typeof result !== "string", `expected tokens, got ${result}`);
  return result;
}

Deno.test("an access token is good for its lifetime", () => {
  const { clock, made, first } = families("keep");
  assert.equal(made.access(first.accessToken).kind, "good");
  clock.advance(1000);
  assert.equal(made.access(first.accessToken).kind, "expired");
  assert.equal(made.access("a-foreign").kind, "unknown");
});

Deno.test("keep: the refresh token stays; rotate: it is replaced and the old one refused", () => {
  const kept = families("keep");
  assert.equal(issued(kept.made.refresh(kept.first.refreshToken)).refreshToken, kept.first.refreshToken);
  const { made, first } = families("rotate");
  const second = issued(made.refresh(first.refreshToken));
  assert.ok(second.isRotated);
  assert.equal(made.refresh(first.refreshToken), "replaced");
  assert.ok(issued(made.refresh(second.refreshToken)));
});

Deno.test("reuse_kill: an old refresh token ends the family, its access tokens too", () => {
  const { made, first } = families("reuse_kill");
  const second = issued(made.refresh(first.refreshToken));
  assert.equal(made.refresh(first.refreshToken), "replaced");
  assert.equal(made.refresh(second.refreshToken), "revoked");
  assert.equal(made.access(second.accessToken).kind, "revoked");
});

Deno.test("revoking an account ends all its families and nobody else's", () => {
  const { made, first } = families("keep");
  const other = made.open({ account: "bob", clientId: "c", scope: "s" });
  const again = made.open({ account: "ada", clientId: "c", scope: "s" });
  made.revokeAccount("ada");
  const kinds = [first, again, other].map(({ accessToken }) => made.access(accessToken).kind);
  assert.deepEqual(kinds, ["revoked", "revoked", "good"]);
  assert.equal(made.refresh(first.refreshToken), "revoked");
});

Deno.test("another client cannot refresh, and that ends nothing", () => {
  const { made, first } = families("reuse_kill");
  assert.equal(made.refresh(first.refreshToken, { clientId: "x" }), "other_client");
  assert.ok(issued(made.refresh(first.refreshToken, { clientId: "c" })));
});

Deno.test("tokens of one account do not depend on what others got meanwhile", () => {
  const made = (others: number) => {
    const it = families("keep").made;
    for (let count = 0; count < others; count++) it.open({ account: "bob", clientId: "c", scope: "s" });
    return it.open({ account: "cy", clientId: "c", scope: "s" }).accessToken;
  };
  assert.equal(made(0), made(3));
});
