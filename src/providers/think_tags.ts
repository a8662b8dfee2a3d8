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
  let isThinking = false;
  /** Only blanks so far on this line of the answer: a block may open here. */
  let isLineStart = true;
  /** A tag has just ended: line breaks are dropped until something else comes. */
  let isAfterTag = false;
  let held = "";
  let content = "";
  let reasoning = "";

  function emit(text: string): void {
    if (text === "") return;
    if (!isThinking) {
      const lineBreak = text.lastIndexOf("\n");
      const line = text.slice(lineBreak + 1);
      isLineStart = (isLineStart || lineBreak >= 0) && line.trim() === "";
    }
    const kept = isAfterTag ? text.replace(/^[\r\n]+/, "") : text;
    if (kept === "") return;
    isAfterTag = false;
    if (isThinking) reasoning += kept;
    else content += kept;
  }

  function turn(): void {
    isThinking = !isThinking;
    isAfterTag = true;
    isLineStart = true;
  }

  /** Takes reasoning off the front of `text`; returns what comes after it. */
  function takeReasoning(text: string): string {
    const close = text.indexOf(CLOSE);
    if (close < 0) {
      const heldCount = heldLength(text, CLOSE);
      held = text.slice(text.length - heldCount);
      emit(text.slice(0, text.length - heldCount));
      return "";
    }
    emit(text.slice(0, close));
    turn();
    return text.slice(close + CLOSE.length);
  }

  /** Takes answer off the front of `text`, up to and with the next `<`; returns what comes after it. */
  function takeAnswer(text: string): string {
    const mark = text.indexOf("<");
    if (mark < 0) {
      emit(text);
      return "";
    }
    emit(text.slice(0, mark));
    const rest = text.slice(mark);
    if (isLineStart && rest.startsWith(OPEN)) {
      turn();
      return rest.slice(OPEN.length);
    }
    if (isLineStart && OPEN.startsWith(rest)) {
      held = rest;
      return "";
    }
    emit("<");
    return rest.slice(1);
  }

  function taken(): ThinkSplit {
    const split = { content, reasoning };
    content = "";
    reasoning = "";
    return split;
  }

  return {
    push(text) {
      let rest = held + text;
      held = "";
      while (rest !== "") rest = isThinking ? takeReasoning(rest) : takeAnswer(rest);
      return taken();
    },
    end() {
      emit(held);
      held = "";
      return taken();
    },
  };
}
