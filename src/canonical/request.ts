/**
 * A request in the gateway's own words, whatever dialect it came in, with the original beside it: when the
 * provider speaks the client's dialect the original is what is sent, so nothing is lost on the way.
 */
import type { JsonObject } from "../kernel/json.ts";

export type DialectName =
  | "openai_chat"
  | "openai_completions"
  | "openai_embeddings"
  | "openai_responses"
  | "anthropic_messages"
  | "gemini_generate"
  | "gemini_array"
  | "gemini_embed"
  | "gemini_embed_batch";
export type Operation = "chat" | "completions" | "embeddings";

/** What tells conversations apart, for keeping one on the credential that has its prompt cached. */
export interface Conversation {
  /** An id that the client gave: prompt cache key, user or session. */
  readonly id: string | undefined;
  /** System prompt and first user message, clipped. */
  readonly opening: string;
}

export interface CanonicalRequest {
  readonly operation: Operation;
  /** The model as the client named it. */
  readonly model: string;
  readonly isStream: boolean;
  /** The client asked for usage in its stream. */
  readonly wantsStreamUsage: boolean;
  readonly conversation: Conversation;
  readonly native: { readonly dialect: DialectName; readonly body: JsonObject };
}
