/** Tests of layering facts and of costs. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { costUsd, factsOf, type FoundFacts } from "./model_facts.ts";

const says = (facts: FoundFacts) => () => facts;
const model = { provider: "p", id: "m" };

Deno.test("the stronger source wins fact by fact", () => {
  const layers = {
    embedded: says({ contextTokens: 1, prices: { inputPerMillion: 1, outputPerMillion: 2 } }),
    "models.dev": says({ contextTokens: 2, maxOutputTokens: 20 }),
    listing: says({ contextTokens: 3 }),
    override: says({ supportsTools: false }),
  };
  assert.deepEqual(factsOf(layers, model), {
    contextTokens: 3,
    maxOutputTokens: 20,
    prices: { inputPerMillion: 1, outputPerMillion: 2 },
    supportsTools: false,
    source: "override",
  });
});

Deno.test("a model nobody knows has no facts, and a layer with nothing to say is no source", () => {
  assert.equal(factsOf({}, model), undefined);
  assert.equal(factsOf({ embedded: () => undefined, listing: says({}) }, model), undefined);
  assert.equal(factsOf({ embedded: says({ contextTokens: 1 }), listing: says({}) }, model)?.source, "embedded");
});

const tiered = {
  inputPerMillion: 1,
  outputPerMillion: 2,
  cachedInputPerMillion: 0.1,
  tiers: [{ aboveInputTokens: 100, inputPerMillion: 9 }],
};

Deno.test("flat prices of a listing keep the tiers they agree with", () => {
  const prices = factsOf(
    { embedded: says({ prices: tiered }), listing: says({ prices: { inputPerMillion: 1, outputPerMillion: 2 } }) },
    model,
  )?.prices;
  assert.deepEqual(prices, tiered);
});

Deno.test("flat prices that differ, and the user's own, stand alone", () => {
  const changed = { inputPerMillion: 1.5, outputPerMillion: 2 };
  assert.deepEqual(factsOf({ embedded: says({ prices: tiered }), listing: says({ prices: changed }) }, model)?.prices, changed);
  const own = { inputPerMillion: 1, outputPerMillion: 2 };
  assert.deepEqual(factsOf({ embedded: says({ prices: tiered }), override: says({ prices: own }) }, model)?.prices, own);
});

Deno.test("a cost is input, cached input and output at their prices", () => {
  const facts = { prices: { inputPerMillion: 2.5, outputPerMillion: 10, cachedInputPerMillion: 1.25 } };
  assert.equal(costUsd(facts, { inputTokens: 1_000_000, cachedTokens: 400_000, outputTokens: 100_000 }), 1.5 + 0.5 + 1);
});

Deno.test("the tier of the input's size prices the whole request", () => {
  const prices = {
    inputPerMillion: 1,
    outputPerMillion: 1,
    tiers: [{ aboveInputTokens: 100, inputPerMillion: 2, outputPerMillion: 4 }, {
      aboveInputTokens: 1000,
      inputPerMillion: 3,
      outputPerMillion: 6,
    }],
  };
  const cost = (inputTokens: number) => costUsd({ prices }, { inputTokens, cachedTokens: 0, outputTokens: 1e6 });
  assert.deepEqual([cost(100), cost(101), cost(1000), cost(1001)], [1.0001, 4.000202, 4.002, 6.003003]);
});

Deno.test("a price that is needed and unknown makes the cost unknown", () => {
  assert.equal(costUsd(undefined, { inputTokens: 1, cachedTokens: 0, outputTokens: 1 }), undefined);
  assert.equal(costUsd({ contextTokens: 5 }, { inputTokens: 1, cachedTokens: 0, outputTokens: 1 }), undefined);
  const embedding = { prices: { inputPerMillion: 1 } };
  assert.equal(costUsd(embedding, { inputTokens: 1e6, cachedTokens: 0, outputTokens: 0 }), 1);
  assert.equal(costUsd(embedding, { inputTokens: 1e6, cachedTokens: 0, outputTokens: 1 }), undefined);
});

Deno.test("cached tokens without a price cost as much as others, and never more than all input", () => {
  const facts = { prices: { inputPerMillion: 1, outputPerMillion: 1 } };
  fc.assert(fc.property(fc.nat(1e6), fc.nat(2e6), (inputTokens, cachedTokens) => {
    const cost = costUsd(facts, { inputTokens, cachedTokens, outputTokens: 0 }) ?? Number.NaN;
    return Math.abs(cost - inputTokens / 1e6) < 1e-9;
  }));
});
