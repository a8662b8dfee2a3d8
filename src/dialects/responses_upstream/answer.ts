/** Events of a Responses stream, or a whole response, as canonical events. What a stream left out stands in its last event. */
import type { ChatEvent, ChatUsage, Citation, FinishReason, ToolForm } from "../../canonical/chat.ts";
import { asArray, asNumber, asObject, asString, isObject, type JsonObject } from "../../kernel/json.ts";
import type { Recall } from "../codec.ts";
import { readLogprobs } from "../openai_logprobs.ts";
import type { ToolNames } from "../tool_names.ts";

export interface ResponseReaderOptions {
  readonly names: ToolNames;
  readonly recall: Recall;
  readonly forms: ReadonlyMap<string, ToolForm>;
}

/** What was told of one item of the output. */
interface Told {
  text: string;
  callId: string | undefined;
  isProven: boolean;
}

/** The reader of one answer. */
export class ResponseReader {
  readonly #options: ResponseReaderOptions;
  readonly #items = new Map<number, Told>();
  readonly #thoughts: JsonObject[] = [];
  #isStarted = false;
  #hasCalled = false;
  #reason: FinishReason | undefined;
  #usage: ChatUsage | undefined;
  #summaryIndex = 0;

  constructor(options: ResponseReaderOptions) {
    this.#options = options;
  }

  push(event: JsonObject): readonly ChatEvent[] {
    const index = asNumber(event.output_index) ?? 0;
    const delta = asString(event.delta) ?? "";
    switch (event.type) {
      case "response.created":
        return this.#start(asObject(event.response) ?? {});
      case "response.output_text.delta":
        return [...logprobs(event), ...this.#say(index, { kind: "text", choice: 0, text: delta })];
      case "response.refusal.delta":
        return this.#say(index, { kind: "refusal", choice: 0, text: delta });
      case "response.reasoning_summary_text.delta":
      case "response.reasoning_text.delta":
        return this.#think(index, { delta, summaryIndex: asNumber(event.summary_index) ?? 0 });
      case "response.output_text.annotation.added":
        return citations([asObject(event.annotation) ?? {}]);
      case "response.output_item.added":
        return this.#added(index, asObject(event.item) ?? {});
      case "response.function_call_arguments.delta":
        return this.#more(index, delta);
      case "response.output_item.done":
        return this.#done(index, asObject(event.item) ?? {});
      case "response.completed":
      case "response.incomplete":
        return this.#over(asObject(event.response) ?? {});
      default:
        return [];
    }
  }

  whole(response: JsonObject): readonly ChatEvent[] {
    return [...this.#start(response), ...this.#over(response)];
  }

  end(): readonly ChatEvent[] {
    const finish: readonly ChatEvent[] = this.#reason === undefined ? [] : [{ kind: "finish", choice: 0, reason: this.#reason }];
    return this.#usage === undefined ? finish : [...finish, { kind: "usage", usage: this.#usage }];
  }

  #start(response: JsonObject): readonly ChatEvent[] {
    if (this.#isStarted) return [];
    this.#isStarted = true;
    const id = asString(response.id) ?? "";
    const createdAt = asNumber(response.created_at);
    const modelVersion = asString(response.model) ?? "";
    return [{
      kind: "start",
      ...(id === "" ? {} : { id }),
      ...(createdAt === undefined ? {} : { createdAt: createdAt * 1_000 }),
      ...(modelVersion === "" ? {} : { modelVersion }),
    }];
  }

  #told(index: number): Told {
    const told = this.#items.get(index) ?? { text: "", callId: undefined, isProven: false };
    this.#items.set(index, told);
    return told;
  }

  #say(index: number, event: Extract<ChatEvent, { readonly kind: "text" | "refusal" | "reasoning" }>): readonly ChatEvent[] {
    if (event.text === "") return [];
    this.#told(index).text += event.text;
    return [event];
  }

