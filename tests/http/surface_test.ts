/** The routes and what bad input gets: a 4xx in OpenAI's error shape that names the field, and an untouched pool. */
import assert from "node:assert/strict";
import { asArray, asObject, type Json } from "../../src/kernel/json.ts";
import { connectRaw } from "../simulators/raw_client.ts";
import { requestJson, requestRaw } from "../support/http_client.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { CHAT, chat, errorOf, poolOf, TWO_KEYS } from "./chat.ts";

const BAD_BODIES: readonly (readonly [name: string, path: string, body: string, status: number, param: string | null])[] = [
  ["no body", "/chat/completions", "", 400, null],
  ["broken JSON", "/chat/completions", '{"model":', 400, null],
  ["an array", "/chat/completions", "[]", 400, null],
  ["a text", "/chat/completions", '"hi"', 400, null],
  ["no model", "/chat/completions", '{"messages":[{"role":"user","content":"x"}]}', 400, "model"],
  ["a number as model", "/chat/completions", '{"model":7,"messages":[{"role":"user"}]}', 400, "model"],
  ["an empty model", "/chat/completions", '{"model":"","messages":[{"role":"user"}]}', 400, "model"],
  ["no messages", "/chat/completions", '{"model":"local/m"}', 400, "messages"],
  ["empty messages", "/chat/completions", '{"model":"local/m","messages":[]}', 400, "messages"],
  ["a message without a role", "/chat/completions", '{"model":"local/m","messages":[{"role":"user"},{}]}', 400, "messages[1].role"],
  ["a text as stream", "/chat/completions", '{"model":"local/m","messages":[{"role":"user"}],"stream":"yes"}', 400, "stream"],
  ["an unknown provider", "/chat/completions", '{"model":"nobody/m","messages":[{"role":"user"}]}', 404, "model"],
  ["a provider without a model", "/chat/completions", '{"model":"local/","messages":[{"role":"user"}]}', 404, "model"],
  ["a bare model that nobody lists", "/chat/completions", '{"model":"m","messages":[{"role":"user"}]}', 404, "model"],
  ["no prompt", "/completions", '{"model":"local/m"}', 400, "prompt"],
  ["no input", "/embeddings", '{"model":"local/m"}', 400, "input"],
  ["an empty list of inputs", "/embeddings", '{"model":"local/m","input":[]}', 400, "input"],
  ["absurd dimensions", "/embeddings", '{"model":"local/m","input":"x","dimensions":1e308}', 400, "dimensions"],
  ["no dimensions at all", "/embeddings", '{"model":"local/m","input":"x","dimensions":0}', 400, "dimensions"],
  ["an odd encoding", "/embeddings", '{"model":"local/m","input":"x","encoding_format":"hex"}', 400, "encoding_format"],
  ["nothing to count", "/token-count", '{"model":"gpt-4o"}', 400, "messages"],
  ["nothing to count for", "/token-count", '{"text":"x"}', 400, "model"],
];

async function assertUntouched(gateway: Gateway): Promise<void> {
  assert.equal(gateway.simulator.requests.filter((request) => request.method === "POST").length, 0);
  assert.equal(poolOf(gateway).inFlightCount, 0);
  assert.ok(poolOf(gateway).report().every((member) => member.state === "ready" && member.today.requestCount === 0));
  await gateway.running(0);
}

for (const [name, path, body, status, param] of BAD_BODIES) {
  Deno.test(`${name} at ${path}: ${status}, and nothing in the pool changes`, async () => {
    await using gateway = await startGateway({ env: TWO_KEYS });
    for (const base of [gateway.baseUrl, gateway.baseUrl.replace("/v1", "")]) {
      const got = await requestRaw(`${base}${path}`, { method: "POST", body, headers: { "content-type": "application/json" } });
      assert.equal(got.status, status);
      assert.equal(errorOf(got.json).param, param);
    }
    await assertUntouched(gateway);
  });
}

Deno.test("a body over the limit is a 413, announced or not, and the next request is served", async () => {
  await using gateway = await startGateway({ env: { ...TWO_KEYS, MAX_BODY_BYTES: "2000" } });
  const body = JSON.stringify({ ...CHAT, filler: "x".repeat(5_000) });
  const got = await requestRaw(`${gateway.baseUrl}/chat/completions`, { method: "POST", body });
  assert.equal(got.status, 413);
  assert.match(String(errorOf(got.json).message), /2000 bytes \(MAX_BODY_BYTES\)/);
  const raw = await connectRaw(gateway.port);
  raw.send(`POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n`);
  await raw.sees("413");
  await raw.sees("too_large");
  raw.close();
  await assertUntouched(gateway);
  assert.equal((await chat(gateway)).status, 200);
});

Deno.test("a header that makes no sense is a 4xx that names it", async () => {
  await using gateway = await startGateway({ env: TWO_KEYS });
  for (const value of ["soon", "-1", "0", "1e9", ""]) {
    const got = await chat(gateway, CHAT, { headers: { "x-keyproxy-timeout": value } });
    assert.equal(got.status, 400, `x-keyproxy-timeout: ${value}`);
    assert.equal(errorOf(got.json).param, "x-keyproxy-timeout");
  }
  assert.equal((await chat(gateway, CHAT, { headers: { "content-encoding": "zstd" } })).status, 415);
  await assertUntouched(gateway);
});

