/**
 * Writes events as chunks. The first chunk of a choice names its role, calls are numbered from 0 without gaps,
 * and each choice ends once, when the whole answer is over; usage comes last.
 */
import type { Blob, ChatEvent, ChatUsage, FinishReason, TokenLogprob, ToolCall } from "../../canonical/chat.ts";
import { assertNever } from "../../kernel/failure.ts";
import type { JsonObject } from "../../kernel/json.ts";
import type { AnswerContext } from "../codec.ts";
import { logprobShapes } from "../openai_logprobs.ts";
import { audioShape, callShape, citationShape, detailShape, headOf, imageShape, signatureField, usageShape } from "./shapes.ts";

type Started = Extract<ChatEvent, { readonly kind: "start" }>;
type Said = Exclude<ChatEvent, { readonly kind: "start" | "usage" }>;

/** One stream's writer. */
export class ChunkWriter {
  readonly #context: AnswerContext;
  readonly #choices = new Map<number, ChoiceWriter>();
  #start: Started | undefined;
  /** Fixed by the first chunk. */
  #head: JsonObject | undefined;
  #usage: ChatUsage | undefined;

  constructor(context: AnswerContext) {
    this.#context = context;
  }

  /** The chunks for one event. */
  push(event: ChatEvent): readonly JsonObject[] {
    if (event.kind === "start") this.#start ??= event;
    else if (event.kind === "usage") this.#usage = event.usage;
    else return this.#say(event);
    return [];
  }

