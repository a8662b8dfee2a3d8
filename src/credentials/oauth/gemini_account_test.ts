/** From tokens to a project: what is asked, in which order, and what each answer means for the login. */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { FakeClock } from "../../../tests/support/fake_clock.ts";
import { asObject, type Json, type JsonObject, parseJson } from "../../kernel/json.ts";
import { Secret } from "../../kernel/secret.ts";
import { type Grant, grantOf } from "../grant.ts";
import { oauthEndpoints } from "./endpoints.ts";
import { type Completion, isRefusal, type OAuthCall, type Refusal, type RefusalKind } from "./flow.ts";
import { GEMINI_COMPLETION, needsRecheck } from "./gemini_account.ts";
import { oauthRow } from "./rows.ts";

type After = Parameters<Completion["complete"]>[2];

const DAY_MS = 24 * 3_600_000;
const TOKEN = "ya29.secret-token";
const NEW: Grant = grantOf({ accessToken: new Secret(TOKEN), refreshToken: new Secret("1//rt"), expiresAt: 5, account: "a@example.com" });
const METADATA = { ideType: "IDE_UNSPECIFIED", platform: "PLATFORM_UNSPECIFIED", pluginType: "GEMINI" };

/** A clock on which the pauses between polls pass by themselves, and nothing else does. */
class PollingClock extends FakeClock {
  override after(delayMs: number, fn: () => void): () => void {
    if (delayMs === 5_000) setImmediate(() => this.advance(delayMs));
    return super.after(delayMs, fn);
  }
}

interface Asked {
  /** `POST :loadCodeAssist`, `GET /operations/x`, `GET userinfo`. */
  readonly what: string;
  readonly headers: Headers;
  readonly body: Json | undefined;
}

type Reply = { readonly status?: number; readonly body: Json; readonly headers?: Record<string, string> };
/** Answers by what is asked; of a list the last one is given for ever. */
type Script = Readonly<Record<string, Reply | readonly Reply[]>>;

interface Run {
  readonly got: Grant | Refusal;
  readonly asked: readonly Asked[];
  readonly clock: FakeClock;
}

async function run(grant: Grant, script: Script, { after = "login", ...more }: Partial<OAuthCall> & { after?: After } = {}): Promise<Run> {
  const row = oauthRow("gemini_cli");
  assert.ok(row !== undefined);
  const clock = new PollingClock();
  const asked: Asked[] = [];
  const call: OAuthCall = {
    endpoints: oauthEndpoints(row, new Map()),
    client: { id: "c", secret: null },
    fetch: (input, init) => {
      if (init?.signal?.aborted === true) return Promise.reject(init.signal.reason);
      const what = `${init?.method} ${nameOf(String(input))}`;
      const count = asked.filter((earlier) => earlier.what === what).length;
      asked.push({ what, headers: new Headers(init?.headers), body: parseJson(String(init?.body ?? "")) });
      return Promise.resolve(responseOf(script[what], count));
    },
    clock,
    signal: new AbortController().signal,
    ...more,
  };
  const got = await GEMINI_COMPLETION.complete(grant, call, after);
  assert.ok(!JSON.stringify(got).includes(TOKEN));
  assert.equal(clock.timerCount, 0, "no timer is left behind");
  return { got, asked, clock };
}

function nameOf(url: string): string {
  if (url === "https://www.googleapis.com/oauth2/v2/userinfo") return "userinfo";
  const base = "https://cloudcode-pa.googleapis.com/v1internal";
  assert.ok(url.startsWith(base), url);
  return url.slice(base.length);
}

function responseOf(scripted: Script[string] | undefined, count: number): Response {
  const replies = scripted === undefined ? [] : "body" in scripted ? [scripted] : scripted;
  const { status = 200, body, headers = {} } = replies[Math.min(count, replies.length - 1)] ?? { status: 404, body: {} };
  return new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers });
}

async function granted(grant: Grant, script: Script, options?: Parameters<typeof run>[2]): Promise<Run & { readonly got: Grant }> {
  const { got, ...rest } = await run(grant, script, options);
  assert.ok(!isRefusal(got), JSON.stringify(got));
  return { got, ...rest };
}

async function refused(grant: Grant, script: Script, options?: Parameters<typeof run>[2]): Promise<Refusal> {
  const { got } = await run(grant, script, options);
  assert.ok(isRefusal(got), "a refusal was due");
  return got;
}

