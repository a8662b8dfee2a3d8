/**
 * Chunks of chat completions, or a whole answer, as canonical events. Every call gets an id that is its own in the
 * conversation and is told once its name is known; the end that is told agrees with what was said.
 */
import type { Blob, ChatEvent, ChatUsage, FinishReason, ToolCall, ToolForm } from "../../canonical/chat.ts";
import { asArray, asNumber, asObject, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";
import { parseDataUrl } from "../media.ts";
import { readLogprobs } from "../openai_logprobs.ts";
import { choicesOf, readUsage } from "../openai_wire.ts";
import type { ToolNames } from "../tool_names.ts";

export interface ChunkReaderOptions {
  readonly names: ToolNames;
  /** Forms of the client's tools, by their names. */
  readonly forms: ReadonlyMap<string, ToolForm>;
  /** Ids of calls that the conversation has already. */
  readonly usedIds: ReadonlySet<string>;
  readonly newId: () => string;
}

interface Call {
  readonly id: string;
  isTold: boolean;
  name: string;
  /** Came before the name. */
  early: string;
}

interface Choice {
  readonly calls: Map<string, Call>;
  lastKey: string | undefined;
  finishReason: string | undefined;
  /** Thoughts came as plain text: details repeat them with their proof. */
  hasPlainThoughts: boolean;
}

/** The reader of one answer. */
export class ChunkReader {
  readonly #options: ChunkReaderOptions;
  readonly #choices = new Map<number, Choice>();
  readonly #ids: Set<string>;
  #isStarted = false;
  #usage: ChatUsage | undefined;

  constructor(options: ChunkReaderOptions) {
    this.#options = options;
    this.#ids = new Set(options.usedIds);
  }

  push(body: JsonObject): readonly ChatEvent[] {
    this.#usage = usageOf(body) ?? this.#usage;
    const said = choicesOf(body).flatMap((choice, position) => this.#read(choice, asNumber(choice.index) ?? position));
    if (this.#isStarted) return said;
    this.#isStarted = true;
    return [startOf(body), ...said];
  }

  end(): readonly ChatEvent[] {
    const ends = [...this.#choices].flatMap(([choice, state]): readonly ChatEvent[] => {
      const nameless = [...state.calls.values()].filter((call) => !call.isTold && call.name !== "");
      const told = nameless.map((call) => this.#tell(call, choice));
      const { finishReason } = state;
      if (finishReason === undefined) return told;
      return [...told, { kind: "finish", choice, ...endingOf(finishReason, state.calls.size > 0 ? "calls" : "no_calls") }];
    });
    return this.#usage === undefined ? ends : [...ends, { kind: "usage", usage: this.#usage }];
  }

  #read(choice: JsonObject, index: number): readonly ChatEvent[] {
    const state = this.#choices.get(index) ?? { calls: new Map(), lastKey: undefined, finishReason: undefined, hasPlainThoughts: false };
    this.#choices.set(index, state);
    state.finishReason = asString(choice.finish_reason) ?? state.finishReason;
    const piece = asObject(choice.delta) ?? asObject(choice.message);
    const tokens = readLogprobs(asObject(choice.logprobs)?.content);
    const logprobs: readonly ChatEvent[] = tokens.length === 0 ? [] : [{ kind: "logprobs", choice: index, tokens }];
    return piece === undefined ? logprobs : [...logprobs, ...this.#piece(piece, state, index)];
  }

  #piece(piece: JsonObject, state: Choice, choice: number): readonly ChatEvent[] {
    const events: ChatEvent[] = [];
    const thought = thoughtOf(piece, state);
    if (thought !== "") events.push({ kind: "reasoning", choice, text: thought });
    const text = textOf(piece.content);
    if (text !== "") events.push({ kind: "text", choice, text });
    const refusal = asString(piece.refusal) ?? "";
    if (refusal !== "") events.push({ kind: "refusal", choice, text: refusal });
    for (const image of asArray(piece.images).filter(isObject)) {
      const source = blobOf(asString(asObject(image.image_url)?.url) ?? asString(image.image_url));
      if (source !== undefined) events.push({ kind: "image", choice, source });
    }
    const sound = asString(asObject(piece.audio)?.data) ?? "";
    if (sound !== "") events.push({ kind: "audio", choice, source: { kind: "inline", mimeType: "audio/wav", data: sound } });
    for (const [position, call] of asArray(piece.tool_calls).filter(isObject).entries()) {
      events.push(...this.#call(call, { state, choice, position }));
    }
    const legacy = asObject(piece.function_call);
    if (legacy !== undefined) events.push(...this.#call({ index: 0, function: legacy }, { state, choice, position: 0 }));
    const citations = asArray(piece.annotations).filter(isObject).flatMap((it) => citationOf(it) ?? []);
    if (citations.length > 0) events.push({ kind: "citations", choice, citations });
    return events;
  }

  #call(
    piece: JsonObject,
    { state, choice, position }: { readonly state: Choice; readonly choice: number; readonly position: number },
  ): readonly ChatEvent[] {
    const called = asObject(piece.function) ?? asObject(piece.custom) ?? {};
    const id = asString(piece.id) ?? "";
    const key = keyOf(piece, { id, state, position });
    const known = state.calls.get(key);
    const call = known ?? { id: this.#ownId(id), isTold: false, name: "", early: "" };
    state.calls.set(key, call);
    state.lastKey = key;
    const name = asString(called.name) ?? "";
    if (call.name === "") call.name = name;
    const more = argumentsOf(called.arguments ?? called.input);
    if (call.isTold) return more === "" ? [] : [{ kind: "tool_arguments", choice, id: call.id, arguments: more }];
    call.early += more;
    return call.name === "" ? [] : [this.#tell(call, choice)];
  }

  #tell(call: Call, choice: number): ChatEvent {
    call.isTold = true;
    const name = this.#options.names.fromWire(call.name);
    const form = this.#options.forms.get(name);
    const told: ToolCall = { kind: "tool_call", id: call.id, name, arguments: call.early, ...(form === undefined ? {} : { form }) };
    return { kind: "tool_call", choice, call: told };
  }

  #ownId(given: string): string {
    const id = given !== "" && !this.#ids.has(given) ? given : `call_${this.#options.newId().replaceAll("-", "").slice(0, 24)}`;
    this.#ids.add(id);
    return id;
  }
}

/** Pieces of a call meet by number; where a provider gives none, by id, else they belong to the last one. */
function keyOf(
  piece: JsonObject,
  { id, state, position }: { readonly id: string; readonly state: Choice; readonly position: number },
): string {
  const index = asNumber(piece.index);
  if (index !== undefined) return String(index);
  if (id !== "") return id;
  return state.lastKey ?? `position ${position}`;
}

function startOf(body: JsonObject): ChatEvent {
  const id = asString(body.id) ?? "";
  const created = asNumber(body.created) ?? 0;
  const modelVersion = asString(body.model) ?? "";
  return {
    kind: "start",
    ...(id === "" ? {} : { id }),
    ...(created > 0 ? { createdAt: created * 1_000 } : {}),
    ...(modelVersion === "" ? {} : { modelVersion }),
  };
}

function thoughtOf(piece: JsonObject, state: Choice): string {
  const plain = textOf(piece.reasoning_content ?? piece.reasoning);
  state.hasPlainThoughts ||= plain !== "";
  if (state.hasPlainThoughts) return plain;
  return asArray(piece.reasoning_details).filter(isObject).map((it) => asString(it.text) ?? asString(it.summary) ?? "").join("");
}

/** Text, or parts of which some are text. */
function textOf(value: Json | undefined): string {
  if (typeof value === "string") return value;
  if (isObject(value)) return asString(value.text) ?? "";
  return asArray(value).filter(isObject).map((part) => part.type === "thinking" ? "" : asString(part.text) ?? "").join("");
}

function argumentsOf(value: Json | undefined): string {
  if (typeof value === "string") return value;
  return isObject(value) ? JSON.stringify(value) : "";
}

function blobOf(url: string | undefined): Blob | undefined {
  if (url === undefined || url === "") return undefined;
  return parseDataUrl(url, "image/png") ?? { kind: "url", url };
}

function citationOf(annotation: JsonObject) {
  const cited = asObject(annotation.url_citation);
  const url = asString(cited?.url);
  if (cited === undefined || url === undefined) return undefined;
  const title = asString(cited.title);
  const startIndex = asNumber(cited.start_index);
  const endIndex = asNumber(cited.end_index);
  return {
    url,
    ...(title === undefined ? {} : { title }),
    ...(startIndex === undefined ? {} : { startIndex }),
    ...(endIndex === undefined ? {} : { endIndex }),
  };
}

function usageOf(body: JsonObject): ChatUsage | undefined {
  const read = readUsage(body);
  if (read === undefined) return undefined;
  const usage = asObject(body.usage);
  const reasoningTokens = asNumber(asObject(usage?.completion_tokens_details)?.reasoning_tokens) ?? 0;
  const inputAudioTokens = asNumber(asObject(usage?.prompt_tokens_details)?.audio_tokens);
  const inputImageTokens = asNumber(asObject(usage?.prompt_tokens_details)?.image_tokens);
  return {
    ...read,
    reasoningTokens,
    totalTokens: asNumber(usage?.total_tokens) ?? read.inputTokens + read.outputTokens,
    ...(inputAudioTokens === undefined ? {} : { inputAudioTokens }),
    ...(inputImageTokens === undefined ? {} : { inputImageTokens }),
  };
}

function endingOf(native: string, said: "calls" | "no_calls"): { readonly reason: FinishReason; readonly native?: string } {
  const spoken = said === "calls" ? "tool_calls" : "stop";
  switch (native) {
    case "stop":
    case "tool_calls":
    case "function_call":
      return { reason: spoken };
    case "length":
    case "max_tokens":
    case "model_context_window_exceeded":
      return { reason: "length" };
    case "content_filter":
      return { reason: "content_filter" };
    default:
      return { reason: spoken, native };
  }
}
