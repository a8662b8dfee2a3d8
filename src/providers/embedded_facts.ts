/**
 * The weakest layer of model facts: prices and context windows embedded in `@pydantic/genai-prices`. Loaded
 * only when asked for, since the tables take 20 MB of memory. Providers it does not know by name have no facts here.
 */
import type { ModelPrice, PriceCalculation } from "@pydantic/genai-prices";
import type { Clock } from "../kernel/clock.ts";
import type { FactLayer, FoundFacts, ModelPrices, PriceTier } from "./model_facts.ts";

/**
 * Its names for our providers. Subscriptions and free tiers (Copilot, GitHub Models, coding plans) are left
 * out: they do not bill these prices. So are the mainland sites, which bill another currency.
 */
const PACKAGE_IDS: ReadonlyMap<string, string> = new Map([
  ["anthropic", "anthropic"],
  ["avian-io", "avian"],
  ["azure", "azure"],
  ["azure_ai", "azure"],
  ["azure-cognitive-services", "azure"],
  ["baseten", "baseten"],
  ["bedrock", "aws"],
  ["bedrock_mantle", "aws"],
  ["cerebras", "cerebras"],
  ["cloudflare", "cloudflare"],
  ["codestral", "mistral"],
  ["cohere", "cohere"],
  ["deepseek", "deepseek"],
  ["fireworks_ai", "fireworks"],
  ["gemini", "google"],
  ["gemini_cli", "google"],
  ["groq", "groq"],
  ["mistral", "mistral"],
  ["modal", "modal"],
  ["moonshot", "moonshotai"],
  ["openai", "openai"],
  ["openrouter", "openrouter"],
  ["ovhcloud", "ovhcloud"],
  ["perplexity", "perplexity"],
  ["together_ai", "together"],
  ["vertex_ai", "google"],
  ["voyage", "voyageai"],
  ["xai", "x-ai"],
  ["zai", "zai"],
]);

/** Some prices depend on the hour, so a looked-up fact is kept for a short while only. */
const KEPT_MS = 60_000;
const MAX_KEPT = 5_000;

/** Loads the tables and gives their layer. The clock decides between prices by date and by hour. */
export async function loadEmbeddedFacts(clock: Clock): Promise<FactLayer> {
  const { calcPrice } = await import("@pydantic/genai-prices");
  const kept = new Map<string, { readonly facts: FoundFacts | undefined; readonly untilAt: number }>();
  return (provider, model) => {
    const providerId = PACKAGE_IDS.get(provider);
    if (providerId === undefined) return undefined;
    const key = `${provider}/${model}`;
    const now = clock.now();
    const known = kept.get(key);
    if (known !== undefined && now < known.untilAt) return known.facts;
    const found = calcPrice({}, model, { providerId, timestamp: new Date(now) });
    const facts = found === null ? undefined : factsOfRecord(found);
    // Model names come from clients: what they can make this remember is bounded.
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(key, { facts, untilAt: now + KEPT_MS });
    return facts;
  };
}

function factsOfRecord({ model, model_price }: PriceCalculation): FoundFacts {
  const prices = pricesOf(model_price);
  return {
    ...(model.context_window === undefined ? {} : { contextTokens: model.context_window }),
    ...(prices === undefined ? {} : { prices }),
  };
}

type TieredPrice = ModelPrice[string];

function pricesOf(record: ModelPrice): ModelPrices | undefined {
  const flat = pricesAbove(record, -1);
  if (flat === undefined) return undefined;
  const starts = [record.input_mtok, record.output_mtok, record.cache_read_mtok].flatMap(startsOf);
  const tiers = [...new Set(starts)].sort((a, b) => a - b).flatMap((aboveInputTokens): PriceTier[] => {
    const prices = pricesAbove(record, aboveInputTokens);
    return prices === undefined ? [] : [{ aboveInputTokens, ...prices }];
  });
  return tiers.length === 0 ? flat : { ...flat, tiers };
}

function startsOf(price: TieredPrice): readonly number[] {
  return typeof price === "object" ? price.tiers.map((it) => it.start) : [];
}

/** The prices that hold for requests with more input tokens than `start`. */
function pricesAbove(record: ModelPrice, start: number): Omit<ModelPrices, "tiers"> | undefined {
  const at = (price: TieredPrice) => {
    if (typeof price !== "object") return price;
    return price.tiers.findLast((it) => it.start <= start)?.price ?? price.base;
  };
  const inputPerMillion = at(record.input_mtok);
  const outputPerMillion = at(record.output_mtok);
  const cachedInputPerMillion = at(record.cache_read_mtok);
  if (inputPerMillion === undefined) return undefined;
  return {
    inputPerMillion,
    ...(outputPerMillion === undefined ? {} : { outputPerMillion }),
    ...(cachedInputPerMillion === undefined ? {} : { cachedInputPerMillion }),
  };
}
