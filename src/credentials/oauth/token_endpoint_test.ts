/** What is sent to token endpoints, and what each of their answers makes of a grant. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { type Answer, callTo, rowOf, says, ScriptedEndpoint } from "../../../tests/support/oauth_call.ts";
import type { JsonObject } from "../../kernel/json.ts";
import { Secret } from "../../kernel/secret.ts";
import { VERSION } from "../../kernel/version.ts";
import { type Grant, grantOf, originOf } from "../grant.ts";
import { isRefusal, type OAuthCall, type Refusal } from "./flow.ts";
import { exchangeCode, refreshGrant } from "./token_endpoint.ts";

const OLD_TOKEN = "rt-canary-0001";
const OLD = grantOf({
  accessToken: new Secret("at-old"),
  refreshToken: new Secret(OLD_TOKEN),
  expiresAt: 1,
  scope: "old scope",
  idToken: new Secret("id-old"),
  account: "a@example.com",
  origin: "0".repeat(64),
  apiKey: new Secret("key-old"),
  resourceUrl: "portal.example",
  projectId: "project-1",
  tier: "free-tier",
  checkedAt: 7,
  clientId: "own-id",
  clientSecret: new Secret("own-secret"),
  universeDomain: "example.com",
});

interface Refreshed {
  readonly got: Grant | Refusal;
  readonly endpoint: ScriptedEndpoint;
}

async function refresh(provider: string, answer: Answer, more: Partial<OAuthCall> = {}, grant = OLD): Promise<Refreshed> {
  const endpoint = new ScriptedEndpoint(answer);
  return { got: await endpoint.played(refreshGrant(callTo(provider, endpoint, more), grant)), endpoint };
}

async function exchange(provider: string, answer: Answer): Promise<Refreshed> {
  const endpoint = new ScriptedEndpoint(answer);
  const asked = exchangeCode(callTo(provider, endpoint), {
    code: "code-canary",
    redirectUri: "http://localhost:1/cb",
    codeVerifier: "verifier",
  });
  return { got: await endpoint.played(asked), endpoint };
}

function granted({ got }: Refreshed): Grant {
  assert.ok(!isRefusal(got), JSON.stringify(got));
  return got;
}

function refused({ got }: Refreshed): Refusal {
  assert.ok(isRefusal(got), "there was a grant");
  return got;
}

/** A grant with its secrets in the open, for comparing. */
function bare(grant: Grant): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(grant).map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]));
}

const TOKENS = { access_token: "at-new", refresh_token: "rt-new", expires_in: 3600, token_type: "Bearer", scope: "s1 s2" };

Deno.test("a code is exchanged with what it was asked for, in a form", async () => {
  const { got, endpoint } = await exchange("gemini_cli", says({ ...TOKENS, id_token: "not.a.jwt" }));
  assert.ok(!isRefusal(got));
  const { url, headers, form } = endpoint.question;
  assert.equal(url, "https://oauth2.googleapis.com/token");
  assert.deepEqual(Object.fromEntries(form), {
    grant_type: "authorization_code",
    code: "code-canary",
    redirect_uri: "http://localhost:1/cb",
    code_verifier: "verifier",
    client_id: "the-id",
    client_secret: "the-secret",
  });
  assert.equal(headers.get("user-agent"), `keyproxy/${VERSION}`);
  assert.equal(headers.get("accept"), "application/json");
  assert.match(headers.get("content-type") ?? "", /^application\/x-www-form-urlencoded/);
  assert.equal(headers.get("authorization"), null);
  assert.deepEqual(bare(got), {
    ...bare(
      grantOf({ accessToken: new Secret("at-new"), refreshToken: new Secret("rt-new"), expiresAt: endpoint.clock.now() + 3_600_000 }),
    ),
    scope: "s1 s2",
    idToken: "not.a.jwt",
    origin: originOf("rt-new"),
  });
});

