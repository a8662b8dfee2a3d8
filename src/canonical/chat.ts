/**
 * A chat in the gateway's own words: what every dialect is read into and written from when client and
 * provider speak different ones. Order of turns and parts is the order of the conversation.
 */
import type { JsonObject } from "../kernel/json.ts";
import type { Usage } from "../kernel/usage.ts";

/** Bytes of a picture, sound or document, or where they are. `data` is base64 without line breaks. */
export type Blob =
  | { readonly kind: "inline"; readonly mimeType: string; readonly data: string }
  /** `field`: where the client wrote it, so that a failure can name it. */
  | { readonly kind: "url"; readonly url: string; readonly mimeType?: string; readonly field?: string };

/** Marks the end of what a provider shall keep in its prompt cache, and for how long. */
export type CacheMark = "5m" | "1h";

/** What every part may carry. */
interface Markable {
  readonly cache?: CacheMark;
}

export interface TextPart extends Markable {
  readonly kind: "text";
  readonly text: string;
  /** Opaque proof a provider attached to this part; only the provider that gave it can read it. */
  readonly signature?: string;
}

export type Part =
  | TextPart
  | { readonly kind: "image"; readonly source: Blob; readonly detail?: "low" | "high" | "auto" } & Markable
  | { readonly kind: "audio"; readonly source: Blob }
  | { readonly kind: "video"; readonly source: Blob }
  | { readonly kind: "file"; readonly source: Blob; readonly name?: string } & Markable
  /** What the model thought, in turns of the assistant. `encrypted`: thoughts only their provider can read, beside or instead of the text. */
  | { readonly kind: "reasoning"; readonly text: string; readonly signature?: string; readonly encrypted?: string }
  | { readonly kind: "refusal"; readonly text: string }
  | ToolCall
  /** What a tool answered, in turns of the user. */
  | {
    readonly kind: "tool_result";
    readonly callId: string;
    readonly name?: string;
    readonly content: readonly Part[];
    readonly isError?: true;
  } & Markable;

export interface ToolCall extends Markable {
  readonly kind: "tool_call";
  /** Unique in the conversation. */
  readonly id: string;
  readonly name: string;
  /** JSON text, as the model wrote it; may be invalid. */
  readonly arguments: string;
  readonly signature?: string;
  /** In answers: that of the tool. */
  readonly form?: ToolForm;
}

/**
 * How the client declared a tool, when not in its dialect's usual way; calls are told in the same form.
 * `free_text`: it takes one text, which the canonical form calls `input`. `legacy`: an older shape of the dialect.
 */
export type ToolForm = "free_text" | "legacy";

export interface Turn {
  readonly role: "user" | "assistant";
  readonly parts: readonly Part[];
}

export interface Tool {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of the arguments; absent: none are taken. */
  readonly parameters?: JsonObject;
  /** The provider shall hold the model to the schema; absent: not said. */
  readonly isStrict?: boolean;
  readonly form?: ToolForm;
  readonly cache?: CacheMark;
}

/** `named`: exactly these may be called, and one of them must be. */
export type ToolChoice =
  | { readonly kind: "auto" | "none" | "required" }
  | { readonly kind: "named"; readonly names: readonly string[] };

export type Effort = "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max";

/** How much the model shall think: a word, a number of tokens, or as it likes. */
export type Reasoning =
  | { readonly kind: "effort"; readonly effort: Effort }
  | { readonly kind: "budget"; readonly tokens: number }
  | { readonly kind: "auto" };

export type ResponseFormat =
  | { readonly kind: "text" | "json" }
  | {
    readonly kind: "schema";
    readonly schema: JsonObject;
    readonly name: string;
    readonly description?: string;
    readonly isStrict?: boolean;
  };

/** Numbers as the client gave them; absent = not given. */
export interface Sampling {
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly maxTokens?: number;
  readonly stop?: readonly string[];
  readonly seed?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly choiceCount?: number;
  /** Most likely tokens to tell of at each place; 0 = only the chosen one. */
  readonly topLogprobs?: number;
}

export interface ChatRequest {
  /** Everything said by system and developer, in order. */
  readonly system: readonly TextPart[];
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  /** At most one call a turn. */
  readonly callsOneByOne?: true;
  readonly sampling: Sampling;
  readonly format?: ResponseFormat;
  readonly reasoning?: Reasoning;
  /** The client does not want to see what the model thinks. */
  readonly hidesReasoning?: true;
  /** Who the client says its user is; not meant to be personal. */
  readonly userId?: string;
  /** Kinds of output wanted: `text`, `image`, `audio`. */
  readonly modalities?: readonly string[];
  /** Fields a provider may know that have no place above, as the client wrote them (e.g. `safety_settings`, `google`). */
  readonly extensions: JsonObject;
  /** Fields of the client's request that this form cannot hold, by their names in its dialect. */
  readonly dropped: readonly string[];
}

/** Why an answer ended. */
export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter";

/** A place an answer cites. Offsets count UTF-16 units of the choice's text. */
export interface Citation {
  readonly url: string;
  readonly title?: string;
  readonly startIndex?: number;
  readonly endIndex?: number;
}

/** Tokens as they are told to a client. */
export interface ChatUsage extends Usage {
  readonly reasoningTokens: number;
  readonly totalTokens: number;
  /** Of the input, newly written to the provider's cache; absent: the provider does not say. */
  readonly cacheWriteTokens?: number;
  /** Of the input; absent: the provider does not say. */
  readonly inputAudioTokens?: number;
  readonly inputImageTokens?: number;
}

/** How likely a token was (natural logarithm), and what else was likely in its place. */
export interface TokenLogprob {
  readonly token: string;
  readonly logprob: number;
  readonly alternatives: readonly { readonly token: string; readonly logprob: number }[];
}

/** One piece of an answer; a whole answer is the list of its pieces. `choice` counts from 0. */
export type ChatEvent =
  | { readonly kind: "start"; readonly id?: string; readonly createdAt?: number; readonly modelVersion?: string }
  /** The text may be empty where only a signature came. */
  | { readonly kind: "text"; readonly choice: number; readonly text: string; readonly signature?: string }
  | { readonly kind: "reasoning"; readonly choice: number; readonly text: string; readonly signature?: string; readonly encrypted?: string }
  | { readonly kind: "refusal"; readonly choice: number; readonly text: string }
  /** A call begins. `arguments` is its first piece, often all of it. */
  | { readonly kind: "tool_call"; readonly choice: number; readonly call: ToolCall }
  /** More of the arguments of the call that began last in this choice with this id. */
  | { readonly kind: "tool_arguments"; readonly choice: number; readonly id: string; readonly arguments: string }
  | { readonly kind: "image"; readonly choice: number; readonly source: Blob }
  | { readonly kind: "audio"; readonly choice: number; readonly source: Blob }
  | { readonly kind: "citations"; readonly choice: number; readonly citations: readonly Citation[] }
  /** Tokens of the text that comes next. */
  | { readonly kind: "logprobs"; readonly choice: number; readonly tokens: readonly TokenLogprob[] }
  /** `native`: the provider's own word, where it says more than the reason. `stopSequence`: the text that made the model stop. */
  | {
    readonly kind: "finish";
    readonly choice: number;
    readonly reason: FinishReason;
    readonly native?: string;
    readonly stopSequence?: string;
  }
  /** The last one counts; they are not added up. */
  | { readonly kind: "usage"; readonly usage: ChatUsage };
