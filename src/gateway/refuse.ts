/** The end of a request that nobody could serve: a real status and the dialect's own error body. */
import type { Failure } from "../kernel/failure.ts";
import type { Ending, Exchange } from "./exchange.ts";
import { ownHeaders } from "./reply_headers.ts";

/** Answers with the failure. A client that left gets nothing. */
export function refuse(exchange: Exchange, failed: Failure): Ending {
  const { out, dialect } = exchange;
  if (failed.scope === "client") {
    out.destroy();
    return { status: failed.status, failure: failed };
  }
  const body = JSON.stringify(dialect.encodeFailure(failed));
  out.writeHead(failed.status, {
    "content-type": "application/json",
    "content-length": String(new TextEncoder().encode(body).length),
    ...retryAfter(failed),
    ...ownHeaders(exchange, exchange.target),
  });
  out.end(body);
  return { status: failed.status, failure: failed, body };
}

/** `Retry-After` in whole seconds, never too early. */
export function retryAfter(failed: Failure): Record<string, string> {
  if (failed.retryAfterMs === undefined) return {};
  return { "retry-after": String(Math.max(Math.ceil(failed.retryAfterMs / 1000), 1)) };
}
