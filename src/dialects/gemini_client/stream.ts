/**
 * Writes events as generateContent chunks. A call is an object here, so its arguments are held until they are whole:
 * until something else is said, another call begins, or the answer ends.
 */
import type { ChatEvent, ChatUsage, Citation, FinishReason, TokenLogprob, ToolCall } from "../../canonical/chat.ts";
import { assertNever } from "../../kernel/failure.ts";
import { type JsonObject, parseJson } from "../../kernel/json.ts";
import type { AnswerContext, AnswerWriter } from "../codec.ts";
import { callPart, citationShape, finishWord, headOf, logprobsField, mediaPart, signatureField, usageShape } from "./shapes.ts";

type Start = Extract<ChatEvent, { readonly kind: "start" }>;

interface Candidate {
  /** Calls whose arguments may still grow. */
  readonly held: ToolCall[];
  readonly citations: Citation[];
  /** Tokens of text that is still to come. */
  readonly tokens: TokenLogprob[];
  reason: FinishReason | undefined;
}

/** One stream's writer. */
export class GeneratedWriter implements AnswerWriter {
  readonly #context: AnswerContext;
  readonly #candidates = new Map<number, Candidate>();
  #start: Start | undefined;
  #usage: ChatUsage | undefined;

  constructor(context: AnswerContext) {
    this.#context = context;
  }

  push(event: ChatEvent): readonly JsonObject[] {
    if (event.kind === "start") this.#start ??= event;
    else if (event.kind === "usage") this.#usage = event.usage;
    else return this.#say(event, this.#candidateAt(event.choice));
    return [];
  }

  /** What is held, then one chunk with every end and the counts. */
  end(): readonly JsonObject[] {
    if (this.#candidates.size === 0) this.#candidateAt(0);
    const inOrder = [...this.#candidates].sort(([a], [b]) => a - b);
    const held = inOrder.flatMap(([index, candidate]) => this.#release(index, candidate, "all"));
    const ends = inOrder.map(([index, { reason, citations, tokens }]) => ({
      content: { role: "model", parts: [] },
      finishReason: finishWord(reason),
      index,
      ...(citations.length === 0 ? {} : { citationMetadata: citationShape(citations) }),
      ...logprobsField(tokens),
    }));
    return [...held, { candidates: ends, ...this.#tail() }];
  }

  #say(event: Exclude<ChatEvent, { readonly kind: "start" | "usage" }>, candidate: Candidate): readonly JsonObject[] {
    const { choice } = event;
    switch (event.kind) {
      case "text":
      case "refusal": {
        const signature = event.kind === "text" ? event.signature : undefined;
        if (event.text === "" && signature === undefined) return [];
        return [
          ...this.#release(choice, candidate, "whole"),
          this.#chunk(choice, { text: event.text, ...signatureField(signature) }, candidate.tokens.splice(0)),
        ];
      }
      case "reasoning":
        if (event.text === "" && event.signature === undefined) return [];
        return [
          ...this.#release(choice, candidate, "whole"),
          this.#chunk(choice, { text: event.text, thought: true, ...signatureField(event.signature) }),
        ];
      case "tool_call":
        candidate.held.push(event.call);
        return [];
      case "tool_arguments": {
        const at = candidate.held.findLastIndex((call) => call.id === event.id);
        const call = candidate.held[at];
        if (call !== undefined) candidate.held[at] = { ...call, arguments: call.arguments + event.arguments };
        return [];
      }
      case "image":
      case "audio":
        return [...this.#release(choice, candidate, "whole"), this.#chunk(choice, mediaPart(event.source))];
      case "citations":
        candidate.citations.push(...event.citations);
        return [];
      case "finish":
        candidate.reason = event.reason;
        return [];
      case "logprobs":
        candidate.tokens.push(...event.tokens);
        return [];
      default:
        return assertNever(event);
    }
  }

  #candidateAt(index: number): Candidate {
    const candidate = this.#candidates.get(index) ?? { held: [], citations: [], tokens: [], reason: undefined };
    this.#candidates.set(index, candidate);
    return candidate;
  }

  /** `whole`: only calls whose arguments can be read; the rest of the others may still come. */
  #release(index: number, { held }: Candidate, which: "whole" | "all"): readonly JsonObject[] {
    const isDue = ({ arguments: text }: ToolCall) => which === "all" || parseJson(text) !== undefined;
    const due = held.filter(isDue);
    held.splice(0, held.length, ...held.filter((call) => !due.includes(call)));
    return due.map((call) => this.#chunk(index, callPart(call)));
  }

  #chunk(index: number, part: JsonObject, tokens: readonly TokenLogprob[] = []): JsonObject {
    const candidate = { content: { role: "model", parts: [part] }, index, ...logprobsField(tokens) };
    return { candidates: [candidate], ...headOf(this.#start, this.#context) };
  }

  #tail(): JsonObject {
    return {
      ...(this.#usage === undefined ? {} : { usageMetadata: usageShape(this.#usage) }),
      ...headOf(this.#start, this.#context),
    };
  }
}
