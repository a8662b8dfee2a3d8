/**
 * What is known of a model: limits, prices, abilities. Facts come in layers, and a fact nobody states is
 * absent: nothing here guesses. Looking a model up is synchronous and never waits for a network.
 */
import type { Usage } from "../kernel/usage.ts";

/** Prices above a number of input tokens; they hold for the whole request, not for the part above. */
export interface PriceTier {
  /** The tier holds when the request has more input tokens than this. */
  readonly aboveInputTokens: number;
  readonly inputPerMillion: number;
  readonly outputPerMillion?: number;
  readonly cachedInputPerMillion?: number;
}

/** US dollars per million tokens. */
export interface ModelPrices {
  readonly inputPerMillion: number;
  /** Absent where there is no output to pay for, or its price is unknown. */
  readonly outputPerMillion?: number;
  readonly cachedInputPerMillion?: number;
  /** Ascending by `aboveInputTokens`. */
  readonly tiers?: readonly PriceTier[];
}

/** What one source says of a model. */
export interface FoundFacts {
  /** Input and output together. */
  readonly contextTokens?: number;
  readonly maxOutputTokens?: number;
  readonly prices?: ModelPrices;
  /** "text", "image", "audio", "video", "file", … */
  readonly inputModalities?: readonly string[];
  readonly outputModalities?: readonly string[];
  readonly supportsTools?: boolean;
  readonly supportsReasoning?: boolean;
}

/** Where facts come from, weakest first. */
export const FACT_SOURCES = ["embedded", "models.dev", "listing", "override"] as const;
export type FactSource = (typeof FACT_SOURCES)[number];

/** What all sources say together. */
export interface ModelFacts extends FoundFacts {
  /** The strongest source that said anything. */
  readonly source: FactSource;
}

/** A source of facts: what it says of a provider's model, or undefined. `model` is the provider's own id. */
export type FactLayer = (provider: string, model: string) => FoundFacts | undefined;

/** One layer a source; a source that is switched off or not loaded yet has none. */
export type FactLayers = Readonly<Partial<Record<FactSource, FactLayer>>>;

/** Everything known of a model, the stronger source winning fact by fact; undefined when nobody knows it. */
export function factsOf(layers: FactLayers, model: { readonly provider: string; readonly id: string }): ModelFacts | undefined {
  let known: ModelFacts | undefined;
  for (const source of FACT_SOURCES) {
    const found = layers[source]?.(model.provider, model.id);
    if (found === undefined || Object.keys(found).length === 0) continue;
    const prices = source === "override" ? found.prices : completedPrices(found.prices, known?.prices);
    known = { ...known, ...found, ...(prices === undefined ? {} : { prices }), source };
  }
  return known;
}

/**
 * Listings give flat prices. Where they agree with what a weaker source says, that source's cached price and
 * tiers still hold; where they differ, the weaker source is out of date and nothing of it is kept.
 */
function completedPrices(stronger: ModelPrices | undefined, weaker: ModelPrices | undefined): ModelPrices | undefined {
  if (stronger === undefined || weaker === undefined) return stronger ?? weaker;
  const isSame = near(stronger.inputPerMillion, weaker.inputPerMillion) && near(stronger.outputPerMillion, weaker.outputPerMillion);
  return isSame ? { ...weaker, ...stronger } : stronger;
}

function near(a: number | undefined, b: number | undefined): boolean {
  return a !== undefined && b !== undefined ? Math.abs(a - b) <= 1e-6 * Math.max(a, b) : a === b;
}

/** The token counts a cost is made of. */
export type BilledUsage = Pick<Usage, "inputTokens" | "cachedTokens" | "outputTokens">;

/**
 * Cost in US dollars, or undefined when a price it needs is unknown. Cached tokens without a price of their
 * own cost as much as others, so the figure is never too low.
 */
export function costUsd(facts: FoundFacts | undefined, usage: BilledUsage): number | undefined {
  const prices = facts?.prices;
  if (prices === undefined) return undefined;
  const tier = prices.tiers?.findLast((it) => usage.inputTokens > it.aboveInputTokens) ?? prices;
  const outputPerMillion = tier.outputPerMillion ?? (usage.outputTokens === 0 ? 0 : undefined);
  if (outputPerMillion === undefined) return undefined;
  const cached = Math.min(usage.cachedTokens, usage.inputTokens);
  const input = (usage.inputTokens - cached) * tier.inputPerMillion;
  return (input + cached * (tier.cachedInputPerMillion ?? tier.inputPerMillion) + usage.outputTokens * outputPerMillion) / 1e6;
}
