/**
 * The provider's half of a crossing for OpenAI Responses, for models that answer nowhere else.
 * Format: https://platform.openai.com/docs/api-reference/responses
 */
import type { ChatRequest, ToolForm } from "../../canonical/chat.ts";
import { isFailure } from "../../kernel/failure.ts";
import type { ProviderCodec } from "../codec.ts";
import { readResponses } from "../responses_client/read.ts";
import { PLAIN_NAMES, ToolNames } from "../tool_names.ts";
import { ResponseReader, type ResponseReaderOptions } from "./answer.ts";
import { encodeRequest } from "./encode.ts";

/** Writes Responses requests, and reads their answers whole or as events. */
export const RESPONSES_UPSTREAM_CODEC: ProviderCodec = {
  cross(request, { model, recall }) {
    const names = new ToolNames(request.tools.map(({ name }) => name), PLAIN_NAMES);
    const encoded = encodeRequest(request, { model, names, recall });
    if (isFailure(encoded)) return encoded;
    const options: ResponseReaderOptions = { names, recall, forms: formsOf(request) };
    return {
      ...encoded,
      answer(body) {
        const reader = new ResponseReader(options);
        return [...reader.whole(body), ...reader.end()];
      },
      events: () => new ResponseReader(options),
    };
  },
  read: readResponses,
};

function formsOf({ tools }: ChatRequest): ReadonlyMap<string, ToolForm> {
  return new Map(tools.flatMap(({ name, form }) => form === undefined ? [] : [[name, form]]));
}
