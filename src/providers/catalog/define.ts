/**
 * How a row of the catalog is written down: only what differs from a plain OpenAI-compatible provider
 * (bearer key, list at `models`, chat) is said.
 */
import type { Listing, Operation, ProviderRow } from "../row.ts";

export const ALL: readonly Operation[] = ["chat", "completions", "embeddings"];
export const CHAT_COMPLETIONS: readonly Operation[] = ["chat", "completions"];
export const CHAT_EMBEDDINGS: readonly Operation[] = ["chat", "embeddings"];
export const EMBEDDINGS: readonly Operation[] = ["embeddings"];
/** Only routes this gateway does not speak: listed so that its key and its note are known. */
export const NOTHING: readonly Operation[] = [];

export const LIST: Listing = { path: "models", shape: "openai" };
export const PUBLIC_LIST: Listing = { path: "models", shape: "openai", isPublic: true };

/** What a row must say, what it may say, and `also`: environment prefixes beside the one its id gives. */
export type RowFacts =
  & Pick<ProviderRow, "id" | "name" | "baseUrl">
  & Partial<Omit<ProviderRow, "protocol" | "failures">>
  & { readonly also?: readonly string[] };

/** `wafer.ai` → `WAFER_AI` */
function prefixOf(id: string): string {
  return id.toUpperCase().replaceAll(/[-.]/g, "_");
}

/** The row of an OpenAI-compatible provider. */
export function openai({ also = [], ...facts }: RowFacts): ProviderRow {
  return {
    prefixes: [prefixOf(facts.id), ...also],
    protocol: "openai",
    listing: LIST,
    auth: { kind: "bearer" },
    operations: ["chat"],
    ...facts,
  };
}

/** The row of a server on the user's machine: no key needed, and one sent if the user put a lock on it. */
export function local(facts: RowFacts): ProviderRow {
  return openai({ auth: { kind: "bearer_optional" }, isLocal: true, ...facts });
}
