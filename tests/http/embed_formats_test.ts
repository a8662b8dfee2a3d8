/** Embeddings of providers with formats of their own, asked for in OpenAI's words and in Google's. */
import assert from "node:assert/strict";
import { asArray, asNumber, asObject, type Json, type JsonObject } from "../../src/kernel/json.ts";
import { embeddingOf, vectorsOf } from "../simulators/embeddings.ts";
import { rateLimited, reply } from "../simulators/steps.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { requestJson } from "../support/http_client.ts";

const TEXTS = ["one", "two words", "three short words"];

function start(): Promise<Gateway> {
  return startGateway({
    others: { VERTEX_AI: {}, BEDROCK: {}, GEMINI: {} },
    env: { BEDROCK_API_KEY_1: "AKIA1234567890ABCDEF:secret-one", VERTEX_AI_API_KEY_1: "express-key-1" },
  });
}

function embed(gateway: Gateway, model: string, rest: JsonObject = {}) {
  return requestJson(`${gateway.baseUrl}/embeddings`, { body: { model, input: TEXTS, ...rest } });
}

function bodies(gateway: Gateway, name: string): readonly (Json | undefined)[] {
  return gateway.simulators[name]?.requests.map(({ body }) => body) ?? [];
}

function tokens(json: Json | undefined): number | undefined {
  return asNumber(asObject(asObject(json)?.usage)?.prompt_tokens);
}

const MODELS: readonly (readonly [model: string, callCount: number, sized: boolean])[] = [
  ["vertex_ai/text-embedding-005", 1, true],
  ["vertex_ai/gemini-embedding-001", 3, true],
  ["vertex_ai/gemini-embedding-2-preview", 3, true],
  ["bedrock/amazon.titan-embed-text-v2:0", 3, true],
  ["bedrock/amazon.titan-embed-text-v1", 3, false],
  ["bedrock/us.cohere.embed-v4:0", 1, true],
  ["bedrock/cohere.embed-multilingual-v3", 1, false],
];

for (const [model, callCount, isSized] of MODELS) {
  Deno.test(`${model} gives vectors in the order of the texts, in either encoding, with the tokens counted once`, async () => {
    await using gateway = await start();
    const plain = await embed(gateway, model);
    assert.equal(plain.status, 200, plain.text);
    assert.deepEqual(vectorsOf(plain.json), TEXTS.map((text) => embeddingOf(text)));
    assert.deepEqual(asArray(asObject(plain.json)?.data).map((row) => asObject(row)?.index), [0, 1, 2]);
    assert.equal(asObject(plain.json)?.model, model);
    assert.ok((tokens(plain.json) ?? 0) > 2);
    const [name = ""] = model.toUpperCase().split("/");
    assert.equal(bodies(gateway, name).length, callCount);
    const packed = await embed(gateway, model, { dimensions: 4, encoding_format: "base64", user: "u" });
    assert.deepEqual(vectorsOf(packed.json), TEXTS.map((text) => embeddingOf(text, isSized ? 4 : undefined)));
    assert.equal(packed.headers["x-keyproxy-lossy"], isSized ? "user" : "user, dimensions");
    const provider = gateway.app.snapshot().providers.get(name.toLowerCase());
    assert.equal(provider?.pool.inFlightCount, 0);
  });
}

Deno.test("Bedrock's calls are signed, and what the vectors are for is told in the model's words", async () => {
  await using gateway = await start();
  assert.equal((await embed(gateway, "bedrock/cohere.embed-english-v3", { input_type: "query" })).status, 200);
  const [request] = gateway.simulators.BEDROCK?.requests ?? [];
  assert.match(request?.headers.authorization ?? "", /^AWS4-HMAC-SHA256 /);
  assert.ok(request?.path.endsWith("/model/cohere.embed-english-v3/invoke"));
  assert.deepEqual(request?.body, { texts: TEXTS, input_type: "search_query", embedding_types: ["float"] });
});

Deno.test("Gemini's embedContent reaches them too, with its task", async () => {
  await using gateway = await start();
  const ask = (model: string) =>
    requestJson(`http://127.0.0.1:${gateway.port}/v1beta/models/${model}:embedContent`, {
      body: { content: { parts: [{ text: "one" }] }, taskType: "RETRIEVAL_QUERY", outputDimensionality: 4 },
    });
  for (const model of ["vertex_ai/text-embedding-005", "gemini/gemini-embedding-001", "bedrock/cohere.embed-v4:0", "local/sim-embed"]) {
    const got = await ask(model);
    assert.deepEqual(got.json, { embedding: { values: embeddingOf("one", 4) } }, `${model}: ${got.text}`);
    assert.equal(got.headers["x-keyproxy-lossy"], model.startsWith("local") ? "taskType" : undefined);
  }
  assert.deepEqual(bodies(gateway, "VERTEX_AI"), [{
    instances: [{ content: "one", task_type: "RETRIEVAL_QUERY" }],
    parameters: { outputDimensionality: 4 },
  }]);
  assert.equal(asObject(asArray(asObject(bodies(gateway, "GEMINI")[0])?.requests)[0])?.taskType, "RETRIEVAL_QUERY");
});

Deno.test("what cannot be embedded is refused by name, before a provider is asked", async () => {
  await using gateway = await start();
  const cases: readonly (readonly [string, JsonObject, RegExp])[] = [
    ["bedrock/anthropic.claude-sonnet-4-5-v1:0", {}, /makes no embeddings/],
    ["vertex_ai/text-embedding-005", { input: [[1, 2], [3]] }, /this model takes texts, not tokens/],
    ["vertex_ai/gemini-embedding-001", { input: Array.from({ length: 2_049 }, () => "x") }, /at most 2048 inputs/],
  ];
  for (const [model, rest, message] of cases) {
    const got = await embed(gateway, model, rest);
    assert.equal(got.status, 400, got.text);
    assert.match(got.text, message);
  }
  assert.equal(bodies(gateway, "BEDROCK").length + bodies(gateway, "VERTEX_AI").length, 0);
});

Deno.test("of a request in several calls a limited key is left as of any other, and a refused text fails the whole", async () => {
  await using gateway = await startGateway({
    others: { BEDROCK: {} },
    env: { BEDROCK_API_KEY_1: "AKIA1234567890ABCDEF:secret-one", BEDROCK_API_KEY_2: "AKIA2234567890ABCDEF:secret-two" },
  });
  gateway.simulators.BEDROCK?.script({}, rateLimited({ retryAfterSeconds: 60 }));
  assert.deepEqual(vectorsOf((await embed(gateway, "bedrock/amazon.titan-embed-text-v2:0")).json), TEXTS.map((text) => embeddingOf(text)));
  gateway.simulators.BEDROCK?.script({}, reply(400, { message: "Malformed input request" }));
  const refused = await embed(gateway, "bedrock/amazon.titan-embed-text-v2:0");
  assert.equal(refused.status, 400);
  assert.match(refused.text, /Malformed input request/);
  assert.equal(gateway.app.snapshot().providers.get("bedrock")?.pool.inFlightCount, 0);
});