  /** A further part of a summary begins a paragraph of its own. */
  #think(index: number, { delta, summaryIndex }: { readonly delta: string; readonly summaryIndex: number }): readonly ChatEvent[] {
    const isNext = summaryIndex !== this.#summaryIndex && this.#told(index).text !== "";
    this.#summaryIndex = summaryIndex;
    return this.#say(index, { kind: "reasoning", choice: 0, text: isNext ? `\n\n${delta}` : delta });
  }

  #added(index: number, item: JsonObject): readonly ChatEvent[] {
    return item.type === "function_call" || item.type === "custom_tool_call" ? this.#call(index, item) : [];
  }

  #call(index: number, item: JsonObject): readonly ChatEvent[] {
    const told = this.#told(index);
    if (told.callId !== undefined) return [];
    const { names, forms, recall } = this.#options;
    const id = asString(item.call_id) ?? asString(item.id) ?? "";
    const name = names.fromWire(asString(item.name) ?? "");
    const form = forms.get(name);
    told.callId = id;
    if (!this.#hasCalled && this.#thoughts.length > 0) recall.remember(`responses thoughts ${id}`, JSON.stringify(this.#thoughts));
    this.#hasCalled = true;
    return [{
      kind: "tool_call",
      choice: 0,
      call: { kind: "tool_call", id, name, arguments: "", ...(form === undefined ? {} : { form }) },
    }];
  }

  #more(index: number, more: string): readonly ChatEvent[] {
    const told = this.#told(index);
    if (told.callId === undefined || more === "") return [];
    told.text += more;
    return [{ kind: "tool_arguments", choice: 0, id: told.callId, arguments: more }];
  }

  /** An item as it is when it is whole: whatever of it was not told yet is told now. */
  #done(index: number, item: JsonObject): readonly ChatEvent[] {
    switch (item.type) {
      case "function_call":
        return [...this.#call(index, item), ...this.#rest(index, asString(item.arguments) ?? "")];
      case "custom_tool_call":
        return [...this.#call(index, item), ...this.#rest(index, JSON.stringify({ input: asString(item.input) ?? "" }))];
      case "message":
        return this.#message(index, item);
      case "reasoning":
        return this.#reasoning(index, item);
      case "image_generation_call":
        return this.#image(index, asString(item.result) ?? "");
      default:
        return [];
    }
  }

  #rest(index: number, whole: string): readonly ChatEvent[] {
    const { text } = this.#told(index);
    return whole.startsWith(text) ? this.#more(index, whole.slice(text.length)) : [];
  }

  #message(index: number, item: JsonObject): readonly ChatEvent[] {
    if (this.#told(index).text !== "") return [];
    return asArray(item.content).filter(isObject).flatMap((part): readonly ChatEvent[] => {
      const refusal = asString(part.refusal);
      if (refusal !== undefined) return this.#say(index, { kind: "refusal", choice: 0, text: refusal });
      const said = this.#say(index, { kind: "text", choice: 0, text: asString(part.text) ?? "" });
      return [...logprobs(part), ...said, ...citations(asArray(part.annotations).filter(isObject))];
    });
  }

  #reasoning(index: number, item: JsonObject): readonly ChatEvent[] {
    const told = this.#told(index);
    const parts = [...asArray(item.summary), ...asArray(item.content)].filter(isObject).map((part) => asString(part.text) ?? "");
    const said = told.text === "" ? this.#say(index, { kind: "reasoning", choice: 0, text: parts.join("\n\n") }) : [];
    const encrypted = asString(item.encrypted_content) ?? "";
    if (encrypted === "" || told.isProven) return said;
    told.isProven = true;
    this.#thoughts.push({ type: "reasoning", summary: item.summary ?? [], encrypted_content: encrypted });
    return [...said, { kind: "reasoning", choice: 0, text: "", encrypted }];
  }

  #image(index: number, data: string): readonly ChatEvent[] {
    const told = this.#told(index);
    if (data === "" || told.text !== "") return [];
    told.text = data.slice(0, 16);
    return [{ kind: "image", choice: 0, source: { kind: "inline", mimeType: "image/png", data } }];
  }

  #over(response: JsonObject): readonly ChatEvent[] {
    const missed = asArray(response.output).filter(isObject).flatMap((item, index) => this.#done(index, item));
    const why = asObject(response.incomplete_details)?.reason;
    this.#reason = response.status === "incomplete"
      ? why === "content_filter" ? "content_filter" : "length"
      : this.#hasCalled
      ? "tool_calls"
      : "stop";
    this.#usage = usageOf(asObject(response.usage));
    return missed;
  }
}

function logprobs(said: JsonObject): readonly ChatEvent[] {
  const tokens = readLogprobs(said.logprobs);
  return tokens.length === 0 ? [] : [{ kind: "logprobs", choice: 0, tokens }];
}

function citations(annotations: readonly JsonObject[]): readonly ChatEvent[] {
  const cited = annotations.flatMap((annotation): Citation[] => {
    const url = asString(annotation.url);
    if (url === undefined) return [];
    const title = asString(annotation.title);
    const startIndex = asNumber(annotation.start_index);
    const endIndex = asNumber(annotation.end_index);
    return [{
      url,
      ...(title === undefined ? {} : { title }),
      ...(startIndex === undefined ? {} : { startIndex }),
      ...(endIndex === undefined ? {} : { endIndex }),
    }];
  });
  return cited.length === 0 ? [] : [{ kind: "citations", choice: 0, citations: cited }];
}

function usageOf(usage: JsonObject | undefined): ChatUsage | undefined {
  const inputTokens = asNumber(usage?.input_tokens);
  if (usage === undefined || inputTokens === undefined) return undefined;
  const outputTokens = asNumber(usage.output_tokens) ?? 0;
  return {
    inputTokens,
    cachedTokens: asNumber(asObject(usage.input_tokens_details)?.cached_tokens) ?? 0,
    outputTokens,
    reasoningTokens: asNumber(asObject(usage.output_tokens_details)?.reasoning_tokens) ?? 0,
    totalTokens: asNumber(usage.total_tokens) ?? inputTokens + outputTokens,
  };
}