const LOAD = "POST :loadCodeAssist";
const ONBOARD = "POST :onboardUser";
const free = { id: "free-tier", isDefault: true };
const standard = { id: "standard-tier", userDefinedCloudaicompanionProject: true };
const loads = (body: JsonObject): Reply => ({ body });
const ready = loads({ currentTier: free, allowedTiers: [free, standard], cloudaicompanionProject: "managed-1" });
const fresh = loads({ allowedTiers: [free, standard] });
const done = (id: string | undefined): Reply => ({
  body: { name: "operations/x", done: true, response: id === undefined ? {} : { cloudaicompanionProject: { id } } },
});
const error = (status: number, reason: string, message = "No.", more: readonly JsonObject[] = []): Reply => ({
  status,
  body: { error: { code: status, message, status: "X", details: [{ "@type": "x/ErrorInfo", reason }, ...more] } },
});

Deno.test("an account with a tier gets its project and the paid tier before the current one", async () => {
  const { got, asked, clock } = await granted(NEW, { [LOAD]: ready });
  assert.deepEqual([got.projectId, got.tier, got.checkedAt], ["managed-1", "free-tier", clock.now()]);
  assert.deepEqual(asked.map(({ what, body }) => ({ what, body })), [{ what: LOAD, body: { metadata: METADATA } }]);
  assert.equal(asked[0]?.headers.get("authorization"), `Bearer ${TOKEN}`);
  assert.match(asked[0]?.headers.get("user-agent") ?? "", /^keyproxy\//);
  const paid = await granted(NEW, {
    [LOAD]: loads({ currentTier: free, paidTier: { id: "g1-pro-tier" }, cloudaicompanionProject: { id: "as-object" } }),
  });
  assert.deepEqual([paid.got.projectId, paid.got.tier], ["as-object", "g1-pro-tier"]);
});

Deno.test("who logged in is asked once, and not knowing it is no obstacle", async () => {
  const nameless = { ...NEW, account: null };
  const known = await granted(nameless, { "GET userinfo": { body: { email: "b@example.com" } }, [LOAD]: ready });
  assert.deepEqual([known.got.account, known.asked[0]?.what], ["b@example.com", "GET userinfo"]);
  for (const reply of [{ status: 401, body: { error: {} } }, { status: 500, body: "<html>" }, { body: { email: "" } }]) {
    const { got } = await granted(nameless, { "GET userinfo": reply, [LOAD]: ready });
    assert.deepEqual([got.account, got.projectId], [null, "managed-1"]);
  }
});

Deno.test("a new free account is onboarded without any mention of a project", async () => {
  const { got, asked } = await granted(NEW, { [LOAD]: fresh, [ONBOARD]: done("managed-2") });
  assert.deepEqual([got.projectId, got.tier], ["managed-2", "free-tier"]);
  assert.deepEqual(asked[1]?.body, { tierId: "free-tier", metadata: METADATA });
  const configured = await granted({ ...NEW, projectId: "mine" }, { [LOAD]: fresh, [ONBOARD]: done("managed-2") });
  assert.equal(configured.got.projectId, "mine");
  assert.deepEqual(configured.asked[1]?.body, { tierId: "free-tier", metadata: METADATA });
});

Deno.test("another tier is onboarded with the project of the environment", async () => {
  const offer = loads({ allowedTiers: [{ ...standard, isDefault: true }] });
  const { got, asked } = await granted({ ...NEW, projectId: "mine" }, { [LOAD]: offer, [ONBOARD]: done("theirs") });
  assert.deepEqual([got.projectId, got.tier], ["mine", "standard-tier"]);
  const metadata = { ...METADATA, duetProject: "mine" };
  assert.deepEqual(asked.map(({ body }) => body), [
    { cloudaicompanionProject: "mine", metadata },
    { tierId: "standard-tier", cloudaicompanionProject: "mine", metadata },
  ]);
});

Deno.test("without a default there is the legacy tier", async () => {
  const { asked } = await granted(NEW, { [LOAD]: loads({ allowedTiers: null }), [ONBOARD]: done("p") });
  assert.equal(asObject(asked[1]?.body)?.tierId, "legacy-tier");
});

Deno.test("onboarding is asked about every five seconds until it is done, whatever happens on the way", async () => {
  const pending = { body: { name: "operations/x" } };
  const { got, asked, clock } = await granted(NEW, {
    [LOAD]: fresh,
    [ONBOARD]: pending,
    "GET /operations/x": [pending, { status: 502, body: "<html>" }, { status: 429, body: {} }, done("managed-3")],
  });
  assert.equal(got.projectId, "managed-3");
  assert.deepEqual(asked.slice(2).map(({ what, body }) => [what, body]), Array(4).fill(["GET /operations/x", undefined]));
  assert.equal(clock.now(), new FakeClock().now() + 20_000);
});

Deno.test("onboarding that takes more than five minutes is left for later", async () => {
  const pending = { body: { name: "operations/x", done: false } };
  const { got, asked } = await run(NEW, { [LOAD]: fresh, [ONBOARD]: pending, "GET /operations/x": pending });
  assert.equal(isRefusal(got) ? got.kind : "", "transient");
  assert.equal(asked.length, 2 + 60);
});

Deno.test("onboarding ends with the signal", async () => {
  const stop = new AbortController();
  const pending = { body: { name: "operations/x" } };
  class StoppingClock extends FakeClock {
    override after(delayMs: number, fn: () => void): () => void {
      if (delayMs === 5_000) setImmediate(() => stop.abort());
      return super.after(delayMs, fn);
    }
  }
  const got = await refused(NEW, { [LOAD]: fresh, [ONBOARD]: pending }, { signal: stop.signal, clock: new StoppingClock() });
  assert.equal(got.kind, "cancelled");
});

Deno.test("an operation without a name, or with one that leads elsewhere, is not followed", async () => {
  for (const name of [undefined, "", "../v2/x", "operations/../x", "projects/1", 7]) {
    const body = name === undefined ? {} : { name };
    const { got, asked } = await run(NEW, { [LOAD]: fresh, [ONBOARD]: { body } });
    assert.ok(isRefusal(got) && asked.length === 2, String(name));
  }
});

Deno.test("onboarding that fails says why, and whether it may pass", async () => {
  const fails = (code: number): Script => ({ [LOAD]: fresh, [ONBOARD]: { body: { done: true, error: { code, message: "not today" } } } });
  const denied = await refused(NEW, fails(7));
  assert.deepEqual([denied.kind, denied.code], ["needs_login", "7"]);
  assert.match(denied.reason, /not today/);
  assert.equal((await refused(NEW, fails(14))).kind, "transient");
});

Deno.test("no project at all: everything that was tried is told", async () => {
  const onboarded = await refused(NEW, { [LOAD]: fresh, [ONBOARD]: done(undefined) });
  assert.equal(onboarded.kind, "misconfigured");
  assert.match(
    onboarded.reason,
    /Tried: GEMINI_CLI_PROJECT_ID \(not set\), loadCodeAssist \(no tier\), onboardUser \(tier free-tier, no project\)/,
  );
  const known = await refused(NEW, { [LOAD]: loads({ currentTier: standard }) });
  assert.match(known.reason, /loadCodeAssist \(tier standard-tier, no project\)\. Set GEMINI_CLI_PROJECT_ID/);
});

const ineligible = (reasonCode: string, more: JsonObject = {}): JsonObject => ({
  reasonCode,
  reasonMessage: `Said ${reasonCode}.`,
  tierId: "free-tier",
  ...more,
});

Deno.test("an account that may not have the tier is told in Google's words", async () => {
  const load = loads({
    allowedTiers: [{ ...standard, isDefault: true }],
    ineligibleTiers: [ineligible("DASHER_USER"), ineligible("RESTRICTED_AGE")],
  });
  const got = await refused(NEW, { [LOAD]: load, [ONBOARD]: done(undefined) });
  assert.equal(got.kind, "needs_login");
  assert.match(got.reason, /^Said DASHER_USER; Said RESTRICTED_AGE\. No Cloud project/);
  const withProject = await granted({ ...NEW, projectId: "mine" }, { [LOAD]: load, [ONBOARD]: done("mine") });
  assert.equal(withProject.got.projectId, "mine", "another tier is open to it");
});

Deno.test("an account that must be confirmed is told where", async () => {
  const url = "https://accounts.google.com/signin/continue?x=1";
  const load = loads({ allowedTiers: [free], ineligibleTiers: [ineligible("VALIDATION_REQUIRED", { validationUrl: url })] });
  const got = await refused(NEW, { [LOAD]: load });
  assert.deepEqual([got.kind, got.code], ["needs_login", "VALIDATION_REQUIRED"]);
  assert.ok(got.reason.endsWith(url), got.reason);
  const help = { "@type": "x/Help", links: [{ description: "Verify", url }] };
  assert.ok((await refused(NEW, { [LOAD]: error(403, "VALIDATION_REQUIRED", "Verify.", [help]) })).reason.endsWith(url));
});

Deno.test("a client that was ended is withdrawn, in Google's words", async () => {
  const load = loads({ allowedTiers: [{ ...standard, isDefault: true }], ineligibleTiers: [ineligible("UNSUPPORTED_CLIENT")] });
  for (const script of [{ [LOAD]: load }, { [LOAD]: error(403, "UNSUPPORTED_CLIENT", "Said UNSUPPORTED_CLIENT.") }]) {
    const { got, asked } = await run(NEW, script);
    assert.ok(isRefusal(got) && got.kind === "withdrawn");
    assert.match(got.reason, /^Said UNSUPPORTED_CLIENT\. .*licence.*GEMINI_CLI_PROJECT_ID/);
    assert.equal(asked.length, 1, "nothing more is tried");
  }
  const found = { ...NEW, projectId: "managed-1", checkedAt: 0 };
  assert.equal((await refused(found, { [LOAD]: load }, { after: "refresh" })).kind, "withdrawn", "also once it had worked");
  const licensed = await granted({ ...NEW, projectId: "mine" }, { [LOAD]: load, [ONBOARD]: done("mine") });
  assert.equal(licensed.got.tier, "standard-tier", "a project of the environment may have a licence");
});

Deno.test("an organisation that forbids the question has a standard licence", async () => {
  const script = { [LOAD]: error(403, "SECURITY_POLICY_VIOLATED") };
  const { got } = await granted({ ...NEW, projectId: "mine" }, script);
  assert.deepEqual([got.projectId, got.tier], ["mine", "standard-tier"]);
  assert.equal((await refused(NEW, script)).kind, "misconfigured");
});

Deno.test("a project number is refused before anything is sent", async () => {
  const numbered = { ...NEW, projectId: "123456789012" };
  const { got, asked } = await run(numbered, {});
  assert.ok(isRefusal(got) && got.kind === "misconfigured");
  assert.match(got.reason, /"123456789012" is the number of a Cloud project.*GEMINI_CLI_PROJECT_ID/);
  assert.equal(asked.length, 0);
  assert.equal(GEMINI_COMPLETION.isComplete(numbered), false);
});

Deno.test("every other refusal is read for what it means", async () => {
  const mine = { ...NEW, projectId: "mine" };
  const table: readonly (readonly [Reply, Grant, After, RefusalKind, RegExp])[] = [
    [error(403, "SUBSCRIPTION_REQUIRED"), mine, "login", "needs_login", /project mine has no Code Assist licence/],
    [error(403, "SERVICE_DISABLED"), mine, "login", "needs_login", /Gemini for Google Cloud/],
    [error(403, "IAM_PERMISSION_DENIED"), mine, "login", "misconfigured", /check GEMINI_CLI_PROJECT_ID/],
    [error(403, "X"), NEW, "login", "needs_login", /403 \(No\.\)/],
    [error(401, "ACCESS_TOKEN_EXPIRED"), NEW, "login", "needs_login", /401/],
    [error(401, "ACCESS_TOKEN_EXPIRED"), NEW, "load", "transient", /401/],
    [error(401, "ACCESS_TOKEN_EXPIRED"), mine, "refresh", "transient", /401/],
    [error(400, "X"), NEW, "load", "suspicious", /400/],
    [error(400, "X"), mine, "refresh", "transient", /400/],
    [error(503, "X"), NEW, "load", "transient", /503/],
    [{ status: 403, body: "<html><title>Portal</title></html>" }, NEW, "load", "transient", /not JSON/],
    [{ status: 200, body: "" }, NEW, "load", "transient", /not JSON/],
  ];
  for (const [reply, grant, after, kind, words] of table) {
    const got = await refused(grant, { [LOAD]: reply }, { after });
    assert.equal(got.kind, kind, got.reason);
    assert.match(got.reason, words);
  }
  const limited = await refused(NEW, { [LOAD]: { status: 429, body: {}, headers: { "retry-after": "7" } } });
  assert.deepEqual([limited.kind, limited.retryAfterMs], ["rate_limited", 7_000]);
});

Deno.test("a grant that has its project is looked at again once a day and keeps the project", async () => {
  const now = new FakeClock().now();
  const held = { ...NEW, projectId: "managed-1", tier: "free-tier", checkedAt: now - DAY_MS + 1 };
  const early = await granted(held, {}, { after: "refresh" });
  assert.deepEqual([early.got, early.asked.length], [held, 0]);
  const due = { ...held, checkedAt: now - DAY_MS };
  const paid = loads({ currentTier: free, paidTier: { id: "g1-ultra-tier" }, cloudaicompanionProject: "other" });
  const { got, asked } = await granted(due, { [LOAD]: paid }, { after: "refresh" });
  assert.deepEqual([got.projectId, got.tier, got.checkedAt], ["managed-1", "g1-ultra-tier", now]);
  assert.equal(asObject(asked[0]?.body)?.cloudaicompanionProject, "managed-1");
  assert.deepEqual([needsRecheck(held, now), needsRecheck(due, now), needsRecheck(NEW, now)], [false, true, true]);
});
