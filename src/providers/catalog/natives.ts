/** Rows of those who speak a format of their own. */
import type { ProviderRow } from "../row.ts";

/** Every provider with a native codec that takes plain keys. */
export const NATIVES: readonly ProviderRow[] = [
  // https://docs.anthropic.com/en/api/overview
  {
    id: "anthropic",
    name: "Anthropic",
    prefixes: ["ANTHROPIC"],
    protocol: "anthropic",
    baseUrl: "https://api.anthropic.com/v1",
    listing: { path: "models?limit=1000", shape: "openai" },
    auth: { kind: "header", name: "x-api-key" },
    headers: { "anthropic-version": "2023-06-01" },
    operations: ["chat"],
  },
  // https://ai.google.dev/api
  {
    id: "gemini",
    name: "Google AI Studio (Gemini)",
    prefixes: ["GEMINI", "GOOGLE", "GOOGLE_GENERATIVE_AI"],
    protocol: "gemini",
    baseUrl: "https://generativelanguage.googleapis.com/v1beta",
    listing: { path: "models?pageSize=1000", shape: "openai" },
    auth: { kind: "header", name: "x-goog-api-key" },
    operations: ["chat", "embeddings"],
  },
];
