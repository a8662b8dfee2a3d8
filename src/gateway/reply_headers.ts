/** The response headers that say how a request was served: ids and figures, never a secret. */
import type { Exchange } from "./exchange.ts";
import type { Target } from "./route.ts";

/** Headers for an answer or a failure; `target` is absent when none was reached. */
export function ownHeaders(exchange: Exchange, target: Target | undefined): Record<string, string> {
  const last = exchange.attempts.at(-1);
  const overheadMs = Math.max(exchange.elapsedMs() - exchange.waitedMs, 0);
  return {
    "x-request-id": exchange.requestId,
    "x-keyproxy-attempts": String(exchange.attempts.length),
    "x-keyproxy-overhead-ms": overheadMs.toFixed(2),
    ...(target === undefined ? {} : { "x-keyproxy-provider": target.provider.row.id }),
    ...(exchange.lossy.length === 0 ? {} : { "x-keyproxy-lossy": exchange.lossy.join(", ") }),
    ...(last === undefined ? {} : { "x-keyproxy-credential": last.credential }),
  };
}
