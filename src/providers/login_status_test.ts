/** The register of login types: every one has an entry, dated, with a source, and words for a person. */
import assert from "node:assert/strict";
import { OAUTH_ROWS } from "../credentials/oauth/rows.ts";
import { LOGIN_STATUSES, loginStatus } from "./login_status.ts";

Deno.test("every login type has exactly one status", () => {
  assert.deepEqual(LOGIN_STATUSES.map(({ provider }) => provider).toSorted(), OAUTH_ROWS.map(({ provider }) => provider).toSorted());
  assert.equal(loginStatus("openai"), undefined);
});

Deno.test("a status has a real day, a source and two sentences", () => {
  for (const { provider, since, source, summary, advice } of LOGIN_STATUSES) {
    assert.equal(new Date(`${since}T00:00:00Z`).toISOString().slice(0, 10), since, provider);
    assert.equal(new URL(source.url).protocol, "https:");
    assert.ok(source.title.length > 0);
    for (const sentence of [summary, advice]) assert.match(sentence, /^\w.*\.$/s, provider);
  }
});
