/**
 * Embeddings of Amazon Bedrock: each family of models has a body of its own for `invoke`.
 * Shapes: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
 */
import { failure } from "../../kernel/failure.ts";
import { asArray, asNumber, asObject, type JsonObject } from "../../kernel/json.ts";
import type { EmbedAsk, EmbedCall, EmbedFormat } from "./format.ts";

/** Names may have a region, or the address of a profile, in front. */
const FAMILIES: readonly (readonly [name: RegExp, maxItems: number, call: (ask: EmbedAsk) => EmbedCall])[] = [
  [/titan-embed-image/, 1, (ask) => titan(ask, (length) => ({ embeddingConfig: { outputEmbeddingLength: length } }))],
  [/titan-embed-text-v1|titan-embed-g1/, 1, (ask) => titan(ask, undefined)],
  [/titan-embed/, 1, (ask) => titan(ask, (dimensions) => ({ dimensions }))],
  [/nova-.*embed/, 1, nova],
  [/cohere\.embed-.*-v3/, 96, (ask) => cohere(ask, undefined)],
  [/cohere\.embed/, 96, (ask) => cohere(ask, (length) => ({ output_dimension: length }))],
];

function familyOf(model: string) {
  return FAMILIES.find(([name]) => name.test(model));
}

export const BEDROCK_EMBED: EmbedFormat = {
  maxItems: (model) => familyOf(model)?.[1] ?? Infinity,
  call(ask, model) {
    const family = familyOf(model);
    if (family !== undefined) return family[2](ask);
    return failure({
      scope: "request",
      kind: "invalid_request",
      status: 400,
      message: `The model "${model}" makes no embeddings: on Amazon Bedrock models of Titan, Nova and Cohere do`,
      param: "model",
    });
  },
};

type Sized = ((length: number) => JsonObject) | undefined;

/** The size as a model wants it said; a model that has but one is not told. */
function sizeOf({ dimensions }: EmbedAsk, sized: Sized): { readonly fields: JsonObject; readonly lossy: readonly string[] } {
  if (dimensions === undefined) return { fields: {}, lossy: [] };
  return sized === undefined ? { fields: {}, lossy: ["dimensions"] } : { fields: sized(dimensions), lossy: [] };
}

function titan(ask: EmbedAsk, sized: Sized): EmbedCall {
  const { fields, lossy } = sizeOf(ask, sized);
  return {
    method: "invoke",
    body: { inputText: ask.texts[0] ?? "", ...fields },
    lossy: [...lossy, ...unsaid(ask)],
    read: (answer) => ({ vectors: [asArray(answer.embedding)], tokenCount: asNumber(answer.inputTextTokenCount) }),
  };
}

const NOVA_PURPOSES: Readonly<Record<string, string>> = {
  query: "GENERIC_RETRIEVAL",
  classification: "CLASSIFICATION",
  clustering: "CLUSTERING",
};

function nova(ask: EmbedAsk): EmbedCall {
  const singleEmbeddingParams = {
    embeddingPurpose: NOVA_PURPOSES[purposeOf(ask)] ?? "GENERIC_INDEX",
    ...(ask.dimensions === undefined ? {} : { embeddingDimension: ask.dimensions }),
    text: { truncationMode: "END", value: ask.texts[0] ?? "" },
  };
  return {
    method: "invoke",
    body: { taskType: "SINGLE_EMBEDDING", singleEmbeddingParams },
    read: (answer, headers) => ({
      vectors: asArray(answer.embeddings).map((row) => asArray(asObject(row)?.embedding)),
      tokenCount: countedIn(headers),
    }),
  };
}

function cohere(ask: EmbedAsk, sized: Sized): EmbedCall {
  const { fields, lossy } = sizeOf(ask, sized);
  const purpose = purposeOf(ask);
  const input_type = purpose === "query" || purpose === "document" ? `search_${purpose}` : purpose;
  return {
    method: "invoke",
    body: { texts: [...ask.texts], input_type, embedding_types: ["float"], ...fields },
    lossy,
    read: (answer, headers) => ({
      vectors: asArray(asObject(answer.embeddings)?.float ?? answer.embeddings).map(asArray),
      tokenCount: countedIn(headers),
    }),
  };
}

/** What the vectors are for, in words that Cohere and Nova share; documents where nothing is said. */
function purposeOf({ purpose = "" }: EmbedAsk): string {
  const word = purpose.toLowerCase();
  if (word.includes("query")) return "query";
  return word === "classification" || word === "clustering" ? word : "document";
}

function unsaid({ purpose }: EmbedAsk): readonly string[] {
  return purpose === undefined ? [] : ["input_type"];
}

function countedIn(headers: Readonly<Record<string, string>>): number | undefined {
  const count = Number(headers["x-amzn-bedrock-input-token-count"] ?? "");
  return Number.isInteger(count) && count > 0 ? count : undefined;
}
