/**
 * Cuts text for a tokenizer whose time grows with the square of an unbroken run. No piece is longer than
 * the bound, and wherever the text has a break the cut falls where the tokenizer would part it anyway.
 */

/** Longest piece, in UTF-16 units. */
export const MAX_PIECE_CHARS = 1_000;

export interface Piece {
  readonly text: string;
  /** "break": cutting here changes no count. "run": an unbroken run was cut, which may add a token. */
  readonly end: "break" | "run";
}

/** The pieces of a text in order; together they are the text. */
export function* cutText(text: string, maxChars: number = MAX_PIECE_CHARS): Generator<Piece> {
  let start = 0;
  while (text.length - start > maxChars) {
    const limit = start + maxChars;
    const at = lastBreak(text, { after: start, upTo: limit });
    const end = at ?? (isInsidePair(text, limit) ? limit - 1 : limit);
    yield { text: text.slice(start, end), end: at === undefined ? "run" : "break" };
    start = end;
  }
  yield { text: text.slice(start), end: "break" };
}

function lastBreak(text: string, within: { readonly after: number; readonly upTo: number }): number | undefined {
  for (let at = within.upTo; at > within.after; at--) {
    if (isBreak(text, at)) return at;
  }
  return undefined;
}

const LETTER = /^\p{L}$/u;
const NUMBER = /^\p{N}$/u;
const WORD_PART = /^[\p{L}\p{M}']$/u;

/**
 * Whether no token spans the place before `at`. OpenAI's encodings first part text by a pattern in which a
 * space only ever begins a part, a letter is followed by letters, marks or a contraction, and a digit by digits.
 */
function isBreak(text: string, at: number): boolean {
  if (isInsidePair(text, at)) return false;
  const before = charBefore(text, at);
  const after = String.fromCodePoint(text.codePointAt(at) ?? 0x20);
  if (after === " ") return !/^\s$/.test(before);
  if (LETTER.test(before)) return !WORD_PART.test(after);
  return NUMBER.test(before) && !NUMBER.test(after);
}

function charBefore(text: string, at: number): string {
  return isInsidePair(text, at - 1) ? text.slice(at - 2, at) : text.slice(at - 1, at);
}

/** Whether `at` parts the two halves of one character. */
function isInsidePair(text: string, at: number): boolean {
  const isHalf = (index: number, from: number) => {
    const unit = text.charCodeAt(index);
    return unit >= from && unit < from + 0x400;
  };
  return at > 0 && isHalf(at - 1, 0xd800) && isHalf(at, 0xdc00);
}
