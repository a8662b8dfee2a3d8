/**
 * Codecs: the two halves of a crossing. A client's dialect is read into the canonical form and answers are
 * written in it; a provider's format is written from the canonical form and its answers are read. Pure.
 */
import type { Reading } from "../canonical/answer.ts";
import type { ChatEvent, ChatRequest } from "../canonical/chat.ts";
import type { Failure } from "../kernel/failure.ts";
import type { JsonObject } from "../kernel/json.ts";

/** What the client's answer is made with, beyond the events. */
export interface AnswerContext {
  /** The model as the client named it. */
  readonly model: string;
  /** For an answer that has no id or time of its own; without the prefix that ids have in a dialect. */
  readonly id: string;
  readonly createdAtS: number;
  readonly wantsStreamUsage: boolean;
  /** What the client sent, for dialects whose answers repeat parts of it. */
  readonly request: JsonObject;
}

/** One stream's writer: bodies for each event; `end` gives what closes a whole answer. */
export interface AnswerWriter {
  push(event: ChatEvent): readonly JsonObject[];
  end(): readonly JsonObject[];
  /** What tells a client that the answer broke off, in dialects where that depends on what was said before. */
  fail?(failed: Failure): readonly JsonObject[];
}

/** The client's half. */
export interface ClientCodec {
  /** The canonical form of a body that the dialect accepted, or a failure that names the field it cannot take. */
  decode(body: JsonObject): ChatRequest | Failure;
  /** A whole answer. */
  answer(events: readonly ChatEvent[], context: AnswerContext): JsonObject;
  stream(context: AnswerContext): AnswerWriter;
}

/** One request on its way to a provider, and the reader of its answer, which knows what was sent. */
export interface Crossing {
  readonly body: JsonObject;
  /** What could not be carried over, by the names of the client's fields. */
  readonly lossy: readonly string[];
  /** Reads a whole answer. */
  answer(body: JsonObject): readonly ChatEvent[];
  /** A reader for one stream; `end` gives what is known only when it is over. */
  events(): { push(body: JsonObject): readonly ChatEvent[]; end(): readonly ChatEvent[] };
}

/** Proofs a provider gave with tool calls, kept for clients that drop fields they do not know. */
export interface Recall {
  remember(callId: string, signature: string): void;
  recall(callId: string): string | undefined;
}

/** Remembers nothing: for what is asked once and never gone on from. */
export const NO_RECALL: Recall = { remember: () => {}, recall: () => undefined };

/** The provider's half. */
export interface ProviderCodec {
  /** `model`: as the provider knows it. A failure names what the provider can by no means take. */
  cross(request: ChatRequest, at: { readonly model: string; readonly recall: Recall; readonly newId: () => string }): Crossing | Failure;
  /** What the gateway must know of a whole answer or one stream event. */
  read(body: JsonObject): Reading;
}
