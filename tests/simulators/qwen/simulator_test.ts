/** The simulated Qwen itself: codes, tokens, hosts and refusals as the real service has them. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { asArray, asObject, asString, type Json, type JsonObject } from "../../../src/kernel/json.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { collect, openStream, type RawResponse, requestJson, requestRaw } from "../../support/http_client.ts";
import { QWEN_SCENARIOS, type QwenOptions, type QwenSimulator, startQwenSimulator } from "./simulator.ts";

const VERIFIER = "v".repeat(43);
const CHALLENGE = createHash("sha256").update(VERIFIER).digest("base64url");
const CLIENT = "f0304373b74a44d2b584a3fb70ca9e56";
const AGENT = { "user-agent": "test/1" };

async function started(options: QwenOptions = {}) {
  const clock = new FakeClock();
  return { clock, simulator: await startQwenSimulator({ clock, ...options }) };
}

function form(simulator: QwenSimulator, path: string, fields: Record<string, string>, headers: Record<string, string> = AGENT) {
  return requestRaw(`${simulator.url}/api/v1/oauth2/${path}`, {
    headers: { ...headers, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(fields).toString(),
  });
}

function said(response: RawResponse): JsonObject {
  return asObject(response.json) ?? {};
}

function refusal(response: RawResponse): (Json | undefined)[] {
  return [response.status, said(response).error];
}

async function askCode(simulator: QwenSimulator): Promise<JsonObject> {
  const scope = "openid profile email model.completion";
  return said(
    await form(simulator, "device/code", { client_id: CLIENT, scope, code_challenge: CHALLENGE, code_challenge_method: "S256" }),
  );
}

function poll(simulator: QwenSimulator, deviceCode: Json | undefined, verifier = VERIFIER) {
  return form(simulator, "token", {
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
    client_id: CLIENT,
    device_code: asString(deviceCode) ?? "",
    code_verifier: verifier,
  });
}

function refresh(simulator: QwenSimulator, refreshToken: Json | undefined) {
  return form(simulator, "token", { grant_type: "refresh_token", client_id: CLIENT, refresh_token: asString(refreshToken) ?? "" });
}

const SYSTEM: JsonObject = { role: "system", content: [{ type: "text", text: "", cache_control: { type: "ephemeral" } }] };

function chatBody(more: JsonObject = {}): JsonObject {
  return { model: "coder-model", messages: [SYSTEM, { role: "user", content: "hello there" }], ...more };
}

function chat(base: string, key: string, body: JsonObject) {
  return requestJson(`${base}/v1/chat/completions`, { key, body, headers: AGENT });
}

Deno.test("a device polls until its user allows, not faster than once a second, and gets tokens once", async () => {
  const { clock, simulator } = await started();
  await using _ = simulator;
  const code = await askCode(simulator);
  assert.deepEqual(simulator.pendingCodes(), [code.user_code]);
  assert.deepEqual(refusal(await poll(simulator, code.device_code)), [400, "authorization_pending"]);
  assert.deepEqual(refusal(await poll(simulator, code.device_code)), [429, "slow_down"]);
  clock.advance(1_000);
  assert.deepEqual(refusal(await poll(simulator, code.device_code, "w".repeat(43))), [400, "invalid_request"]);
  simulator.approve(asString(code.user_code) ?? "", "ada");
  const tokens = said(await poll(simulator, code.device_code));
  assert.equal(tokens.expires_in, 21_600);
  assert.equal(tokens.resource_url, simulator.url.replace("http://", ""));
  assert.equal((await chat(simulator.url, asString(tokens.access_token) ?? "", chatBody())).status, 200);
  clock.advance(1_000);
  assert.equal((await poll(simulator, code.device_code)).status, 401);
  assert.deepEqual(simulator.requests({ endpoint: "chat" }).map(({ account, model }) => [account, model]), [["ada", "coder-model"]]);
});

Deno.test("a user may say no, by the page or by the test, and a code ends", async () => {
  const { clock, simulator } = await started();
  await using _ = simulator;
  const [denied, late] = [await askCode(simulator), await askCode(simulator)];
  const shown = await requestRaw(asString(denied.verification_uri_complete) ?? "");
  const link = /id="deny" href="([^"]+)"/.exec(shown.text)?.[1]?.replaceAll("&amp;", "&") ?? "";
  assert.equal((await requestRaw(`${simulator.url}${link}`)).status, 200);
  assert.deepEqual(refusal(await poll(simulator, denied.device_code)), [400, "access_denied"]);
  assert.equal((await requestRaw(asString(denied.verification_uri) ?? "")).status, 400);
  clock.advance(900_000);
  assert.deepEqual(refusal(await poll(simulator, late.device_code)), [400, "expired_token"]);
});

Deno.test("a wrong client, scope or challenge gets no code", async () => {
  const { simulator } = await started();
  await using _ = simulator;
  const right = {
    client_id: CLIENT,
    scope: "openid profile email model.completion",
    code_challenge: CHALLENGE,
    code_challenge_method: "S256",
  };
  for (const wrong of [{ client_id: "x" }, { scope: "openid" }, { code_challenge: "x" }, { code_challenge_method: "plain" }]) {
    assert.ok((await form(simulator, "device/code", { ...right, ...wrong })).status >= 400, JSON.stringify(wrong));
  }
});

Deno.test("a refresh rotates, and under reuse_kill an old token ends the login", async () => {
  const { simulator } = await started();
  await using _ = simulator;
  const first = simulator.login("ada");
  const second = said(await refresh(simulator, first.refreshToken));
  assert.notEqual(second.refresh_token, first.refreshToken);
  assert.deepEqual(refusal(await refresh(simulator, first.refreshToken)), [400, "invalid_request"]);
  simulator.fault(QWEN_SCENARIOS["q.refresh.reuse_kill"]());
  assert.deepEqual(refusal(await refresh(simulator, first.refreshToken)), [400, "invalid_request"]);
  assert.deepEqual(refusal(await refresh(simulator, second.refresh_token)), [400, "invalid_request"]);
  assert.equal((await chat(simulator.url, asString(second.access_token) ?? "", chatBody())).status, 401);
});

Deno.test("a login may move to the other host and is then refused at the first", async () => {
  const { simulator } = await started();
  await using _ = simulator;
  simulator.fault(QWEN_SCENARIOS["q.refresh.new_resource_url"]());
  const moved = said(await refresh(simulator, simulator.login("ada").refreshToken));
  assert.equal(moved.resource_url, `${simulator.url}/second/v1`);
  const key = asString(moved.access_token) ?? "";
  assert.equal((await chat(simulator.url, key, chatBody())).status, 401);
  assert.equal((await chat(`${simulator.url}/second`, key, chatBody())).status, 200);
  assert.equal((await requestJson(`${simulator.url}/second/v1/models`, { key, headers: AGENT })).status, 200);
});

Deno.test("who does not say what it is gets a page of a wall, whatever it asks", async () => {
  const { simulator } = await started();
  await using _ = simulator;
  for (
    const response of [await form(simulator, "token", {}, {}), await requestJson(`${simulator.url}/v1/chat/completions`, { body: {} })]
  ) {
    assert.deepEqual([response.status, response.headers["content-type"]], [200, "text/html; charset=utf-8"]);
  }
});

Deno.test("chat wants the system's parts first, tools without strict mode, and plain results", async () => {
  const { simulator } = await started({ apiKeys: ["sk-plain"] });
  await using _ = simulator;
  const user: JsonObject = { role: "user", content: "hi" };
  const wrong: readonly JsonObject[] = [
    chatBody({ messages: [user] }),
    chatBody({ messages: [{ role: "system", content: "text" }, user] }),
    chatBody({ messages: [SYSTEM, user, { role: "system", content: "late" }] }),
    chatBody({ messages: [SYSTEM, { role: "tool", tool_call_id: "c", content: [{ type: "text", text: "a" }] }] }),
    chatBody({ tools: [] }),
    chatBody({ tools: [{ type: "function", function: { name: "f", strict: true } }] }),
    chatBody({ tools: [{ type: "function", function: { name: "f", parameters: { additionalProperties: false } } }] }),
  ];
  for (const body of wrong) assert.equal((await chat(simulator.url, "sk-plain", body)).status, 400, JSON.stringify(body));
  const tools = [{ type: "function", function: { name: "f", parameters: { type: "object" } } }];
  assert.equal((await chat(simulator.url, "sk-plain", chatBody({ tools }))).status, 200);
});

Deno.test("tokens end by the clock or by a rule, and a refresh helps unless everything was revoked", async () => {
  const { clock, simulator } = await started();
  await using _ = simulator;
  const { accessToken, refreshToken } = simulator.login("ada");
  simulator.fault(QWEN_SCENARIOS["q.api.401_once"]());
  const refused = await chat(simulator.url, accessToken, chatBody());
  assert.deepEqual([refused.status, asObject(said(refused).error)?.message], [401, "invalid access token or token expired"]);
  const renewed = said(await refresh(simulator, refreshToken));
  const key = asString(renewed.access_token) ?? "";
  assert.equal((await chat(simulator.url, key, chatBody())).status, 200);
  clock.advance(6 * 3_600_000);
  assert.equal((await chat(simulator.url, key, chatBody())).status, 401);
  simulator.revoke("ada");
  assert.equal((await refresh(simulator, renewed.refresh_token)).status, 400);
});

Deno.test("every scenario of the token endpoint answers in its own way", async () => {
  const { clock, simulator } = await started({ consent: "allowed" });
  await using _ = simulator;
  const wanted: readonly [keyof typeof QWEN_SCENARIOS, number, string | undefined][] = [
    ["q.device.pending", 400, "authorization_pending"],
    ["q.device.slow_down_429", 429, "slow_down"],
    ["q.device.slow_down_400", 400, "slow_down"],
    ["q.device.expired", 400, "expired_token"],
    ["q.device.denied", 400, "access_denied"],
    ["q.device.401", 401, "invalid_device_code"],
    ["q.device.429_other", 429, undefined],
    ["q.device.null_token", 200, undefined],
    ["q.poll.html", 200, undefined],
  ];
  const code = await askCode(simulator);
  for (const [name, status, error] of wanted) {
    const rule = simulator.fault(QWEN_SCENARIOS[name]());
    clock.advance(1_000);
    assert.deepEqual(refusal(await poll(simulator, code.device_code)), [status, error], name);
    rule.remove();
  }
  simulator.fault(QWEN_SCENARIOS["q.device.with_interval"](3));
  assert.equal((await askCode(simulator)).interval, 3);
  simulator.fault(QWEN_SCENARIOS["q.refresh.no_resource_url"]());
  simulator.fault(QWEN_SCENARIOS["q.refresh.no_refresh_token"]());
  const { refreshToken } = simulator.login("ada");
  const bare = said(await refresh(simulator, refreshToken));
  assert.equal("resource_url" in bare, false);
});

Deno.test("a stream says finish, usage and [DONE], in this order, and its oddities are as scripted", async () => {
  const { simulator } = await started({ apiKeys: ["k"] });
  await using _ = simulator;
  const stream = async (more: JsonObject = {}) => {
    const body = chatBody({ stream: true, stream_options: { include_usage: true }, ...more });
    const opened = await openStream(`${simulator.url}/v1/chat/completions`, { key: "k", body, headers: AGENT });
    return await collect(opened.events());
  };
  const plain = await stream();
  assert.equal(plain.at(-1), "[DONE]");
  assert.match(plain.at(-2) ?? "", /"choices":\[\].*"usage":\{/);
  assert.match(plain.at(-3) ?? "", /"finish_reason":"stop"/);
  simulator.fault(QWEN_SCENARIOS["q.stream.placeholder_call"]());
  simulator.fault(QWEN_SCENARIOS["q.stream.tool_id_empty"]());
  const odd = await stream();
  assert.ok(odd.some((text) => text.includes('"id":"","type":"function"') && text.includes('"name":null')));
  simulator.fault(QWEN_SCENARIOS["q.stream.no_done"]());
  assert.notEqual((await stream()).at(-1), "[DONE]");
  simulator.fault(QWEN_SCENARIOS["q.stream.cut"]());
  await assert.rejects(stream());
  simulator.fault(QWEN_SCENARIOS["q.stream.think_tags"]());
  const thought = (await stream()).filter((text) => text !== "[DONE]").map((text) => asObject(JSON.parse(text)));
  const text = thought.map((chunk) => asString(asObject(asObject(asArray(chunk?.choices)[0])?.delta)?.content) ?? "").join("");
  assert.equal(text, "<think>\nhm, well\n</think>\n\nthe answer");
});
