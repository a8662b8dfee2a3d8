/** Tests of the embedded layer: that our names reach its records and its forms of price are understood. */
import assert from "node:assert/strict";
import type { Clock } from "../kernel/clock.ts";
import { loadEmbeddedFacts } from "./embedded_facts.ts";
import { costUsd } from "./model_facts.ts";

const clockAt = (instant: string): Clock => ({ now: () => Date.parse(instant), after: () => () => {} });
const layer = await loadEmbeddedFacts(clockAt("2026-01-15T12:00:00Z"));

Deno.test("a flat price and a context window are found under our provider's name", () => {
  assert.deepEqual(layer("openai", "gpt-4o"), {
    contextTokens: 128_000,
    prices: { inputPerMillion: 2.5, outputPerMillion: 10, cachedInputPerMillion: 1.25 },
  });
});

Deno.test("our provider names are translated", () => {
  const rows = [["gemini", "gemini-2.5-pro"], ["xai", "grok-3"], ["moonshot", "kimi-k2-0905-preview"], ["anthropic", "claude-sonnet-4-5"]];
  for (const [provider = "", model = ""] of rows) assert.ok(layer(provider, model)?.prices, `${provider}/${model}`);
});

Deno.test("tiered prices become tiers for the whole request", () => {
  const facts = layer("gemini", "gemini-2.5-pro");
  assert.deepEqual(facts?.prices?.tiers, [{
    aboveInputTokens: 200_000,
    inputPerMillion: 2.5,
    outputPerMillion: 15,
    cachedInputPerMillion: 0.25,
  }]);
  assert.equal(costUsd(facts, { inputTokens: 200_000, cachedTokens: 0, outputTokens: 0 }), 0.25);
  assert.equal(costUsd(facts, { inputTokens: 400_000, cachedTokens: 0, outputTokens: 0 }), 1);
});

Deno.test("a model without output has an input price only", () => {
  assert.deepEqual(layer("openai", "text-embedding-3-small")?.prices, { inputPerMillion: 0.02 });
});

Deno.test("prices follow the hour where they depend on it", async () => {
  const night = await loadEmbeddedFacts(clockAt("2026-01-15T20:00:00Z"));
  const byDay = layer("deepseek", "deepseek-chat")?.prices?.inputPerMillion;
  const byNight = night("deepseek", "deepseek-chat")?.prices?.inputPerMillion;
  assert.ok(byDay !== undefined && byNight !== undefined && byNight < byDay);
});

Deno.test("unknown models and providers without a translation have no facts", () => {
  assert.equal(layer("openai", "no-such-model"), undefined);
  assert.equal(layer("openai", ""), undefined);
  assert.equal(layer("github_copilot", "gpt-4o"), undefined);
  assert.equal(layer("custom-openai", "gpt-4o"), undefined);
});
