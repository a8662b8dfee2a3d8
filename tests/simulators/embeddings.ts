/**
 * Embeddings of the simulated provider. A vector depends on its input alone and its numbers are exact in 32
 * bits, so a test can tell which input a vector belongs to, in either encoding.
 */
import { Buffer } from "node:buffer";
import { asArray, asNumber, asObject, type Json, type JsonObject } from "../../src/kernel/json.ts";
import { errorBody, jsonReply, type Reply } from "./reply.ts";
import { tokensOf } from "./tokens.ts";

/** One thing to embed: a text or its tokens. */
export type EmbeddingInput = string | readonly number[];

const DEFAULT_DIMENSIONS = 8;
const MAX_DIMENSIONS = 4_096;

/** The vector the simulator gives for `input`: numbers in [-1, 1), the same every time. */
export function embeddingOf(input: EmbeddingInput, dimensions: number = DEFAULT_DIMENSIONS): number[] {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(JSON.stringify(input))) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return Array.from({ length: dimensions }, () => {
    hash = (Math.imul(hash, 1_664_525) + 1_013_904_223) >>> 0;
    return (hash >>> 16) / 32_768 - 1;
  });
}

/** A vector as `encoding_format: "base64"` sends it: little-endian 32-bit floats. */
export function encodeVector(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, index) => bytes.writeFloatLE(value, index * 4));
  return bytes.toString("base64");
}

/** Undoes {@link encodeVector}. */
export function decodeVector(text: string): number[] {
  const bytes = Buffer.from(text, "base64");
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}

/** The answer to an embeddings body; 400 when an input is missing, empty or one of `refused`, or for odd dimensions. */
export function embeddingsReply(body: JsonObject, model: string, refused: readonly string[]): Reply {
  const inputs = inputsOf(body.input);
  if (inputs.length === 0) return invalidInput("'$.input' is invalid. Please check the API reference.");
  const bad = inputs.findIndex((input) => input.length === 0 || (typeof input === "string" && refused.includes(input)));
  if (bad >= 0) return invalidInput(`'$.input[${bad}]' is invalid. Please check the API reference.`);
  const dimensions = asNumber(body.dimensions) ?? DEFAULT_DIMENSIONS;
  if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > MAX_DIMENSIONS) {
    return invalidInput(`'$.dimensions' is invalid: a whole number from 1 to ${MAX_DIMENSIONS} is expected.`);
  }
  const tokenCount = inputs.reduce((sum, input) => sum + inputTokens(input), 0);
  const rows = inputs.map((input, index) => {
    const vector = embeddingOf(input, dimensions);
    return { object: "embedding", index, embedding: body.encoding_format === "base64" ? encodeVector(vector) : vector };
  });
  return jsonReply(200, { object: "list", data: rows, model, usage: { prompt_tokens: tokenCount, total_tokens: tokenCount } });
}

/** The inputs of an embeddings body, one of four shapes: text, texts, tokens, lists of tokens. Empty when it is none of them. */
export function inputsOf(input: Json | undefined): readonly EmbeddingInput[] {
  if (typeof input === "string") return [input];
  if (!Array.isArray(input)) return [];
  const items: readonly Json[] = input;
  if (items.every((item) => typeof item === "string")) return items;
  const tokens = tokensIn(items);
  if (tokens !== undefined) return [tokens];
  const lists = items.map(tokensIn);
  return lists.every((list) => list !== undefined) ? lists : [];
}

function tokensIn(value: Json): readonly number[] | undefined {
  return Array.isArray(value) && value.every((item) => typeof item === "number") ? value : undefined;
}

function inputTokens(input: EmbeddingInput): number {
  return typeof input === "string" ? tokensOf(input) : input.length;
}

function invalidInput(message: string): Reply {
  return jsonReply(400, errorBody({ message, param: "input" }));
}

/** The vectors of an embeddings answer in order of `index`, decoded when they are base64. */
export function vectorsOf(answer: Json | undefined): number[][] {
  const rows = asArray(asObject(answer)?.data).map((row) => asObject(row));
  return rows.toSorted((a, b) => (asNumber(a?.index) ?? 0) - (asNumber(b?.index) ?? 0)).map((row) => {
    const vector: Json = row?.embedding ?? [];
    return typeof vector === "string" ? decodeVector(vector) : [...(tokensIn(vector) ?? [])];
  });
}