Deno.test("id and secret go in the form, in both places, or nowhere, as the row says", async () => {
  const odd = { id: "id", secret: new Secret("a-b_c.d:e+f/ü") };
  const both = (await refresh("iflow", says(TOKENS), { client: odd })).endpoint.question;
  assert.deepEqual([both.form.get("client_id"), both.form.get("client_secret")], [odd.id, odd.secret.reveal()]);
  assert.equal(both.headers.get("authorization"), `Basic ${Buffer.from(`id:${odd.secret.reveal()}`).toString("base64")}`);
  const open = (await refresh("qwen_code", says(TOKENS))).endpoint.question;
  assert.deepEqual(Object.fromEntries(open.form), { grant_type: "refresh_token", refresh_token: OLD_TOKEN, client_id: "the-id" });
  assert.equal(open.headers.get("authorization"), null);
});

Deno.test("headers of the row come before our own, without being added to them", async () => {
  const endpoint = new ScriptedEndpoint(says(TOKENS));
  const call = callTo("iflow", endpoint);
  const row = { ...rowOf("iflow"), tokenHeaders: { "User-Agent": "iFlow-Cli", "X-More": "1" } };
  granted({ got: await refreshGrant({ ...call, endpoints: { ...call.endpoints, row } }, OLD), endpoint });
  assert.equal(endpoint.question.headers.get("user-agent"), "iFlow-Cli");
  assert.equal(endpoint.question.headers.get("x-more"), "1");
});

Deno.test("a refresh keeps everything its answer leaves out", async () => {
  const { got, endpoint } = await refresh("gemini_cli", says({ access_token: "at-new", expires_in: 3599, token_type: "Bearer" }));
  assert.ok(!isRefusal(got));
  assert.deepEqual(bare(got), { ...bare(OLD), accessToken: "at-new", expiresAt: endpoint.clock.now() + 3_599_000 });
});

Deno.test("a refresh takes over everything its answer brings", async () => {
  const answer = { ...TOKENS, token_type: "bearer", id_token: "id-new", resource_url: "other.example" };
  assert.deepEqual(bare(granted(await refresh("qwen_code", says(answer)))), {
    ...bare(OLD),
    accessToken: "at-new",
    refreshToken: "rt-new",
    expiresAt: new ScriptedEndpoint().clock.now() + 3_600_000,
    tokenType: "bearer",
    scope: "s1 s2",
    idToken: "id-new",
    resourceUrl: "other.example",
  });
});

Deno.test("a rotated login keeps its origin, and one without gets that of the token it came with", async () => {
  const { origin: _none, ...rest } = OLD;
  const young = grantOf({ ...rest, account: null });
  const once = granted(await refresh("qwen_code", says(TOKENS), {}, young));
  assert.equal(once.origin, originOf(OLD_TOKEN));
  const twice = granted(await refresh("qwen_code", says({ ...TOKENS, refresh_token: "rt-third" }), {}, once));
  assert.equal(twice.origin, originOf(OLD_TOKEN));
});

Deno.test("how long a token lives is read as number and as text; without, it is unknown", async () => {
  const lives: [JsonObject, number | null][] = [
    [{ expires_in: 60 }, 60_000],
    [{ expires_in: "60" }, 60_000],
    [{ expires_in: 900.25 }, 900_250],
    [{ expires_in: 1e300 }, 10 * 365 * 86_400_000],
    [{}, null],
    [{ expires_in: null }, null],
    [{ expires_in: "" }, null],
    [{ expires_in: "soon" }, null],
    [{ expires_in: 0 }, null],
    [{ expires_in: -5 }, null],
  ];
  for (const [fields, lifeMs] of lives) {
    for (const ask of [refresh, exchange]) {
      const answered = await ask("qwen_code", says({ access_token: "at", refresh_token: "rt", ...fields }));
      const expected = lifeMs === null ? null : answered.endpoint.clock.now() + lifeMs;
      assert.equal(granted(answered).expiresAt, expected, JSON.stringify(fields));
    }
  }
});

Deno.test("answers in a wrapping, with a wrong content type or another 2xx are grants", async () => {
  const wrapped = { success: true, code: "200", message: null, data: TOKENS };
  assert.equal(granted(await refresh("iflow", says(wrapped))).accessToken.reveal(), "at-new");
  assert.equal(granted(await refresh("iflow", says(JSON.stringify(TOKENS)))).accessToken.reveal(), "at-new");
  assert.equal(granted(await refresh("iflow", says(TOKENS, 201))).accessToken.reveal(), "at-new");
});

