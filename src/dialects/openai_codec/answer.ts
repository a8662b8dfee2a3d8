/** A whole answer out of its events: what a client would have put together from the stream of the same events. */
import type { ChatEvent, ChatUsage, Citation, FinishReason, TokenLogprob, ToolCall } from "../../canonical/chat.ts";
import { assertNever } from "../../kernel/failure.ts";
import type { JsonObject } from "../../kernel/json.ts";
import type { AnswerContext } from "../codec.ts";
import { logprobShapes } from "../openai_logprobs.ts";
import {
  audioShape,
  callShape,
  citationShape,
  detailShape,
  headOf,
  imageShape,
  joinedBase64,
  signatureField,
  usageShape,
} from "./shapes.ts";

/** The body of a whole answer. */
export function answerOf(events: readonly ChatEvent[], context: AnswerContext): JsonObject {
  const start = events.find((event) => event.kind === "start");
  const head = headOf(start, { context, object: "chat.completion" });
  const choices = new Map<number, Choice>();
  let usage: ChatUsage | undefined;
  for (const event of events) {
    if (event.kind === "usage") usage = event.usage;
    else if (event.kind !== "start") choiceAt(choices, event.choice).take(event);
  }
  if (choices.size === 0) choiceAt(choices, 0);
  return {
    ...head,
    choices: [...choices.values()].sort((a, b) => a.index - b.index).map((choice) => choice.shape(head)),
    ...(usage === undefined ? {} : { usage: usageShape(usage) }),
    ...(start?.modelVersion === undefined ? {} : { model_version: start.modelVersion }),
  };
}

function choiceAt(choices: Map<number, Choice>, index: number): Choice {
  const choice = choices.get(index) ?? new Choice(index);
  choices.set(index, choice);
  return choice;
}

class Choice {
  readonly index: number;
  #text = "";
  #signature: string | undefined;
  #reasoning = "";
  #refusal = "";
  #finish: { readonly reason: FinishReason; readonly native?: string } | undefined;
  /** What was thought since the last proof. */
  #thought = "";
  readonly #details: JsonObject[] = [];
  readonly #calls: ToolCall[] = [];
  readonly #images: JsonObject[] = [];
  readonly #sounds: string[] = [];
  readonly #citations: Citation[] = [];
  readonly #logprobs: TokenLogprob[] = [];

  constructor(index: number) {
    this.index = index;
  }

  take(event: Exclude<ChatEvent, { readonly kind: "start" | "usage" }>): void {
    switch (event.kind) {
      case "text":
        this.#text += event.text;
        this.#signature = event.signature ?? this.#signature;
        break;
      case "reasoning":
        this.#think(event);
        break;
      case "refusal":
        this.#refusal += event.text;
        break;
      case "tool_call":
        this.#calls.push(event.call);
        break;
      case "tool_arguments":
        this.#extend(event);
        break;
      case "image":
        this.#images.push(imageShape(event.source, this.#images.length));
        break;
      case "audio":
        if (event.source.kind === "inline") this.#sounds.push(event.source.data);
        break;
      case "citations":
        this.#citations.push(...event.citations);
        break;
      case "logprobs":
        this.#logprobs.push(...event.tokens);
        break;
      case "finish":
        this.#finish = event;
        break;
      default:
        assertNever(event);
    }
  }

  #extend({ id, arguments: more }: { readonly id: string; readonly arguments: string }): void {
    const at = this.#calls.findLastIndex((call) => call.id === id);
    const call = this.#calls[at];
    if (call !== undefined) this.#calls[at] = { ...call, arguments: call.arguments + more };
  }

  #think({ text, signature, encrypted }: Extract<ChatEvent, { readonly kind: "reasoning" }>): void {
    this.#reasoning += text;
    this.#thought += text;
    const detail = detailShape({ text: this.#thought, signature, encrypted }, this.#details.length);
    if (detail === undefined) return;
    this.#details.push(detail);
    this.#thought = "";
  }

  shape(head: JsonObject): JsonObject {
    const reason = this.#finish?.reason ?? "stop";
    const native = this.#finish?.native;
    const isLegacy = this.#calls[0]?.form === "legacy";
    return {
      index: this.index,
      message: this.#message(head),
      ...(this.#logprobs.length === 0 ? {} : { logprobs: { content: logprobShapes(this.#logprobs) } }),
      finish_reason: isLegacy && reason === "tool_calls" ? "function_call" : reason,
      ...(native === undefined ? {} : { native_finish_reason: native }),
    };
  }

  #message(head: JsonObject): JsonObject {
    return {
      role: "assistant",
      content: this.#text === "" && this.#calls.length > 0 ? null : this.#text,
      ...(this.#reasoning === "" ? {} : { reasoning_content: this.#reasoning }),
      ...(this.#details.length === 0 ? {} : { reasoning_details: this.#details }),
      ...(this.#refusal === "" ? {} : { refusal: this.#refusal }),
      ...this.#callFields(),
      ...(this.#images.length === 0 ? {} : { images: this.#images }),
      ...(this.#sounds.length === 0 ? {} : { audio: audioShape(joinedBase64(this.#sounds), head) }),
      ...(this.#citations.length === 0 ? {} : { annotations: this.#citations.map(citationShape) }),
      ...signatureField(this.#signature),
    };
  }

  /** The older shape holds one call. */
  #callFields(): JsonObject {
    const [first] = this.#calls;
    if (first === undefined) return {};
    if (first.form === "legacy") {
      return { function_call: { name: first.name, arguments: first.arguments, ...signatureField(first.signature) } };
    }
    return { tool_calls: this.#calls.map(callShape) };
  }
}
