/** The device flow: what is asked, at what pace, and what ends it. The clock is run from pause to pause. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type Answer, callTo, rowOf, says, ScriptedEndpoint } from "../../../tests/support/oauth_call.ts";
import type { JsonObject } from "../../kernel/json.ts";
import type { Grant } from "../grant.ts";
import { type DeviceCode, runDeviceFlow } from "./device_flow.ts";
import { isRefusal, type OAuthCall, type Refusal } from "./flow.ts";

const DEVICE = "device-canary";
const CODE = {
  device_code: DEVICE,
  user_code: "ABCD1234",
  verification_uri: "https://chat.example/authorize",
  verification_uri_complete: "https://chat.example/authorize?user_code=ABCD1234&client=qwen-code",
  expires_in: 900,
};
const PENDING = says({ error: "authorization_pending", error_description: "wait" }, 400);
const GRANTED = says({ access_token: "at", refresh_token: "rt", expires_in: 21_600, resource_url: "portal.example", status: "success" });

interface Played {
  readonly got: Grant | Refusal;
  readonly shown: readonly DeviceCode[];
  readonly endpoint: ScriptedEndpoint;
  /** Pauses before each question after the first, s. */
  readonly pausesS: readonly number[];
}

async function play(code: JsonObject, ...polls: Answer[]): Promise<Played> {
  return await playOn(new ScriptedEndpoint(says(code), ...polls));
}

async function playOn(endpoint: ScriptedEndpoint, more: Partial<OAuthCall> = {}): Promise<Played> {
  const shown: DeviceCode[] = [];
  const got = await endpoint.played(runDeviceFlow(callTo("qwen_code", endpoint, more), { onCode: (code) => shown.push(code) }));
  const times = endpoint.asked.map(({ at }) => at);
  const pausesS = times.slice(1).map((at, index) => (at - (times[index] ?? 0)) / 1000);
  return { got, shown, endpoint, pausesS };
}

function refused({ got }: Played): Refusal {
  assert.ok(isRefusal(got), "there was a grant");
  assert.doesNotMatch(JSON.stringify(got), /canary/);
  return got;
}

