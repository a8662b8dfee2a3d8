/**
 * What an answer that is passed on unread says of its usage: looked up in its text while it goes by, of which a bounded
 * part is kept. Nothing is held up for it.
 */
import { Buffer } from "node:buffer";
import { asNumber, asObject, type JsonObject, parseJson } from "../kernel/json.ts";
import type { Usage } from "../kernel/usage.ts";
import { readUsage } from "../dialects/openai_wire.ts";

/** Whole answers up to this size are read. Of longer ones, pictures, usage stands in the end. */
const MAX_WHOLE_BYTES = 1024 * 1024;
const TAIL_BYTES = 16 * 1024;
const USAGE = /(?<!\\)"usage"\s*:\s*(?=\{)/g;

export class RawUsage {
  #pieces: Buffer[] = [];
  #sizeBytes = 0;
  #isCut = false;

  /** The next bytes of the answer. */
  push(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#sizeBytes += piece.length;
    if (this.#sizeBytes <= MAX_WHOLE_BYTES) return;
    const tail = Buffer.concat(this.#pieces).subarray(-TAIL_BYTES);
    this.#pieces = [Buffer.from(tail)];
    this.#sizeBytes = tail.length;
    this.#isCut = true;
  }

  /** What the whole answer said; undefined when it said nothing that can be counted. */
  read(): Usage | undefined {
    const text = Buffer.concat(this.#pieces).toString("utf8");
    const body = this.#isCut ? undefined : asObject(parseJson(text));
    const usage = body === undefined ? lastUsageIn(text) : asObject(body.usage);
    if (usage === undefined) return undefined;
    const counted = readUsage({ usage });
    if (counted !== undefined) return counted;
    // Those who rank or judge know one number.
    const totalTokens = asNumber(usage.total_tokens);
    return totalTokens === undefined ? undefined : { inputTokens: totalTokens, cachedTokens: 0, outputTokens: 0 };
  }
}

/** The last `usage` of an answer whose beginning is gone, or of the events of a stream. */
function lastUsageIn(text: string): JsonObject | undefined {
  const at = [...text.matchAll(USAGE)].at(-1);
  if (at === undefined) return undefined;
  const begin = at.index + at[0].length;
  for (let end = text.indexOf("}", begin); end >= 0; end = text.indexOf("}", end + 1)) {
    const usage = asObject(parseJson(text.slice(begin, end + 1)));
    if (usage !== undefined) return usage;
    if (end - begin > TAIL_BYTES) return undefined;
  }
  return undefined;
}
