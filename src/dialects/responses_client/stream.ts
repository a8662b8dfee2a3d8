/**
 * Writes events as a Responses stream. One item is open at a time, each is closed before the next begins, and every
 * event has the next number. The last event holds the whole object, as it would have come at once.
 */
import type { ChatEvent, ChatUsage, FinishReason, TokenLogprob, ToolCall } from "../../canonical/chat.ts";
import { assertNever, type Failure } from "../../kernel/failure.ts";
import { type JsonObject, parseJson } from "../../kernel/json.ts";
import type { AnswerContext, AnswerWriter } from "../codec.ts";
import { logprobShapes } from "../openai_logprobs.ts";
import { callItem, callPrefix, citationShape, freeText, itemId, reasoningItem, responseShape, statusOf, textPart } from "./shapes.ts";

type Open =
  | { readonly kind: "reasoning"; readonly id: string; text: string; encrypted: string | undefined }
  | {
    readonly kind: "message";
    readonly id: string;
    readonly part: "output_text" | "refusal";
    text: string;
    readonly annotations: JsonObject[];
    readonly logprobs: JsonObject[];
  }
  | { readonly kind: "call"; readonly id: string; call: ToolCall };

/** One stream's writer. */
export class ResponseWriter implements AnswerWriter {
  readonly #context: AnswerContext;
  readonly #output: JsonObject[] = [];
  /** Calls that wait until the one before them is whole. */
  readonly #waiting: ToolCall[] = [];
  /** Tokens of the text that comes next. */
  readonly #tokens: TokenLogprob[] = [];
  #number = 0;
  #isBegun = false;
  #open: Open | undefined;
  #reason: FinishReason | undefined;
  #usage: ChatUsage | undefined;

  constructor(context: AnswerContext) {
    this.#context = context;
  }

  push(event: ChatEvent): readonly JsonObject[] {
    if (event.kind === "usage") this.#usage = event.usage;
    else if (event.kind !== "start" && event.choice === 0) return this.#say(event);
    return [];
  }

