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
  | "openai_raw"
  | "gemini_raw"
  | "anthropic_messages"
  | "gemini_generate"
  | "gemini_array"
  | "gemini_embed"
  | "gemini_embed_batch";
/** `raw`: a request that is passed on as it is. */
export type Operation = "chat" | "completions" | "embeddings" | "raw";

/** What tells conversations apart, for keeping one on the credential that has its prompt cached. */
export interface Conversation {
  /** An id that the client gave: prompt cache key, user or session. */
  readonly id: string | undefined;
  /** System prompt and first user message, clipped. */
  readonly opening: string;
}

/** A request that is passed on as it is, but for the model's name. */
export interface RawRequest {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** After the provider's base URL, with its query. */
  readonly path: string;
  /** How the body names the model: by its name alone where nothing is said, as Google's resource, or not at all. */
  readonly modelForm?: "resource" | "absent";
  /** Undefined: the body of the native request, as JSON. */
  readonly form?: RawForm;
  /** Ids in the answer get the mark of their credential. */
  readonly isOwned: boolean;
}

/** A multipart form; `named` gives its bytes with another name of the model. */
export interface RawForm {
  readonly contentType: string;
  named(model: string): Uint8Array;
}

export interface CanonicalRequest {
  readonly operation: Operation;
  /** The model as the client named it. */
  readonly model: string;
  readonly isStream: boolean;
  /** The client asked for usage in its stream. */
  readonly wantsStreamUsage: boolean;
  readonly conversation: Conversation;
  readonly native: { readonly dialect: DialectName; readonly body: JsonObject; readonly raw?: RawRequest };
}
