/** Events of Cohere's stream, or a whole answer, as canonical events. What the model plans before a call is told as thought. */
import type { ChatEvent, ChatUsage, Citation, FinishReason, ToolForm } from "../../canonical/chat.ts";
import { asArray, asNumber, asObject, asString, isObject, type JsonObject } from "../../kernel/json.ts";
import type { ToolNames } from "../tool_names.ts";
import { readUsage } from "./read.ts";

export interface ChatReaderOptions {
  readonly names: ToolNames;
  readonly forms: ReadonlyMap<string, ToolForm>;
  readonly newId: () => string;
}

interface Call {
  readonly id: string;
  hasArguments: boolean;
}

/** The reader of one answer. */
export class ChatReader {
  readonly #options: ChatReaderOptions;
  readonly #calls = new Map<number, Call>();
  #finishReason: string | undefined;
  #usage: ChatUsage | undefined;

  constructor(options: ChatReaderOptions) {
    this.#options = options;
  }

  push(event: JsonObject): readonly ChatEvent[] {
    const delta = asObject(event.delta) ?? {};
    const message = asObject(delta.message) ?? {};
    const index = asNumber(event.index) ?? 0;
    switch (event.type) {
      case "message-start":
        return [startOf(asString(event.id))];
      case "content-start":
      case "content-delta":
        return this.#content(asObject(message.content) ?? {});
      case "tool-plan-delta":
        return thought(asString(message.tool_plan));
      case "tool-call-start":
        return this.#call(index, asObject(message.tool_calls) ?? {});
      case "tool-call-delta":
        return this.#more(index, asString(asObject(asObject(message.tool_calls)?.function)?.arguments) ?? "");
      case "tool-call-end":
        return this.#closeCall(index);
      case "citation-start":
        return citationsOf([asObject(message.citations) ?? {}]);
      case "message-end":
        this.#finishReason = asString(delta.finish_reason);
        this.#usage = chatUsage(delta);
        return [];
      default:
        return [];
    }
  }

  whole(body: JsonObject): readonly ChatEvent[] {
    const message = asObject(body.message) ?? {};
    this.#finishReason = asString(body.finish_reason);
    this.#usage = chatUsage(body);
    const calls = asArray(message.tool_calls).filter(isObject);
    return [
      startOf(asString(body.id)),
      ...thought(asString(message.tool_plan)),
      ...asArray(message.content).filter(isObject).flatMap((part) => this.#content(part)),
      ...citationsOf(asArray(message.citations).filter(isObject)),
      ...calls.flatMap((call, index) => [...this.#call(index, call), ...this.#closeCall(index)]),
    ];
  }

  end(): readonly ChatEvent[] {
    const native = this.#finishReason;
    const finish: readonly ChatEvent[] = native === undefined
      ? []
      : [{ kind: "finish", choice: 0, ...endingOf(native, this.#calls.size > 0 ? "calls" : "no_calls") }];
    return this.#usage === undefined ? finish : [...finish, { kind: "usage", usage: this.#usage }];
  }

  #content(content: JsonObject): readonly ChatEvent[] {
    const text = asString(content.text) ?? "";
    return [...thought(asString(content.thinking)), ...(text === "" ? [] : [{ kind: "text" as const, choice: 0, text }])];
  }

  #call(index: number, call: JsonObject): readonly ChatEvent[] {
    const { names, forms, newId } = this.#options;
    const called = asObject(call.function) ?? {};
    const given = asString(call.id) ?? "";
    const id = given === "" ? `call_${newId().replaceAll("-", "").slice(0, 24)}` : given;
    const name = names.fromWire(asString(called.name) ?? "");
    const text = argumentsOf(asString(called.arguments));
    const form = forms.get(name);
    this.#calls.set(index, { id, hasArguments: text !== "" });
    return [{
      kind: "tool_call",
      choice: 0,
      call: { kind: "tool_call", id, name, arguments: text, ...(form === undefined ? {} : { form }) },
    }];
  }

  #more(index: number, text: string): readonly ChatEvent[] {
    const call = this.#calls.get(index);
    if (call === undefined || text === "") return [];
    call.hasArguments = true;
    return [{ kind: "tool_arguments", choice: 0, id: call.id, arguments: text }];
  }

  /** A tool that takes nothing is called with nothing, or with `null`. */
  #closeCall(index: number): readonly ChatEvent[] {
    const call = this.#calls.get(index);
    return call === undefined || call.hasArguments ? [] : [{ kind: "tool_arguments", choice: 0, id: call.id, arguments: "{}" }];
  }
}

function argumentsOf(text: string | undefined): string {
  return text === undefined || text.trim() === "null" ? "" : text;
}

function startOf(id: string | undefined): ChatEvent {
  return { kind: "start", ...(id === undefined || id === "" ? {} : { id }) };
}

function thought(text: string | undefined): readonly ChatEvent[] {
  return text === undefined || text === "" ? [] : [{ kind: "reasoning", choice: 0, text }];
}

/** Only what is cited by address has a place with clients. */
function citationsOf(given: readonly JsonObject[]): readonly ChatEvent[] {
  const citations = given.flatMap((citation): Citation[] =>
    asArray(citation.sources).filter(isObject).flatMap((source) => {
      const document = asObject(source.document);
      const url = asString(document?.url);
      if (url === undefined) return [];
      const title = asString(document?.title);
      const startIndex = asNumber(citation.start);
      const endIndex = asNumber(citation.end);
      return [{
        url,
        ...(title === undefined ? {} : { title }),
        ...(startIndex === undefined ? {} : { startIndex }),
        ...(endIndex === undefined ? {} : { endIndex }),
      }];
    })
  );
  return citations.length === 0 ? [] : [{ kind: "citations", choice: 0, citations }];
}

function chatUsage(body: JsonObject): ChatUsage | undefined {
  const usage = readUsage(body);
  return usage === undefined ? undefined : { ...usage, reasoningTokens: 0, totalTokens: usage.inputTokens + usage.outputTokens };
}

function endingOf(native: string, said: "calls" | "no_calls"): { readonly reason: FinishReason; readonly native?: string } {
  const spoken = said === "calls" ? "tool_calls" : "stop";
  switch (native) {
    case "COMPLETE":
    case "STOP_SEQUENCE":
    case "TOOL_CALL":
      return { reason: spoken };
    case "MAX_TOKENS":
      return { reason: "length" };
    case "ERROR_TOXIC":
      return { reason: "content_filter", native };
    default:
      return { reason: spoken, native };
  }
}
