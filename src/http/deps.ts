/** What the HTTP surface needs of the application. */
import type { OpenCapture } from "../gateway/deps.ts";
import type { Exchange } from "../gateway/exchange.ts";
import type { ResponseStore } from "../gateway/response_store.ts";
import type { Snapshot } from "../gateway/snapshot.ts";
import type { Clock, Stopwatch } from "../kernel/clock.ts";
import type { ModelFacts } from "../providers/model_facts.ts";
import type { ModelListings } from "../providers/model_listings.ts";
import type { AdminDeps } from "./admin.ts";

export interface HttpDeps {
  readonly snapshot: () => Snapshot;
  readonly clock: Clock;
  readonly stopwatch: Stopwatch;
  readonly openCapture: OpenCapture;
  /** Answers an exchange; returns when its answer has ended. */
  readonly handle: (exchange: Exchange) => Promise<void>;
  /** Answers that clients may go on from. */
  readonly responses: ResponseStore;
  /** What providers list. */
  readonly listings: Pick<ModelListings, "ensure" | "models">;
  readonly factsOf: (model: { readonly provider: string; readonly id: string }) => ModelFacts | undefined;
  /** The process is stopping: no new work. */
  readonly isStopping: () => boolean;
  readonly admin: AdminDeps;
}
