/** Cross-origin access for browsers, off unless `CORS_ORIGINS` names origins. */
import type { IncomingMessage, ServerResponse } from "node:http";

const ALLOWED_HEADERS = "authorization, content-type, x-api-key, x-goog-api-key, x-request-id, x-keyproxy-timeout";
const EXPOSED_HEADERS =
  "x-request-id, x-keyproxy-provider, x-keyproxy-credential, x-keyproxy-attempts, x-keyproxy-overhead-ms, x-keyproxy-lossy, retry-after";

/** Sets the headers for an origin that is allowed (`*` allows all). `preflight`: the request only asked. */
export function allowOrigin(incoming: IncomingMessage, out: ServerResponse, origins: readonly string[]): "preflight" | "request" {
  const { origin } = incoming.headers;
  if (origin === undefined || !(origins.includes("*") || origins.includes(origin))) return "request";
  out.setHeader("access-control-allow-origin", origins.includes("*") ? "*" : origin);
  out.setHeader("vary", "origin");
  out.setHeader("access-control-expose-headers", EXPOSED_HEADERS);
  if (incoming.method !== "OPTIONS" || incoming.headers["access-control-request-method"] === undefined) return "request";
  out.setHeader("access-control-allow-methods", "GET, POST, PATCH, DELETE, OPTIONS");
  out.setHeader("access-control-allow-headers", ALLOWED_HEADERS);
  out.setHeader("access-control-max-age", "86400");
  return "preflight";
}
