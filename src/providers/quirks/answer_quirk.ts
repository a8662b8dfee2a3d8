/**
 * What an answer quirk is: an edit of whole answers, and a reader of streams. An object that needs nothing
 * comes back as itself, so that its original bytes may be relayed.
 */
import type { JsonObject } from "../../kernel/json.ts";
import { type Edit, editField, editList } from "./edit.ts";

/** How a stream came to its end: `failed` when it broke off. */
export type StreamEnd = "complete" | "failed";

/** One answer's chunks on their way to the client. */
export interface ChunkQuirks {
  /** What to send in place of this chunk; the very same object when it needs nothing. */
  push(chunk: JsonObject): JsonObject[];
  /** What is still to be sent when the stream ends; `complete` unless said otherwise. */
  flush(how?: StreamEnd): JsonObject[];
}

/** One quirk: an edit of a whole answer, and a fresh reader for every stream. */
export interface AnswerQuirk {
  readonly answer: Edit;
  readonly chunks: () => ChunkQuirks;
}

/** A quirk that needs no memory: the same edit for answers and chunks. */
export function stateless(edit: Edit): AnswerQuirk {
  return { answer: edit, chunks: () => ({ push: (chunk) => [edit(chunk)], flush: () => [] }) };
}

/** Edits what each choice says: `message` in an answer, `delta` in a chunk. */
export function eachSaid(edit: Edit): Edit {
  return (body) => editList(body, "choices", (choice) => editField(editField(choice, "message", edit), "delta", edit));
}
