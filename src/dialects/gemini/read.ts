/**
 * What the gateway must know of an answer or event before a client may see it. An end that blames the model's
 * own malformed call explains nothing: such an answer is empty and may be asked for again.
 */
import type { Reading } from "../../canonical/answer.ts";
import { asString, type JsonObject } from "../../kernel/json.ts";
import { candidatesOf, type Piece, piecesOf } from "./pieces.ts";
import { blockedPrompt, endingOf, readUsage } from "./usage.ts";

/** Reads a whole answer or one event, as Gemini says it. */
export function readBody(body: JsonObject): Reading {
  const candidates = candidatesOf(body).map(({ candidate }) => candidate);
  const pieces = candidates.flatMap((candidate) => piecesOf(candidate).map(({ piece }) => piece));
  const usage = readUsage(body);
  const isBlocked = blockedPrompt(body) !== undefined;
  const native = candidates.flatMap((candidate) => asString(candidate.finishReason) ?? []).at(-1);
  const said = pieces.some((piece) => piece.kind === "call") ? "calls" : "no_calls";
  const finishReason = isBlocked ? "content_filter" : native === undefined ? undefined : endingOf(native, said).reason;
  return {
    isMeaningful: pieces.some(saysSomething) || finishReason === "length" || finishReason === "content_filter",
    isUsageOnly: usage !== undefined && candidates.length === 0 && !isBlocked,
    ...(usage === undefined ? {} : { usage }),
    ...(finishReason === undefined ? {} : { finishReason }),
    text: textOf(pieces, "text"),
    reasoning: textOf(pieces, "reasoning"),
    body,
  };
}

function saysSomething(piece: Piece): boolean {
  return (piece.kind !== "text" && piece.kind !== "reasoning") || piece.text !== "";
}

function textOf(pieces: readonly Piece[], kind: "text" | "reasoning"): string {
  return pieces.map((piece) => piece.kind === kind ? piece.text : "").join("");
}
