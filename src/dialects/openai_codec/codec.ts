/** The client's half of a crossing for OpenAI chat completions. Knows no provider and no provider's format. */
import type { ClientCodec } from "../codec.ts";
import { answerOf } from "./answer.ts";
import { decodeChat } from "./decode.ts";
import { ChunkWriter } from "./stream.ts";

/** Reads chat completions requests, and writes their answers whole or as chunks. */
export const OPENAI_CHAT_CODEC: ClientCodec = {
  decode: decodeChat,
  answer: answerOf,
  stream: (context) => new ChunkWriter(context),
};
