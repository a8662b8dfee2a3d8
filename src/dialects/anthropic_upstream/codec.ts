/**
 * The provider's half of a crossing for Anthropic Messages. Whoever wraps these bodies (Vertex AI, Bedrock) is not
 * known here. Format: https://docs.anthropic.com/en/api/messages
 */
import type { ChatRequest, ToolForm } from "../../canonical/chat.ts";
import { isFailure } from "../../kernel/failure.ts";
import { readMessages } from "../anthropic_wire.ts";
import type { ProviderCodec } from "../codec.ts";
import { ToolNames } from "../tool_names.ts";
import { type EventReaderOptions, MessageReader } from "./answer.ts";
import { encodeRequest } from "./encode.ts";
import { ThoughtMemory } from "./memory.ts";
import { ANTHROPIC_NAMES } from "./tools.ts";
import { traitsOf } from "./traits.ts";

/** Writes Messages requests, and reads their answers whole or as events. */
export const ANTHROPIC_UPSTREAM_CODEC: ProviderCodec = {
  cross(request, { model, recall }) {
    const names = new ToolNames(request.tools.map(({ name }) => name), ANTHROPIC_NAMES);
    const memory = new ThoughtMemory(recall);
    const encoded = encodeRequest(request, { model, traits: traitsOf(model), names, memory });
    if (isFailure(encoded)) return encoded;
    const options: EventReaderOptions = { names, memory, forms: formsOf(request) };
    return {
      ...encoded,
      answer(body) {
        const reader = new MessageReader(options);
        return [...reader.whole(body), ...reader.end()];
      },
      events: () => new MessageReader(options),
    };
  },
  read: readMessages,
};

function formsOf({ tools }: ChatRequest): ReadonlyMap<string, ToolForm> {
  return new Map(tools.flatMap(({ name, form }) => form === undefined ? [] : [[name, form]]));
}
