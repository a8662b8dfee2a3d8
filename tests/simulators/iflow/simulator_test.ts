/** The simulated iFlow itself: login, keys, signatures and refusals as the real service had them. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { asArray, asObject, asString, type JsonObject, parseJson } from "../../../src/kernel/json.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import { iflowHeaders, iflowSession } from "../../../src/providers/iflow_signature.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { collect, openStream, type RawResponse, requestJson, requestRaw } from "../../support/http_client.ts";
import { IFLOW_SCENARIOS, type IflowOptions, type IflowSimulator, startIflowSimulator } from "./simulator.ts";

const CLIENT = { id: "10009311001", secret: "simulated-iflow-secret" };
const REDIRECT = "http://localhost:11451/oauth2callback";

async function started(options: IflowOptions = {}) {
  const clock = new FakeClock();
  const simulator = await startIflowSimulator({ clock, ...options });
  const chat = (key: string, body: JsonObject = {}, headers: Readonly<Record<string, string>> = signed(clock, key)) =>
    requestJson(`${simulator.url}/v1/chat/completions`, { key, headers, body: chatBody(body) });
  const stream = async (body: JsonObject = {}) => {
    const url = `${simulator.url}/v1/chat/completions`;
    const opened = await openStream(url, { key: "k", headers: signed(clock, "k"), body: chatBody({ stream: true, ...body }) });
    return await collect(opened.events());
  };
  return { clock, simulator, chat, stream };
}

function signed(clock: FakeClock, key: string): Readonly<Record<string, string>> {
  return iflowHeaders({ key: new Secret(key), session: iflowSession("c"), now: clock.now() });
}

function chatBody(more: JsonObject): JsonObject {
  return { model: "glm-5", messages: [{ role: "user", content: "hello there" }], ...more };
}

function authorizeUrl(simulator: IflowSimulator, more: Record<string, string> = {}): string {
  const query = { client_id: CLIENT.id, loginMethod: "phone", type: "phone", redirect: REDIRECT, state: "s1", ...more };
  return `${simulator.url}/oauth?${new URLSearchParams(query)}`;
}

async function callback(simulator: IflowSimulator, url = authorizeUrl(simulator)): Promise<URLSearchParams> {
  const { status, headers } = await requestRaw(url);
  assert.equal(status, 302);
  return new URL(headers.location ?? "").searchParams;
}

function token(simulator: IflowSimulator, fields: Record<string, string>, client = CLIENT, basic = client) {
  return requestRaw(`${simulator.url}/oauth/token`, {
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      authorization: `Basic ${Buffer.from(`${basic.id}:${basic.secret}`).toString("base64")}`,
    },
    body: new URLSearchParams({ client_id: client.id, client_secret: client.secret, ...fields }).toString(),
  });
}

function refresh(simulator: IflowSimulator, refreshToken: string) {
  return token(simulator, { grant_type: "refresh_token", refresh_token: refreshToken });
}

function user(simulator: IflowSimulator, accessToken: string) {
  return requestRaw(`${simulator.url}/api/oauth/getUserInfo?accessToken=${encodeURIComponent(accessToken)}`);
}

function said(response: RawResponse): JsonObject {
  return asObject(response.json) ?? {};
}

function text(value: unknown): string {
  return asString(value) ?? "";
}

Deno.test("a code brings tokens once, the tokens bring the key, and the key is called with", async () => {
  const { simulator, chat } = await started();
  await using _ = simulator;
  const returned = await callback(simulator);
  assert.equal(returned.get("state"), "s1");
  const exchange = { grant_type: "authorization_code", code: returned.get("code") ?? "", redirect_uri: REDIRECT };
  assert.equal((await token(simulator, { ...exchange, redirect_uri: "http://localhost:1/oauth2callback" })).status, 400);
  const tokens = said(await token(simulator, exchange));
  assert.deepEqual([tokens.expires_in, tokens.token_type, tokens.scope], [172_800, "bearer", "read"]);
  assert.equal((await token(simulator, exchange)).status, 400);
  const account = asObject(said(await user(simulator, text(tokens.access_token))).data);
  assert.equal(account?.email, "somebody@example.com");
  assert.equal((await chat(text(account?.apiKey))).status, 200);
  assert.equal((await chat(text(tokens.access_token))).status, 401);
});

Deno.test("the person at the browser may refuse, be asked, or come back with another state", async () => {
  const { simulator } = await started({ consent: "deny" });
  await using _ = simulator;
  assert.equal((await callback(simulator)).get("error"), "access_denied");
  simulator.setConsent("wrong_state");
  assert.notEqual((await callback(simulator)).get("state"), "s1");
  simulator.setConsent("ask", "ada@example.com");
  const shown = await requestRaw(authorizeUrl(simulator));
  const link = /id="allow" href="([^"]+)"/.exec(shown.text)?.[1]?.replaceAll("&amp;", "&") ?? "";
  assert.notEqual((await callback(simulator, `${simulator.url}${link}`)).get("code"), null);
  for (const wrong of [{ client_id: "x" }, { type: "mail" }, { redirect: "https://evil.example/oauth2callback" }]) {
    assert.equal((await requestRaw(authorizeUrl(simulator, wrong))).status, 400);
  }
});

Deno.test("a client must name itself in the header and in the form", async () => {
  const { simulator } = await started();
  await using _ = simulator;
  const { refreshToken } = simulator.login("ada@example.com");
  const fields = { grant_type: "refresh_token", refresh_token: refreshToken };
  const wrong = { ...CLIENT, secret: "" };
  for (const [client, basic] of [[wrong, CLIENT], [CLIENT, wrong], [wrong, wrong]] as const) {
    const refused = await token(simulator, fields, client, basic);
    assert.deepEqual([refused.status, said(refused).error_description], [401, "Bad client credentials"]);
  }
});

Deno.test("a refresh rotates and may end the key, which user information then gives anew", async () => {
  const { simulator, chat } = await started({ keyLife: "ends_with_token" });
  await using _ = simulator;
  const first = simulator.login("ada@example.com");
  const second = said(await refresh(simulator, first.refreshToken));
  assert.equal(said(await refresh(simulator, first.refreshToken)).error, "invalid_grant");
  assert.equal(said(await chat(first.apiKey)).status, "439");
  const key = text(asObject(said(await user(simulator, text(second.access_token))).data)?.apiKey);
  assert.notEqual(key, first.apiKey);
  assert.equal((await chat(key)).status, 200);
  simulator.expireTokens();
  assert.equal((await user(simulator, text(second.access_token))).status, 401);
  simulator.revoke("ada@example.com");
  assert.equal((await refresh(simulator, text(second.refresh_token))).status, 400);
});

Deno.test("a call is refused without the right signature of a moment ago", async () => {
  const { clock, simulator, chat } = await started({ apiKeys: ["k"] });
  await using _ = simulator;
  const good = signed(clock, "k");
  assert.equal((await chat("k", {}, good)).status, 200);
  assert.equal((await chat("k", {}, {})).status, 403);
  assert.equal((await chat("k", {}, { ...good, "user-agent": "other" })).status, 403);
  assert.equal((await chat("k", {}, signed(clock, "other key"))).status, 403);
  clock.advance(300_001);
  assert.equal((await chat("k", {}, good)).status, 403);
});

Deno.test("signatures may be left out where they are not required", async () => {
  for (const [signature, missing, wrong] of [["optional", 200, 200], ["wrong_is_403", 200, 403]] as const) {
    const { clock, simulator, chat } = await started({ apiKeys: ["k"], signature });
    await using _ = simulator;
    assert.equal((await chat("k", {}, {})).status, missing);
    assert.equal((await chat("k", {}, signed(clock, "other key"))).status, wrong);
  }
});

Deno.test("other agents are shown fewer models", async () => {
  const { simulator } = await started({ apiKeys: ["k"] });
  await using _ = simulator;
  const count = async (agent: string) => {
    const listed = await requestJson(`${simulator.url}/v1/models`, { key: "k", headers: { "user-agent": agent } });
    return asArray(said(listed).data).length;
  };
  assert.ok(await count("other") < await count("iFlow-Cli"));
});

Deno.test("stream options and lists without a tool are refused", async () => {
  const { simulator, chat } = await started({ apiKeys: ["k"] });
  await using _ = simulator;
  assert.equal((await chat("k", { stream: true, stream_options: { include_usage: true } })).status, 406);
  assert.equal((await chat("k", { tools: [] })).status, 400);
  assert.equal((await chat("k", { tools: [{ type: "function", function: { name: "f", strict: true } }] })).status, 400);
  simulator.fault(IFLOW_SCENARIOS["i.api.406_stream"]());
  assert.equal((await chat("k", { stream: true })).status, 406);
  assert.equal((await chat("k")).status, 200);
});

Deno.test("refusals come as they were scripted, also where a stream was asked for", async () => {
  const { simulator, chat } = await started({ apiKeys: ["k"] });
  await using _ = simulator;
  const wanted: readonly [keyof typeof IFLOW_SCENARIOS, number, string | number][] = [
    ["i.api.439_forever", 200, "439"],
    ["i.api.449", 200, "449"],
    ["i.api.http449", 449, "449"],
    ["i.api.434", 200, "434"],
    ["i.api.435", 200, "435"],
    ["i.api.other", 200, "514"],
    ["i.api.numeric_status", 200, 449],
  ];
  for (const [name, http, status] of wanted) {
    const rule = simulator.fault(IFLOW_SCENARIOS[name]());
    const refused = await chat("k", { stream: true });
    assert.deepEqual([refused.status, said(refused).status, refused.headers["content-type"]], [http, status, "application/json"], name);
    rule.remove();
  }
  const { apiKey } = simulator.login("ada@example.com");
  simulator.fault(IFLOW_SCENARIOS["i.api.439_once"]());
  assert.equal(said(await chat(apiKey)).status, "439");
  assert.equal(said(await chat(apiKey)).status, "439");
  simulator.fault(IFLOW_SCENARIOS["i.api.200_wrapped"]());
  assert.equal(asArray(asObject(said(await chat("k")).data)?.choices).length, 1);
});

Deno.test("the token endpoint and user information fail as they were scripted", async () => {
  const { simulator } = await started();
  await using _ = simulator;
  const { refreshToken, accessToken } = simulator.login("ada@example.com");
  simulator.fault(IFLOW_SCENARIOS["i.refresh.busy"](2));
  for (const _again of [1, 2]) assert.equal(said(await refresh(simulator, refreshToken)).success, false);
  simulator.fault(IFLOW_SCENARIOS["i.refresh.wrapped"]());
  assert.equal(text(asObject(said(await refresh(simulator, refreshToken)).data)?.access_token).slice(0, 4), "iat-");
  const seen = async (name: "i.login.no_api_key" | "i.login.phone_only" | "i.login.no_name" | "i.login.refused") => {
    simulator.fault(IFLOW_SCENARIOS[name]());
    const { email, phone, apiKey } = asObject(said(await user(simulator, accessToken)).data) ?? {};
    return [email, phone, apiKey].map((field) => text(field) !== "");
  };
  assert.deepEqual(await seen("i.login.no_api_key"), [true, true, false]);
  assert.deepEqual(await seen("i.login.phone_only"), [false, true, true]);
  assert.deepEqual(await seen("i.login.no_name"), [false, false, true]);
  assert.deepEqual(await seen("i.login.refused"), [false, false, false]);
  simulator.fault(IFLOW_SCENARIOS["i.gone"]());
  for (const path of ["/oauth", "/oauth/token", "/v1/models"]) assert.equal((await requestRaw(`${simulator.url}${path}`)).status, 404);
});

Deno.test("a stream has its usage in the last chunk, and its oddities are as scripted", async () => {
  const { simulator, stream } = await started({ apiKeys: ["k"] });
  await using _ = simulator;
  const last = (events: readonly string[]) => asObject(parseJson(events.at(-2) ?? ""));
  const plain = await stream();
  assert.equal(plain.at(-1), "[DONE]");
  assert.equal(asObject(last(plain)?.usage)?.total_tokens, 4);
  const scripted = async (name: keyof typeof IFLOW_SCENARIOS) => {
    simulator.fault(IFLOW_SCENARIOS[name]());
    return await stream();
  };
  assert.deepEqual(await scripted("i.stream.no_space"), plain.map((data) => data.replaceAll(/sim-\d+/g, "sim-1")));
  assert.equal(asObject(asArray(last(await scripted("i.stream.no_finish"))?.choices)[0])?.finish_reason, null);
  assert.deepEqual(last(await scripted("i.stream.empty_usage"))?.usage, {});
  assert.equal(last(await scripted("i.stream.no_usage"))?.usage, undefined);
  assert.equal((await scripted("i.stream.blank_event"))[0], "");
  const split = await scripted("i.stream.split");
  assert.deepEqual(split, plain.map((data) => data.replaceAll(/sim-\d+/g, "sim-6")));
  assert.equal((await scripted("i.stream.reasoning_only")).some((data) => data.includes("reasoning_content")), true);
  simulator.fault(IFLOW_SCENARIOS["i.stream.cut"]());
  await assert.rejects(stream());
});
