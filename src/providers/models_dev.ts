/**
 * Model facts from models.dev, read in the background and kept in the data directory. Nothing waits for the
 * network: facts are what was read last, and a failure leaves them as they are.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Clock } from "../kernel/clock.ts";
import { asArray, asNumber, asObject, asString, isObject, type Json, type JsonObject, parseJson } from "../kernel/json.ts";
import { logger } from "../kernel/log.ts";
import { factsSchema } from "./fact_overrides.ts";
import type { FoundFacts, ModelPrices, PriceTier } from "./model_facts.ts";

/** Where the facts are published; `KEYPROXY_MODELS_DEV_URL` replaces it. */
export const MODELS_DEV_URL = "https://models.dev/api.json";
/** Name of the kept copy in the data directory. */
export const MODELS_DEV_FILE = "models_dev.json";

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 32 * 1024 * 1024;
const FRESH_MS = 24 * 3_600_000;
const RETRY_MS = 3_600_000;

export interface ModelsDevOptions {
  readonly url: string;
  readonly dataDir: string;
  /** "off": nothing is fetched; a copy that is already there is still used. */
  readonly refresh: "daily" | "off";
  readonly clock: Clock;
  /** Replaces a file whole, e.g. by way of a temporary one. A rejection is logged; the facts then live in memory only. */
  readonly saveText: (path: string, text: string) => Promise<void>;
}

/** What an attempt to read the facts again came to. */
export type RefreshOutcome = "updated" | "unchanged" | "failed";

/** Facts by models.dev's provider id, then model id. */
type FactTable = Readonly<Record<string, Readonly<Record<string, FoundFacts>>>>;

interface Copy {
  readonly etag: string | null;
  /** Epoch ms. */
  readonly fetchedAt: number;
  readonly providers: FactTable;
}

const copySchema = z.object({
  etag: z.string().nullable(),
  fetchedAt: z.number(),
  providers: z.record(z.string(), z.record(z.string(), factsSchema)),
});

export class ModelsDev {
  readonly #options: ModelsDevOptions;
  readonly #closing = new AbortController();
  #copy: Copy = { etag: null, fetchedAt: 0, providers: {} };
  #cancelNext = () => {};

  constructor(options: ModelsDevOptions) {
    this.#options = options;
  }

