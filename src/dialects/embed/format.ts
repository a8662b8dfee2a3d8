/**
 * Embeddings in formats of providers' own: each is written from a request in OpenAI's words, and its answer is told in
 * them. Texts only: tokens belong to the model that counted them. Pure.
 */
import { Buffer } from "node:buffer";
import { type Failure, isFailure } from "../../kernel/failure.ts";
import { asArray, asNumber, asString, type Json, type JsonObject } from "../../kernel/json.ts";
import { invalidField } from "../problems.ts";

/** What is asked for. */
export interface EmbedAsk {
  readonly texts: readonly string[];
  readonly dimensions: number | undefined;
  /** What the vectors are for, in the client's word: Google's, Cohere's or NVIDIA's. */
  readonly purpose: string | undefined;
}

export interface EmbedCall {
  /** What the address asks the model for, e.g. `predict`. */
  readonly method: string;
  readonly body: JsonObject;
  /** Fields of the client's request that were left out. */
  readonly lossy?: readonly string[];
  /** Vectors in the order of the texts, and how many tokens those had, when that is told. */
  read(answer: JsonObject, headers: Readonly<Record<string, string>>): Vectors;
}

export interface Vectors {
  readonly vectors: readonly (readonly Json[])[];
  readonly tokenCount: number | undefined;
}

export interface EmbedFormat {
  /** Most texts of one call. */
  maxItems(model: string): number;
  call(ask: EmbedAsk, model: string): EmbedCall | Failure;
}

/** One request on its way. */
export interface EmbedCrossing {
  readonly method: string;
  readonly body: JsonObject;
  readonly lossy: readonly string[];
  answer(body: JsonObject, headers: Readonly<Record<string, string>>): JsonObject;
}

const KNOWN: ReadonlySet<string> = new Set(["model", "input", "dimensions", "encoding_format", "input_type"]);

/** Writes a request that `openai_embeddings` accepted; a failure names what the format cannot take. */
export function crossEmbeddings(format: EmbedFormat, body: JsonObject, model: string): EmbedCrossing | Failure {
  const texts = typeof body.input === "string" ? [body.input] : asArray(body.input).flatMap((item) => asString(item) ?? []);
  if (texts.length === 0 || (Array.isArray(body.input) && texts.length < body.input.length)) {
    return invalidField("input", "this model takes texts, not tokens");
  }
  const max = format.maxItems(model);
  if (texts.length > max) return invalidField("input", `at most ${max} ${max === 1 ? "text" : "texts"} in one call of this model`);
  const ask = { texts, dimensions: asNumber(body.dimensions), purpose: asString(body.input_type) };
  const call = format.call(ask, model);
  if (isFailure(call)) return call;
  const unknown = Object.keys(body).filter((name) => !KNOWN.has(name) && body[name] !== null);
  const isPacked = body.encoding_format === "base64";
  return {
    method: call.method,
    body: call.body,
    lossy: [...unknown, ...call.lossy ?? []],
    answer(answer, headers) {
      const { vectors, tokenCount } = call.read(answer, headers);
      const data = vectors.map((vector, index) => ({ object: "embedding", index, embedding: isPacked ? packed(vector) : [...vector] }));
      const usage = tokenCount === undefined ? {} : { usage: { prompt_tokens: tokenCount, total_tokens: tokenCount } };
      return { object: "list", data, model, ...usage };
    },
  };
}

/** Little-endian floats of 32 bits, in base64. */
function packed(vector: readonly Json[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, index) => bytes.writeFloatLE(asNumber(value) ?? 0, index * 4));
  return bytes.toString("base64");
}
