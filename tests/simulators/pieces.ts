/**
 * Cuts and changes the pieces of an answer before they are sent. Pure; an edit of events leaves a body that
 * is not an event stream as it is, an edit of bytes never changes the joined bytes unless it says so.
 */
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { DONE_EVENT, type Reply } from "./reply.ts";

/** One change to the pieces of an answer. */
export type Edit =
  /** Events: `text` goes out first, as one piece. */
  | { readonly edit: "prepend"; readonly text: string }
  /** Events: the first `keepCount` pieces stay, then `text` as one piece (none when empty), then the end. */
  | { readonly edit: "replace_rest"; readonly keepCount: number; readonly text: string | Uint8Array }
  /** Events: without `[DONE]`. */
  | { readonly edit: "drop_done" }
  /** The last `count` bytes are never sent. Events: counted from before `[DONE]`, which goes too, so that an event is left open. */
  | { readonly edit: "drop_end"; readonly byteCount: number }
  /** Bytes: only the first `byteCount` are sent. */
  | { readonly edit: "keep_bytes"; readonly byteCount: number }
  /** Bytes: pieces of `byteCount` bytes, whatever they cut through. */
  | { readonly edit: "split_every"; readonly byteCount: number }
  /** Bytes: one more cut at each offset of the whole body. */
  | { readonly edit: "split_at"; readonly offsets: readonly number[] }
  /** Bytes: one more cut inside each character that takes more than one byte. */
  | { readonly edit: "split_characters" }
  /** The bytes are compressed into one piece; the step says so in its headers. */
  | { readonly edit: "gzip" };

/** `reply` with `edits` applied in order. */
export function editReply(reply: Reply, edits: readonly Edit[]): Reply {
  return edits.reduce((edited, edit) => ({ ...edited, pieces: editPieces(edited, edit) }), reply);
}

function editPieces(reply: Reply, edit: Edit): readonly Uint8Array[] {
  const { pieces } = reply;
  switch (edit.edit) {
    case "prepend":
      return reply.form === "events" ? [Buffer.from(edit.text), ...pieces] : pieces;
    case "replace_rest":
      return reply.form === "events"
        ? [...pieces.slice(0, edit.keepCount), ...(edit.text.length === 0 ? [] : [Buffer.from(edit.text)])]
        : pieces;
    case "drop_done":
      return withoutDone(pieces);
    case "drop_end":
      return keepBytes(withoutDone(pieces), byteLength(withoutDone(pieces)) - edit.byteCount);
    case "keep_bytes":
      return keepBytes(pieces, edit.byteCount);
    case "split_every":
      return splitAt([Buffer.concat(pieces)], offsetsEvery(edit.byteCount, byteLength(pieces)));
    case "split_at":
      return splitAt(pieces, edit.offsets);
    case "split_characters":
      return splitAt(pieces, offsetsInsideCharacters(Buffer.concat(pieces)));
    case "gzip":
      return [gzipSync(Buffer.concat(pieces))];
  }
}

function withoutDone(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  return pieces.filter((piece) => Buffer.from(piece).toString() !== DONE_EVENT);
}

function keepBytes(pieces: readonly Uint8Array[], byteCount: number): Uint8Array[] {
  const kept: Uint8Array[] = [];
  let left = byteCount;
  for (const piece of pieces) {
    if (left <= 0) break;
    kept.push(piece.subarray(0, left));
    left -= piece.length;
  }
  return kept;
}

/** Cuts the pieces at `offsets` of the joined body, keeping the cuts there are. */
function splitAt(pieces: readonly Uint8Array[], offsets: readonly number[]): Uint8Array[] {
  const sorted = offsets.toSorted((a, b) => a - b);
  const out: Uint8Array[] = [];
  let startsAt = 0;
  for (const piece of pieces) {
    const inside = sorted.map((offset) => offset - startsAt).filter((offset) => offset > 0 && offset < piece.length);
    const cuts = [0, ...inside, piece.length];
    cuts.slice(1).forEach((end, index) => out.push(piece.subarray(cuts[index], end)));
    startsAt += piece.length;
  }
  return out.filter((piece) => piece.length > 0);
}

function offsetsEvery(byteCount: number, length: number): number[] {
  return Array.from({ length: Math.ceil(length / byteCount) }, (_, index) => index * byteCount);
}

/** Offsets of the second byte of every character that has one. */
function offsetsInsideCharacters(bytes: Uint8Array): number[] {
  return [...bytes.keys()].filter((offset) => (bytes[offset] ?? 0) >= 0xc0).map((offset) => offset + 1);
}

function byteLength(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}
