/** The response headers that say how a request was served: ids and figures, never a secret. */
import type { Exchange } from "./exchange.ts";
import type { Target } from "./route.ts";

/** Longest list that every client's parser of headers takes beside the rest. */
const MAX_LOSSY_CHARS = 2_000;

/** Headers for an answer or a failure; `target` is absent when none was reached. */
export function ownHeaders(exchange: Exchange, target: Target | undefined): Record<string, string> {
  const last = exchange.attempts.at(-1);
  const overheadMs = Math.max(exchange.elapsedMs() - exchange.waitedMs, 0);
  return {
    "x-request-id": exchange.requestId,
    "x-keyproxy-attempts": String(exchange.attempts.length),
    "x-keyproxy-overhead-ms": overheadMs.toFixed(2),
    ...(target === undefined ? {} : { "x-keyproxy-provider": target.provider.row.id }),
    ...(exchange.lossy.length === 0 ? {} : { "x-keyproxy-lossy": lossyHeader(exchange.lossy) }),
    ...(last === undefined ? {} : { "x-keyproxy-credential": last.credential }),
  };
}

/** Names of fields, which clients choose: signs that no header may hold are not told, and a long list is cut. */
function lossyHeader(lossy: readonly string[]): string {
  const names = lossy.map((name) => name.replace(/[^\x20-\x7e]/g, "?"));
  const lengths = names.map(({ length }) => length + 2);
  let keptCount = 0;
  for (let charCount = 0; keptCount < names.length && charCount + (lengths[keptCount] ?? 0) <= MAX_LOSSY_CHARS; keptCount++) {
    charCount += lengths[keptCount] ?? 0;
  }
  const left = names.length - keptCount;
  return [...names.slice(0, keptCount), ...(left === 0 ? [] : [`and ${left} more`])].join(", ");
}
