/**
 * `Secret`: a text that cannot print itself. Logging, string interpolation, `JSON.stringify` and
 * inspection all show a placeholder; only `reveal()` gives the text, and it is easy to search for.
 */

const SHOWN = "[secret]";

export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself: for the header or file that needs it, never for a log or a message. */
  reveal(): string {
    return this.#text;
  }

  /** First 4 … last 4 characters; short secrets show nothing of themselves. */
  masked(): string {
    return mask(this.#text, { head: 4, tail: 4 });
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return SHOWN;
  }

  [Symbol.for("Deno.customInspect")](): string {
    return SHOWN;
  }
}

/** Shows the ends of `text` only when at least as much stays hidden as is shown. */
export function mask(text: string, ends: { readonly head: number; readonly tail: number }): string {
  const shown = ends.head + ends.tail;
  return text.length >= 2 * shown ? `${text.slice(0, ends.head)}…${text.slice(-ends.tail)}` : "…";
}
