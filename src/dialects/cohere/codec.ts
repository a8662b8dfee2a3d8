/** The provider's half of a crossing for Cohere's v2 chat. Format: https://docs.cohere.com/reference/chat */
import type { ChatRequest, ToolForm } from "../../canonical/chat.ts";
import { isFailure } from "../../kernel/failure.ts";
import type { ProviderCodec } from "../codec.ts";
import { PLAIN_NAMES, ToolNames } from "../tool_names.ts";
import { ChatReader, type ChatReaderOptions } from "./answer.ts";
import { encodeRequest } from "./encode.ts";
import { readCohere } from "./read.ts";

/** Writes Cohere's requests, and reads its answers whole or as events. */
export const COHERE_CODEC: ProviderCodec = {
  cross(request, { model, newId }) {
    const names = new ToolNames(request.tools.map(({ name }) => name), PLAIN_NAMES);
    const encoded = encodeRequest(request, { model, names });
    if (isFailure(encoded)) return encoded;
    const options: ChatReaderOptions = { names, forms: formsOf(request), usedIds: idsOf(request), newId };
    return {
      ...encoded,
      answer(body) {
        const reader = new ChatReader(options);
        return [...reader.whole(body), ...reader.end()];
      },
      events: () => new ChatReader(options),
    };
  },
  read: readCohere,
};

function formsOf({ tools }: ChatRequest): ReadonlyMap<string, ToolForm> {
  return new Map(tools.flatMap(({ name, form }) => form === undefined ? [] : [[name, form]]));
}

function idsOf({ turns }: ChatRequest): ReadonlySet<string> {
  return new Set(turns.flatMap(({ parts }) => parts.flatMap((part) => part.kind === "tool_call" ? part.id : [])));
}
