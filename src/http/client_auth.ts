/**
 * Who may call: one of the accepted keys, in any of the three headers that clients use. Compared
 * in constant time; the answer never says whether a model or a key exists.
 */
import type { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import { type Failure, failure } from "../kernel/failure.ts";
import type { Secret } from "../kernel/secret.ts";

/** Headers of a request, lower-case names. */
type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Undefined when the client may go on, else a 401. */
export function checkClient(headers: Headers, accepted: readonly Secret[]): Failure | undefined {
  return accepted.length === 0 ? undefined : checkKey(headers, { accepted, variable: "PROXY_API_KEY", what: "proxy key" });
}

/** Undefined when the request brings one of these keys, else a 401 that names the variable they come from. */
export function checkKey(
  headers: Headers,
  { accepted, variable, what }: { readonly accepted: readonly Secret[]; readonly variable: string; readonly what: string },
): Failure | undefined {
  const given = digest(clientKey(headers));
  let isAccepted = 0;
  for (const key of accepted) isAccepted |= Number(timingSafeEqual(given, digest(key.reveal())));
  if (isAccepted === 1) return undefined;
  return failure({
    scope: "gateway",
    kind: "unauthorized",
    status: 401,
    code: "invalid_api_key",
    message: `The ${what} is missing or wrong; send it as "Authorization: Bearer <${variable}>"`,
  });
}

/** The key a client sent, in any of the three headers; empty when it sent none. */
export function clientKey(headers: Headers): string {
  const bearer = /^bearer\s+(.+)$/i.exec(one(headers.authorization))?.[1];
  return (bearer ?? (one(headers["x-api-key"]) || one(headers["x-goog-api-key"]))).trim();
}

function one(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? "";
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
