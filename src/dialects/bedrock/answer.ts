/** Events of a Converse stream, or a whole answer, as canonical events. Signed thoughts are remembered with the call after them. */
import type { ChatEvent, ChatUsage, FinishReason, ToolForm } from "../../canonical/chat.ts";
import { asArray, asNumber, asObject, asString, isObject, type JsonObject } from "../../kernel/json.ts";
import type { Recall } from "../codec.ts";
import type { ToolNames } from "../tool_names.ts";
import { FAMILY, proofKey } from "./history.ts";
import { readUsage } from "./read.ts";

export interface ConverseReaderOptions {
  readonly names: ToolNames;
  readonly recall: Recall;
  readonly forms: ReadonlyMap<string, ToolForm>;
}

type Open =
  | { readonly kind: "thought"; text: string; signature: string }
  | { readonly kind: "call"; readonly id: string; hasArguments: boolean };

/** The reader of one answer. */
export class ConverseReader {
  readonly #options: ConverseReaderOptions;
  readonly #open = new Map<number, Open>();
  readonly #thoughts: JsonObject[] = [];
  #isStarted = false;
  #hasCalled = false;
  #stopReason: string | undefined;
  #usage: ChatUsage | undefined;

  constructor(options: ConverseReaderOptions) {
    this.#options = options;
  }

  push(event: JsonObject): readonly ChatEvent[] {
    const started: readonly ChatEvent[] = this.#isStarted ? [] : [{ kind: "start" }];
    this.#isStarted = true;
    return [...started, ...this.#event(event)];
  }

  whole(body: JsonObject): readonly ChatEvent[] {
    const content = asArray(asObject(asObject(body.output)?.message)?.content).filter(isObject);
    this.#stopReason = asString(body.stopReason);
    this.#usage = chatUsage(body);
    return [{ kind: "start" }, ...content.flatMap((block) => this.#whole(block))];
  }

  end(): readonly ChatEvent[] {
    const finish: readonly ChatEvent[] = this.#stopReason === undefined
      ? []
      : [{ kind: "finish", choice: 0, ...endingOf(this.#stopReason, this.#hasCalled ? "calls" : "no_calls") }];
    return this.#usage === undefined ? finish : [...finish, { kind: "usage", usage: this.#usage }];
  }

  #event(event: JsonObject): readonly ChatEvent[] {
    const start = asObject(event.contentBlockStart);
    if (start !== undefined) return this.#start(indexOf(start), asObject(start.start) ?? {});
    const delta = asObject(event.contentBlockDelta);
    if (delta !== undefined) return this.#delta(indexOf(delta), asObject(delta.delta) ?? {});
    const stop = asObject(event.contentBlockStop);
    if (stop !== undefined) return this.#close(indexOf(stop));
    this.#stopReason = asString(asObject(event.messageStop)?.stopReason) ?? this.#stopReason;
    this.#usage = chatUsage(asObject(event.metadata) ?? {}) ?? this.#usage;
    return [];
  }

  #whole(block: JsonObject): readonly ChatEvent[] {
    const index = -1;
    const use = asObject(block.toolUse);
    if (use !== undefined) {
      const begun = this.#start(index, { toolUse: use });
      return [...begun, ...this.#delta(index, { toolUse: { input: JSON.stringify(use.input ?? {}) } }), ...this.#close(index)];
    }
    const reasoning = asObject(block.reasoningContent);
    const delta = reasoning === undefined ? block : { reasoningContent: asObject(reasoning.reasoningText) ?? reasoning };
    return [...this.#delta(index, delta), ...this.#close(index)];
  }

  #start(index: number, start: JsonObject): readonly ChatEvent[] {
    const use = asObject(start.toolUse);
    if (use === undefined) return [];
    const { names, forms, recall } = this.#options;
    const id = asString(use.toolUseId) ?? "";
    const name = names.fromWire(asString(use.name) ?? "");
    const form = forms.get(name);
    if (!this.#hasCalled && this.#thoughts.length > 0) recall.remember(`bedrock thoughts ${id}`, JSON.stringify(this.#thoughts));
    this.#hasCalled = true;
    this.#open.set(index, { kind: "call", id, hasArguments: false });
    return [{
      kind: "tool_call",
      choice: 0,
      call: { kind: "tool_call", id, name, arguments: "", ...(form === undefined ? {} : { form }) },
    }];
  }

  #delta(index: number, delta: JsonObject): readonly ChatEvent[] {
    const text = asString(delta.text) ?? "";
    if (text !== "") return [{ kind: "text", choice: 0, text }];
    const open = this.#open.get(index);
    const input = asString(asObject(delta.toolUse)?.input) ?? "";
    if (open?.kind === "call" && input !== "") {
      open.hasArguments = true;
      return [{ kind: "tool_arguments", choice: 0, id: open.id, arguments: input }];
    }
    const reasoning = asObject(delta.reasoningContent);
    return reasoning === undefined ? [] : this.#think(index, reasoning);
  }

  #think(index: number, reasoning: JsonObject): readonly ChatEvent[] {
    const known = this.#open.get(index);
    const open = known?.kind === "thought" ? known : { kind: "thought" as const, text: "", signature: "" };
    this.#open.set(index, open);
    const text = asString(reasoning.text) ?? "";
    open.text += text;
    open.signature += asString(reasoning.signature) ?? "";
    return text === "" ? [] : [{ kind: "reasoning", choice: 0, text }];
  }

  #close(index: number): readonly ChatEvent[] {
    const open = this.#open.get(index);
    this.#open.delete(index);
    if (open?.kind === "call") return open.hasArguments ? [] : [{ kind: "tool_arguments", choice: 0, id: open.id, arguments: "{}" }];
    if (open === undefined || open.signature === "") return [];
    const { text, signature } = open;
    this.#options.recall.remember(proofKey(signature), FAMILY);
    this.#thoughts.push({ reasoningContent: { reasoningText: { text, signature } } });
    return [{ kind: "reasoning", choice: 0, text: "", signature }];
  }
}

function indexOf(event: JsonObject): number {
  return asNumber(event.contentBlockIndex) ?? 0;
}

function chatUsage(body: JsonObject): ChatUsage | undefined {
  const usage = readUsage(body);
  if (usage === undefined) return undefined;
  const cacheWriteTokens = asNumber(asObject(body.usage)?.cacheWriteInputTokens);
  return {
    ...usage,
    reasoningTokens: 0,
    totalTokens: usage.inputTokens + usage.outputTokens,
    ...(cacheWriteTokens === undefined ? {} : { cacheWriteTokens }),
  };
}

function endingOf(native: string, said: "calls" | "no_calls"): { readonly reason: FinishReason; readonly native?: string } {
  const spoken = said === "calls" ? "tool_calls" : "stop";
  switch (native) {
    case "end_turn":
    case "stop_sequence":
    case "tool_use":
      return { reason: spoken };
    case "max_tokens":
    case "model_context_window_exceeded":
      return { reason: "length" };
    case "guardrail_intervened":
    case "content_filtered":
      return { reason: "content_filter", native };
    default:
      return { reason: spoken, native };
  }
}
