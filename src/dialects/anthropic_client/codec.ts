/** The client's half of a crossing for Anthropic Messages. Knows no provider and no provider's format. */
import type { ClientCodec } from "../codec.ts";
import { messageOf } from "./answer.ts";
import { decodeMessages } from "./decode.ts";
import { MessageWriter } from "./stream.ts";

/** Reads Messages requests, and writes their answers whole or as events. */
export const ANTHROPIC_CLIENT_CODEC: ClientCodec = {
  decode: decodeMessages,
  answer: messageOf,
  stream: (context) => new MessageWriter(context),
};
