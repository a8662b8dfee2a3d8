/**
 * Undoes the one change that is made to every relayed answer: the provider was sent its own name of the
 * model, and where it echoes that name the client gets the name it asked for. Other names stay as sent.
 */
import { Buffer } from "node:buffer";
import type { Exchange } from "./exchange.ts";
import type { Target } from "./route.ts";

/**
 * Puts the client's model name back where the provider echoes the name it was sent, in raw latin1 JSON text.
 * A text inside JSON cannot hold the needle, because its quotes would be escaped. Undefined: nothing to undo.
 */
export function modelRestorer(target: Target, exchange: Exchange): ((text: string) => string) | undefined {
  if (target.model === exchange.request.model) return undefined;
  const raw = (name: string) => Buffer.from(JSON.stringify(name)).toString("latin1");
  const sent = raw(target.model);
  const named = raw(exchange.request.model);
  const tight = [`"model":${sent}`, `"model":${named}`] as const;
  const spaced = [`"model": ${sent}`, `"model": ${named}`] as const;
  return (text) => {
    if (text.includes(tight[0])) return text.replaceAll(tight[0], () => tight[1]);
    return text.includes(spaced[0]) ? text.replaceAll(spaced[0], () => spaced[1]) : text;
  };
}
