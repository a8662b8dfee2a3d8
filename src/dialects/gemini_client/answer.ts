/** A whole answer out of its events: what a client would have put together from the stream of the same events. */
import type { ChatEvent, ChatUsage, Citation, FinishReason, TokenLogprob, ToolCall } from "../../canonical/chat.ts";
import { assertNever } from "../../kernel/failure.ts";
import type { JsonObject } from "../../kernel/json.ts";
import type { AnswerContext } from "../codec.ts";
import { callPart, citationShape, finishWord, headOf, logprobsField, mediaPart, signatureField, usageShape } from "./shapes.ts";

type Piece =
  | { readonly kind: "text" | "thought"; text: string; signature: string | undefined }
  | { readonly kind: "call"; call: ToolCall }
  | { readonly kind: "media"; readonly part: JsonObject };

/** The body of a whole answer. */
export function generatedOf(events: readonly ChatEvent[], context: AnswerContext): JsonObject {
  const candidates = new Map<number, Candidate>();
  let usage: ChatUsage | undefined;
  for (const event of events) {
    if (event.kind === "usage") usage = event.usage;
    else if (event.kind !== "start") candidateAt(candidates, event.choice).take(event);
  }
  if (candidates.size === 0) candidateAt(candidates, 0);
  return {
    candidates: [...candidates.values()].sort((a, b) => a.index - b.index).map((candidate) => candidate.shape()),
    ...(usage === undefined ? {} : { usageMetadata: usageShape(usage) }),
    ...headOf(events.find((event) => event.kind === "start"), context),
  };
}

function candidateAt(candidates: Map<number, Candidate>, index: number): Candidate {
  const candidate = candidates.get(index) ?? new Candidate(index);
  candidates.set(index, candidate);
  return candidate;
}

class Candidate {
  readonly index: number;
  readonly #pieces: Piece[] = [];
  readonly #citations: Citation[] = [];
  readonly #tokens: TokenLogprob[] = [];
  #reason: FinishReason | undefined;

  constructor(index: number) {
    this.index = index;
  }

  take(event: Exclude<ChatEvent, { readonly kind: "start" | "usage" }>): void {
    switch (event.kind) {
      case "text":
        return this.#say("text", event.text, event.signature);
      case "refusal":
        return this.#say("text", event.text, undefined);
      case "reasoning":
        return this.#say("thought", event.text, event.signature);
      case "tool_call":
        this.#pieces.push({ kind: "call", call: event.call });
        return;
      case "tool_arguments": {
        const piece = this.#pieces.findLast((it) => it.kind === "call" && it.call.id === event.id);
        if (piece?.kind === "call") piece.call = { ...piece.call, arguments: piece.call.arguments + event.arguments };
        return;
      }
      case "image":
      case "audio":
        this.#pieces.push({ kind: "media", part: mediaPart(event.source) });
        return;
      case "citations":
        this.#citations.push(...event.citations);
        return;
      case "finish":
        this.#reason = event.reason;
        return;
      case "logprobs":
        this.#tokens.push(...event.tokens);
        return;
      default:
        return assertNever(event);
    }
  }

  #say(kind: "text" | "thought", text: string, signature: string | undefined): void {
    const last = this.#pieces.at(-1);
    if (last?.kind === kind && last.signature === undefined) {
      last.text += text;
      last.signature = signature;
    } else if (text !== "" || signature !== undefined) this.#pieces.push({ kind, text, signature });
  }

  shape(): JsonObject {
    return {
      content: { role: "model", parts: this.#pieces.map(partOf) },
      finishReason: finishWord(this.#reason),
      index: this.index,
      ...(this.#citations.length === 0 ? {} : { citationMetadata: citationShape(this.#citations) }),
      ...logprobsField(this.#tokens),
    };
  }
}

function partOf(piece: Piece): JsonObject {
  switch (piece.kind) {
    case "call":
      return callPart(piece.call);
    case "media":
      return piece.part;
    case "text":
      return { text: piece.text, ...signatureField(piece.signature) };
    case "thought":
      return { text: piece.text, thought: true, ...signatureField(piece.signature) };
  }
}
