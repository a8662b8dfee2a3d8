/**
 * Events of a Messages stream, or a whole message, as canonical events. Thoughts are remembered with the call that
 * follows them. Blocks of tools that run at the provider are not the client's to answer and are not told as calls.
 */
import type { ChatEvent, ChatUsage, FinishReason, ToolForm } from "../../canonical/chat.ts";
import { asArray, asNumber, asObject, asString, isObject, type JsonObject } from "../../kernel/json.ts";
import { readUsage } from "../anthropic_wire.ts";
import type { ToolNames } from "../tool_names.ts";
import type { ThoughtMemory } from "./memory.ts";

export interface EventReaderOptions {
  readonly names: ToolNames;
  readonly memory: ThoughtMemory;
  /** Forms of the client's tools, by their names. */
  readonly forms: ReadonlyMap<string, ToolForm>;
}

type Open =
  | { readonly kind: "thinking"; text: string; signature: string }
  | { readonly kind: "call"; readonly id: string; hasArguments: boolean }
  | { readonly kind: "other" };

/** The reader of one answer. */
export class MessageReader {
  readonly #options: EventReaderOptions;
  readonly #open = new Map<number, Open>();
  /** The thoughts of this answer so far, as blocks. */
  readonly #thoughts: JsonObject[] = [];
  #hasCalled = false;
  #usage: JsonObject | undefined;
  #stopReason: string | undefined;
  #stopSequence: string | undefined;

  constructor(options: EventReaderOptions) {
    this.#options = options;
  }

