/** Counting tokens before they are spent: asked of the provider where it speaks the client's dialect, else counted here. */
import assert from "node:assert/strict";
import { asObject, type JsonObject } from "../../src/kernel/json.ts";
import { anthropicErrorBody } from "../simulators/anthropic_api.ts";
import { rateLimited, reply, stall } from "../simulators/steps.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { type RawResponse, requestJson } from "../support/http_client.ts";

const ENV = { ANTHROPIC_API_KEY_1: "sk-a1", ANTHROPIC_API_KEY_2: "sk-a2", SESSION_AFFINITY: "false" };
const MESSAGES = [{ role: "user", content: "hello big world" }];
const COUNTS = { path: "/v1/messages/count_tokens" };

function start(env: Readonly<Record<string, string>> = {}): Promise<Gateway> {
  return startGateway({ env: { ...ENV, ...env }, others: { ANTHROPIC: {}, GEMINI: {} } });
}

function messages(gateway: Gateway, model: string, more: JsonObject = {}): Promise<RawResponse> {
  const headers = { "anthropic-version": "2023-06-01", "anthropic-beta": "some-beta" };
  return requestJson(`${gateway.baseUrl}/messages/count_tokens`, { body: { model, messages: MESSAGES, ...more }, headers });
}

function google(gateway: Gateway, model: string, body: JsonObject): Promise<RawResponse> {
  return requestJson(`${gateway.baseUrl.replace("/v1", "/v1beta")}/models/${model}:countTokens`, { body });
}

Deno.test("Anthropic is asked under its own name of the model, and another key when the first is limited", async () => {
  await using gateway = await start();
  const simulator = gateway.simulators.ANTHROPIC;
  simulator?.script(COUNTS, rateLimited({ retryAfterSeconds: 60 }), reply(200, { input_tokens: 4_321 }));
  const got = await messages(gateway, "anthropic/claude-sonnet-4-5", { system: "Be kind." });
  assert.deepEqual([got.status, got.json, got.headers["x-keyproxy-provider"]], [200, { input_tokens: 4_321 }, "anthropic"]);
  const asked = simulator?.requests.filter(({ path }) => path.endsWith("count_tokens")) ?? [];
  assert.deepEqual(asked.map(({ key }) => key), ["sk-a1", "sk-a2"]);
  assert.deepEqual(asked[1]?.body, { model: "claude-sonnet-4-5", messages: MESSAGES, system: "Be kind." });
  assert.deepEqual([asked[1]?.headers["anthropic-version"], asked[1]?.headers["anthropic-beta"]], ["2023-06-01", "some-beta"]);
  const pool = gateway.app.snapshot().providers.get("anthropic")?.pool;
  assert.ok(pool?.report("claude-sonnet-4-5").every(({ state }) => state === "ready"), "a limit on counting is none on the model");
  assert.equal(pool?.inFlightCount, 0);
});

Deno.test("Google is asked likewise, whether the request is wrapped or not", async () => {
  await using gateway = await start();
  const simulator = gateway.simulators.GEMINI;
  const contents = [{ role: "user", parts: [{ text: "hello big world" }] }];
  simulator?.script({ path: "/v1beta/models/gemini-2.5-flash:countTokens" }).always(
    reply(200, { totalTokens: 17, promptTokensDetails: [] }),
  );
  simulator?.script({ path: "/v1/models/gemini-2.5-flash:countTokens" }).always(reply(200, { totalTokens: 17, promptTokensDetails: [] }));
  const bare = await google(gateway, "gemini/gemini-2.5-flash", { contents });
  assert.deepEqual(bare.json, { totalTokens: 17, promptTokensDetails: [] });
  assert.deepEqual(simulator?.requests.at(-1)?.body, { contents });
  await google(gateway, "gemini/gemini-2.5-flash", { generateContentRequest: { model: "models/x", contents } });
  assert.deepEqual(simulator?.requests.at(-1)?.body, { generateContentRequest: { model: "models/gemini-2.5-flash", contents } });
});

Deno.test("where the provider speaks another dialect, fails, or says nothing, tokens are counted here", async () => {
  await using gateway = await start({ GLOBAL_TIMEOUT: "0.3" });
  const simulator = gateway.simulators.ANTHROPIC;
  const local = asObject((await messages(gateway, "local/gpt-5")).json)?.input_tokens;
  assert.ok(typeof local === "number" && local > 3 && local < 30);
  assert.equal(gateway.simulator.requests.filter(({ method }) => method === "POST").length, 0);
  for (
    const step of [reply(500, anthropicErrorBody({ type: "api_error", message: "oops" })), reply(200, "<html>"), reply(404, {}), stall()]
  ) {
    simulator?.script(COUNTS, step, step, step);
    const got = await messages(gateway, "anthropic/claude-sonnet-4-5");
    assert.deepEqual([got.status, typeof asObject(got.json)?.input_tokens], [200, "number"]);
  }
  assert.equal((await messages(gateway, "claude-nobody-offers")).status, 200);
  const wrong = await messages(gateway, "anthropic/claude-sonnet-4-5", { messages: 5 });
  assert.deepEqual([wrong.status, asObject(wrong.json)?.type], [400, "error"]);
  const pool = gateway.app.snapshot().providers.get("anthropic")?.pool;
  assert.equal(pool?.inFlightCount, 0);
});

Deno.test("a provider that is slow to count is blamed for nothing", async () => {
  await using gateway = await start({ GLOBAL_TIMEOUT: "0.2" });
  const simulator = gateway.simulators.ANTHROPIC;
  simulator?.script(COUNTS).always(stall());
  for (let round = 0; round < 6; round++) await messages(gateway, "anthropic/claude-sonnet-4-5");
  assert.equal(simulator?.requests.filter(({ path }) => path.endsWith("count_tokens")).length, 6);
  const pool = gateway.app.snapshot().providers.get("anthropic")?.pool;
  assert.ok(pool?.report().every(({ state, today }) => state === "ready" && today.failureCount === 0));
});
