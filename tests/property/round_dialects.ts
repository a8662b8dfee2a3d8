/** The dialects that clients and providers both speak, with the words each has for requests. */
import { ANTHROPIC_CLIENT_CODEC } from "../../src/dialects/anthropic_client/codec.ts";
import { ANTHROPIC_UPSTREAM_CODEC } from "../../src/dialects/anthropic_upstream/codec.ts";
import type { ClientCodec, ProviderCodec, Recall } from "../../src/dialects/codec.ts";
import { GEMINI_CODEC } from "../../src/dialects/gemini/codec.ts";
import { GEMINI_CLIENT_CODEC } from "../../src/dialects/gemini_client/codec.ts";
import { OPENAI_CHAT_CODEC } from "../../src/dialects/openai_codec/codec.ts";
import { OPENAI_UPSTREAM_CODEC } from "../../src/dialects/openai_upstream/codec.ts";
import { RESPONSES_CLIENT_CODEC } from "../../src/dialects/responses_client/codec.ts";
import { RESPONSES_UPSTREAM_CODEC } from "../../src/dialects/responses_upstream/codec.ts";
import type { Word, Words } from "./random_chats.ts";

export interface RoundDialect {
  readonly name: "chat completions" | "Responses" | "Messages" | "generateContent";
  readonly client: ClientCodec;
  readonly provider: ProviderCodec;
  /** The model that is spoken to; what may be said depends on it. */
  readonly model: string;
  readonly recall: Recall;
  readonly words: Words;
}

/** Knows every proof and every id of a call as one that models of this family gave: only those are sent. */
function knows(family: string): Recall {
  return {
    remember: () => {},
    recall(key) {
      if (key.startsWith("text ")) return family;
      return key.includes(" ") ? undefined : JSON.stringify({ f: family, i: "given" });
    },
  };
}

const SAMPLED: readonly Word[] = ["temperature", "top_p"];
const OPENAI: readonly Word[] = [
  ...SAMPLED,
  "image",
  "image_url",
  "image_detail",
  "audio",
  "file",
  "strict",
  "one_by_one",
  "logprobs",
  "json",
  "schema",
  "format_name",
  "user",
  "free_thinking",
  "effort none",
  "effort minimal",
  "effort low",
  "effort medium",
  "effort high",
  "effort xhigh",
];
const CHAT: readonly Word[] = [...OPENAI, "video", "top_k", "stop", "seed", "penalties", "n", "modalities"];
const MESSAGES: readonly Word[] = [
  "image",
  "image_url",
  "file",
  "file_url",
  "cache_mark",
  "signed_thought",
  "encrypted_thought",
  "failed_result",
  "result_image",
  "strict",
  "one_by_one",
  "stop",
  "schema",
  "user",
  "effort none",
];
const GENERATE: readonly Word[] = [
  ...SAMPLED,
  "image",
  "audio",
  "video",
  "signed_thought",
  "signed_text",
  "signed_call",
  "failed_result",
  "several_named",
  "top_k",
  "stop",
  "seed",
  "penalties",
  "n",
  "logprobs",
  "hides_thoughts",
  "modalities",
  "free_thinking",
  "thinks_as_it_likes",
];

const chat = { name: "chat completions", client: OPENAI_CHAT_CODEC, provider: OPENAI_UPSTREAM_CODEC, recall: knows("") } as const;
const messages = {
  name: "Messages",
  client: ANTHROPIC_CLIENT_CODEC,
  provider: ANTHROPIC_UPSTREAM_CODEC,
  recall: knows("anthropic"),
} as const;
const generate = { name: "generateContent", client: GEMINI_CLIENT_CODEC, provider: GEMINI_CODEC } as const;

/** Chat completions first. */
export const DIALECTS: readonly RoundDialect[] = [
  { ...chat, model: "gpt-5", words: new Set(CHAT) },
  { ...chat, model: "deepseek-v4", words: new Set([...CHAT, "plain_thought"]) },
  {
    name: "Responses",
    client: RESPONSES_CLIENT_CODEC,
    provider: RESPONSES_UPSTREAM_CODEC,
    recall: knows(""),
    model: "o3-pro",
    words: new Set([...OPENAI, "encrypted_thought", "file_url", "result_image", "several_named"]),
  },
  // The first model that thinks takes every setting, and a budget; the later one a word in its place.
  { ...messages, model: "claude-3-7-sonnet", words: new Set([...MESSAGES, ...SAMPLED, "top_k", "budget"]) },
  {
    ...messages,
    model: "claude-sonnet-4-6",
    words: new Set([...MESSAGES, "thinks_as_it_likes", "effort low", "effort medium", "effort high", "effort max"]),
  },
  { ...generate, recall: knows("gemini-2"), model: "gemini-2.5-flash", words: new Set([...GENERATE, "budget"]) },
  {
    ...generate,
    recall: knows("gemini-3"),
    model: "gemini-3-flash",
    words: new Set([...GENERATE, "result_image", "json", "schema", "effort minimal", "effort low", "effort medium", "effort high"]),
  },
];
