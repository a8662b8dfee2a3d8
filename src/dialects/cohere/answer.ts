/** Events of Cohere's stream, or a whole answer, as canonical events. What the model plans before a call is told as thought. */
import type { ChatEvent, ChatUsage, FinishReason, ToolForm } from "../../canonical/chat.ts";
import { asArray, asNumber, asObject, asString, isObject, type JsonObject } from "../../kernel/json.ts";
import type { ToolNames } from "../tool_names.ts";
import { citationsOf } from "./citations.ts";
import { readUsage } from "./read.ts";

export interface ChatReaderOptions {
  readonly names: ToolNames;
  readonly forms: ReadonlyMap<string, ToolForm>;
  /** Ids of calls that the conversation has already. */
  readonly usedIds: ReadonlySet<string>;
  readonly newId: () => string;
}

interface Call {
  readonly id: string;
  /** Blanks and what may become `null`: not told until it is known to be something. */
  held: string;
  hasArguments: boolean;
  isClosed: boolean;
}

/** The reader of one answer. */
export class ChatReader {
  readonly #options: ChatReaderOptions;
  readonly #ids: Set<string>;
  readonly #calls = new Map<number, Call>();
  readonly #blockStarts = new Map<number, number>();
  #text = "";
  #finishReason: string | undefined;
  #usage: ChatUsage | undefined;

  constructor(options: ChatReaderOptions) {
    this.#options = options;
    this.#ids = new Set(options.usedIds);
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
        return [...logprobsOf([asObject(event.logprobs) ?? {}]), ...this.#content(index, asObject(message.content) ?? {})];
      case "tool-plan-delta":
        return thought(asString(message.tool_plan));
      case "tool-call-start":
        return this.#call(index, asObject(message.tool_calls) ?? {});
      case "tool-call-delta":
        return this.#more(index, asString(asObject(asObject(message.tool_calls)?.function)?.arguments) ?? "");
      case "tool-call-end":
        return this.#closeCall(index);
      case "citation-start":
        return this.#cite([asObject(message.citations) ?? {}]);
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
    return [
      startOf(asString(body.id)),
      ...thought(asString(message.tool_plan)),
      ...logprobsOf(asArray(body.logprobs).filter(isObject)),
      ...asArray(message.content).flatMap((part, index) => this.#content(index, asObject(part) ?? {})),
      ...this.#cite(asArray(message.citations).filter(isObject)),
      ...asArray(message.tool_calls).filter(isObject).flatMap((call, index) => [...this.#call(index, call), ...this.#closeCall(index)]),
    ];
  }

  end(): readonly ChatEvent[] {
    const native = this.#finishReason;
    const open = [...this.#calls.keys()].flatMap((index) => this.#closeCall(index));
    const finish: readonly ChatEvent[] = native === undefined
      ? []
      : [{ kind: "finish", choice: 0, ...endingOf(native, this.#calls.size > 0 ? "calls" : "no_calls") }];
    return [...open, ...finish, ...(this.#usage === undefined ? [] : [{ kind: "usage" as const, usage: this.#usage }])];
  }

  #content(index: number, content: JsonObject): readonly ChatEvent[] {
    const text = asString(content.text) ?? "";
    const told = thought(asString(content.thinking));
    if (text === "") return told;
    if (!this.#blockStarts.has(index)) this.#blockStarts.set(index, this.#text.length);
    this.#text += text;
    return [...told, { kind: "text", choice: 0, text }];
  }

  #cite(given: readonly JsonObject[]): readonly ChatEvent[] {
    const citations = given.flatMap((citation) => citationsOf(citation, { text: this.#text, blockStarts: this.#blockStarts }));
    return citations.length === 0 ? [] : [{ kind: "citations", choice: 0, citations }];
  }

  #call(index: number, given: JsonObject): readonly ChatEvent[] {
    const { names, forms } = this.#options;
    const called = asObject(given.function) ?? {};
    const id = this.#idOf(asString(given.id) ?? "");
    const name = names.fromWire(asString(called.name) ?? "");
    const form = forms.get(name);
    const call: Call = { id, held: "", hasArguments: false, isClosed: false };
    this.#calls.set(index, call);
    return [{
      kind: "tool_call",
      choice: 0,
      call: {
        kind: "tool_call",
        id,
        name,
        arguments: released(call, asString(called.arguments) ?? ""),
        ...(form === undefined ? {} : { form }),
      },
    }];
  }

  #idOf(given: string): string {
    const id = given === "" || this.#ids.has(given) ? `call_${this.#options.newId().replaceAll("-", "").slice(0, 24)}` : given;
    this.#ids.add(id);
    return id;
  }

  #more(index: number, piece: string): readonly ChatEvent[] {
    const call = this.#calls.get(index);
    if (call === undefined || call.isClosed) return [];
    const text = released(call, piece);
    return text === "" ? [] : [{ kind: "tool_arguments", choice: 0, id: call.id, arguments: text }];
  }

  /** A tool that takes nothing is called with nothing, or with `null`. */
  #closeCall(index: number): readonly ChatEvent[] {
    const call = this.#calls.get(index);
    if (call === undefined || call.isClosed) return [];
    call.isClosed = true;
    if (call.hasArguments) return [];
    const held = call.held.trim();
    return [{ kind: "tool_arguments", choice: 0, id: call.id, arguments: held === "" || held === "null" ? "{}" : call.held }];
  }
}

/** What may be told of the arguments, this piece included. */
function released(call: Call, piece: string): string {
  if (call.hasArguments) return piece;
  call.held += piece;
  if ("null".startsWith(call.held.trim())) return "";
  call.hasArguments = true;
  return call.held;
}

function startOf(id: string | undefined): ChatEvent {
  return { kind: "start", ...(id === undefined || id === "" ? {} : { id }) };
}

function thought(text: string | undefined): readonly ChatEvent[] {
  return text === undefined || text === "" ? [] : [{ kind: "reasoning", choice: 0, text }];
}

/** A piece of text may be several tokens; together they are as likely as all of them. */
function logprobsOf(given: readonly JsonObject[]): readonly ChatEvent[] {
  const tokens = given.flatMap((item) => {
    const all = asArray(item.logprobs).flatMap((logprob) => asNumber(logprob) ?? []);
    const logprob = all.reduce((sum, each) => sum + each, 0);
    return all.length === 0 ? [] : [{ token: asString(item.text) ?? "", logprob, alternatives: [] }];
  });
  return tokens.length === 0 ? [] : [{ kind: "logprobs", choice: 0, tokens }];
}

function chatUsage(body: JsonObject): ChatUsage | undefined {
  const usage = readUsage(body);
  return usage === undefined ? undefined : { ...usage, reasoningTokens: 0, totalTokens: usage.inputTokens + usage.outputTokens };
}

/** An answer that took too long is cut off, however its text ends. */
function endingOf(native: string, said: "calls" | "no_calls"): { readonly reason: FinishReason; readonly native?: string } {
  const spoken = said === "calls" ? "tool_calls" : "stop";
  switch (native) {
    case "COMPLETE":
    case "STOP_SEQUENCE":
    case "TOOL_CALL":
      return { reason: spoken };
    case "MAX_TOKENS":
      return { reason: "length" };
    case "TIMEOUT":
      return { reason: "length", native };
    case "ERROR_TOXIC":
      return { reason: "content_filter", native };
    default:
      return { reason: spoken, native };
  }
}