  /** The chunks that close a whole answer. */
  end(): readonly JsonObject[] {
    if (this.#choices.size === 0) this.#choiceAt(0);
    const inOrder = [...this.#choices.values()].sort((a, b) => a.index - b.index);
    const ends = inOrder.flatMap((choice) => choice.end()).map((choice) => this.#chunk(choice));
    if (!this.#context.wantsStreamUsage || this.#usage === undefined) return ends;
    return [...ends, { ...this.#headOnce(), choices: [], usage: usageShape(this.#usage) }];
  }

  #say(event: Said): readonly JsonObject[] {
    return this.#choiceAt(event.choice).say(event, this.#headOnce()).map((choice) => this.#chunk(choice));
  }

  #choiceAt(index: number): ChoiceWriter {
    const choice = this.#choices.get(index) ?? new ChoiceWriter(index);
    this.#choices.set(index, choice);
    return choice;
  }

  #headOnce(): JsonObject {
    this.#head ??= headOf(this.#start, { context: this.#context, object: "chat.completion.chunk" });
    return this.#head;
  }

  #chunk(choice: JsonObject): JsonObject {
    const version = choice.finish_reason === null ? undefined : this.#start?.modelVersion;
    return {
      ...this.#headOnce(),
      choices: [choice],
      ...(this.#context.wantsStreamUsage ? { usage: null } : {}),
      ...(version === undefined ? {} : { model_version: version }),
    };
  }
}

class ChoiceWriter {
  readonly index: number;
  #isBegun = false;
  #imageCount = 0;
  /** What was thought since the last proof. */
  #thought = "";
  #detailCount = 0;
  #signature: string | undefined;
  /** Tokens of the text that comes next. */
  #tokens: readonly TokenLogprob[] = [];
  #finish: { readonly reason: FinishReason; readonly native?: string } | undefined;
  /** Ids of calls by their numbers. */
  readonly #ids: string[] = [];
  #isLegacy = false;
  /** A call with free text is written when all of its text is known. */
  #held: { call: ToolCall; readonly index: number } | undefined;

  constructor(index: number) {
    this.index = index;
  }

  say(event: Said, head: JsonObject): readonly JsonObject[] {
    switch (event.kind) {
      case "text":
        this.#signature = event.signature ?? this.#signature;
        return event.text === "" ? [] : this.#delta({ content: event.text }, this.#logprobs());
      case "reasoning":
        return this.#think(event);
      case "refusal":
        return this.#delta({ refusal: event.text });
      case "tool_call":
        return this.#call(event.call);
      case "tool_arguments":
        return this.#moreArguments(event.id, event.arguments);
      case "image":
        return this.#delta({ images: [imageShape(event.source, this.#imageCount++)] });
      case "audio":
        return this.#sound(event.source, head);
      case "citations":
        return event.citations.length === 0 ? [] : this.#delta({ annotations: event.citations.map(citationShape) });
      case "logprobs":
        this.#tokens = [...this.#tokens, ...event.tokens];
        return [];
      case "finish":
        this.#finish = event;
        return [];
      default:
        return assertNever(event);
    }
  }

  /** What is left, then the one chunk that ends the choice. */
  end(): readonly JsonObject[] {
    const proof = this.#signature === undefined ? [] : this.#delta(signatureField(this.#signature));
    const rest = [...this.#release(), ...(this.#tokens.length === 0 ? [] : this.#delta({}, this.#logprobs())), ...proof];
    const opening = this.#isBegun ? [] : this.#delta({});
    const { reason = "stop", native } = this.#finish ?? {};
    const told = this.#isLegacy && reason === "tool_calls" ? "function_call" : reason;
    const ended = { index: this.index, delta: {}, finish_reason: told, ...(native === undefined ? {} : { native_finish_reason: native }) };
    return [...rest, ...opening, ended];
  }

  #logprobs(): JsonObject {
    const tokens = this.#tokens;
    this.#tokens = [];
    return tokens.length === 0 ? {} : { logprobs: { content: logprobShapes(tokens) } };
  }

  /** A proof comes with all that it proves, since clients keep details as they came. */
  #think({ text, signature, encrypted }: Extract<ChatEvent, { readonly kind: "reasoning" }>): readonly JsonObject[] {
    this.#thought += text;
    const said = text === "" ? [] : this.#delta({ reasoning_content: text });
    const detail = detailShape({ text: this.#thought, signature, encrypted }, this.#detailCount);
    if (detail === undefined) return said;
    this.#thought = "";
    this.#detailCount++;
    return [...said, ...this.#delta({ reasoning_details: [detail] })];
  }

  #delta(delta: JsonObject, more: JsonObject = {}): readonly JsonObject[] {
    const choice = { index: this.index, delta, ...more, finish_reason: null };
    const held = this.#isBegun ? this.#release() : [];
    if (this.#isBegun) return [...held, choice];
    this.#isBegun = true;
    const opening = { index: this.index, delta: { role: "assistant", content: "" }, finish_reason: null };
    return Object.keys(delta).length === 0 && Object.keys(more).length === 0 ? [opening] : [opening, choice];
  }

  #call(call: ToolCall): readonly JsonObject[] {
    if (call.form === "legacy") return this.#legacyCall(call);
    const index = this.#ids.push(call.id) - 1;
    if (call.form !== "free_text") return this.#delta({ tool_calls: [{ index, ...callShape(call) }] });
    const opening = this.#isBegun ? this.#release() : this.#delta({});
    this.#held = { call, index };
    return opening;
  }

  /** The older shape holds one call: further ones have no place. */
  #legacyCall({ id, name, arguments: text, signature }: ToolCall): readonly JsonObject[] {
    const isFirst = this.#ids.push(id) === 1;
    this.#isLegacy = true;
    return isFirst ? this.#delta({ function_call: { name, arguments: text, ...signatureField(signature) } }) : [];
  }

  #moreArguments(id: string, more: string): readonly JsonObject[] {
    if (this.#held?.call.id === id) {
      this.#held.call = { ...this.#held.call, arguments: this.#held.call.arguments + more };
      return [];
    }
    const index = this.#ids.lastIndexOf(id);
    if (index < 0 || (this.#isLegacy && index > 0)) return [];
    if (this.#isLegacy) return this.#delta({ function_call: { arguments: more } });
    return this.#delta({ tool_calls: [{ index, function: { arguments: more } }] });
  }

  #release(): readonly JsonObject[] {
    if (this.#held === undefined) return [];
    const { call, index } = this.#held;
    this.#held = undefined;
    return this.#delta({ tool_calls: [{ index, ...callShape(call) }] });
  }

  #sound(source: Blob, head: JsonObject): readonly JsonObject[] {
    return source.kind === "inline" ? this.#delta({ audio: audioShape(source.data, head) }) : [];
  }
}
