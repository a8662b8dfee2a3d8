/** The host of a Qwen login is kept as it was named, without what only looks different. */
import assert from "node:assert/strict";
import { systemClock } from "../../kernel/clock.ts";
import { Secret } from "../../kernel/secret.ts";
import { type Grant, grantOf } from "../grant.ts";
import { oauthEndpoints } from "./endpoints.ts";
import { isRefusal, type OAuthCall } from "./flow.ts";
import { QWEN_COMPLETION } from "./qwen_account.ts";
import { oauthRow } from "./rows.ts";

function grantWith(resourceUrl: string | null): Grant {
  return grantOf({ accessToken: new Secret("a"), refreshToken: null, expiresAt: null, resourceUrl });
}

function call(): OAuthCall {
  const row = oauthRow("qwen_code");
  assert.ok(row !== undefined);
  return {
    endpoints: oauthEndpoints(row, new Map()),
    client: { id: "c", secret: null },
    fetch: () => Promise.reject(new Error("nothing is asked")),
    clock: systemClock,
    signal: new AbortController().signal,
  };
}

async function completed(grant: Grant): Promise<Grant> {
  const got = await QWEN_COMPLETION.complete(grant, call(), "login");
  assert.ok(!isRefusal(got));
  return got;
}

Deno.test("a host loses blanks and closing slashes, and an empty one is none", async () => {
  assert.equal((await completed(grantWith(" portal.qwen.ai/ "))).resourceUrl, "portal.qwen.ai");
  assert.equal((await completed(grantWith("https://portal.qwen.ai/v1//"))).resourceUrl, "https://portal.qwen.ai/v1");
  assert.equal((await completed(grantWith("  "))).resourceUrl, null);
});

Deno.test("a grant that needs nothing comes back itself", async () => {
  for (const grant of [grantWith(null), grantWith("portal.qwen.ai")]) {
    assert.equal(QWEN_COMPLETION.isComplete(grant), true);
    assert.equal(await completed(grant), grant);
  }
});