Deno.test("the code is asked for, shown, and asked about until there is a grant", async () => {
  const { got, shown, endpoint, pausesS } = await play(CODE, PENDING, PENDING, GRANTED);
  assert.ok(!isRefusal(got));
  assert.deepEqual([got.accessToken.reveal(), got.refreshToken?.reveal(), got.resourceUrl], ["at", "rt", "portal.example"]);
  assert.deepEqual(pausesS, [5, 5, 5]);
  const [first, ...polls] = endpoint.asked;
  assert.ok(first !== undefined);
  assert.deepEqual(shown, [{
    userCode: "ABCD1234",
    verificationUrl: CODE.verification_uri,
    verificationUrlComplete: CODE.verification_uri_complete,
    expiresAt: first.at + 900_000,
    intervalMs: 5_000,
  }]);
  const { code_challenge: challenge, ...form } = Object.fromEntries(first.form);
  assert.equal(first.url, "https://chat.qwen.ai/api/v1/oauth2/device/code");
  assert.deepEqual(form, { client_id: "the-id", scope: "openid profile email model.completion", code_challenge_method: "S256" });
  for (const poll of polls) {
    const { code_verifier: verifier = "", ...rest } = Object.fromEntries(poll.form);
    assert.deepEqual(rest, { grant_type: "urn:ietf:params:oauth:grant-type:device_code", client_id: "the-id", device_code: DEVICE });
    assert.equal(createHash("sha256").update(verifier).digest("base64url"), challenge);
  }
  const ids = endpoint.asked.map(({ headers }) => headers.get("x-request-id") ?? "");
  assert.equal(new Set(ids).size, 4);
  for (const id of ids) assert.match(id, /^[0-9a-f-]{36}$/);
  for (const { headers } of endpoint.asked) assert.match(headers.get("user-agent") ?? "", /^keyproxy\//);
});

Deno.test("the server's interval counts, within reason, and its life ends the wait", async () => {
  const intervals: [JsonObject, number][] = [[{ interval: 2 }, 2], [{ interval: "3" }, 3], [{ interval: 0 }, 5], [{ interval: 1e9 }, 60], [{
    interval: 0.1,
  }, 1]];
  for (const [fields, pauseS] of intervals) assert.deepEqual((await play({ ...CODE, ...fields }, GRANTED)).pausesS, [pauseS]);
  const { got, pausesS, endpoint } = await play({ ...CODE, expires_in: "12" }, PENDING);
  assert.ok(isRefusal(got));
  assert.equal(got.kind, "timed_out");
  assert.deepEqual(pausesS, [5, 5, 2]);
  assert.equal(endpoint.clock.timerCount, 0);
});

Deno.test("slow_down at 429 stretches the pause by half, up to 10 s, and at 400 by 5 s", async () => {
  const asked429 = says({ error: "slow_down" }, 429);
  assert.deepEqual((await play(CODE, asked429, asked429, asked429, PENDING, GRANTED)).pausesS, [5, 7.5, 10, 10, 10]);
  assert.deepEqual((await play({ ...CODE, interval: 20 }, asked429, GRANTED)).pausesS, [20, 20]);
  const asked400 = says({ error: "slow_down" }, 400);
  assert.deepEqual((await play(CODE, asked400, asked400, PENDING, GRANTED)).pausesS, [5, 10, 15, 15]);
});

Deno.test("noise does not end the wait: pages, silence, broken connections, unknown errors, answers without a token", async () => {
  const noise: readonly Answer[] = [
    says("<html>blocked</html>"),
    says("<html>blocked</html>", 403),
    says("", 502),
    new TypeError("connection reset"),
    says({ error: "odd" }, 400),
    says({ error: "odd" }, 403),
    says({ access_token: null, status: "success" }),
    says({}),
  ];
  const { got, pausesS } = await play(CODE, ...noise, GRANTED);
  assert.ok(!isRefusal(got));
  assert.deepEqual(pausesS, [5, 5, 5, 5, 5, 5, 5, 5, 5]);
  const silent = await play(CODE, "silence", GRANTED);
  assert.ok(!isRefusal(silent.got));
  assert.deepEqual(silent.pausesS, [5, 20]);
});

Deno.test("another 429 is heeded once, for as long as it says, and then ends the login", async () => {
  const limited = says({ error: "rate_limit" }, 429, { "retry-after": "30" });
  const once = await play(CODE, limited, PENDING, GRANTED);
  assert.ok(!isRefusal(once.got));
  assert.deepEqual(once.pausesS, [5, 30, 5]);
  const twice = await play(CODE, limited, PENDING, limited);
  assert.deepEqual([refused(twice).kind, twice.pausesS], ["rate_limited", [5, 30, 5]]);
  assert.deepEqual((await play(CODE, says("<html>", 429), GRANTED)).pausesS, [5, 60]);
  assert.deepEqual((await play(CODE, says("{}", 429, { "retry-after": "0" }), GRANTED)).pausesS, [5, 5]);
});

Deno.test("verdicts of the server end the login at once", async () => {
  const table: [JsonObject, number, Refusal["kind"], RegExp][] = [
    [{ error: "access_denied" }, 400, "denied", /denied/],
    [{ error: "access_denied" }, 200, "denied", /denied/],
    [{ error: "expired_token" }, 400, "timed_out", /begin again/],
    [{ error: "odd", error_description: DEVICE }, 401, "timed_out", /begin again/],
    [{}, 401, "timed_out", /begin again/],
    [{ error: "invalid_client" }, 401, "misconfigured", /QWEN_CODE_CLIENT_ID/],
    [{ error: "unauthorized_client" }, 400, "misconfigured", /QWEN_CODE_CLIENT_ID/],
  ];
  for (const [body, status, kind, reason] of table) {
    const played = await play(CODE, says(body, status));
    assert.equal(refused(played).kind, kind);
    assert.match(refused(played).reason, reason);
    assert.equal(played.endpoint.asked.length, 2);
  }
});

Deno.test("no code, no polling: every way not to get one is told as what it is", async () => {
  const table: [Answer, Refusal["kind"], RegExp][] = [
    [says({ error: "invalid_client" }, 401), "misconfigured", /QWEN_CODE_CLIENT_ID/],
    [says({ error: "odd", error_description: "not today" }), "needs_login", /odd: not today/],
    [says({}), "transient", /no code and address/],
    [says({ ...CODE, device_code: "" }), "transient", /no device code/],
    [says({ ...CODE, user_code: "\u001b[2J" }), "transient", /no device code/],
    [says({ ...CODE, verification_uri: "file:///etc/passwd", verification_uri_complete: "calc.exe" }), "transient", /no device code/],
    [says("<html>blocked</html>"), "transient", /not JSON/],
    [says("", 503), "transient", /503/],
    [says("", 429), "rate_limited", /wait/],
    ["silence", "transient", /15 s/],
  ];
  for (const [answer, kind, reason] of table) {
    const played = await playOn(new ScriptedEndpoint(answer));
    assert.equal(refused(played).kind, kind);
    assert.match(refused(played).reason, reason);
    assert.deepEqual([played.endpoint.asked.length, played.shown.length], [1, 0]);
  }
});

Deno.test("who leaves while the code is shown ends it, and nobody is asked any more", async () => {
  const leaver = new AbortController();
  const endpoint = new ScriptedEndpoint(says(CODE), PENDING);
  const call = callTo("qwen_code", endpoint, { signal: leaver.signal });
  const got = await runDeviceFlow(call, { onCode: () => leaver.abort() });
  assert.ok(isRefusal(got));
  assert.equal(got.kind, "cancelled");
  assert.deepEqual([endpoint.asked.length, endpoint.clock.timerCount], [1, 0]);
});

Deno.test("a flow without scopes and PKCE sends neither", async () => {
  const endpoint = new ScriptedEndpoint(says(CODE), GRANTED);
  const { endpoints } = callTo("qwen_code", endpoint);
  const row = rowOf("qwen_code");
  assert.ok(row.flow.kind === "device");
  await playOn(endpoint, { endpoints: { ...endpoints, row: { ...row, scopes: [], flow: { ...row.flow, pkce: "none" } } } });
  const [first, poll] = endpoint.asked.map(({ form }) => [...form.keys()].toSorted());
  assert.deepEqual(first, ["client_id"]);
  assert.deepEqual(poll, ["client_id", "device_code", "grant_type"]);
});
