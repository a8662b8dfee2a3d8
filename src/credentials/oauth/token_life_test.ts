/** How long tokens last and when they are due. */
import assert from "node:assert/strict";
import { grantNumber, HOUR_MS } from "../../../tests/support/live_login_fixtures.ts";
import { dueAt, isFresh, isUsable, tokenLife } from "./token_life.ts";

const NOW = Date.UTC(2026, 0, 1, 12);

Deno.test("a token is fresh until a minute before its end and usable until five seconds before", () => {
  const life = tokenLife(grantNumber(1, NOW + HOUR_MS), undefined);
  const fresh = [60_001, 60_000].map((leftMs) => isFresh(life, NOW + HOUR_MS - leftMs));
  const usable = [5_001, 5_000].map((leftMs) => isUsable(life, NOW + HOUR_MS - leftMs));
  assert.deepEqual([fresh, usable], [[true, false], [true, false]]);
});

Deno.test("a token that lives less than the margin is fresh for half its life", () => {
  const life = tokenLife(grantNumber(1, NOW + 40_000), NOW);
  assert.deepEqual([isFresh(life, NOW + 19_999), isFresh(life, NOW + 20_000)], [true, false]);
});

Deno.test("an end nobody named means renewing before first use, and an hour afterwards", () => {
  const grant = grantNumber(1, null);
  assert.equal(isUsable(tokenLife(grant, undefined), NOW), false);
  const life = tokenLife(grant, NOW);
  assert.deepEqual([isFresh(life, NOW), isFresh(life, NOW + HOUR_MS)], [true, false]);
});

Deno.test("a token without end or refresh token is used until it is refused", () => {
  const life = tokenLife(grantNumber(1, null, { refreshToken: null }), undefined);
  assert.ok(isFresh(life, NOW + 1_000 * HOUR_MS));
});

Deno.test("a token is due ahead of its end, but not in the first half of its life", () => {
  assert.equal(dueAt(tokenLife(grantNumber(1, NOW + 6 * HOUR_MS), undefined), HOUR_MS), NOW + 5 * HOUR_MS);
  assert.equal(dueAt(tokenLife(grantNumber(1, NOW + HOUR_MS), NOW), 24 * HOUR_MS), NOW + HOUR_MS / 2);
});
