/** How much a model shall think, as a word and as a number of tokens: providers know the one or the other. */
import type { Effort } from "../canonical/chat.ts";

const MOST_TOKENS: readonly (readonly [effort: Effort, tokens: number])[] = [
  ["none", 0],
  ["minimal", 512],
  ["low", 1_024],
  ["medium", 8_192],
  ["high", 24_576],
];

/** The word for a number of tokens. */
export function effortOfBudget(tokens: number): Effort {
  return MOST_TOKENS.find(([, most]) => tokens <= most)?.[0] ?? "xhigh";
}
