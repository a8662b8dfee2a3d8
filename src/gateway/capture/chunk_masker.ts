/**
 * Masks secrets in a stream of text chunks, also one that was cut in two by the chunks' borders. Chunks keep
 * their number and order; the last few are held back until what follows them is known.
 */
import { REDACTED, type Redactor, type SecretSpan } from "../redact.ts";

/** One piece of a stream. `atMs` is the instant it was seen. */
export interface Chunk {
  readonly atMs: number;
  readonly text: string;
}

export class ChunkMasker {
  readonly #redactor: Redactor;
  #held: Chunk[] = [];

  constructor(redactor: Redactor) {
    this.#redactor = redactor;
  }

  /** Takes chunks and gives those that nothing to come can change, masked. */
  push(chunks: readonly Chunk[]): Chunk[] {
    return this.#mask(chunks, { isLast: false });
  }

  /** The stream is over: gives whatever was held back, masked. */
  finish(): Chunk[] {
    return this.#mask([], { isLast: true });
  }

  #mask(chunks: readonly Chunk[], { isLast }: { readonly isLast: boolean }): Chunk[] {
    const all = [...this.#held, ...chunks];
    const joined = all.map((chunk) => chunk.text).join("");
    const spans = this.#redactor.spans(joined);
    // A secret that begins before this place would be seen whole by now.
    const settledLength = isLast ? joined.length : joined.length - Math.max(this.#redactor.longestLength - 1, 0);
    const starts = startsOf(all);
    const settledCount = all.findIndex((chunk, index) => (starts[index] ?? 0) + chunk.text.length > settledLength);
    const firstHeld = settledCount === -1 ? all.length : settledCount;
    // The end of a secret whose begin is given away, masked, now: its rest must not follow as plain text.
    const heldFrom = starts[firstHeld] ?? joined.length;
    const maskedUntil = spans.find((span) => span.start < heldFrom && span.end > heldFrom)?.end ?? heldFrom;
    this.#held = all.slice(firstHeld).map((chunk, index) => {
      const start = starts[firstHeld + index] ?? 0;
      return { atMs: chunk.atMs, text: joined.slice(Math.max(start, maskedUntil), start + chunk.text.length) };
    });
    return all.slice(0, firstHeld).map((chunk, index) => {
      const start = starts[index] ?? 0;
      return { atMs: chunk.atMs, text: masked(chunk.text, { start, spans }) };
    });
  }
}

/** Where each chunk begins in the joined text. */
function startsOf(chunks: readonly Chunk[]): number[] {
  let start = 0;
  return chunks.map((chunk) => {
    const own = start;
    start += chunk.text.length;
    return own;
  });
}

/** The part of the stream that begins at `start`: a secret is named where it begins and leaves nothing where it goes on. */
function masked(text: string, { start, spans }: { readonly start: number; readonly spans: readonly SecretSpan[] }): string {
  const end = start + text.length;
  let shown = "";
  let place = start;
  for (const span of spans) {
    if (span.end <= start) continue;
    if (span.start >= end) break;
    shown += text.slice(place - start, Math.max(span.start - start, 0)) + (span.start >= start ? REDACTED : "");
    place = Math.min(span.end, end);
  }
  return shown + text.slice(place - start);
}
