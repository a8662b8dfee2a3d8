/**
 * Answer quirks that concern how an answer is wrapped and how it ends: envelopes, endings that never come,
 * usage that says nothing. An ending is inferred only for a stream that came to its end.
 */
import { asArray, asNumber, asObject, isObject, type JsonObject } from "../../kernel/json.ts";
import { type AnswerQuirk, type ChunkQuirks, stateless } from "./answer_quirk.ts";
import { editList, without } from "./edit.ts";

/** `{success: true, data: {choices…}}` */
function opened(body: JsonObject): JsonObject {
  const inner = asObject(body.data);
  return body.choices === undefined && Array.isArray(inner?.choices) ? inner : body;
}

function withoutEmptyUsage(body: JsonObject): JsonObject {
  const usage = asObject(body.usage);
  return usage !== undefined && Object.keys(usage).length === 0 ? without(body, ["usage"]) : body;
}

function hasEnded(choice: JsonObject): boolean {
  return typeof choice.finish_reason === "string" && choice.finish_reason !== "";
}

function hasCalls(said: JsonObject | undefined): boolean {
  return asArray(said?.tool_calls).length > 0;
}

function ending(calls: "calls" | "none"): string {
  return calls === "calls" ? "tool_calls" : "stop";
}

function withEnding(choice: JsonObject): JsonObject {
  const message = asObject(choice.message);
  if (message === undefined || hasEnded(choice)) return choice;
  return { ...choice, finish_reason: ending(hasCalls(message) ? "calls" : "none") };
}

/** Usage comes last at every provider, so a chunk of usage alone waits for endings that are still open. */
class Endings implements ChunkQuirks {
  readonly #open = new Map<number, "calls" | "none">();
  readonly #ended = new Set<number>();
  #lastChunk: JsonObject = {};
  #heldUsage: JsonObject[] = [];

  push(chunk: JsonObject): JsonObject[] {
    const choices = asArray(chunk.choices).filter(isObject);
    if (choices.length === 0) return this.#withoutChoices(chunk);
    this.#lastChunk = chunk;
    for (const choice of choices) this.#follow(choice);
    return this.#open.size === 0 ? [chunk, ...this.#heldUsage.splice(0)] : [chunk];
  }

  flush(how: "complete" | "failed" = "complete"): JsonObject[] {
    const held = this.#heldUsage.splice(0);
    if (how === "failed" || this.#open.size === 0) return held;
    const choices = [...this.#open].map(([index, calls]) => ({ index, delta: {}, finish_reason: ending(calls) }));
    this.#open.clear();
    return [{ ...without(this.#lastChunk, ["usage"]), choices }, ...held];
  }

  #withoutChoices(chunk: JsonObject): JsonObject[] {
    if (this.#open.size === 0 || !isObject(chunk.usage)) return [chunk];
    this.#heldUsage = [chunk];
    return [];
  }

  #follow(choice: JsonObject): void {
    const index = asNumber(choice.index) ?? 0;
    if (this.#ended.has(index)) return;
    if (hasEnded(choice)) {
      this.#ended.add(index);
      this.#open.delete(index);
      return;
    }
    const isCalling = hasCalls(asObject(choice.delta)) || this.#open.get(index) === "calls";
    this.#open.set(index, isCalling ? "calls" : "none");
  }
}

/** The quirks of wrapping and ending by name. */
export const ANSWER_ENDING_QUIRKS = {
  /** A whole answer may come inside an envelope. */
  success_envelope: stateless(opened),
  /** `usage: {}` says nothing. */
  no_empty_usage: stateless(withoutEmptyUsage),
  /** `finish_reason` may never come. */
  missing_finish_reason: { answer: (body) => editList(body, "choices", withEnding), chunks: () => new Endings() },
} as const satisfies Record<string, AnswerQuirk>;
