/** Everything known of models, from all sources, and what a request's tokens cost. */
import type { Clock } from "../kernel/clock.ts";
import type { Usage } from "../kernel/usage.ts";
import { loadEmbeddedFacts } from "../providers/embedded_facts.ts";
import { loadOverrides } from "../providers/fact_overrides.ts";
import { costUsd, type FactLayer, factsOf, type ModelFacts } from "../providers/model_facts.ts";
import type { ModelListings } from "../providers/model_listings.ts";
import { MODELS_DEV_URL, ModelsDev } from "../providers/models_dev.ts";
import type { Target } from "./route.ts";

export interface FactsOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly listings: ModelListings;
  readonly refresh: "daily" | "off";
  readonly modelsDevUrl: string | undefined;
  readonly saveText: (path: string, text: string) => Promise<void>;
  readonly warn: (message: string) => void;
}

export class Facts {
  readonly #listings: ModelListings;
  readonly #modelsDev: ModelsDev;
  #embedded: FactLayer | undefined;
  /** Resolves when everything that is not on the network was read. Never rejects. */
  loaded: Promise<void> = Promise.resolve();
  #override: FactLayer | undefined;

  constructor(options: FactsOptions) {
    this.#listings = options.listings;
    this.#modelsDev = new ModelsDev({ ...options, url: options.modelsDevUrl ?? MODELS_DEV_URL });
  }

  /** Reads what is on disk and begins what comes over the network, without waiting for it. */
  static async start(options: FactsOptions): Promise<Facts> {
    const facts = new Facts(options);
    const { layer, problems } = await loadOverrides(options.dataDir);
    problems.forEach(options.warn);
    facts.#override = layer;
    await facts.#modelsDev.start();
    // Prices are a megabyte of code: the first requests do without rather than wait.
    facts.loaded = loadEmbeddedFacts(options.clock).then(
      (embedded) => void (facts.#embedded = embedded),
      () => options.warn("Cannot load the embedded model facts"),
    );
    return facts;
  }

  of(model: { readonly provider: string; readonly id: string }): ModelFacts | undefined {
    return factsOf({
      ...(this.#embedded === undefined ? {} : { embedded: this.#embedded }),
      "models.dev": (provider, id) => this.#modelsDev.facts(provider, id),
      listing: (provider, id) => this.#listings.facts(provider, id),
      ...(this.#override === undefined ? {} : { override: this.#override }),
    }, model);
  }

  /** Adds what the tokens cost; the usage itself when the price is unknown. */
  priced(target: Target, usage: Usage | undefined): Usage | undefined {
    if (usage === undefined) return undefined;
    const cost = costUsd(this.of({ provider: target.provider.row.id, id: target.model }), usage);
    return cost === undefined ? usage : { ...usage, costUsd: cost };
  }

  close(): void {
    this.#modelsDev.close();
  }
}
