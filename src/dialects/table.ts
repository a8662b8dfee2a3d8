/** Every dialect by name. A new one is a file and a line here. */
import type { DialectName } from "../canonical/request.ts";
import type { Dialect } from "./dialect.ts";
import { anthropicMessages } from "./anthropic_messages.ts";
import { geminiEmbed, geminiEmbedBatch } from "./gemini_embed.ts";
import { geminiArray, geminiGenerate } from "./gemini_generate.ts";
import { openaiChat } from "./openai_chat.ts";
import { openaiCompletions } from "./openai_completions.ts";
import { openaiEmbeddings } from "./openai_embeddings.ts";
import { geminiRaw, openaiRaw } from "./openai_raw.ts";
import { openaiResponses } from "./openai_responses.ts";

export const DIALECTS: Readonly<Record<DialectName, Dialect>> = {
  openai_chat: openaiChat,
  openai_completions: openaiCompletions,
  openai_embeddings: openaiEmbeddings,
  openai_responses: openaiResponses,
  openai_raw: openaiRaw,
  gemini_raw: geminiRaw,
  anthropic_messages: anthropicMessages,
  gemini_generate: geminiGenerate,
  gemini_array: geminiArray,
  gemini_embed: geminiEmbed,
  gemini_embed_batch: geminiEmbedBatch,
};
