/** What the HTTP surface needs of the application. */
import type { OpenCapture } from "../gateway/deps.ts";
import type { Exchange } from "../gateway/exchange.ts";
import type { ServedProvider, Snapshot } from "../gateway/snapshot.ts";
import type { Clock, Stopwatch } from "../kernel/clock.ts";
import type { ListedModel } from "../providers/listing.ts";
import type { ModelFacts } from "../providers/model_facts.ts";

export interface HttpDeps {
  readonly snapshot: () => Snapshot;
  readonly clock: Clock;
  readonly stopwatch: Stopwatch;
  readonly openCapture: OpenCapture;
  /** Answers an exchange; returns when its answer has ended. */
  readonly handle: (exchange: Exchange) => Promise<void>;
  /** The models a provider lists, freshened when they are stale. */
  readonly listModels: (providers: readonly string[]) => Promise<void>;
  readonly modelsOf: (provider: ServedProvider) => readonly ListedModel[];
  readonly factsOf: (model: { readonly provider: string; readonly id: string }) => ModelFacts | undefined;
  /** The process is stopping: no new work. */
  readonly isStopping: () => boolean;
}
