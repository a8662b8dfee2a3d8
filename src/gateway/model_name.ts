/**
 * Undoes what an answer repeats of changes to its request: the provider was sent its own name of the model, and where it
 * echoes that name the client gets the name it asked for; and the id of an earlier answer, which only the gateway knows.
 */
import { Buffer } from "node:buffer";
import type { Exchange } from "./exchange.ts";
import type { Target } from "./route.ts";

/**
 * Puts the client's model name back where the provider echoes the name it was sent, in JSON text.
 * `latin1`: the text has one character a byte. A text inside JSON cannot hold the needle, because its quotes would be escaped. Undefined: nothing to undo.
 */
export function modelRestorer(target: Target, exchange: Exchange, form: "utf8" | "latin1"): ((text: string) => string) | undefined {
  if (target.model === exchange.request.model) return earlierIdRestorer(exchange);
  const raw = (name: string) => Buffer.from(JSON.stringify(name)).toString(form);
  const sent = raw(target.model);
  const named = raw(exchange.request.model);
  const swaps = [[`"model":${sent}`, `"model":${named}`], [`"model": ${sent}`, `"model": ${named}`]] as const;
  const restoreId = earlierIdRestorer(exchange);
  return (text) => {
    const whole = restoreId?.(text) ?? text;
    for (const [from, to] of swaps) if (whole.includes(from)) return swapAll(whole, from, to);
    return whole;
  };
}

/** Puts the id of the answer that was gone on from back. Undefined: there was none. */
export function earlierIdRestorer({ continues }: Exchange): ((text: string) => string) | undefined {
  if (continues === undefined) return undefined;
  const named = JSON.stringify(continues);
  return (text) => text.replace(/"previous_response_id":( ?)null/g, (_, space: string) => `"previous_response_id":${space}${named}`);
}

/** `replaceAll` without patterns in the new text; several times faster on short texts. */
function swapAll(text: string, from: string, to: string): string {
  let swapped = "";
  let start = 0;
  for (let at = text.indexOf(from); at >= 0; at = text.indexOf(from, start)) {
    swapped += text.slice(start, at) + to;
    start = at + from.length;
  }
  return swapped + text.slice(start);
}