Deno.test("a client key is accepted in three headers; without one there is a 401 that says nothing else", async () => {
  await using gateway = await startGateway({ env: { ...TWO_KEYS, PROXY_API_KEY: "kp-one-0123456789, kp-two-0123456789" } });
  for (
    const headers of [
      { authorization: "Bearer kp-one-0123456789" },
      { "x-api-key": "kp-two-0123456789" },
      { "x-goog-api-key": "kp-one-0123456789" },
    ]
  ) assert.equal((await chat(gateway, CHAT, { headers })).status, 200);
  const texts = new Set<string>();
  for (const model of ["local/m", "nobody/m"]) {
    for (const headers of [{}, { authorization: "Bearer kp-wrong" }, { authorization: "kp-one-0123456789" }]) {
      const got = await chat(gateway, { ...CHAT, model }, { headers });
      assert.equal(got.status, 401);
      errorOf(got.json);
      texts.add(got.text);
    }
  }
  assert.equal(texts.size, 1);
  const root = gateway.baseUrl.replace("/v1", "");
  for (const path of ["/", "/healthz", "/readyz"]) assert.equal((await requestRaw(`${root}${path}`)).status, 200);
  assert.equal((await requestRaw(`${root}/v1/models`)).status, 401);
});

Deno.test("models are listed with their provider, defined ones first, and one can be asked for", async () => {
  await using gateway = await startGateway({
    env: { ...TWO_KEYS, LOCAL_MODELS: '{"mine":{"id":"vendor/real","options":{"temperature":0}}}', IGNORE_MODELS_LOCAL: "*-small" },
    simulatorOptions: { models: ["org/large", "org/x-small"] },
  });
  const listed = await requestJson(`${gateway.baseUrl}/models`);
  assert.deepEqual(idsOf(listed.json), ["local/mine", "local/org/large"]);
  const bare = await requestJson(`${gateway.baseUrl}/models?enriched=false`);
  assert.deepEqual(Object.keys(asObject(asArray(asObject(bare.json)?.data)[0]) ?? {}), ["id", "object", "created", "owned_by"]);
  assert.equal((await requestJson(`${gateway.baseUrl}/models/local/org/large`)).status, 200);
  assert.equal((await requestJson(`${gateway.baseUrl}/models/local/org/x-small`)).status, 404);
  const hidden = await chat(gateway, { ...CHAT, model: "local/org/x-small" });
  assert.equal(hidden.status, 404);
  assert.equal((await chat(gateway, { ...CHAT, model: "org/large" })).status, 200, "a bare id that one provider lists");
  await chat(gateway, { ...CHAT, model: "local/mine", temperature: 1 });
  const sent = asObject(gateway.simulator.requests.at(-1)?.body);
  assert.deepEqual([sent?.model, sent?.temperature], ["vendor/real", 1]);
});

function idsOf(json: Json | undefined): (Json | undefined)[] {
  return asArray(asObject(json)?.data).map((row) => asObject(row)?.id);
}

Deno.test("a bare model id that two providers list is a 404 that names both", async () => {
  await using gateway = await startGateway({ env: TWO_KEYS, others: { OTHER: {} } });
  await requestJson(`${gateway.baseUrl}/models`);
  const got = await chat(gateway, { ...CHAT, model: "sim-large" });
  assert.equal(got.status, 404);
  assert.match(String(errorOf(got.json).message), /local\/sim-large, other\/sim-large/);
});

Deno.test("providers are listed with their credentials by state, and no secret", async () => {
  await using gateway = await startGateway({ env: TWO_KEYS });
  await chat(gateway);
  const got = await requestJson(`${gateway.baseUrl}/providers`);
  const local = asObject(asArray(asObject(got.json)?.data)[0]);
  assert.deepEqual([local?.id, local?.credential_count, local?.credentials_by_state], ["local", 2, { ready: 2 }]);
  assert.ok(!got.text.includes(TWO_KEYS.LOCAL_API_KEY_1));
});

Deno.test("tokens are counted, and an estimate says that it is one", async () => {
  await using gateway = await startGateway({ env: TWO_KEYS });
  const count = async (body: object) => asObject((await requestJson(`${gateway.baseUrl}/token-count`, { body })).json);
  assert.deepEqual(await count({ model: "gpt-4o", text: "hello world" }), { token_count: 2, is_estimate: false, encoding: "o200k_base" });
  assert.equal((await count({ model: "anthropic/claude-x", text: "hello world" }))?.is_estimate, true);
  assert.equal((await count({ model: "gpt-4o", messages: CHAT.messages }))?.token_count, 3 + 1 + 3 + 3);
});

Deno.test("an unknown route is a 404 in the same shape, and ready means that a key could be used", async () => {
  await using gateway = await startGateway({ env: { LOCAL_API_KEY_1: "sk-only-0123456789" } });
  const root = gateway.baseUrl.replace("/v1", "");
  errorOf((await requestRaw(`${root}/v1/nothing`)).json);
  assert.equal((await requestRaw(`${root}/readyz`)).status, 200);
  gateway.app.stop();
  assert.equal((await requestRaw(`${root}/readyz`)).status, 503);
  assert.equal((await requestRaw(`${root}/healthz`)).status, 200);
});

Deno.test("browsers get in only from the origins that CORS_ORIGINS names", async () => {
  await using gateway = await startGateway({ env: { ...TWO_KEYS, CORS_ORIGINS: "https://app.example" } });
  const ask = (origin: string, method = "GET") =>
    requestRaw(`${gateway.baseUrl}/models`, { method, headers: { origin, "access-control-request-method": "POST" } });
  assert.equal((await ask("https://app.example")).headers["access-control-allow-origin"], "https://app.example");
  assert.equal((await ask("https://evil.example")).headers["access-control-allow-origin"], undefined);
  assert.equal((await ask("https://app.example", "OPTIONS")).status, 204);
});
