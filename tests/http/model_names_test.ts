/** Aliases, groups and patterns of model names, on every surface; and strictness about what cannot be carried over. */
import assert from "node:assert/strict";
import { asArray, asObject, type JsonObject, parseJson } from "../../src/kernel/json.ts";
import { rateLimited, rejectedKey, serverError, stall, unknownModel } from "../simulators/steps.ts";
import type { Step } from "../simulators/server.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { requestJson } from "../support/http_client.ts";
import { SURFACES } from "../support/surfaces.ts";

const OTHERS = { ANTHROPIC: {}, GEMINI: {} };
const NAMES = {
  MODEL_ALIAS_FAST_ONE: "local/m",
  FALLBACK_BEST: "local/m,anthropic/claude-sonnet-4-5,gemini/gemini-2.5-flash",
  MODEL_MAP: "claude-*:anthropic/*,gpt-*:local/*",
};

function start(env: Readonly<Record<string, string>> = {}): Promise<Gateway> {
  return startGateway({ others: OTHERS, env: { ...NAMES, ...env } });
}

async function ask(gateway: Gateway, model: string, surface = SURFACES[0]) {
  assert.ok(surface !== undefined);
  const question = { model, isStream: false, said: [{ by: "user" as const, text: "hello" }] };
  const response = await requestJson(`http://127.0.0.1:${gateway.port}${surface.path(question)}`, { body: surface.body(question) });
  const body = asObject(parseJson(response.text)) ?? {};
  return { status: response.status, provider: response.headers["x-keyproxy-provider"], body, surface };
}

Deno.test("an alias, a group and a pattern answer on every surface, under the name the client sent", async () => {
  await using gateway = await start();
  for (const surface of SURFACES) {
    for (
      const [model, provider, sent] of [["fast-one", "local", "m"], ["best", "local", "m"], ["gpt-5", "local", "gpt-5"], [
        "claude-opus-4-1",
        "anthropic",
        "claude-opus-4-1",
      ]]
    ) {
      const answered = await ask(gateway, model ?? "", surface);
      assert.deepEqual([answered.status, answered.provider], [200, provider], JSON.stringify(answered.body));
      assert.equal(surface.heard(answered.body).text, "hello");
      if (surface.name !== "generateContent") assert.equal(answered.body.model, model);
      assert.equal(gateway.simulators[provider?.toUpperCase() ?? ""]?.requests.at(-1)?.model, sent);
    }
  }
});

const REASONS: readonly (readonly [reason: string, step: Step])[] = [
  ["has no such model", unknownModel("m")],
  ["is limited beyond the deadline", rateLimited({ retryAfterSeconds: 3_600 })],
  ["refuses the key", rejectedKey()],
  ["is in trouble", serverError(500)],
];

for (const [reason, step] of REASONS) {
  Deno.test(`a group goes on to its next model when the provider ${reason}`, async () => {
    await using gateway = await start();
    gateway.simulator.script({}).always(step);
    const answered = await ask(gateway, "best");
    assert.deepEqual([answered.status, answered.provider], [200, "anthropic"]);
  });
}

Deno.test("a provider that does not begin to stream leaves time for the next model of its group", async () => {
  await using gateway = await start({ GLOBAL_TIMEOUT: "3" });
  gateway.simulator.script({}).always(stall());
  const got = await requestJson(`${gateway.baseUrl}/chat/completions`, {
    body: { model: "best", stream: true, messages: [{ role: "user", content: "hello" }] },
  });
  assert.deepEqual([got.status, got.headers["x-keyproxy-provider"]], [200, "anthropic"], got.text);
});

Deno.test("a group of embedding models goes on to the next one too, whatever its format", async () => {
  await using gateway = await startGateway({
    others: { BEDROCK: {} },
    env: { BEDROCK_API_KEY_1: "AKIA1234567890ABCDEF:secret-one", FALLBACK_EMBED: "local/sim-embed,bedrock/amazon.titan-embed-text-v2:0" },
  });
  gateway.simulator.script({}).always(rateLimited({ retryAfterSeconds: 3_600 }));
  const got = await requestJson(`${gateway.baseUrl}/embeddings`, { body: { model: "embed", input: ["one", "two"] } });
  assert.deepEqual([got.status, got.headers["x-keyproxy-provider"], asObject(got.json)?.model], [200, "bedrock", "embed"], got.text);
  assert.equal(asArray(asObject(got.json)?.data).length, 2);
});