Deno.test("no oddity beside a token ever costs the token", async () => {
  const odd = fc.dictionary(
    fc.constantFrom("token_type", "scope", "refresh_token", "id_token", "expires_in", "resource_url", "error", "error_description", "data"),
    fc.oneof(
      fc.string(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constant(null),
      fc.boolean(),
      fc.constant<JsonObject>({}),
    ),
  );
  await fc.assert(fc.asyncProperty(odd, fc.constantFrom("gemini_cli", "qwen_code", "iflow"), async (fields, provider) => {
    const grant = granted(await refresh(provider, says({ ...fields, access_token: "at-new" })));
    assert.equal(grant.accessToken.reveal(), "at-new");
    assert.equal(grant.refreshToken?.reveal(), typeof fields.refresh_token === "string" && fields.refresh_token || OLD_TOKEN);
  }));
});

/** Provider, answer, kind, and what the reason must say. */
const REFRESH_TABLE: readonly [string, string, Answer, Refusal["kind"], RegExp?][] = [
  [
    "no connection",
    "gemini_cli",
    Object.assign(new TypeError("error sending request"), { code: "ECONNREFUSED" }),
    "transient",
    /oauth2\.googleapis\.com cannot be reached \(ECONNREFUSED\)/,
  ],
  ["silence", "qwen_code", "silence", "transient", /did not answer within 15 s/],
  ["502 with a page", "gemini_cli", says("<html>Bad Gateway</html>", 502), "transient", /502/],
  ["500 with JSON", "gemini_cli", says({ error: "internal_failure" }, 500), "transient"],
  ["400 with a page", "qwen_code", says("<html>blocked</html>", 400), "transient"],
  ["401 with a page", "iflow", says("<html>blocked</html>", 401), "transient"],
  ["200 with a page", "qwen_code", says("<html>blocked</html>"), "transient"],
  ["200 with nothing", "qwen_code", says(""), "transient"],
  ["200 with half a JSON", "qwen_code", says('{"access_token":"at'), "transient"],
  ["200 with a list", "qwen_code", says("[]"), "transient"],
  ["a huge answer", "qwen_code", says(`{"access_token":"${"x".repeat(300_000)}"}`), "transient"],
  ["a redirect", "gemini_cli", says("", 302, { location: "https://elsewhere.example/" }), "transient"],
  ["404 with JSON", "gemini_cli", says({ error: "not_found" }, 404), "transient", /404 \(not_found\)/],
  ["400 that passes", "gemini_cli", says({ error: "temporarily_unavailable" }, 400), "transient"],
  ["slow_down", "qwen_code", says({ error: "slow_down" }, 429), "rate_limited"],
  [
    "Google: expired or revoked",
    "gemini_cli",
    says({ error: "invalid_grant", error_description: "Token has been expired or revoked." }, 400),
    "needs_login",
    /Token has been expired or revoked\./,
  ],
  [
    "Google: account deleted",
    "gemini_cli",
    says({ error: "invalid_grant", error_description: "Account has been deleted" }, 400),
    "needs_login",
    /Account has been deleted/,
  ],
  [
    "Google: session control",
    "gemini_cli",
    says({ error: "invalid_grant", error_description: "reauth related error (invalid_rapt)", error_subtype: "invalid_rapt" }, 400),
    "needs_login",
    /organisation limits how long/,
  ],
  [
    "Google: wrong client",
    "gemini_cli",
    says({ error: "invalid_client", error_description: "Unauthorized" }, 401),
    "misconfigured",
    /GEMINI_CLI_CLIENT_ID and GEMINI_CLI_CLIENT_SECRET/,
  ],
  [
    "Google: foreign token",
    "gemini_cli",
    says({ error: "unauthorized_client" }, 400),
    "misconfigured",
    /another OAuth client.*GEMINI_CLI_CLIENT_ID/,
  ],
  ["Google: unknown 400", "gemini_cli", says({ error: "access_denied" }, 400), "suspicious", /access_denied/],
  [
    "Google: error as an object",
    "gemini_cli",
    says({ error: { code: 400, status: "INVALID_ARGUMENT", message: "Odd" } }, 400),
    "suspicious",
    /INVALID_ARGUMENT: Odd/,
  ],
  ["Google: unknown 401", "gemini_cli", says({}, 401), "suspicious"],
  ["Google: no token", "gemini_cli", says({ token_type: "Bearer" }), "suspicious", /gave no token/],
  [
    "Qwen: refused",
    "qwen_code",
    says({ error: "invalid_request", error_description: "Invalid refresh token or client_id" }, 400),
    "needs_login",
  ],
  ["Qwen: refused with 401", "qwen_code", says({ error: "unauthorized" }, 401), "needs_login"],
  ["Qwen: 401 that says nothing", "qwen_code", says({}, 401), "suspicious"],
  ["Qwen: error at 200", "qwen_code", says({ error: "invalid_request", error_description: "gone" }), "needs_login"],
  ["Qwen: unknown 400", "qwen_code", says({ error: "busy" }, 400), "suspicious"],
  ["Qwen: wrong client", "qwen_code", says({ error: "invalid_client" }, 401), "misconfigured", /check QWEN_CODE_CLIENT_ID$/],
  ["Qwen: null token", "qwen_code", says({ access_token: null, status: "success" }), "suspicious"],
  [
    "iFlow: too many people",
    "iflow",
    says({ success: false, code: "500", message: "当前找我聊的人太多了", data: null, extra: null }),
    "suspicious",
    /人太多/,
  ],
  ["iFlow: invalid_grant", "iflow", says({ error: "invalid_grant" }, 400), "needs_login"],
  ["iFlow: invalid_request", "iflow", says({ error: "invalid_request" }, 400), "needs_login"],
  ["iFlow: invalid in words", "iflow", says({ success: false, message: "refresh token is Invalid" }, 400), "needs_login"],
  ["iFlow: unknown 400", "iflow", says({ success: false, message: "busy" }, 400), "suspicious"],
  ["iFlow: 401", "iflow", says({ success: false, message: "unauthorized" }, 401), "needs_login"],
  ["iFlow: 403", "iflow", says({ success: false, message: "forbidden" }, 403), "needs_login"],
  [
    "iFlow: wrong client",
    "iflow",
    says({ error: "invalid_client", error_description: "Bad client credentials" }, 401),
    "misconfigured",
    /Bad client credentials.*IFLOW_CLIENT_SECRET/,
  ],
];

for (const [name, provider, answer, kind, reason] of REFRESH_TABLE) {
  Deno.test(`a refresh that meets ${name} is ${kind}`, async () => {
    const got = refused(await refresh(provider, answer));
    assert.equal(got.kind, kind, got.reason);
    if (reason !== undefined) assert.match(got.reason, reason);
  });
}

Deno.test("a rate limit brings its wait: seconds, a date, or a minute", async () => {
  const { clock } = new ScriptedEndpoint();
  const waits: [Readonly<Record<string, string>>, number][] = [
    [{ "retry-after": "7" }, 7_000],
    [{ "retry-after": new Date(clock.now() + 90_000).toUTCString() }, 90_000],
    [{ "retry-after": new Date(clock.now() - 90_000).toUTCString() }, 0],
    [{ "retry-after": "later" }, 60_000],
    [{}, 60_000],
  ];
  for (const [headers, retryAfterMs] of waits) {
    for (const body of ["<html>", { error: "rate_limit_exceeded" }]) {
      const got = refused(await refresh("gemini_cli", says(body, 429, headers)));
      assert.deepEqual([got.kind, got.retryAfterMs, got.status], ["rate_limited", retryAfterMs, 429]);
    }
  }
  assert.equal(refused(await refresh("gemini_cli", says("", 503, { "retry-after": "9" }))).retryAfterMs, 9_000);
});

Deno.test("a refusal names code and status, and never repeats what was sent", async () => {
  const echo = `no ${OLD_TOKEN} with the-secret, nor ${"x".repeat(60)}\u001b[31m\nred`;
  const got = refused(await refresh("gemini_cli", says({ error: "odd", error_description: echo }, 400)));
  assert.deepEqual([got.code, got.status], ["odd", 400]);
  assert.match(got.reason, /\(odd: no … with …, nor … \[31m red\)$/);
  const atLogin = refused(await exchange("iflow", says({ error: "odd", error_description: "code-canary verifier the-secret" }, 400)));
  assert.doesNotMatch(JSON.stringify(atLogin), /canary|verifier|the-secret/);
});

Deno.test("at login a code that is gone, a denial, a wrong port and other refusals are told apart", async () => {
  const table: [JsonObject, number, Refusal["kind"], RegExp][] = [
    [{ error: "invalid_grant", error_description: "Bad Request" }, 400, "needs_login", /begin the login again/],
    [{ error: "access_denied" }, 403, "denied", /denied/],
    [{ error: "redirect_uri_mismatch", error_description: "Bad Request" }, 400, "misconfigured", /GEMINI_CLI_OAUTH_PORT/],
    [{ error: "invalid_client" }, 401, "misconfigured", /GEMINI_CLI_CLIENT_SECRET/],
    [{ error: "odd" }, 400, "needs_login", /refused the login \(odd\)/],
    [{ error: "server_error" }, 503, "transient", /503/],
  ];
  for (const [body, status, kind, reason] of table) {
    const got = refused(await exchange("gemini_cli", says(body, status)));
    assert.equal(got.kind, kind);
    assert.match(got.reason, reason);
  }
});

Deno.test("a call that is given up is cancelled, before and while it waits", async () => {
  const leaver = new AbortController();
  const endpoint = new ScriptedEndpoint("silence");
  const waiting = refreshGrant(callTo("qwen_code", endpoint, { signal: leaver.signal }), OLD);
  leaver.abort();
  assert.equal(refused({ got: await waiting, endpoint }).kind, "cancelled");
  assert.equal(endpoint.clock.timerCount, 0);
});

Deno.test("an answer that never ends is given up too", async () => {
  const endless: Answer = () => new Response(new ReadableStream({ start: (it) => it.enqueue(new TextEncoder().encode("{")) }));
  const endpoint = new ScriptedEndpoint(endless);
  const withSignal: typeof fetch = async (input, init) => {
    const reply = await endpoint.fetch(input, init);
    return new Response(reply.body?.pipeThrough(new TransformStream(), init?.signal ? { signal: init.signal } : {}));
  };
  const got = await endpoint.played(refreshGrant(callTo("qwen_code", endpoint, { fetch: withSignal }), OLD));
  assert.equal(refused({ got, endpoint }).kind, "transient");
});

Deno.test("a grant without a refresh token needs a login, and nobody is asked", async () => {
  const endpoint = new ScriptedEndpoint();
  const got = await refreshGrant(callTo("qwen_code", endpoint), { ...OLD, refreshToken: null });
  assert.equal(refused({ got, endpoint }).kind, "needs_login");
  assert.equal(endpoint.asked.length, 0);
});

Deno.test("tokens are renewed where they come from, unless that is no private place or another is set", async () => {
  const row = rowOf("gemini_cli").tokenUrl;
  const where: [string | null, string | undefined, string][] = [
    [null, undefined, row],
    ["https://own.example/token", undefined, "https://own.example/token"],
    ["http://127.0.0.1:9/token", undefined, "http://127.0.0.1:9/token"],
    ["http://own.example/token", undefined, row],
    ["own.example", undefined, row],
    ["https://own.example/token", "http://set.example/token", "http://set.example/token"],
  ];
  for (const [tokenUrl, set, expected] of where) {
    const endpoint = new ScriptedEndpoint(says(TOKENS));
    const call = callTo("gemini_cli", endpoint);
    const endpoints = set === undefined ? call.endpoints : { ...call.endpoints, tokenUrl: set };
    const grant = granted({ got: await refreshGrant({ ...call, endpoints }, { ...OLD, tokenUrl }), endpoint });
    assert.equal(endpoint.question.url, expected);
    assert.equal(grant.tokenUrl, tokenUrl);
  }
});
