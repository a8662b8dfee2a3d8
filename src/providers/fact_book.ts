/**
 * All layers of model facts behind one synchronous question. Layers join as they are loaded; until then a
 * fact is merely absent.
 */
import type { Clock } from "../kernel/clock.ts";
import { logger } from "../kernel/log.ts";
import { loadEmbeddedFacts } from "./embedded_facts.ts";
import { loadOverrides } from "./fact_overrides.ts";
import { type FactLayer, type FactLayers, factsOf, type ModelFacts } from "./model_facts.ts";
import { ModelsDev, type ModelsDevOptions } from "./models_dev.ts";

export interface FactBook {
  /** What is known of a provider's model, named by the provider's own id. */
  of(provider: string, id: string): ModelFacts | undefined;
  /** Resolves when every local layer is in place; nothing needs to wait for it. Never rejects. */
  readonly loaded: Promise<void>;
  /** Ends background reading. */
  close(): void;
}

export interface FactBookOptions extends ModelsDevOptions {
  readonly clock: Clock;
  /** What the provider's own list says, e.g. `ModelListings.facts`. */
  readonly listing: FactLayer;
}

/** Opens the book. Returns at once; layers are loaded in the background. */
export function openFactBook(options: FactBookOptions): FactBook {
  const modelsDev = new ModelsDev(options);
  let layers: FactLayers = {
    "models.dev": (provider, model) => modelsDev.facts(provider, model),
    listing: options.listing,
  };
  const load = async () => {
    const overrides = await loadOverrides(options.dataDir);
    for (const problem of overrides.problems) logger("models").warn("{problem}", { problem });
    layers = { ...layers, override: overrides.layer };
    await modelsDev.start();
    layers = { ...layers, embedded: await loadEmbeddedFacts(options.clock) };
  };
  const loaded = load().catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    logger("models").warn("Cannot load model facts of {directory}: {reason}", { directory: options.dataDir, reason });
  });
  return {
    of: (provider, id) => factsOf(layers, { provider, id }),
    loaded,
    close: () => modelsDev.close(),
  };
}
