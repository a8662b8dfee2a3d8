/**
 * Writes events as a Messages stream. Exactly one block is open at a time, numbered from 0; calls whose arguments
 * come at the same time are told one after the other. What ends a stream, `message_stop`, is written by the relay.
 */
import type { ChatEvent, ChatUsage } from "../../canonical/chat.ts";
import { assertNever } from "../../kernel/failure.ts";
import { type JsonObject, parseJson } from "../../kernel/json.ts";
import type { AnswerContext, AnswerWriter } from "../codec.ts";
import { estimatedInput, messageId, stopFields, toolUseId, usageShape } from "./shapes.ts";
import { UNSIGNED } from "./signature.ts";

type Finish = Extract<ChatEvent, { readonly kind: "finish" }>;

type Open =
  | { readonly kind: "text" }
  | { readonly kind: "thinking"; isSigned: boolean }
  | { readonly kind: "call"; readonly id: string; text: string };

/** A call that waits until the one before it is whole. */
interface Waiting {
  readonly id: string;
  readonly name: string;
  text: string;
}

/** One stream's writer. */
export class MessageWriter implements AnswerWriter {
  readonly #context: AnswerContext;
  #isBegun = false;
  #id: string | undefined;
  #open: Open | undefined;
  /** The number of the next block. */
  #next = 0;
  readonly #waiting: Waiting[] = [];
  #hasCalled = false;
  #hasRefused = false;
  #finish: Finish | undefined;
  #usage: ChatUsage | undefined;

  constructor(context: AnswerContext) {
    this.#context = context;
  }

  push(event: ChatEvent): readonly JsonObject[] {
    if (event.kind === "start") {
      this.#id ??= event.id;
      return [];
    }
    if (event.kind === "usage") {
      this.#usage = event.usage;
      return [];
    }
    return event.choice === 0 ? this.#say(event) : [];
  }

  end(): readonly JsonObject[] {
    const usage = this.#usage === undefined
      ? { input_tokens: estimatedInput(this.#context.request), output_tokens: 0 }
      : usageShape(this.#usage);
    const delta = stopFields(this.#finish, this.#hasCalled ? "calls" : this.#hasRefused ? "refusal" : "no_calls");
    return [...this.#begin(), ...this.#close(), ...this.#release(), { type: "message_delta", delta, usage }];
  }

  #say(event: Exclude<ChatEvent, { readonly kind: "start" | "usage" }>): readonly JsonObject[] {
    switch (event.kind) {
      case "text":
      case "refusal":
        this.#hasRefused ||= event.kind === "refusal" && event.text !== "";
        return event.text === "" ? [] : [...this.#enter("text"), this.#delta({ type: "text_delta", text: event.text })];
      case "reasoning":
        return this.#think(event);
      case "tool_call":
        return this.#call(event.call);
      case "tool_arguments":
        return this.#moreArguments(event.id, event.arguments);
      case "finish":
        this.#finish = event;
        return [];
      // The dialect has no place for these in what an assistant says.
      case "image":
      case "audio":
      case "citations":
      case "logprobs":
        return [];
      default:
        return assertNever(event);
    }
  }

  #begin(): readonly JsonObject[] {
    if (this.#isBegun) return [];
    this.#isBegun = true;
    const { model, request } = this.#context;
    const message = {
      id: messageId(this.#id, this.#context),
      type: "message",
      role: "assistant",
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: this.#usage === undefined
        ? { input_tokens: estimatedInput(request), cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 0 }
        : { ...usageShape(this.#usage), output_tokens: 0 },
    };
    return [{ type: "message_start", message }, { type: "ping" }];
  }

  #think({ text, signature, encrypted }: Extract<ChatEvent, { readonly kind: "reasoning" }>): readonly JsonObject[] {
    if (encrypted !== undefined && text === "") {
      const block = { type: "redacted_thinking", data: encrypted };
      return [...this.#begin(), ...this.#close(), ...this.#release(), this.#start(block), this.#stop()];
    }
    if (text === "" && signature === undefined) return [];
    // Nothing may follow a signature in its block.
    const isOver = this.#open?.kind === "thinking" && this.#open.isSigned;
    const entered = [...(isOver ? this.#close() : []), ...this.#enter("thinking")];
    const thought = text === "" ? [] : [this.#delta({ type: "thinking_delta", thinking: text })];
    return [...entered, ...thought, ...(signature === undefined ? [] : this.#sign(signature))];
  }

  #sign(signature: string): readonly JsonObject[] {
    if (this.#open?.kind === "thinking") this.#open.isSigned = true;
    return [this.#delta({ type: "signature_delta", signature })];
  }

  #call({ id, name, arguments: text }: { readonly id: string; readonly name: string; readonly arguments: string }): readonly JsonObject[] {
    this.#hasCalled = true;
    // Whole arguments say that the open call is over; else its rest may still come, even after this one's beginning.
    if (this.#open?.kind === "call" && parseJson(this.#open.text) === undefined) {
      this.#waiting.push({ id, name, text });
      return [];
    }
    return [...this.#begin(), ...this.#close(), ...this.#release(), ...this.#openCall({ id, name, text })];
  }

  #openCall({ id, name, text }: Waiting): readonly JsonObject[] {
    this.#open = { kind: "call", id, text };
    const started = this.#start({ type: "tool_use", id: toolUseId(id), name, input: {} });
    return text === "" ? [started] : [started, this.#delta({ type: "input_json_delta", partial_json: text })];
  }

  #moreArguments(id: string, more: string): readonly JsonObject[] {
    if (more === "") return [];
    if (this.#open?.kind === "call" && this.#open.id === id) {
      this.#open.text += more;
      return [this.#delta({ type: "input_json_delta", partial_json: more })];
    }
    const waiting = this.#waiting.findLast((call) => call.id === id);
    if (waiting !== undefined) waiting.text += more;
    return [];
  }

  /** Makes a block of this kind the open one; calls that wait are told first. */
  #enter(kind: "text" | "thinking"): readonly JsonObject[] {
    if (this.#open?.kind === kind) return [];
    const before = [...this.#begin(), ...this.#close(), ...this.#release()];
    if (kind === "text") {
      this.#open = { kind };
      return [...before, this.#start({ type: "text", text: "" })];
    }
    this.#open = { kind, isSigned: false };
    return [...before, this.#start({ type: "thinking", thinking: "", signature: "" })];
  }

  #close(): readonly JsonObject[] {
    const open = this.#open;
    if (open === undefined) return [];
    const signed = open.kind === "thinking" && !open.isSigned ? this.#sign(UNSIGNED) : [];
    this.#open = undefined;
    return [...signed, this.#stop()];
  }

  #release(): readonly JsonObject[] {
    return this.#waiting.splice(0).flatMap((call) => [...this.#openCall(call), ...this.#close()]);
  }

  #start(block: JsonObject): JsonObject {
    return { type: "content_block_start", index: this.#next++, content_block: block };
  }

  #delta(delta: JsonObject): JsonObject {
    return { type: "content_block_delta", index: this.#next - 1, delta };
  }

  #stop(): JsonObject {
    return { type: "content_block_stop", index: this.#next - 1 };
  }
}
