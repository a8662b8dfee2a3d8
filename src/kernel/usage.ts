/** Tokens and cost of one answer, as the provider reported them. */

export interface Usage {
  /** All input tokens, cached ones included. */
  readonly inputTokens: number;
  readonly cachedTokens: number;
  /** All output tokens, reasoning included. */
  readonly outputTokens: number;
  /** US dollars; absent when the model's price is unknown. */
  readonly costUsd?: number;
}