  /** What models.dev says of a provider's model. */
  facts(provider: string, model: string): FoundFacts | undefined {
    const models = own(this.#copy.providers, MODELS_DEV_IDS.get(provider) ?? provider);
    return models === undefined ? undefined : own(models, model);
  }

  /** Reads the kept copy and, unless switched off, starts the daily reading. Resolves before any network answer. */
  async start(): Promise<void> {
    const kept = await readCopy(this.#path());
    if (kept !== undefined) this.#copy = kept;
    if (this.#options.refresh === "daily") this.#schedule(this.#copy.fetchedAt + FRESH_MS - this.#options.clock.now());
  }

  /** Reads the facts now. Never rejects. */
  async refresh(): Promise<RefreshOutcome> {
    try {
      return await this.#fetch();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger("models").debug("Cannot read model facts from {url}: {reason}", { url: this.#options.url, reason });
      return "failed";
    }
  }

  /** Ends the daily reading and what is under way. */
  close(): void {
    this.#cancelNext();
    this.#closing.abort();
  }

  #path(): string {
    return join(this.#options.dataDir, MODELS_DEV_FILE);
  }

  #schedule(delayMs: number): void {
    if (this.#closing.signal.aborted) return;
    this.#cancelNext = this.#options.clock.after(Math.min(Math.max(delayMs, 0), FRESH_MS), () => {
      this.refresh().then((outcome) => this.#schedule(outcome === "failed" ? RETRY_MS : FRESH_MS));
    });
  }

  async #fetch(): Promise<RefreshOutcome> {
    const { url, clock } = this.#options;
    const late = new AbortController();
    const cancelTimeout = clock.after(TIMEOUT_MS, () => late.abort(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    try {
      const signal = AbortSignal.any([late.signal, this.#closing.signal]);
      const etag = this.#copy.etag;
      const response = await fetch(url, {
        signal,
        headers: { accept: "application/json", ...(etag === null ? {} : { "if-none-match": etag }) },
      });
      const isUnchanged = response.status === 304;
      const text = await boundedText(response);
      if (!isUnchanged && !response.ok) throw new Error(`expected status 200, found ${response.status}`);
      const providers = isUnchanged ? this.#copy.providers : readModelsDev(parseJson(text));
      if (Object.keys(providers).length === 0) throw new Error("expected providers with models, found none");
      this.#copy = { etag: isUnchanged ? etag : response.headers.get("etag"), fetchedAt: clock.now(), providers };
      await this.#keep();
      return isUnchanged ? "unchanged" : "updated";
    } finally {
      cancelTimeout();
    }
  }

  async #keep(): Promise<void> {
    try {
      await this.#options.saveText(this.#path(), JSON.stringify(this.#copy));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger("models").debug("Cannot keep model facts in {path}: {reason}", { path: this.#path(), reason });
    }
  }
}

async function readCopy(path: string): Promise<Copy | undefined> {
  try {
    const parsed = copySchema.safeParse(parseJson(await readFile(path, "utf8")));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** The body as text. Throws, and stops reading, as soon as it is too long. */
async function boundedText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let byteCount = 0;
  let text = "";
  for await (const chunk of response.body ?? []) {
    byteCount += chunk.byteLength;
    if (byteCount > MAX_BYTES) throw new Error(`expected at most ${MAX_BYTES} bytes, found more`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** Reads the published form, `{provider: {models: {id: {limit, cost, modalities, …}}}}`. What is not understood is absent. */
export function readModelsDev(json: Json | undefined): FactTable {
  const providers = Object.entries(asObject(json) ?? {}).map(([provider, value]) => {
    const models = Object.entries(asObject(asObject(value)?.models) ?? {}).map(([id, model]) => [id, factsOfModel(asObject(model) ?? {})]);
    return [provider, Object.fromEntries(models)] as const;
  });
  return Object.fromEntries(providers.filter(([, models]) => Object.keys(models).length > 0));
}

function factsOfModel(model: JsonObject): FoundFacts {
  const limit = asObject(model.limit);
  const modalities = asObject(model.modalities);
  const contextTokens = positive(limit?.context);
  const maxOutputTokens = positive(limit?.output);
  const prices = pricesOf(asObject(model.cost));
  const inputModalities = wordsOf(modalities?.input);
  const outputModalities = wordsOf(modalities?.output);
  return {
    ...(contextTokens === undefined ? {} : { contextTokens }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(prices === undefined ? {} : { prices }),
    ...(inputModalities === undefined ? {} : { inputModalities }),
    ...(outputModalities === undefined ? {} : { outputModalities }),
    ...(typeof model.tool_call === "boolean" ? { supportsTools: model.tool_call } : {}),
    ...(typeof model.reasoning === "boolean" ? { supportsReasoning: model.reasoning } : {}),
  };
}

function positive(value: Json | undefined): number | undefined {
  const number = asNumber(value);
  return number !== undefined && Number.isInteger(number) && number > 0 ? number : undefined;
}

function wordsOf(value: Json | undefined): readonly string[] | undefined {
  const words = asArray(value).flatMap((it) => asString(it) || []);
  return words.length === 0 ? undefined : words;
}

function pricesOf(cost: JsonObject | undefined): ModelPrices | undefined {
  const flat = flatPrices(cost);
  if (cost === undefined || flat === undefined) return undefined;
  const tiers = [...tierAbove(200_000, cost.context_over_200k), ...asArray(cost.tiers).flatMap(tierOf)]
    .filter((it, at, all) => all.findIndex((other) => other.aboveInputTokens === it.aboveInputTokens) === at)
    .sort((a, b) => a.aboveInputTokens - b.aboveInputTokens);
  return tiers.length === 0 ? flat : { ...flat, tiers };
}

/** Already in US dollars per million. */
function flatPrices(cost: JsonObject | undefined): Omit<ModelPrices, "tiers"> | undefined {
  const [inputPerMillion, outputPerMillion, cachedInputPerMillion] = [cost?.input, cost?.output, cost?.cache_read].map((it) => {
    const dollars = asNumber(it);
    return dollars !== undefined && dollars >= 0 ? dollars : undefined;
  });
  if (inputPerMillion === undefined) return undefined;
  return {
    inputPerMillion,
    ...(outputPerMillion === undefined ? {} : { outputPerMillion }),
    ...(cachedInputPerMillion === undefined ? {} : { cachedInputPerMillion }),
  };
}

/** `{input, output, cache_read, tier: {type: "context", size}}` */
function tierOf(value: Json): readonly PriceTier[] {
  const tier = asObject(asObject(value)?.tier);
  const size = tier?.type === "context" ? positive(tier.size) : undefined;
  return size === undefined ? [] : tierAbove(size, value);
}

function tierAbove(aboveInputTokens: number, cost: Json | undefined): readonly PriceTier[] {
  const prices = flatPrices(isObject(cost) ? cost : undefined);
  return prices === undefined ? [] : [{ aboveInputTokens, ...prices }];
}

/** Its names for our providers, where they differ. */
const MODELS_DEV_IDS: ReadonlyMap<string, string> = new Map([
  ["aiml", "aimlapi"],
  ["amazon_nova", "nova"],
  ["azure_ai", "azure"],
  ["bedrock", "amazon-bedrock"],
  ["charm-hyper", "hyper"],
  ["cloudflare", "cloudflare-workers-ai"],
  ["dashscope", "alibaba"],
  ["featherless_ai", "featherless"],
  ["fireworks_ai", "fireworks-ai"],
  ["friendliai", "friendli"],
  ["gemini", "google"],
  ["gemini_cli", "google"],
  ["github", "github-models"],
  ["github_copilot", "github-copilot"],
  ["gmi", "gmicloud"],
  ["iflow", "iflowcn"],
  ["inference-net", "inference"],
  ["iointelligence", "io-net"],
  ["lm_studio", "lmstudio"],
  ["meta_llama", "llama"],
  ["moonshot", "moonshotai"],
  ["moonshot-cn", "moonshotai-cn"],
  ["novita", "novita-ai"],
  ["nvidia_nim", "nvidia"],
  ["qiniu", "qiniu-ai"],
  ["together_ai", "togetherai"],
  ["veniceai", "venice"],
  ["vercel_ai_gateway", "vercel"],
  ["vertex_ai", "google-vertex"],
  ["xiaomi_mimo", "xiaomi"],
]);
