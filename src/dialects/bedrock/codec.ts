/**
 * The provider's half of a crossing for Amazon Bedrock's Converse. Events of its streams come here as objects with one
 * field, the event's type. Format: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
 */
import type { ChatRequest, ToolForm } from "../../canonical/chat.ts";
import { isFailure } from "../../kernel/failure.ts";
import type { ProviderCodec } from "../codec.ts";
import { PLAIN_NAMES, ToolNames } from "../tool_names.ts";
import { ConverseReader, type ConverseReaderOptions } from "./answer.ts";
import { encodeRequest } from "./encode.ts";
import { readConverse } from "./read.ts";

/** Writes Converse requests, and reads their answers whole or as events. */
export const BEDROCK_CODEC: ProviderCodec = {
  cross(request, { model, recall }) {
    const names = new ToolNames(request.tools.map(({ name }) => name), PLAIN_NAMES);
    const encoded = encodeRequest(request, { model, names, recall });
    if (isFailure(encoded)) return encoded;
    const options: ConverseReaderOptions = { names, recall, forms: formsOf(request) };
    return {
      ...encoded,
      answer(body) {
        const reader = new ConverseReader(options);
        return [...reader.whole(body), ...reader.end()];
      },
      events: () => new ConverseReader(options),
    };
  },
  read: readConverse,
};

function formsOf({ tools }: ChatRequest): ReadonlyMap<string, ToolForm> {
  return new Map(tools.flatMap(({ name, form }) => form === undefined ? [] : [[name, form]]));
}
