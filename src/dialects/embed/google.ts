/**
 * Google's embeddings: Vertex AI's `predict`, its `embedContent` for newer models, and the Gemini API's batches.
 * Shapes: https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api and
 * https://ai.google.dev/api/embeddings
 */
import { asArray, asNumber, asObject, type Json, type JsonObject } from "../../kernel/json.ts";
import type { EmbedAsk, EmbedCall, EmbedFormat } from "./format.ts";

/** Google's words for what others call otherwise. */
const PURPOSES: Readonly<Record<string, string>> = {
  query: "RETRIEVAL_QUERY",
  search_query: "RETRIEVAL_QUERY",
  passage: "RETRIEVAL_DOCUMENT",
  document: "RETRIEVAL_DOCUMENT",
  search_document: "RETRIEVAL_DOCUMENT",
};

function purposeOf({ purpose }: EmbedAsk): string | undefined {
  return purpose === undefined ? undefined : PURPOSES[purpose.toLowerCase()] ?? purpose.toUpperCase();
}

function valuesOf(place: Json | undefined): readonly Json[] {
  return asArray(asObject(place)?.values);
}

function contentOf(text: string): JsonObject {
  return { parts: [{ text }] };
}

/** Vertex AI. */
export const VERTEX_EMBED: EmbedFormat = {
  maxItems: (model) => isNewer(model) || model.startsWith("gemini-embedding") ? 1 : 250,
  call: (ask, model) => isNewer(model) ? embedContent(ask) : predict(ask),
};

/** `gemini-embedding-001` still speaks as its forerunners do. */
function isNewer(model: string): boolean {
  return model.startsWith("gemini-") && model !== "gemini-embedding-001";
}

function predict(ask: EmbedAsk): EmbedCall {
  const taskType = purposeOf(ask);
  const instances = ask.texts.map((content) => ({ content, ...(taskType === undefined ? {} : { task_type: taskType }) }));
  const parameters = ask.dimensions === undefined ? {} : { parameters: { outputDimensionality: ask.dimensions } };
  return {
    method: "predict",
    body: { instances, ...parameters },
    read(answer) {
      const rows = asArray(answer.predictions).map((row) => asObject(asObject(row)?.embeddings));
      const counts = rows.flatMap((row) => asNumber(asObject(row?.statistics)?.token_count) ?? []);
      return { vectors: rows.map(valuesOf), tokenCount: counts.length === 0 ? undefined : counts.reduce((sum, it) => sum + it, 0) };
    },
  };
}

function embedContent(ask: EmbedAsk): EmbedCall {
  const taskType = purposeOf(ask);
  const config = {
    ...(taskType === undefined ? {} : { taskType }),
    ...(ask.dimensions === undefined ? {} : { outputDimensionality: ask.dimensions }),
  };
  return {
    method: "embedContent",
    body: { content: contentOf(ask.texts[0] ?? ""), ...(Object.keys(config).length === 0 ? {} : { embedContentConfig: config }) },
    read: (answer) => ({ vectors: [valuesOf(answer.embedding)], tokenCount: promptTokens(answer) }),
  };
}

/** The Gemini API. */
export const GEMINI_EMBED: EmbedFormat = {
  maxItems: () => 100,
  call(ask, model) {
    const taskType = purposeOf(ask);
    const requests = ask.texts.map((text) => ({
      model: `models/${model}`,
      content: contentOf(text),
      ...(taskType === undefined ? {} : { taskType }),
      ...(ask.dimensions === undefined ? {} : { outputDimensionality: ask.dimensions }),
    }));
    return {
      method: "batchEmbedContents",
      body: { requests },
      read: (answer) => ({ vectors: asArray(answer.embeddings).map(valuesOf), tokenCount: promptTokens(answer) }),
    };
  },
};

function promptTokens(answer: JsonObject): number | undefined {
  return asNumber(asObject(answer.usageMetadata)?.promptTokenCount);
}