  /** What one event of a stream says. */
  push(event: JsonObject): readonly ChatEvent[] {
    switch (event.type) {
      case "message_start": {
        const message = asObject(event.message) ?? {};
        this.#takeUsage(message);
        return [startOf(message), ...asArray(message.content).filter(isObject).flatMap((block) => this.#whole(block))];
      }
      case "content_block_start":
        return this.#begin(indexOf(event), asObject(event.content_block) ?? {});
      case "content_block_delta":
        return this.#more(indexOf(event), asObject(event.delta) ?? {});
      case "content_block_stop":
        return this.#close(indexOf(event));
      case "message_delta":
        this.#takeEnd(asObject(event.delta) ?? {});
        this.#takeUsage(event);
        return [];
      default:
        return [];
    }
  }

  /** What a whole message says. */
  whole(message: JsonObject): readonly ChatEvent[] {
    this.#takeUsage(message);
    this.#takeEnd(message);
    return [startOf(message), ...asArray(message.content).filter(isObject).flatMap((block) => this.#whole(block))];
  }

  end(): readonly ChatEvent[] {
    const finish = this.#stopReason === undefined ? [] : [this.#finish(this.#stopReason)];
    const usage = usageOf(this.#usage);
    return usage === undefined ? finish : [...finish, { kind: "usage", usage }];
  }

  #whole(block: JsonObject): readonly ChatEvent[] {
    const index = -1;
    const { input, ...rest } = block;
    const begun = this.#begin(index, rest);
    const call = this.#open.get(index);
    const said = call?.kind === "call" ? this.#more(index, { partial_json: JSON.stringify(input ?? {}) }) : [];
    return [...begun, ...said, ...this.#close(index)];
  }

  #begin(index: number, block: JsonObject): readonly ChatEvent[] {
    switch (block.type) {
      case "thinking":
        this.#open.set(index, { kind: "thinking", text: "", signature: "" });
        return this.#more(index, { thinking: block.thinking ?? "", signature: block.signature ?? "" });
      case "redacted_thinking": {
        const encrypted = asString(block.data) ?? "";
        this.#options.memory.rememberProof(encrypted);
        this.#thoughts.push({ type: "redacted_thinking", data: encrypted });
        return [{ kind: "reasoning", choice: 0, text: "", encrypted }];
      }
      case "tool_use":
        return this.#call(index, block);
      case "text":
        this.#open.set(index, { kind: "other" });
        return [...this.#more(index, { text: block.text ?? "" }), ...asArray(block.citations).filter(isObject).flatMap(citationOf)];
      default:
        return [];
    }
  }

  #call(index: number, block: JsonObject): readonly ChatEvent[] {
    const { names, forms, memory } = this.#options;
    const id = asString(block.id) ?? "";
    const name = names.fromWire(asString(block.name) ?? "");
    const form = forms.get(name);
    if (!this.#hasCalled) memory.rememberBefore(id, this.#thoughts);
    this.#hasCalled = true;
    // Some tools of a stream come with their whole input at once.
    const input = asObject(block.input) ?? {};
    const early = Object.keys(input).length === 0 ? "" : JSON.stringify(input);
    this.#open.set(index, { kind: "call", id, hasArguments: early !== "" });
    return [{
      kind: "tool_call",
      choice: 0,
      call: { kind: "tool_call", id, name, arguments: early, ...(form === undefined ? {} : { form }) },
    }];
  }

  #more(index: number, delta: JsonObject): readonly ChatEvent[] {
    const open = this.#open.get(index);
    const text = asString(delta.text) ?? "";
    if (text !== "") return [{ kind: "text", choice: 0, text }];
    if (open?.kind === "thinking") {
      const thought = asString(delta.thinking) ?? "";
      open.text += thought;
      open.signature += asString(delta.signature) ?? "";
      return thought === "" ? [] : [{ kind: "reasoning", choice: 0, text: thought }];
    }
    const piece = asString(delta.partial_json) ?? "";
    if (open?.kind === "call" && piece !== "") {
      open.hasArguments = true;
      return [{ kind: "tool_arguments", choice: 0, id: open.id, arguments: piece }];
    }
    const citation = asObject(delta.citation);
    return citation === undefined ? [] : citationOf(citation);
  }

  #close(index: number): readonly ChatEvent[] {
    const open = this.#open.get(index);
    this.#open.delete(index);
    if (open?.kind === "call" && !open.hasArguments) return [{ kind: "tool_arguments", choice: 0, id: open.id, arguments: "{}" }];
    if (open?.kind !== "thinking" || open.signature === "") return [];
    this.#options.memory.rememberProof(open.signature);
    this.#thoughts.push({ type: "thinking", thinking: open.text, signature: open.signature });
    return [{ kind: "reasoning", choice: 0, text: "", signature: open.signature }];
  }

  #takeUsage(body: JsonObject): void {
    const usage = asObject(body.usage);
    if (usage === undefined) return;
    // What the end says is newer; what it leaves out was said at the start.
    const said = Object.entries(usage).filter(([, value]) => value !== null);
    this.#usage = { ...this.#usage, ...Object.fromEntries(said) };
  }

  #takeEnd(body: JsonObject): void {
    this.#stopReason = asString(body.stop_reason) ?? this.#stopReason;
    this.#stopSequence = asString(body.stop_sequence) ?? this.#stopSequence;
  }

  #finish(native: string): ChatEvent {
    const spoken: FinishReason = this.#hasCalled ? "tool_calls" : "stop";
    const sequence = this.#stopSequence === undefined ? {} : { stopSequence: this.#stopSequence };
    switch (native) {
      case "max_tokens":
      case "model_context_window_exceeded":
        return { kind: "finish", choice: 0, reason: "length" };
      case "refusal":
      case "sensitive":
        return { kind: "finish", choice: 0, reason: "content_filter", native };
      case "pause_turn":
        return { kind: "finish", choice: 0, reason: spoken, native };
      default:
        return { kind: "finish", choice: 0, reason: spoken, ...sequence };
    }
  }
}

function indexOf(event: JsonObject): number {
  return asNumber(event.index) ?? 0;
}

function startOf(message: JsonObject): ChatEvent {
  const id = asString(message.id) ?? "";
  const modelVersion = asString(message.model) ?? "";
  return { kind: "start", ...(id === "" ? {} : { id }), ...(modelVersion === "" ? {} : { modelVersion }) };
}

function citationOf(citation: JsonObject): readonly ChatEvent[] {
  const url = asString(citation.url) ?? asString(citation.source);
  if (url === undefined) return [];
  const title = asString(citation.title) ?? asString(citation.document_title);
  return [{ kind: "citations", choice: 0, citations: [{ url, ...(title === undefined ? {} : { title }) }] }];
}

function usageOf(told: JsonObject | undefined): ChatUsage | undefined {
  const usage = readUsage(told);
  if (usage === undefined) return undefined;
  const cacheWriteTokens = asNumber(told?.cache_creation_input_tokens);
  const reasoningTokens = asNumber(asObject(told?.output_tokens_details)?.thinking_tokens) ?? 0;
  return {
    ...usage,
    reasoningTokens,
    totalTokens: usage.inputTokens + usage.outputTokens,
    ...(cacheWriteTokens === undefined ? {} : { cacheWriteTokens }),
  };
}
