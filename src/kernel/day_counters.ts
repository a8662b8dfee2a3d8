/** What was used in a day: counters as the program keeps them, and as programs read them. Pure. */

/** Tokens and cost are what providers reported; cost in US dollars. */
export interface DayCounters {
  requestCount: number;
  failureCount: number;
  inputTokens: number;
  cachedTokens: number;
  outputTokens: number;
  costUsd: number;
}

/** The stable form: snake case. */
export function countersJson(counters: Readonly<DayCounters>) {
  return {
    requests: counters.requestCount,
    failures: counters.failureCount,
    input_tokens: counters.inputTokens,
    cached_tokens: counters.cachedTokens,
    output_tokens: counters.outputTokens,
    cost_usd: counters.costUsd,
  };
}
