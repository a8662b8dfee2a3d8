/**
 * Splits text with `<think>…</think>` blocks into answer and reasoning while it streams. What comes out in
 * total does not depend on how the text was cut.
 */

/** What one piece of text added to each side; both may be empty. */
export interface ThinkSplit {
  readonly content: string;
  readonly reasoning: string;
}

/** Reads one answer, piece by piece. */
export interface ThinkSplitter {
  push(text: string): ThinkSplit;
  /** What was held back because it might have become a tag. Call once, when the answer is over. */
  end(): ThinkSplit;
}

const OPEN = "<think>";
const CLOSE = "</think>";

/** How many characters at the end of `text` could be the beginning of `tag`. */
function heldLength(text: string, tag: string): number {
  for (let length = Math.min(text.length, tag.length - 1); length > 0; length--) {
    if (tag.startsWith(text.slice(-length))) return length;
  }
  return 0;
}

/**
 * A splitter for one answer. A block opens only where a line begins, so that an answer which merely talks
 * about the tag keeps its text. Line breaks right after a tag belong to the tag.
 */
export function thinkSplitter(): ThinkSplitter {
  return new TagSplitter();
}

class TagSplitter implements ThinkSplitter {
  #isThinking = false;
  /** Only blanks so far on this line of the answer: a block may open here. */
  #isLineStart = true;
  /** A tag has just ended: line breaks are dropped until something else comes. */
  #isAfterTag = false;
  #held = "";
  #content = "";
  #reasoning = "";

  push(text: string): ThinkSplit {
    let rest = this.#held + text;
    this.#held = "";
    while (rest !== "") rest = this.#isThinking ? this.#takeReasoning(rest) : this.#takeAnswer(rest);
    return this.#taken();
  }

  end(): ThinkSplit {
    this.#emit(this.#held);
    this.#held = "";
    return this.#taken();
  }

  /** Takes reasoning off the front of `text`; returns what comes after it. */
  #takeReasoning(text: string): string {
    const close = text.indexOf(CLOSE);
    if (close >= 0) {
      this.#emit(text.slice(0, close));
      this.#turn();
      return text.slice(close + CLOSE.length);
    }
    const heldFrom = text.length - heldLength(text, CLOSE);
    this.#held = text.slice(heldFrom);
    this.#emit(text.slice(0, heldFrom));
    return "";
  }

  /** Takes answer off the front of `text`, up to and with the next `<`; returns what comes after it. */
  #takeAnswer(text: string): string {
    const mark = text.indexOf("<");
    if (mark < 0) {
      this.#emit(text);
      return "";
    }
    this.#emit(text.slice(0, mark));
    const rest = text.slice(mark);
    if (this.#isLineStart && rest.startsWith(OPEN)) {
      this.#turn();
      return rest.slice(OPEN.length);
    }
    if (this.#isLineStart && OPEN.startsWith(rest)) {
      this.#held = rest;
      return "";
    }
    this.#emit("<");
    return rest.slice(1);
  }

  /** A tag ends: the other side speaks. */
  #turn(): void {
    this.#isThinking = !this.#isThinking;
    this.#isAfterTag = true;
    this.#isLineStart = true;
  }

  #emit(text: string): void {
    if (!this.#isThinking) this.#followLine(text);
    const kept = this.#isAfterTag ? text.replace(/^[\r\n]+/, "") : text;
    if (kept === "") return;
    this.#isAfterTag = false;
    if (this.#isThinking) this.#reasoning += kept;
    else this.#content += kept;
  }

  #followLine(text: string): void {
    const lineBreak = text.lastIndexOf("\n");
    const line = text.slice(lineBreak + 1);
    this.#isLineStart = (this.#isLineStart || lineBreak >= 0) && line.trim() === "";
  }

  #taken(): ThinkSplit {
    const split = { content: this.#content, reasoning: this.#reasoning };
    this.#content = "";
    this.#reasoning = "";
    return split;
  }
}
