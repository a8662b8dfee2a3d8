/**
 * Which response headers of a provider reach the client. Hop-by-hop headers, cookies, framing and
 * anything that names the provider's own plumbing stay behind; rate-limit headers pass.
 */

const PASSED = /^(x-ratelimit-|ratelimit|anthropic-ratelimit-|x-tokenlimit-|retry-after|openai-processing-ms|openai-model|x-request-cost)/;

/** Headers with lower-case names, as node gives them; a repeated header is joined. */
export function plainHeaders(raw: NodeJS.Dict<string | string[]>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (value !== undefined) headers[name.toLowerCase()] = Array.isArray(value) ? value.join(", ") : value;
  }
  return headers;
}

/** The provider's headers that a client gets to see. */
export function passedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) if (PASSED.test(name)) passed[name] = value;
  return passed;
}
