/**
 * How the simulated provider counts: one token per word, so that a test can say the number by reading.
 */

/** Tokens of `text`: its words. */
export function tokensOf(text: string): number {
  return text.split(/\s+/).filter((word) => word !== "").length;
}
