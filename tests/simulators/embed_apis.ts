/**
 * Embeddings as Vertex AI, the Gemini API and Amazon Bedrock answer them, each refusing what the real one refuses. Vectors
 * are those of `embeddings.ts`. Pure.
 */
import { asArray, asNumber, asObject, asString, isObject, type JsonObject } from "../../src/kernel/json.ts";
import type { Question } from "./answers.ts";
import { embeddingOf } from "./embeddings.ts";
import { jsonReply, type Reply } from "./reply.ts";
import { tokensOf } from "./tokens.ts";

const GOOGLE = /\/models\/([^/]+):(predict|embedContent|batchEmbedContents)$/;
const BEDROCK = /\/model\/([^/]+)\/invoke$/;

/** The answer to a call for embeddings; undefined for every other request. */
export function embedReply({ path, method, body }: Question): Reply | undefined {
  if (method !== "POST") return undefined;
  const asked = asObject(body) ?? {};
  const [, googleModel, way] = GOOGLE.exec(path) ?? [];
  if (way === "predict") return predict(asked, decodeURIComponent(googleModel ?? ""));
  if (way === "embedContent") return embedContent(asked);
  if (way === "batchEmbedContents") return batch(asked);
  const [, awsModel] = BEDROCK.exec(path) ?? [];
  return awsModel === undefined ? undefined : invoke(asked, decodeURIComponent(awsModel));
}

function predict(body: JsonObject, model: string): Reply {
  const extra = extraIn(body, ["instances", "parameters"]);
  if (extra !== undefined) return googleRefusal(extra);
  const instances = asArray(body.instances).filter(isObject);
  if (model === "gemini-embedding-001" && instances.length > 1) {
    return googleRefusal("gemini-embedding-001 supports one instance per request");
  }
  const size = asNumber(asObject(body.parameters)?.outputDimensionality);
  const predictions = instances.map(({ content }) => {
    const text = asString(content) ?? "";
    return { embeddings: { values: embeddingOf(text, size), statistics: { truncated: false, token_count: tokensOf(text) } } };
  });
  return jsonReply(200, { predictions, metadata: { billableCharacterCount: 1 } });
}

function embedContent(body: JsonObject): Reply {
  const extra = extraIn(body, ["content", "embedContentConfig"]);
  if (extra !== undefined) return googleRefusal(extra);
  const text = textOf(body.content);
  const size = asNumber(asObject(body.embedContentConfig)?.outputDimensionality);
  return jsonReply(200, { embedding: { values: embeddingOf(text, size) }, usageMetadata: { promptTokenCount: tokensOf(text) } });
}

function batch(body: JsonObject): Reply {
  const requests = asArray(body.requests).filter(isObject);
  const extra = extraIn(body, ["requests"]) ??
    requests.map((request) => extraIn(request, ["model", "content", "taskType", "outputDimensionality"])).find((it) => it !== undefined);
  if (extra !== undefined) return googleRefusal(extra);
  return jsonReply(200, {
    embeddings: requests.map(({ content, outputDimensionality }) => ({
      values: embeddingOf(textOf(content), asNumber(outputDimensionality)),
    })),
  });
}

function textOf(content: JsonObject[string] | undefined): string {
  return asArray(asObject(content)?.parts).map((part) => asString(asObject(part)?.text) ?? "").join("");
}

function invoke(body: JsonObject, model: string): Reply {
  if (model.includes("titan")) {
    const extra = extraIn(body, ["inputText", "dimensions", "normalize"]);
    const text = asString(body.inputText);
    if (extra !== undefined || text === undefined) return awsRefusal(extra ?? "required key [inputText] not found");
    return jsonReply(200, { embedding: embeddingOf(text, asNumber(body.dimensions)), inputTextTokenCount: tokensOf(text) });
  }
  const extra = extraIn(body, ["texts", "input_type", "embedding_types", "output_dimension"]);
  if (extra !== undefined || asString(body.input_type) === undefined) return awsRefusal(extra ?? "required key [input_type] not found");
  const texts = asArray(body.texts).map((text) => asString(text) ?? "");
  const counted = { "x-amzn-bedrock-input-token-count": String(texts.reduce((sum, text) => sum + tokensOf(text), 0)) };
  const float = texts.map((text) => embeddingOf(text, asNumber(body.output_dimension)));
  return jsonReply(200, { id: "sim", response_type: "embeddings_by_type", embeddings: { float }, texts }, counted);
}

function extraIn(body: JsonObject, known: readonly string[]): string | undefined {
  const extra = Object.keys(body).find((name) => !known.includes(name));
  return extra === undefined ? undefined : `Invalid JSON payload received. Unknown name "${extra}": Cannot find field.`;
}

function googleRefusal(message: string): Reply {
  return jsonReply(400, { error: { code: 400, status: "INVALID_ARGUMENT", message } });
}

function awsRefusal(message: string): Reply {
  return jsonReply(400, { message }, { "x-amzn-errortype": "ValidationException" });
}
