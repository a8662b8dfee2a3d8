/** How much a model shall think: words and tokens as budgets and levels, within each model's range. */
import assert from "node:assert/strict";
import type { Reasoning } from "../../canonical/chat.ts";
import type { JsonObject } from "../../kernel/json.ts";
import { planThinking } from "./thinking.ts";
import { traitsOf } from "./traits.ts";

const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"] as const;

function configOf(model: string, reasoning?: Reasoning, native?: JsonObject): JsonObject | undefined {
  return planThinking(reasoning === undefined ? {} : { reasoning }, { traits: traitsOf(model), native }).config;
}

/** What each word becomes, from none to max. */
const WORDS: readonly (readonly [model: string, amounts: readonly (number | string)[]])[] = [
  ["gemini-2.5-pro", [128, 512, 1_024, 8_192, 24_576, 32_768, 32_768]],
  ["gemini-2.5-flash", [0, 512, 1_024, 8_192, 24_576, 24_576, 24_576]],
  ["gemini-2.5-flash-lite", [0, 512, 1_024, 8_192, 24_576, 24_576, 24_576]],
  ["gemini-3-pro-preview", ["low", "low", "low", "high", "high", "high", "high"]],
  ["gemini-3.1-pro-preview", ["low", "low", "low", "medium", "high", "high", "high"]],
  ["gemini-3.1-pro-preview-customtools", ["low", "low", "low", "medium", "high", "high", "high"]],
  ["gemini-3-flash-preview", ["minimal", "minimal", "low", "medium", "high", "high", "high"]],
  ["models/gemini-3.1-flash-lite", ["minimal", "minimal", "low", "medium", "high", "high", "high"]],
  ["gemini-3.5-flash", ["minimal", "minimal", "low", "medium", "high", "high", "high"]],
];

for (const [model, amounts] of WORDS) {
  Deno.test(`${model} is told how much to think in its own measure, and thoughts are shown unless there shall be none`, () => {
    for (const [index, effort] of EFFORTS.entries()) {
      const amount = amounts[index];
      assert.deepEqual(configOf(model, { kind: "effort", effort }), {
        ...(typeof amount === "number" ? { thinkingBudget: amount } : { thinkingLevel: amount }),
        includeThoughts: effort !== "none",
      });
    }
  });
}

Deno.test("numbers of tokens are kept within the model's range, or become the nearest level", () => {
  const budget = (tokens: number): Reasoning => ({ kind: "budget", tokens });
  assert.deepEqual(configOf("gemini-2.5-pro", budget(5_000)), { thinkingBudget: 5_000, includeThoughts: true });
  assert.deepEqual(configOf("gemini-2.5-pro", budget(100_000)), { thinkingBudget: 32_768, includeThoughts: true });
  assert.deepEqual(configOf("gemini-2.5-pro", budget(0)), { thinkingBudget: 128, includeThoughts: false });
  assert.deepEqual(configOf("gemini-2.5-flash-lite", budget(10)), { thinkingBudget: 512, includeThoughts: true });
  const levels = [400, 1_000, 8_000, 9_000, 50_000].map((tokens) => configOf("gemini-3-flash-preview", budget(tokens))?.thinkingLevel);
  assert.deepEqual(levels, ["minimal", "low", "medium", "high", "high"]);
});

Deno.test("a model that is not told thinks as it likes; one that thinks only when asked is left alone", () => {
  assert.deepEqual(configOf("gemini-2.5-pro"), { thinkingBudget: -1, includeThoughts: true });
  assert.deepEqual(configOf("gemini-3-pro-preview"), { includeThoughts: true });
  assert.deepEqual(configOf("gemini-2.5-flash-lite"), undefined);
  assert.deepEqual(configOf("gemini-2.5-flash-lite", { kind: "auto" }), { thinkingBudget: -1, includeThoughts: true });
});

Deno.test("a model that cannot think is told nothing, and the wish is named as lost", () => {
  const plan = planThinking({ reasoning: { kind: "effort", effort: "high" } }, { traits: traitsOf("gemma-4-31b-it"), native: undefined });
  assert.deepEqual(plan, { lossy: ["reasoning_effort"] });
  assert.deepEqual(planThinking({}, { traits: traitsOf("gemma-4-31b-it"), native: undefined }), { lossy: [] });
});

Deno.test("hidden thoughts are not asked for", () => {
  assert.deepEqual(planThinking({ hidesReasoning: true }, { traits: traitsOf("gemini-2.5-flash"), native: undefined }).config, {
    thinkingBudget: -1,
    includeThoughts: false,
  });
});

Deno.test("Gemini's own words beat the client's, in either spelling, but never level and budget together", () => {
  const wish: Reasoning = { kind: "effort", effort: "low" };
  assert.deepEqual(configOf("gemini-2.5-pro", wish, { thinking_budget: 7, include_thoughts: false }), {
    thinkingBudget: 7,
    includeThoughts: false,
  });
  const both = { thinkingBudget: 7, thinking_level: "LOW" };
  const plan = (model: string) => planThinking({}, { traits: traitsOf(model), native: both });
  assert.deepEqual(plan("gemini-3-pro-preview"), { config: { thinkingLevel: "LOW" }, lossy: ["google.thinking_config.thinking_budget"] });
  assert.deepEqual(plan("gemini-2.5-pro"), { config: { thinkingBudget: 7 }, lossy: ["google.thinking_config.thinking_level"] });
});
