/** A Gemini CLI login against the simulated Code Assist: its project is found, and calls made with it are taken. */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { type Grant, grantOf } from "../../src/credentials/grant.ts";
import { oauthEndpoints } from "../../src/credentials/oauth/endpoints.ts";
import { isRefusal, type Refusal } from "../../src/credentials/oauth/flow.ts";
import { GEMINI_COMPLETION } from "../../src/credentials/oauth/gemini_account.ts";
import { oauthRow } from "../../src/credentials/oauth/rows.ts";
import { isObject, type JsonObject, parseJson } from "../../src/kernel/json.ts";
import { Secret } from "../../src/kernel/secret.ts";
import type { UpstreamCall } from "../../src/providers/adapter.ts";
import { generateCall, quotaCall, sessionIdOf } from "../../src/providers/gemini_cli/call.ts";
import { GEMINI_CLI_MODELS } from "../../src/providers/gemini_cli/models.ts";
import { readQuota } from "../../src/providers/gemini_cli/quota.ts";
import { unwrap } from "../../src/providers/gemini_cli/unwrap.ts";
import type { AccountSeed, Standing } from "../simulators/google/accounts.ts";
import { type GoogleSimulator, startGoogleSimulator } from "../simulators/google/simulator.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { requestRaw } from "../support/http_client.ts";

/** Pauses between polls pass by themselves. */
class PollingClock extends FakeClock {
  override after(delayMs: number, fn: () => void): () => void {
    if (delayMs === 5_000) setImmediate(() => this.advance(delayMs));
    return super.after(delayMs, fn);
  }
}

function start(seed: Partial<AccountSeed>): Promise<GoogleSimulator> {
  return startGoogleSimulator({ clock: new FakeClock(), accounts: [{ email: "ada@example.com", ...seed }] });
}

function freshGrant(google: GoogleSimulator, more: Partial<Grant> = {}): Grant {
  const { accessToken, refreshToken, expiresAt } = google.grantFor();
  return grantOf({ accessToken: new Secret(accessToken), refreshToken: new Secret(refreshToken), expiresAt, ...more });
}

function complete(google: GoogleSimulator, grant: Grant): Promise<Grant | Refusal> {
  const row = oauthRow("gemini_cli");
  assert.ok(row !== undefined);
  const variables = new Map(Object.entries(google.variables()).map(([name, value]) => [name, { value, origin: "test" }]));
  const call = {
    endpoints: oauthEndpoints(row, variables),
    client: { id: google.client.id, secret: new Secret(google.client.secret) },
    fetch,
    clock: new PollingClock(),
    signal: AbortSignal.timeout(10_000),
  };
  return GEMINI_COMPLETION.complete(grant, call, "login");
}

async function completed(google: GoogleSimulator, more: Partial<Grant> = {}): Promise<Grant> {
  const got = await complete(google, freshGrant(google, more));
  assert.ok(!isRefusal(got), JSON.stringify(got));
  return got;
}

async function send({ url, method, headers, body = "" }: UpstreamCall): Promise<string> {
  const answer = await requestRaw(url.href, { method, headers, body });
  assert.equal(answer.status, 200, answer.text);
  return answer.text;
}

function objectIn(text: string): JsonObject {
  const json = parseJson(text);
  assert.ok(isObject(json), text);
  return json;
}

Deno.test("every account that may use Code Assist gets its project", async () => {
  const seeds: readonly (readonly [Partial<AccountSeed>, string | null, string])[] = [
    [{}, null, "free-tier"],
    [{ standing: "paid" }, null, "g1-pro-tier"],
    [{ isOnboarded: false, onboardingPolls: 3 }, null, "free-tier"],
    [{ standing: "standard" }, "own-ada", "standard-tier"],
    [{ standing: "standard", isOnboarded: false, onboardingPolls: 1 }, "own-ada", "standard-tier"],
    [{ standing: "dasher" }, "own-ada", "standard-tier"],
    [{ standing: "vpcsc" }, "own-ada", "standard-tier"],
  ];
  for (const [seed, projectId, tier] of seeds) {
    await using google = await start(seed);
    const grant = await completed(google, { projectId });
    const managed = google.accounts[0]?.managedProject ?? "";
    assert.deepEqual([grant.account, grant.projectId, grant.tier], ["ada@example.com", projectId ?? managed, tier], JSON.stringify(seed));
    assert.notEqual(grant.projectId, "");
  }
});

Deno.test("every other account is told why", async () => {
  const told: readonly (readonly [Standing, Refusal["kind"], RegExp])[] = [
    ["unsupported_client", "withdrawn", /^This client is no longer supported/],
    ["validation_required", "needs_login", /confirmed first at https:\/\/accounts\.google\.com\//],
    ["dasher", "needs_login", /^Workspace accounts cannot use/],
    ["ineligible:RESTRICTED_AGE", "needs_login", /^Your current account is not eligible/],
    ["no_project", "misconfigured", /loadCodeAssist \(tier standard-tier, no project\)/],
  ];
  for (const [standing, kind, words] of told) {
    await using google = await start({ standing });
    const got = await complete(google, freshGrant(google));
    assert.ok(isRefusal(got), standing);
    assert.equal(got.kind, kind, got.reason);
    assert.match(got.reason, words);
  }
});

Deno.test("trouble on the way says nothing about the login", async () => {
  await using google = await start({});
  google.fault({ match: { endpoint: "userinfo" }, effect: { kind: "oauth_error", error: "invalid_token", status: 401 }, times: 1 });
  google.fault({
    match: { endpoint: "loadCodeAssist" },
    effect: { kind: "error", error: { status: 500, message: "Internal error encountered." } },
    times: 1,
  });
  const got = await complete(google, freshGrant(google));
  assert.ok(isRefusal(got) && got.kind === "transient", JSON.stringify(got));
  assert.equal((await completed(google)).account, "ada@example.com");
});

Deno.test("calls made with the login are what the service wants", async () => {
  await using google = await start({});
  const grant = await completed(google);
  const target = { baseUrl: `${google.url}/v1internal`, grant };
  const inner = {
    systemInstruction: { role: "user", parts: [{ text: "Be brief" }] },
    contents: [{ role: "user", parts: [{ text: "hi" }] }],
  };
  for (const model of GEMINI_CLI_MODELS) {
    const text = await send(generateCall({ ...target, model, inner, requestId: "req-1", sessionId: sessionIdOf("c1") }));
    const first = unwrap(objectIn(/^data: (.*)$/m.exec(text)?.[1] ?? ""));
    assert.ok(Array.isArray(first.candidates), text);
    assert.equal(typeof first.responseId, "string");
  }
  const left = readQuota(objectIn(await send(quotaCall(target))));
  const pro = left.find(({ model }) => model === "gemini-2.5-pro");
  assert.ok(pro !== undefined && pro.remainingFraction > 0.9 && pro.remainingFraction < 1, JSON.stringify(pro));
  assert.ok(pro.resetAt !== null && pro.resetAt > new FakeClock().now());
});
