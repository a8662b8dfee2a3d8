/**
 * What one embeddings request wants embedded, and the inputs of several put behind one another. Items are
 * passed on as they came: a batch never changes, drops or reorders what a client sent.
 */
import type { Json } from "../../kernel/json.ts";

/** The inputs of one request. */
export interface EmbeddingInputs {
  /** Token arrays are never mixed with text: providers accept a list of one kind only. */
  readonly kind: "text" | "tokens";
  readonly items: readonly Json[];
  /** Of all items together: characters of texts, tokens of token arrays. */
  readonly length: number;
}

/** Reads `input` in any of its four forms: text, texts, tokens, token arrays. Undefined when it is none of them. */
export function readInputs(input: Json | undefined): EmbeddingInputs | undefined {
  if (typeof input === "string") return inputsOf("text", [input]);
  if (!Array.isArray(input) || input.length === 0) return undefined;
  const items: readonly Json[] = input;
  if (items.every((item) => typeof item === "string")) return inputsOf("text", items);
  if (isTokens(items)) return inputsOf("tokens", [items]);
  return items.every(isTokens) ? inputsOf("tokens", items) : undefined;
}

/** All items in the order of the requests: `input` of one call for all of them. */
export function mergedInput(parts: readonly EmbeddingInputs[]): readonly Json[] {
  return parts.flatMap(({ items }) => items);
}

function inputsOf(kind: EmbeddingInputs["kind"], items: readonly (string | readonly Json[])[]): EmbeddingInputs {
  return { kind, items, length: items.reduce((sum, item) => sum + item.length, 0) };
}

function isTokens(item: Json): item is readonly number[] {
  return Array.isArray(item) && item.length > 0 && item.every((token) => typeof token === "number");
}
