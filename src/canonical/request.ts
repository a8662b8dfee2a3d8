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
/** `raw`: a request that is passed on as it is; `owned`: one about files and batches, which no model has to do with; `count`: of tokens. */
export type Operation = "chat" | "completions" | "embeddings" | "raw" | "owned" | "count";

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
  /** The path is one of this protocol's; undefined: one of OpenAI's. */
  readonly speaks?: "anthropic" | "gemini";
  /** One list of what several credentials have. */
  readonly list?: OwnedList;
}

/** What is to be listed, credential after credential in their order. */
export interface OwnedList {
  /** Ids of the providers to ask. */
  readonly providers: readonly string[];
  /** `named`: the client asked for this provider, so what it lacks is told. */
  readonly choice: "named" | "all";
  /** Most entries; undefined: as many as the providers give at once. */
  readonly limit: number | undefined;
  /** The entry after which the list goes on, and the end of the id of its credential. */
  readonly after: { readonly id: string; readonly owner: string } | undefined;
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
