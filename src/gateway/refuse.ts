/** The end of a request that nobody could serve: a real status and the dialect's own error body. */
import type { Failure } from "../kernel/failure.ts";
import type { Ending, Exchange } from "./exchange.ts";
import { ownHeaders } from "./reply_headers.ts";

/** When to come again to a pool that is only busy. */
const BUSY_MS = 1_000;

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

/**
 * `Retry-After` in whole seconds, never too early. A pool that rests nobody is only busy: a moment is enough. When a
 * person has disabled all of it, waiting is no use.
 */
export function retryAfter(failed: Failure): Record<string, string> {
  const { credentials = [] } = failed;
  const isOff = credentials.length > 0 && credentials.every(({ state }) => state === "disabled");
  const isPool = failed.scope === "gateway" && failed.credentials !== undefined && !isOff;
  const waitMs = failed.retryAfterMs ?? (isPool ? BUSY_MS : undefined);
  return waitMs === undefined ? {} : { "retry-after": String(Math.max(Math.ceil(waitMs / 1000), 1)) };
}
