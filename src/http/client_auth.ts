/**
 * Who may call: one of the keys of `PROXY_API_KEY`, in any of the three headers that clients use. Compared
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
  if (accepted.length === 0) return undefined;
  const given = digest(clientKey(headers));
  let isAccepted = 0;
  for (const key of accepted) isAccepted |= Number(timingSafeEqual(given, digest(key.reveal())));
  if (isAccepted === 1) return undefined;
  return failure({
    scope: "gateway",
    kind: "unauthorized",
    status: 401,
    code: "invalid_api_key",
    message: 'The proxy key is missing or wrong; send it as "Authorization: Bearer <PROXY_API_KEY>"',
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
