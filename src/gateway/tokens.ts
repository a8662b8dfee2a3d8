/**
 * How many tokens a request has. Exact for OpenAI's models, an estimate for others, and never a way to keep
 * the gateway busy: runs are cut, lengths are bounded, and the event loop gets its turn every few ms.
 */
import { type Clock, systemClock } from "../kernel/clock.ts";
import { cutText } from "./token_pieces.ts";
import { type Countable, countableOf, type CountInput } from "./token_texts.ts";

export type { CountInput } from "./token_texts.ts";
export type EncodingName = "o200k_base" | "cl100k_base";

export interface TokenCount {
  readonly count: number;
  /** The model may count otherwise: another vendor's tokenizer, images, tools, or a text too long to encode. */
  readonly isEstimate: boolean;
  readonly encoding: EncodingName;
}

export interface CountOptions {
  /** Ends the count; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
}

/** Texts longer than this together are estimated by their length. */
export const MAX_ENCODED_CHARS = 4 * 1024 * 1024;
const CHARS_PER_TOKEN = 4;
const CJK_CHARS_PER_TOKEN = 1.5;
/** The event loop waits no longer than about this. */
const SLICE_MS = 10;
/** Time spent encoding one request; what is left then is estimated by its length. Prose of the greatest length needs half of it. */
const BUDGET_MS = 3_000;
/** Parts whose encoding is remembered while a request is counted. */
const REMEMBERED_PARTS = 2_000;

/** Counts the tokens of a request's messages, text or input, and its tools. The first call of an encoding loads it (some 0.1 s). */
export async function countTokens(input: CountInput, options: CountOptions = {}): Promise<TokenCount> {
  const { encoding, isExact } = encodingOf(input.model);
  const countable = countableOf(input, { perTool: encoding === "o200k_base" ? 7 : 10 });
  const charCount = countable.texts.reduce((sum, it) => sum + it.length, 0);
  if (charCount > MAX_ENCODED_CHARS) {
    return { count: countable.fixedCount + estimateTokens(countable.texts), isEstimate: true, encoding };
  }
  const encoded = await encode(countable, encoding, options);
  return {
    count: countable.fixedCount + encoded.count,
    isEstimate: !isExact || countable.isEstimate || !encoded.isExact,
    encoding,
  };
}

const O200K_MODELS = /^(?:gpt-4o|gpt-4\.[15]|gpt-5|gpt-oss|chatgpt-4o|codex-mini|o[1-9](?!\d))/;
const CL100K_MODELS = /^(?:gpt-4(?![\d.])|gpt-3\.5|gpt-35|text-embedding-3|text-embedding-ada-002|davinci-002|babbage-002)/;

/** A model's encoding; one that is not OpenAI's is counted with the newest, as an estimate. */
export function encodingOf(model: string): { readonly encoding: EncodingName; readonly isExact: boolean } {
  const name = model.toLowerCase().split("/").at(-1)?.replace(/^ft:/, "") ?? "";
  if (O200K_MODELS.test(name)) return { encoding: "o200k_base", isExact: true };
  if (CL100K_MODELS.test(name)) return { encoding: "cl100k_base", isExact: true };
  return { encoding: "o200k_base", isExact: false };
}

/** Tokens of texts by their length alone. */
export function estimateTokens(texts: readonly string[]): number {
  let charCount = 0;
  let cjkCount = 0;
  for (const text of texts) {
    charCount += text.length;
    for (let at = 0; at < text.length; at++) {
      if (isCjk(text.charCodeAt(at))) cjkCount++;
    }
  }
  return Math.ceil((charCount - cjkCount) / CHARS_PER_TOKEN + cjkCount / CJK_CHARS_PER_TOKEN);
}

/** Kana, Han, Hangul and their full-width forms. */
function isCjk(unit: number): boolean {
  return (unit >= 0x2e80 && unit <= 0x9fff) || (unit >= 0xac00 && unit <= 0xd7af) || (unit >= 0xf900 && unit <= 0xfaff) ||
    (unit >= 0xff00 && unit <= 0xffef);
}

interface Encoder {
  countTokens(text: string, options: { readonly disallowedSpecial: Set<string> }): number;
  setMergeCacheSize(entryCount: number): void;
  clearMergeCache(): void;
}

/** Users write `<|endoftext|>` as text; it is counted as text. */
const SPECIAL_AS_TEXT = { disallowedSpecial: new Set<string>() };

async function loadEncoder(encoding: EncodingName): Promise<Encoder> {
  switch (encoding) {
    case "o200k_base":
      return await import("gpt-tokenizer/encoding/o200k_base");
    case "cl100k_base":
      return await import("gpt-tokenizer/encoding/cl100k_base");
  }
}

async function encode(
  { texts }: Countable,
  encoding: EncodingName,
  { signal, clock = systemClock }: CountOptions,
): Promise<{ readonly count: number; readonly isExact: boolean }> {
  signal?.throwIfAborted();
  const encoder = await loadEncoder(encoding);
  encoder.setMergeCacheSize(REMEMBERED_PARTS);
  let count = 0;
  let isExact = true;
  let leftMs = BUDGET_MS;
  let sliceStartedAt = clock.now();
  try {
    for (const [index, text] of texts.entries()) {
      let offset = 0;
      for (const piece of cutText(text)) {
        const spentMs = clock.now() - sliceStartedAt;
        if (spentMs >= leftMs) return { count: count + estimateTokens([text.slice(offset), ...texts.slice(index + 1)]), isExact: false };
        if (spentMs >= SLICE_MS) {
          leftMs -= spentMs;
          await new Promise<void>((resolve) => void clock.after(0, resolve));
          sliceStartedAt = clock.now();
        }
        signal?.throwIfAborted();
        count += encoder.countTokens(piece.text, SPECIAL_AS_TEXT);
        offset += piece.text.length;
        isExact &&= piece.end === "break";
      }
    }
  } finally {
    // What users wrote does not stay in memory.
    encoder.clearMergeCache();
  }
  return { count, isExact };
}
