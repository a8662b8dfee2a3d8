/**
 * The provider's half of a crossing for OpenAI chat completions, the format most providers speak. What a single
 * provider does differently is left to the quirks of its row. Format: https://platform.openai.com/docs/api-reference/chat
 */
import type { ChatRequest } from "../../canonical/chat.ts";
import { isFailure } from "../../kernel/failure.ts";
import type { ProviderCodec } from "../codec.ts";
import { readChat } from "../openai_wire.ts";
import { PLAIN_NAMES, ToolNames } from "../tool_names.ts";
import { ChunkReader, type ChunkReaderOptions } from "./answer.ts";
import { encodeRequest } from "./encode.ts";

/** Writes chat completions requests, and reads their answers whole or as chunks. */
export const OPENAI_UPSTREAM_CODEC: ProviderCodec = {
  cross(request, { model, newId }) {
    const names = new ToolNames(request.tools.map(({ name }) => name), PLAIN_NAMES);
    const encoded = encodeRequest(request, { model, names });
    if (isFailure(encoded)) return encoded;
    const options: ChunkReaderOptions = { names, forms: formsOf(request), usedIds: idsOf(request), newId };
    return {
      ...encoded,
      answer(body) {
        const reader = new ChunkReader(options);
        return [...reader.push(body), ...reader.end()];
      },
      events: () => new ChunkReader(options),
    };
  },
  read: readChat,
};

function formsOf({ tools }: ChatRequest): ChunkReaderOptions["forms"] {
  return new Map(tools.flatMap(({ name, form }) => form === undefined ? [] : [[name, form]]));
}

function idsOf({ turns }: ChatRequest): ReadonlySet<string> {
  return new Set(turns.flatMap(({ parts }) => parts.flatMap((part) => part.kind === "tool_call" ? part.id : [])));
}