Deno.test("a group passes over a provider that is not configured, and names its members when none is", async () => {
  await using gateway = await start({ FALLBACK_ODD: "groq/llama,gemini/gemini-2.5-flash", FALLBACK_NONE: "groq/llama,xai/grok" });
  assert.equal((await ask(gateway, "odd")).provider, "gemini");
  const none = await ask(gateway, "none");
  assert.equal(none.status, 404);
  assert.match(String(asObject(none.body.error)?.message), /"none" stands for.*groq\/llama, xai\/grok/);
});

Deno.test("a request that the provider finds wrong is not tried on the next one of a group", async () => {
  await using gateway = await start();
  gateway.simulator.script({}, {
    ...rejectedKey(),
    status: 400,
    body: { from: "json", json: { error: { message: "no such option", type: "invalid_request_error" } } },
  });
  assert.equal((await ask(gateway, "best")).status, 400);
  assert.equal(gateway.simulators.ANTHROPIC?.requests.length, 0);
});

Deno.test("aliases and groups are listed as models, and found one by one", async () => {
  await using gateway = await start();
  const list = asArray(asObject((await requestJson(`${gateway.baseUrl}/models`)).json)?.data).map((row) => asObject(row) ?? {});
  assert.deepEqual(list.slice(0, 2).map(({ id, owned_by }) => [id, owned_by]), [["fast-one", "keyproxy"], ["best", "keyproxy"]]);
  assert.equal((await requestJson(`${gateway.baseUrl}/models/best`)).status, 200);
});

Deno.test("what cannot be carried over is left out and named, or refused by name under KEYPROXY_STRICT", async () => {
  const body: JsonObject = {
    model: "anthropic/claude-sonnet-4-5",
    messages: [{ role: "user", content: "hello" }],
    seed: 7,
    logit_bias: { "1": 2 },
  };
  await using lenient = await start();
  const told = await requestJson(`${lenient.baseUrl}/chat/completions`, { body });
  assert.deepEqual([told.status, told.headers["x-keyproxy-lossy"]], [200, "logit_bias, seed"]);
  await using strict = await start({ KEYPROXY_STRICT: "true" });
  const refused = await requestJson(`${strict.baseUrl}/chat/completions`, { body });
  assert.equal(refused.status, 400);
  assert.match(refused.text, /KEYPROXY_STRICT forbids leaving out: logit_bias, seed/);
  const whole = await requestJson(`${strict.baseUrl}/chat/completions`, { body: { ...body, seed: undefined, logit_bias: undefined } });
  assert.equal(whole.status, 200);
});

Deno.test("a provider whose own format is not translated is reached through a server of the user's that speaks OpenAI's", async () => {
  await using gateway = await startGateway({ others: { WATSONX: {} } });
  const chat = await requestJson(`${gateway.baseUrl}/chat/completions`, {
    body: { model: "watsonx/sim-large", messages: [{ role: "user", content: "hello" }] },
  });
  assert.equal(chat.status, 200, chat.text);
  assert.match((await requestJson(`${gateway.baseUrl}/models`)).text, /"watsonx\/sim-large"/);
});

Deno.test("a client may call its fields what it likes, and as many as it likes: the header that names what was left out stays one", async () => {
  await using gateway = await start();
  const base = { model: "anthropic/claude-sonnet-4-5", messages: [{ role: "user", content: "hello" }] };
  const odd = await requestJson(`${gateway.baseUrl}/chat/completions`, { body: { ...base, "ключ\n": 1 } });
  assert.deepEqual([odd.status, odd.headers["x-keyproxy-lossy"]], [200, "?????"]);
  const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`field_${at}`, at]));
  const got = await requestJson(`${gateway.baseUrl}/chat/completions`, { body: { ...base, ...many } });
  assert.equal(got.status, 200);
  assert.match(String(got.headers["x-keyproxy-lossy"]), /^field_0, .{1800,2000}, and \d+ more$/);
});
