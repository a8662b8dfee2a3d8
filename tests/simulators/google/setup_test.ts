/** Tiers, projects, onboarding and quota of the simulated Code Assist. */
import assert from "node:assert/strict";
import { requestJson } from "../../support/http_client.ts";
import type { Standing } from "./accounts.ts";
import { at, bench, messageOf, reasonOf } from "./bench.ts";

Deno.test("a known free account has its tier and a managed project", async () => {
  await using it = await bench();
  const answer = await it.call("loadCodeAssist", { metadata: { pluginType: "GEMINI" } });
  assert.deepEqual([at(answer.json, "currentTier.id"), at(answer.json, "cloudaicompanionProject")], ["free-tier", it.project]);
});

Deno.test("a new free account is onboarded after the polls it needs, by GET or by asking again", async () => {
  await using it = await bench({ isOnboarded: false, onboardingPolls: 2 });
  const before = await it.call("loadCodeAssist", {});
  assert.deepEqual([at(before.json, "currentTier"), at(before.json, "allowedTiers.0.isDefault")], [undefined, true]);
  const body = { tierId: "free-tier", metadata: { pluginType: "GEMINI" } };
  const first = await it.call("onboardUser", body);
  const name = String(at(first.json, "name"));
  const polled = await requestJson(`${it.google.url}/v1internal/${name}`, { key: it.grant.accessToken });
  assert.deepEqual([at(first.json, "done"), at(polled.json, "done")], [undefined, undefined]);
  const last = await it.call("onboardUser", body);
  assert.deepEqual([at(last.json, "name"), at(last.json, "done")], [name, true]);
  const project = at(last.json, "response.cloudaicompanionProject.id");
  assert.equal(at((await it.call("loadCodeAssist", {})).json, "cloudaicompanionProject"), project);
  assert.equal((await it.ask({}, { project: String(project) })).status, 200);
});

Deno.test("a project on the free tier's onboarding is 412", async () => {
  await using it = await bench({ isOnboarded: false });
  const bodies = [
    { tierId: "free-tier", cloudaicompanionProject: null },
    { tierId: "free-tier", cloudaicompanionProject: "p" },
    { tierId: "free-tier", metadata: { duetProject: "p" } },
  ];
  for (const body of bodies) {
    const answer = await it.call("onboardUser", body);
    assert.deepEqual([answer.status, messageOf(answer)], [412, "Precondition Failed"]);
  }
});

Deno.test("onboarding can fail, and be tried again", async () => {
  await using it = await bench({ isOnboarded: false });
  it.google.fault({ match: { endpoint: "onboardUser" }, effect: { kind: "onboarding", error: { code: 7, message: "no" } } });
  assert.equal(at((await it.call("onboardUser", { tierId: "free-tier" })).json, "error.message"), "no");
  assert.equal(at((await it.call("onboardUser", { tierId: "free-tier" })).json, "error"), undefined);
});

Deno.test("a standard account onboards with its own project and no other", async () => {
  await using it = await bench({ standing: "standard", isOnboarded: false });
  const onboard = (cloudaicompanionProject: string) => it.call("onboardUser", { tierId: "standard-tier", cloudaicompanionProject });
  assert.equal((await onboard("not-mine")).status, 403);
  assert.equal(at((await onboard("own-ada")).json, "response.cloudaicompanionProject.id"), "own-ada");
  const load = await it.call("loadCodeAssist", { cloudaicompanionProject: "own-ada" });
  assert.deepEqual([at(load.json, "currentTier.id"), at(load.json, "cloudaicompanionProject")], ["standard-tier", "own-ada"]);
});

Deno.test("each standing is told at set-up", async () => {
  const told: [Standing, string, string][] = [
    ["paid", "paidTier.id", "g1-pro-tier"],
    ["no_project", "currentTier.id", "standard-tier"],
    ["dasher", "ineligibleTiers.0.reasonCode", "DASHER_USER"],
    ["validation_required", "ineligibleTiers.0.reasonCode", "VALIDATION_REQUIRED"],
    ["unsupported_client", "ineligibleTiers.0.reasonCode", "UNSUPPORTED_CLIENT"],
    ["ineligible:RESTRICTED_AGE", "ineligibleTiers.0.reasonCode", "RESTRICTED_AGE"],
    ["vpcsc", "error.details.0.reason", "SECURITY_POLICY_VIOLATED"],
  ];
  for (const [standing, path, value] of told) {
    await using it = await bench({ standing });
    assert.equal(at((await it.call("loadCodeAssist", {})).json, path), value, standing);
  }
});

Deno.test("each standing is told at a model call", async () => {
  const told: [Standing, number, string | undefined][] = [
    ["free", 200, undefined],
    ["paid", 200, undefined],
    ["standard", 200, undefined],
    ["vpcsc", 200, undefined],
    ["validation_required", 403, "VALIDATION_REQUIRED"],
    ["unsupported_client", 403, "UNSUPPORTED_CLIENT"],
    ["subscription", 403, "SUBSCRIPTION_REQUIRED"],
    ["ineligible:UNSUPPORTED_LOCATION", 403, "UNSUPPORTED_LOCATION"],
  ];
  for (const [standing, status, reason] of told) {
    await using it = await bench({ standing });
    const answer = await it.ask();
    assert.deepEqual([answer.status, reasonOf(answer)], [status, reason], standing);
  }
});

Deno.test("an account that was confirmed works again", async () => {
  await using it = await bench({ standing: "validation_required", isOnboarded: false });
  assert.equal((await it.ask()).status, 403);
  it.google.setStanding("ada@example.com", "free");
  assert.equal(at((await it.call("onboardUser", { tierId: "free-tier" })).json, "done"), true);
});

Deno.test("quota counts per model group, runs out, and comes back after 24 hours", async () => {
  await using it = await bench({ limits: { pro: 2 } });
  const contents = [{ role: "user", parts: [{ text: "hi" }] }];
  const ask = (model: string) => it.ask({ contents }, { model });
  const bucket = async (model: string) => {
    const { json } = await it.call("retrieveUserQuota", { project: it.project });
    const buckets = at(json, "buckets");
    return Array.isArray(buckets) ? buckets.find((item) => at(item, "modelId") === model) : undefined;
  };
  assert.equal((await ask("gemini-2.5-pro")).status, 200);
  assert.equal(at(await bucket("gemini-3-pro-preview"), "remainingFraction"), 0.5, "the group shares");
  assert.equal((await ask("gemini-3-pro-preview")).status, 200);
  it.clock.advance(1_800_000);
  const refused = await ask("gemini-2.5-pro");
  assert.deepEqual([refused.status, reasonOf(refused)], [429, "QUOTA_EXHAUSTED"]);
  assert.equal(at(refused.json, "error.details.0.metadata.quotaResetDelay"), "23h30m0s");
  assert.equal(at(await bucket("gemini-2.5-pro"), "remainingFraction"), undefined, "zero is left out");
  assert.equal((await ask("gemini-2.5-flash")).status, 200, "another group");
  it.clock.advance(23.5 * 3_600_000);
  const { accessToken } = it.google.grantFor();
  const again = await it.call("generateContent", { model: "gemini-2.5-pro", project: it.project, request: { contents } }, {
    token: accessToken,
  });
  assert.equal(again.status, 200);
});
