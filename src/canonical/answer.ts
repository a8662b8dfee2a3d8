/**
 * What the gateway needs to know about an answer or one stream event, in whatever dialect it was written.
 */
import type { JsonObject } from "../kernel/json.ts";
import type { Usage } from "../kernel/usage.ts";

/** A whole answer, or one event of a stream. */
export interface Reading {
  /** Carries text, reasoning, a tool call, a refusal, audio, embeddings, or an end that explains an empty answer. */
  readonly isMeaningful: boolean;
  /** A stream event that carries usage and nothing else. */
  readonly isUsageOnly: boolean;
  readonly usage?: Usage;
  readonly finishReason?: string;
  /** Text and reasoning of this piece, for the request log. */
  readonly text: string;
  readonly reasoning: string;
  /** A stream event after which nothing more comes. */
  readonly endsStream?: true;
  /** The body, when it is an error object in disguise (decided by the classifier). */
  readonly body: JsonObject;
}