  end(): readonly JsonObject[] {
    const before = [...this.#begin(), ...this.#close(), ...this.#release()];
    const status = statusOf(this.#reason);
    const response = this.#response({ status });
    return [...before, this.#event(`response.${status}`, { response })];
  }

  fail(failed: Failure): readonly JsonObject[] {
    const code = failed.status === 429 ? "rate_limit_exceeded" : failed.code ?? "server_error";
    const before = this.#begin();
    return [
      ...before,
      this.#event("response.failed", { response: this.#response({ status: "failed", error: { code, message: failed.message } }) }),
    ];
  }

  #response(how: { readonly status: "in_progress" | "completed" | "incomplete" | "failed"; readonly error?: JsonObject }): JsonObject {
    return responseShape({ ...how, output: this.#output, reason: this.#reason, usage: this.#usage }, this.#context);
  }

  #event(type: string, fields: JsonObject): JsonObject {
    return { type, sequence_number: this.#number++, ...fields };
  }

  #begin(): readonly JsonObject[] {
    if (this.#isBegun) return [];
    this.#isBegun = true;
    const response = responseShape({ status: "in_progress", output: [] }, this.#context);
    return [this.#event("response.created", { response }), this.#event("response.in_progress", { response })];
  }

  #say(event: Exclude<ChatEvent, { readonly kind: "start" | "usage" }>): readonly JsonObject[] {
    switch (event.kind) {
      case "text":
        return event.text === "" ? [] : this.#write("output_text", event.text);
      case "refusal":
        return event.text === "" ? [] : this.#write("refusal", event.text);
      case "reasoning":
        return this.#think(event);
      case "tool_call":
        return this.#call(event.call);
      case "tool_arguments":
        return this.#moreArguments(event.id, event.arguments);
      case "citations":
        return event.citations.flatMap((citation) => this.#annotate(citationShape(citation)));
      case "image":
        return event.source.kind === "inline" ? this.#image(event.source.data) : [];
      case "finish":
        this.#reason = event.reason;
        return [];
      case "logprobs":
        this.#tokens.push(...event.tokens);
        return [];
      case "audio":
        return [];
      default:
        return assertNever(event);
    }
  }

  /** The number of the item that is open, or that comes next. */
  get #index(): number {
    return this.#output.length;
  }

  #write(part: "output_text" | "refusal", text: string): readonly JsonObject[] {
    const before = this.#open?.kind === "message" && this.#open.part === part ? [] : this.#openMessage(part);
    if (this.#open?.kind !== "message") return before;
    this.#open.text += text;
    const at = { item_id: this.#open.id, output_index: this.#index, content_index: 0, delta: text };
    if (part === "refusal") return [...before, this.#event("response.refusal.delta", at)];
    const logprobs = logprobShapes(this.#tokens.splice(0));
    this.#open.logprobs.push(...logprobs);
    return [...before, this.#event("response.output_text.delta", { ...at, logprobs })];
  }

  #openMessage(part: "output_text" | "refusal"): readonly JsonObject[] {
    const before = [...this.#begin(), ...this.#close(), ...this.#release()];
    const id = itemId("msg", this.#index, this.#context);
    this.#open = { kind: "message", id, part, text: "", annotations: [], logprobs: [] };
    const item = { id, type: "message", status: "in_progress", role: "assistant", content: [] };
    const at = { item_id: id, output_index: this.#index, content_index: 0 };
    return [
      ...before,
      this.#event("response.output_item.added", { output_index: this.#index, item }),
      this.#event("response.content_part.added", { ...at, part: part === "refusal" ? { type: "refusal", refusal: "" } : textPart("") }),
    ];
  }

  #annotate(annotation: JsonObject): readonly JsonObject[] {
    if (this.#open?.kind !== "message" || this.#open.part === "refusal") return [];
    const annotation_index = this.#open.annotations.push(annotation) - 1;
    const at = { item_id: this.#open.id, output_index: this.#index, content_index: 0 };
    return [this.#event("response.output_text.annotation.added", { ...at, annotation_index, annotation })];
  }

  #think({ text, encrypted }: Extract<ChatEvent, { readonly kind: "reasoning" }>): readonly JsonObject[] {
    if (text === "" && encrypted === undefined) return [];
    // An item has one encrypted form: what is thought after it is another.
    const goesOn = this.#open?.kind === "reasoning" && this.#open.encrypted === undefined;
    const before = goesOn ? [] : this.#openReasoning();
    if (this.#open?.kind !== "reasoning") return before;
    this.#open.encrypted = encrypted ?? this.#open.encrypted;
    if (text === "") return before;
    const isFirst = this.#open.text === "";
    this.#open.text += text;
    const at = { item_id: this.#open.id, output_index: this.#index, summary_index: 0 };
    const added = isFirst
      ? [this.#event("response.reasoning_summary_part.added", { ...at, part: { type: "summary_text", text: "" } })]
      : [];
    return [...before, ...added, this.#event("response.reasoning_summary_text.delta", { ...at, delta: text })];
  }

  #openReasoning(): readonly JsonObject[] {
    const before = [...this.#begin(), ...this.#close(), ...this.#release()];
    const id = itemId("rs", this.#index, this.#context);
    this.#open = { kind: "reasoning", id, text: "", encrypted: undefined };
    const item = { id, type: "reasoning", summary: [] };
    return [...before, this.#event("response.output_item.added", { output_index: this.#index, item })];
  }

  #call(call: ToolCall): readonly JsonObject[] {
    // Whole arguments say that the open call is over; else its rest may still come, even after this one's beginning.
    if (this.#open?.kind === "call" && parseJson(this.#open.call.arguments) === undefined) {
      this.#waiting.push(call);
      return [];
    }
    return [...this.#begin(), ...this.#close(), ...this.#release(), ...this.#openCall(call)];
  }

  #openCall(call: ToolCall): readonly JsonObject[] {
    const id = itemId(callPrefix(call), this.#index, this.#context);
    this.#open = { kind: "call", id, call };
    const item = callItem({ ...call, arguments: "" }, { id, status: "in_progress" });
    const added = this.#event("response.output_item.added", { output_index: this.#index, item });
    return [added, ...this.#argumentsDelta(call, call.arguments)];
  }

  /** Free text is wrapped in JSON while it comes: it is told when it is whole. */
  #argumentsDelta({ form }: ToolCall, delta: string): readonly JsonObject[] {
    if (delta === "" || form === "free_text" || this.#open === undefined) return [];
    return [this.#event("response.function_call_arguments.delta", { item_id: this.#open.id, output_index: this.#index, delta })];
  }

  #moreArguments(id: string, more: string): readonly JsonObject[] {
    if (this.#open?.kind === "call" && this.#open.call.id === id) {
      this.#open.call = { ...this.#open.call, arguments: this.#open.call.arguments + more };
      return this.#argumentsDelta(this.#open.call, more);
    }
    const at = this.#waiting.findLastIndex((call) => call.id === id);
    const call = this.#waiting[at];
    if (call !== undefined) this.#waiting[at] = { ...call, arguments: call.arguments + more };
    return [];
  }

  #release(): readonly JsonObject[] {
    return this.#waiting.splice(0).flatMap((call) => [...this.#openCall(call), ...this.#close()]);
  }

  #image(data: string): readonly JsonObject[] {
    const before = [...this.#begin(), ...this.#close(), ...this.#release()];
    const id = itemId("ig", this.#index, this.#context);
    const item = { id, type: "image_generation_call", status: "completed", result: data };
    const added = this.#event("response.output_item.added", {
      output_index: this.#index,
      item: { ...item, status: "in_progress", result: null },
    });
    return [...before, added, this.#done(item)];
  }

  #done(item: JsonObject): JsonObject {
    return this.#event("response.output_item.done", { output_index: this.#output.push(item) - 1, item });
  }

  #close(): readonly JsonObject[] {
    const open = this.#open;
    if (open === undefined) return [];
    this.#open = undefined;
    const at = { item_id: open.id, output_index: this.#index };
    switch (open.kind) {
      case "reasoning": {
        const place = { ...at, summary_index: 0 };
        const told = open.text === "" ? [] : [
          this.#event("response.reasoning_summary_text.done", { ...place, text: open.text }),
          this.#event("response.reasoning_summary_part.done", { ...place, part: { type: "summary_text", text: open.text } }),
        ];
        return [...told, this.#done(reasoningItem(open.id, open))];
      }
      case "message": {
        const isRefusal = open.part === "refusal";
        const part = isRefusal ? { type: "refusal", refusal: open.text } : textPart(open.text, open);
        const place = { ...at, content_index: 0 };
        const item = { id: open.id, type: "message", status: "completed", role: "assistant", content: [part] };
        return [
          this.#event(
            `response.${open.part}.done`,
            isRefusal ? { ...place, refusal: open.text } : { ...place, text: open.text, logprobs: open.logprobs },
          ),
          this.#event("response.content_part.done", { ...place, part }),
          this.#done(item),
        ];
      }
      case "call":
        return this.#closeCall(open.call, at);
    }
  }

  #closeCall(call: ToolCall, at: { readonly item_id: string; readonly output_index: number }): readonly JsonObject[] {
    const whole = call.arguments === "" && call.form !== "free_text" ? { ...call, arguments: "{}" } : call;
    const item = callItem(whole, { id: at.item_id, status: "completed" });
    if (call.form !== "free_text") {
      return [
        this.#event("response.function_call_arguments.done", { ...at, name: call.name, arguments: whole.arguments }),
        this.#done(item),
      ];
    }
    const input = freeText(call.arguments);
    const delta = input === "" ? [] : [this.#event("response.custom_tool_call_input.delta", { ...at, delta: input })];
    return [...delta, this.#event("response.custom_tool_call_input.done", { ...at, input }), this.#done(item)];
  }
}
