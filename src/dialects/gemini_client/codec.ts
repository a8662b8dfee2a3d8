/** The client's half of a crossing for Gemini's generateContent. Knows no provider and no provider's format. */
import type { ClientCodec } from "../codec.ts";
import { generatedOf } from "./answer.ts";
import { decodeGenerate } from "./decode.ts";
import { GeneratedWriter } from "./stream.ts";

/** Reads generateContent requests, and writes their answers whole or as chunks. */
export const GEMINI_CLIENT_CODEC: ClientCodec = {
  decode: decodeGenerate,
  answer: generatedOf,
  stream: (context) => new GeneratedWriter(context),
};
