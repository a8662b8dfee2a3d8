/** The client's half of a crossing for OpenAI Responses. Knows no provider and no provider's format. */
import type { ClientCodec } from "../codec.ts";
import { responseOf } from "./answer.ts";
import { decodeResponses } from "./decode.ts";
import { ResponseWriter } from "./stream.ts";

/** Reads Responses requests, and writes their answers whole or as events. */
export const RESPONSES_CLIENT_CODEC: ClientCodec = {
  decode: decodeResponses,
  answer: responseOf,
  stream: (context) => new ResponseWriter(context),
};
