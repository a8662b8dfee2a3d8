/** Which error shape a route answers in: that of the clients who call it. */
import { DIALECTS } from "../dialects/table.ts";
import type { Dialect } from "../dialects/dialect.ts";
import { retryAfter } from "../gateway/refuse.ts";
import { type Failure, failure } from "../kernel/failure.ts";

/** An answer that tells of the failure in the dialect of the route. */
export function failed(why: Failure, path: string): Response {
  return new Response(JSON.stringify(dialectOf(path).encodeFailure(why)), {
    status: why.status,
    headers: { "content-type": "application/json", ...retryAfter(why) },
  });
}

function dialectOf(path: string): Dialect {
  if (/^(?:\/v1)?\/messages(?:\/|$)/.test(path)) return DIALECTS.anthropic_messages;
  return /^\/v1beta\/|^\/v1\/models\/.*:|^\/v1\/cachedContents/.test(path) ? DIALECTS.gemini_generate : DIALECTS.openai_chat;
}

export function notFound(what: string): Failure {
  return failure({ scope: "request", kind: "not_found", status: 404, message: `There is no ${what} here; see GET /`, code: "not_found" });
}

export function internal(): Failure {
  return failure({
    scope: "gateway",
    kind: "internal",
    status: 500,
    message: "The proxy failed to handle this request; its log says why",
  });
}
