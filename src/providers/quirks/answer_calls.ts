/**
 * Answer quirks that concern tool calls: calls of the placeholder tool never reach the client, and a call's
 * pieces are told apart by their index alone.
 */
import { asArray, asNumber, asObject, asString, isObject, type Json, type JsonObject } from "../../kernel/json.ts";
import type { AnswerQuirk, ChunkQuirks } from "./answer_quirk.ts";
import { editField, editList, without } from "./edit.ts";
import { PLACEHOLDER_TOOL } from "./tools.ts";

function nameOf(call: JsonObject): string {
  return asString(asObject(call.function)?.name) ?? "";
}

/** What is said, with these calls in place of its own. */
function withCalls(said: JsonObject, calls: readonly Json[]): JsonObject {
  return calls.length === 0 ? without(said, ["tool_calls"]) : { ...said, tool_calls: calls };
}

/** An answer whose only calls were taken out has simply ended. */
function endedPlainly(choice: JsonObject): JsonObject {
  return choice.finish_reason === "tool_calls" ? { ...choice, finish_reason: "stop" } : choice;
}

function withoutPlaceholderCalls(choice: JsonObject): JsonObject {
  const message = asObject(choice.message) ?? {};
  const calls = asArray(message.tool_calls);
  const kept = calls.filter((call) => !isObject(call) || nameOf(call) !== PLACEHOLDER_TOOL);
  if (kept.length === calls.length) return choice;
  const edited = { ...choice, message: withCalls(message, kept) };
  return kept.length === 0 ? endedPlainly(edited) : edited;
}

/** The calls of one choice of a stream. */
class HiddenCalls {
  readonly #hidden = new Set<number>();
  #hasShown = false;

  /** The choice as the client sees it; undefined when nothing of it is left. */
  edit(choice: JsonObject): JsonObject | undefined {
    const delta = asObject(choice.delta) ?? {};
    const calls = asArray(delta.tool_calls).filter(isObject);
    const kept = calls.flatMap((call, position) => this.#shown(call, position));
    if (this.#hidden.size === 0) return choice;
    const edited = calls.length === 0 ? choice : { ...choice, delta: withCalls(delta, kept) };
    const isSpent = calls.length > 0 && Object.keys(asObject(edited.delta) ?? {}).length === 0 && typeof choice.finish_reason !== "string";
    if (isSpent) return undefined;
    return this.#hasShown ? edited : endedPlainly(edited);
  }

  /** Calls after a hidden one move up, so that the client sees no gap. */
  #shown(call: JsonObject, position: number): JsonObject[] {
    const index = asNumber(call.index) ?? position;
    const name = nameOf(call);
    if (name === PLACEHOLDER_TOOL) this.#hidden.add(index);
    else if (name !== "") this.#hidden.delete(index);
    if (this.#hidden.has(index)) return [];
    this.#hasShown = true;
    const before = [...this.#hidden].filter((hidden) => hidden < index).length;
    return [before === 0 ? call : { ...call, index: index - before }];
  }
}

function hidePlaceholderChunks(): ChunkQuirks {
  const byChoice = new Map<number, HiddenCalls>();
  return {
    push(chunk) {
      const choices = asArray(chunk.choices);
      const kept = choices.flatMap((choice): readonly Json[] => {
        if (!isObject(choice)) return [choice];
        const index = asNumber(choice.index) ?? 0;
        const calls = byChoice.get(index) ?? new HiddenCalls();
        byChoice.set(index, calls);
        const edited = calls.edit(choice);
        return edited === undefined ? [] : [edited];
      });
      if (kept.length === choices.length && kept.every((choice, at) => choice === choices[at])) return [chunk];
      return kept.length === 0 && !isObject(chunk.usage) ? [] : [{ ...chunk, choices: kept }];
    },
    flush: () => [],
  };
}

/** Later pieces of a call may repeat its id or have an empty one: clients join what they get. */
function callsByIndex(): ChunkQuirks {
  const ids = new Map<string, string>();
  const editCall = (choice: JsonObject) => (call: JsonObject) => {
    const place = `${asNumber(choice.index) ?? 0}.${asNumber(call.index) ?? 0}`;
    const id = asString(call.id) ?? "";
    const isTold = id === "" || ids.get(place) === id;
    if (!isTold) ids.set(place, id);
    const named = editField(call, "function", (said) => nameOf(call) === "" ? without(said, ["name"]) : said);
    return isTold ? without(named, ["id"]) : named;
  };
  return {
    push: (chunk) => [
      editList(chunk, "choices", (choice) => editField(choice, "delta", (delta) => editList(delta, "tool_calls", editCall(choice)))),
    ],
    flush: () => [],
  };
}

/** The quirks of tool calls by name. */
export const ANSWER_CALL_QUIRKS = {
  /** Goes with the quirks that put the placeholder into requests. */
  hide_placeholder_tool: {
    answer: (body) => editList(body, "choices", withoutPlaceholderCalls),
    chunks: hidePlaceholderChunks,
  },
  /** Pieces of a call come with empty or repeated ids and null names. */
  tool_calls_by_index: { answer: (body) => body, chunks: callsByIndex },
} as const satisfies Record<string, AnswerQuirk>;
