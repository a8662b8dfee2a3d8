/** Tests of reading model lists: one real-looking row a shape, and the ways lists go wrong. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Json } from "../kernel/json.ts";
import { readListing } from "./listing.ts";
import type { ListingShape } from "./row.ts";

const ids = (shape: ListingShape, json: Json) => readListing(shape, json).map((it) => it.id);
const factsOf = (row: Json) => readListing("openai", { data: [row] })[0]?.facts;

Deno.test("every shape gives the ids a call needs", () => {
  const rows: readonly (readonly [ListingShape, Json, readonly string[]])[] = [
    ["openai", { object: "list", data: [{ id: "gpt-5", object: "model" }, { id: "o3" }] }, ["gpt-5", "o3"]],
    ["openai", { data: [{ id: "models/gemini-2.5-pro" }] }, ["gemini-2.5-pro"]],
    ["openai", { models: [{ name: "models/gemini-2.5-pro", inputTokenLimit: 10 }] }, ["gemini-2.5-pro"]],
    ["bare_array", [{ id: "org/a" }, { id: "org/b" }], ["org/a", "org/b"]],
    ["github", [{ id: "openai/gpt-4.1", name: "OpenAI GPT-4.1" }], ["openai/gpt-4.1"]],
    ["cloudflare", { success: true, result: [{ id: "0a1b", name: "@cf/meta/llama-3" }] }, ["@cf/meta/llama-3"]],
    [
      "cloudflare",
      { result: [{ name: "@cf/a", task: { name: "Text Generation" } }, { name: "@cf/b", task: { name: "Object Detection" } }] },
      ["@cf/a"],
    ],
    ["bedrock", { modelSummaries: [{ modelId: "a", inferenceTypesSupported: ["INFERENCE_PROFILE"] }, { modelId: "b" }] }, ["b"]],
    ["bedrock", { inferenceProfileSummaries: [{ inferenceProfileId: "us.a", type: "SYSTEM_DEFINED" }] }, ["us.a"]],
    ["envelope", { code: 200, msg: "ok", data: [{ id: "a", is_ready: true }, { id: "b", is_ready: false }] }, ["a"]],
    ["envelope", { code: 0, data: { models: [{ id: "a" }] } }, ["a"]],
    ["ollama_tags", { models: [{ name: "llama3:8b", model: "llama3:8b", size: 1 }] }, ["llama3:8b"]],
  ];
  for (const [shape, json, expected] of rows) assert.deepEqual(ids(shape, json), expected, JSON.stringify(json));
});

Deno.test("rows without an id, doubles and foreign values are dropped", () => {
  const data = [{ id: "a" }, {}, { id: "" }, { id: "  " }, { id: 7 }, null, 3, [], { id: "a" }, "plain", { id: " b " }];
  assert.deepEqual(ids("openai", { data }), ["a", "plain", "b"]);
});

Deno.test("what is no list gives no models", () => {
  for (const json of [undefined, null, "no", 3, {}, { data: null }, { error: { message: "no" } }, { data: { id: "a" } }]) {
    assert.deepEqual(readListing("openai", json), []);
  }
});

Deno.test("a list is cut at 50,000 rows", () => {
  const data = Array.from({ length: 50_010 }, (_, at) => ({ id: `m${at}` }));
  assert.equal(ids("openai", { data }).length, 50_000);
});

Deno.test("any JSON is read without an error", () => {
  const row = fc.record({
    id: fc.string(),
    pricing: fc.jsonValue(),
    limits: fc.jsonValue(),
    properties: fc.jsonValue(),
    tags: fc.jsonValue(),
  });
  const json = fc.oneof(fc.jsonValue(), fc.record({ data: fc.array(fc.oneof(row, fc.jsonValue())) }));
  fc.assert(fc.property(json, (value) => {
    const read: Json | undefined = JSON.parse(JSON.stringify(value));
    return readListing("openai", read).every((it) => it.id !== "");
  }));
});

Deno.test("OpenRouter's row gives limits, prices per million, modalities and abilities", () => {
  assert.deepEqual(
    factsOf({
      id: "openai/gpt-5",
      context_length: 400_000,
      architecture: { input_modalities: ["text", "image"], output_modalities: ["text"] },
      pricing: { prompt: "0.00000125", completion: "0.00001", input_cache_read: "0.000000125", request: "0" },
      top_provider: { context_length: 400_000, max_completion_tokens: 128_000 },
      supported_parameters: ["tools", "reasoning", "max_tokens"],
    }),
    {
      contextTokens: 400_000,
      maxOutputTokens: 128_000,
      prices: { inputPerMillion: 1.25, outputPerMillion: 10, cachedInputPerMillion: 0.125 },
      inputModalities: ["text", "image"],
      outputModalities: ["text"],
      supportsTools: true,
      supportsReasoning: true,
    },
  );
});

Deno.test("limits are found under each provider's names", () => {
  const rows: readonly (readonly [Json, number | undefined, number | undefined])[] = [
    [{ id: "a", context_window: 131_072, max_completion_tokens: 8192 }, 131_072, 8192],
    [{ id: "a", context_window: 1_000_000, max_output_tokens: 384_000 }, 1_000_000, 384_000],
    [{ id: "a", max_model_len: 32_768 }, 32_768, undefined],
    [{ id: "a", inputTokenLimit: 1_048_576, outputTokenLimit: 65_536 }, 1_048_576, 65_536],
    [{ id: "a", limits: { max_input_tokens: 1_048_576, max_output_tokens: 32_768 } }, 1_048_576, 32_768],
    [{ id: "a", metadata: { context_length: 262_144, max_tokens: 262_144 } }, 262_144, undefined],
    [{ id: "a", context_length: "8192" }, 8192, undefined],
    [{ id: "a", context_length: 0, max_output_tokens: -1 }, undefined, undefined],
    [{ id: "a", context_length: null, top_provider: { context_length: 4096 } }, 4096, undefined],
  ];
  for (const [row, contextTokens, maxOutputTokens] of rows) {
    const facts = factsOf(row);
    assert.deepEqual([facts?.contextTokens, facts?.maxOutputTokens], [contextTokens, maxOutputTokens], JSON.stringify(row));
  }
});

Deno.test("prices per token and per million are told apart by their size", () => {
  const rows: readonly (readonly [Json, Json | undefined])[] = [
    [{ pricing: { prompt: "0.0000025", completion: "0.00001" } }, { inputPerMillion: 2.5, outputPerMillion: 10 }],
    [{ pricing: { prompt: "$0.00000055", completion: "$0.00000219" } }, { inputPerMillion: 0.55, outputPerMillion: 2.19 }],
    [{ pricing: { prompt: 0.27, completion: 1 } }, { inputPerMillion: 0.27, outputPerMillion: 1 }],
    [{ pricing: { hourly: 0, input: 0.88, output: 0.88 } }, { inputPerMillion: 0.88, outputPerMillion: 0.88 }],
    [{ metadata: { pricing: { input_tokens: 0.02, output_tokens: 0 } } }, { inputPerMillion: 0.02, outputPerMillion: 0 }],
    [{ input_price: 0.000003, output_price: 0.000015 }, { inputPerMillion: 3, outputPerMillion: 15 }],
    [{ pricing: { prompt: "0", completion: "0" } }, { inputPerMillion: 0, outputPerMillion: 0 }],
    [{ pricing: { prompt: "-1", completion: "-1" } }, undefined],
    [{ pricing: { prompt: 4, completion: 8, currency: "CNY" } }, undefined],
    [{ pricing: { input: { usd: 1 } } }, undefined],
    [{ pricing: {} }, undefined],
  ];
  for (const [row, expected] of rows) {
    assert.deepEqual(factsOf({ id: "a", ...(row !== null && typeof row === "object" ? row : {}) })?.prices, expected, JSON.stringify(row));
  }
});

Deno.test("an ability is false only where a provider says so", () => {
  assert.equal(factsOf({ id: "a", supports_tools: false })?.supportsTools, false);
  assert.equal(factsOf({ id: "a", capabilities: { function_calling: true } })?.supportsTools, true);
  assert.equal(factsOf({ id: "a", supported_parameters: ["temperature"] })?.supportsTools, undefined);
  assert.equal(factsOf({ id: "a", capabilities: ["streaming", "tool-calling"] })?.supportsTools, true);
});

Deno.test("Cloudflare's property list is read", () => {
  const row = {
    id: "0a1b",
    name: "@cf/meta/llama-3.3-70b",
    properties: [
      { property_id: "context_window", value: "24000" },
      { property_id: "function_calling", value: "true" },
      {
        property_id: "price",
        value: [
          { unit: "per M input tokens", price: 0.29, currency: "USD" },
          { unit: "per M output tokens", price: 2.25, currency: "USD" },
        ],
      },
    ],
  };
  assert.deepEqual(readListing("cloudflare", { result: [row] }), [{
    id: "@cf/meta/llama-3.3-70b",
    facts: { contextTokens: 24_000, prices: { inputPerMillion: 0.29, outputPerMillion: 2.25 }, supportsTools: true },
  }]);
});
