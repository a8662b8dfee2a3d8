/**
 * The provider's half of a crossing for Gemini's generateContent. What wraps its bodies at some providers is
 * not known here. Format: https://ai.google.dev/api/generate-content
 */
import type { ChatRequest, ToolForm } from "../../canonical/chat.ts";
import { isFailure } from "../../kernel/failure.ts";
import type { ProviderCodec } from "../codec.ts";
import { AnswerReader, type AnswerReaderOptions } from "./answer.ts";
import { encodeRequest } from "./encode.ts";
import { CallMemory } from "./memory.ts";
import { ToolNames } from "../tool_names.ts";
import { GEMINI_NAMES } from "./tools.ts";
import { readBody } from "./read.ts";
import { traitsOf } from "./traits.ts";

/** Writes requests for Gemini, and reads its answers. */
export const GEMINI_CODEC: ProviderCodec = {
  cross(request, { model, recall, newId }) {
    const traits = traitsOf(model);
    const names = new ToolNames(request.tools.map(({ name }) => name), GEMINI_NAMES);
    const memory = new CallMemory({ recall, family: traits.family });
    const encoded = encodeRequest(request, { traits, names, memory });
    if (isFailure(encoded)) return encoded;
    const options: AnswerReaderOptions = { names, memory, forms: formsOf(request), usedIds: idsOf(request), newId };
    return {
      ...encoded,
      answer(body) {
        const reader = new AnswerReader(options);
        return [...reader.push(body), ...reader.end()];
      },
      events: () => new AnswerReader(options),
    };
  },
  read: readBody,
};

function formsOf({ tools }: ChatRequest): ReadonlyMap<string, ToolForm> {
  return new Map(tools.flatMap(({ name, form }) => form === undefined ? [] : [[name, form]]));
}

function idsOf({ turns }: ChatRequest): ReadonlySet<string> {
  return new Set(turns.flatMap(({ parts }) => parts.flatMap((part) => part.kind === "tool_call" ? part.id : [])));
}
