/** How much one embeddings call may carry, by the setting and by what the provider is known to accept. */
import type { ProviderRow } from "../../providers/row.ts";
import type { EmbeddingInputs } from "./inputs.ts";

export interface Limits {
  readonly maxItems: number;
  /** Characters of texts; of token arrays, tokens. */
  readonly maxLength: number;
}

/** The strictest of the setting and the rows that may serve the call. */
export function limitsOf(rows: readonly Pick<ProviderRow, "embeddingCaps">[], maxItems: number): Limits {
  const caps = rows.map(({ embeddingCaps }) => embeddingCaps ?? {});
  return {
    maxItems: Math.min(maxItems, ...caps.map((cap) => cap.maxItems ?? Infinity)),
    maxLength: Math.min(...caps.map((cap) => cap.maxChars ?? Infinity)),
  };
}

/** True when one call may carry all of them. */
export function fits(parts: readonly EmbeddingInputs[], { maxItems, maxLength }: Limits): boolean {
  const { itemCount, length } = sizeOf(parts);
  return itemCount <= maxItems && length <= maxLength;
}

/** True when nothing more has room beside them. */
export function fills(parts: readonly EmbeddingInputs[], { maxItems, maxLength }: Limits): boolean {
  const { itemCount, length } = sizeOf(parts);
  return itemCount >= maxItems || length >= maxLength;
}

function sizeOf(parts: readonly EmbeddingInputs[]): { readonly itemCount: number; readonly length: number } {
  return {
    itemCount: parts.reduce((sum, { items }) => sum + items.length, 0),
    length: parts.reduce((sum, { length }) => sum + length, 0),
  };
}
