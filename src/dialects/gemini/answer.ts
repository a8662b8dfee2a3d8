/**
 * Reads answers into events, whole or one stream event at a time. What counts for the whole answer (citations,
 * ends, usage) is told when it is over, because Gemini may say more after it said how it ends.
 */
import type { ChatEvent, ToolCall, ToolForm } from "../../canonical/chat.ts";
import { asArray, asNumber, asObject, asString, isObject, type JsonObject } from "../../kernel/json.ts";
import { citationsOf, SOURCE_FIELDS, type SourceField } from "./citations.ts";
import type { CallMemory } from "./memory.ts";
import type { ToolNames } from "../tool_names.ts";
import { candidatesOf, type Piece, piecesOf } from "./pieces.ts";
import { blockedPrompt, endingOf, readUsage } from "./usage.ts";

export interface AnswerReaderOptions {
  readonly names: ToolNames;
  readonly memory: CallMemory;
  /** Forms of the client's tools, by their names. */
  readonly forms: ReadonlyMap<string, ToolForm>;
  /** Ids of calls that the conversation has already. */
  readonly usedIds: ReadonlySet<string>;
  readonly newId: () => string;
}

interface Candidate {
  text: string;
  partStarts: ReadonlyMap<number, number>;
  hasCalled: boolean;
  finishReason: string | undefined;
  readonly sources: Map<SourceField, JsonObject>;
}

/** The reader of one answer. */
export class AnswerReader {
  readonly #options: AnswerReaderOptions;
  readonly #candidates = new Map<number, Candidate>();
  readonly #ids: Set<string>;
  #isStarted = false;
  #blocked: string | undefined;
  #usage: ReturnType<typeof readUsage>;

  constructor(options: AnswerReaderOptions) {
    this.#options = options;
    this.#ids = new Set(options.usedIds);
  }

  /** What one event, or a whole answer, says. */
  push(body: JsonObject): readonly ChatEvent[] {
    const events: ChatEvent[] = this.#isStarted ? [] : [startOf(body)];
    this.#isStarted = true;
    this.#usage = readUsage(body) ?? this.#usage;
    const blocked = this.#candidates.size > 0 || this.#blocked !== undefined ? undefined : blockedPrompt(body);
    if (blocked !== undefined) {
      this.#blocked = blocked.native;
      events.push({ kind: "refusal", choice: 0, text: blocked.message });
    }
    for (const { choice, candidate } of candidatesOf(body)) events.push(...this.#read(choice, candidate));
    return events;
  }

  /** What is known now that it is over. */
  end(): readonly ChatEvent[] {
    const events: ChatEvent[] = [];
    for (const [choice, { finishReason, hasCalled, sources, ...cited }] of this.#candidates) {
      const citations = citationsOf(sources, cited);
      if (citations.length > 0) events.push({ kind: "citations", choice, citations });
      if (finishReason !== undefined) events.push({ kind: "finish", choice, ...endingOf(finishReason, hasCalled ? "calls" : "no_calls") });
    }
    if (this.#candidates.size === 0 && this.#blocked !== undefined) {
      events.push({ kind: "finish", choice: 0, reason: "content_filter", native: this.#blocked });
    }
    if (this.#usage !== undefined) events.push({ kind: "usage", usage: this.#usage });
    return events;
  }

  #read(choice: number, candidate: JsonObject): readonly ChatEvent[] {
    const state = this.#candidates.get(choice) ?? newCandidate();
    this.#candidates.set(choice, state);
    state.finishReason = asString(candidate.finishReason) ?? state.finishReason;
    for (const field of SOURCE_FIELDS) {
      const source = asObject(candidate[field]);
      if (source !== undefined && Object.keys(source).length > 0) state.sources.set(field, source);
    }
    const tokens = logprobsOf(candidate);
    const events: ChatEvent[] = tokens.length === 0 ? [] : [{ kind: "logprobs", choice, tokens }];
    const pieces = piecesOf(candidate);
    // Numbers of parts mean something only in an answer that came whole.
    const isFirst = state.text === "";
    const starts = new Map<number, number>();
    for (const { part, piece } of pieces) {
      starts.set(part, state.text.length);
      if (piece.kind === "text") state.text += piece.text;
      else if (piece.kind === "call") state.hasCalled = true;
      events.push(this.#event(choice, piece));
    }
    if (pieces.length > 0) state.partStarts = isFirst ? starts : new Map();
    return events;
  }

  #event(choice: number, piece: Piece): ChatEvent {
    switch (piece.kind) {
      case "text":
      case "reasoning":
        if (piece.signature !== undefined) this.#options.memory.rememberText(piece.signature);
        return { ...piece, choice };
      case "call":
        return { kind: "tool_call", choice, call: this.#call(piece) };
      case "image":
      case "audio":
        return { ...piece, choice };
    }
  }

  #call(piece: Piece & { readonly kind: "call" }): ToolCall {
    const { names, memory, forms, newId } = this.#options;
    const isIdGiven = piece.id !== "" && !this.#ids.has(piece.id);
    const id = isIdGiven ? piece.id : `call_${newId().replaceAll("-", "").slice(0, 24)}`;
    this.#ids.add(id);
    const name = names.fromWire(piece.name);
    const form = forms.get(name);
    const call: ToolCall = {
      kind: "tool_call",
      id,
      name,
      arguments: JSON.stringify(piece.args),
      ...(piece.signature === undefined ? {} : { signature: piece.signature }),
      ...(form === undefined ? {} : { form }),
    };
    memory.rememberCall(call, isIdGiven ? "given" : "made");
    return call;
  }
}

function newCandidate(): Candidate {
  return { text: "", partStarts: new Map(), hasCalled: false, finishReason: undefined, sources: new Map() };
}

function startOf(body: JsonObject): ChatEvent {
  const id = asString(body.responseId) ?? asString(body.traceId) ?? "";
  const createdAt = Date.parse(asString(body.createTime) ?? "");
  const modelVersion = asString(body.modelVersion) ?? "";
  return {
    kind: "start",
    ...(id === "" ? {} : { id }),
    ...(Number.isNaN(createdAt) ? {} : { createdAt }),
    ...(modelVersion === "" ? {} : { modelVersion }),
  };
}

type Tokens = Extract<ChatEvent, { readonly kind: "logprobs" }>["tokens"];

function logprobsOf(candidate: JsonObject): Tokens {
  const result = asObject(candidate.logprobsResult);
  const top = asArray(result?.topCandidates);
  return asArray(result?.chosenCandidates).filter(isObject).map((chosen, index) => ({
    ...tokenOf(chosen),
    alternatives: asArray(asObject(top[index])?.candidates).filter(isObject).map(tokenOf),
  }));
}

function tokenOf(chosen: JsonObject): { readonly token: string; readonly logprob: number } {
  return { token: asString(chosen.token) ?? "", logprob: asNumber(chosen.logProbability) ?? 0 };
}
