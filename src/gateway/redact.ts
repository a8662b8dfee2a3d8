/**
 * Keeps secrets out of everything written about a request. Values pass because their place is known to be
 * harmless, never because they look harmless; known secrets are masked wherever they turn up.
 */
import type { Json } from "../kernel/json.ts";
import type { Secret } from "../kernel/secret.ts";

/** What stands where a secret was. */
export const REDACTED = "[redacted]";

/** Headers as Node gives them. */
export type HeaderFields = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Shorter texts are no secrets, and masking them would eat ordinary words. */
const SHORTEST_SECRET_LENGTH = 6;
/** Secrets remembered at most; the oldest go first. Tokens that were refreshed stay known until then. */
const MAX_SECRET_COUNT = 20_000;
/** Deeper values are not followed: a body made to overflow the stack must not stop the log. */
const MAX_DEPTH = 200;

const HARMLESS_HEADERS: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "alt-svc",
  "anthropic-beta",
  "anthropic-version",
  "cache-control",
  "cf-ray",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "date",
  "expect",
  "host",
  "keep-alive",
  "last-modified",
  "openai-beta",
  "openai-model",
  "openai-processing-ms",
  "openai-version",
  "request-id",
  "retry-after",
  "retry-after-ms",
  "server",
  "te",
  "traceparent",
  "transfer-encoding",
  "user-agent",
  "vary",
  "via",
  "x-accel-buffering",
  "x-keyproxy-attempts",
  "x-keyproxy-credential",
  "x-keyproxy-lossy",
  "x-keyproxy-overhead-ms",
  "x-keyproxy-provider",
  "x-keyproxy-timeout",
  "x-request-id",
  "x-should-retry",
  "x-stainless-arch",
  "x-stainless-async",
  "x-stainless-helper-method",
  "x-stainless-lang",
  "x-stainless-os",
  "x-stainless-package-version",
  "x-stainless-retry-count",
  "x-stainless-runtime",
  "x-stainless-runtime-version",
  "x-stainless-timeout",
]);

/** Limits a provider reports: their names speak of tokens, their values are numbers and times. */
const RATE_LIMIT_HEADER = /^(?:x-|anthropic-)?ratelimit-/;

/** Names of query parameters whose value is never written. */
const SECRET_PARAMETER = /key|token|secret|auth|cookie|password|signature|credential|code/i;

/** Names of text fields in bodies whose value is never written, without case, `-` and `_`. */
const SECRET_FIELDS: ReadonlySet<string> = new Set([
  "accesstoken",
  "apikey",
  "authorization",
  "authtoken",
  "clientsecret",
  "cookie",
  "idtoken",
  "password",
  "privatekey",
  "proxyauthorization",
  "refreshtoken",
  "secretaccesskey",
  "sessiontoken",
  "setcookie",
  "xapikey",
  "xgoogapikey",
]);

/** A stretch of text that is a secret: from `start` up to, without, `end`. */
export interface SecretSpan {
  readonly start: number;
  readonly end: number;
}

export class Redactor {
  /** All forms of all known secrets; a `Set` so that the oldest can go first. */
  readonly #forms = new Set<string>();
  #pattern: RegExp | undefined;
  #longestLength = 0;

  constructor(secrets: Iterable<Secret> = []) {
    this.learn(secrets);
  }

  /** Makes further secrets known: credentials, client keys, refreshed tokens. Known ones stay known. */
  learn(secrets: Iterable<Secret>): void {
    let isGrown = false;
    for (const secret of secrets) {
      const text = secret.reveal();
      if (text.length < SHORTEST_SECRET_LENGTH || this.#forms.has(text)) continue;
      for (const form of formsOf(text)) this.#forms.add(form);
      isGrown = true;
    }
    if (!isGrown) return;
    for (const oldest of this.#forms) {
      if (this.#forms.size <= MAX_SECRET_COUNT) break;
      this.#forms.delete(oldest);
    }
    // Longest first: of two secrets of which one begins the other, the whole longer one is masked.
    const longestFirst = [...this.#forms].sort((left, right) => right.length - left.length);
    this.#longestLength = longestFirst[0]?.length ?? 0;
    this.#pattern = new RegExp(longestFirst.map(escapeForPattern).join("|"), "g");
  }

  /** Length of the longest known secret: text cut up finer than this may hide one across a cut. */
  get longestLength(): number {
    return this.#longestLength;
  }

  /** Where `text` holds known secrets, in order and without overlaps. */
  spans(text: string): SecretSpan[] {
    if (this.#pattern === undefined) return [];
    return Array.from(text.matchAll(this.#pattern), (match) => ({ start: match.index, end: match.index + match[0].length }));
  }

  /** The text with every known secret masked, as it stands, JSON-escaped or URL-encoded. */
  text(text: string): string {
    return this.#pattern === undefined ? text : text.replace(this.#pattern, REDACTED);
  }

  /**
   * A copy as plain JSON in which every text, also a field's name, is masked, and fields named like secrets
   * (`api_key`, `refresh_token`, …) hold none. What JSON does not know becomes null.
   */
  value(value: unknown): Json {
    return this.#value(value, 0);
  }

  /** Harmless headers with their value (still masked), all others as "[redacted]". */
  headers(headers: HeaderFields): Record<string, string> {
    const shown: [string, string][] = [];
    for (const [name, value] of Object.entries(headers)) {
      if (value === undefined) continue;
      const text = typeof value === "string" ? value : value.join(", ");
      shown.push([this.text(name), isHarmless(name.toLowerCase()) ? this.text(text) : REDACTED]);
    }
    return Object.fromEntries(shown);
  }

  /** A request path, its query without the values of parameters named like secrets. */
  path(path: string): string {
    const named = path.replace(
      /([?&])([^=&#]*)=([^&#]*)/g,
      (_, before: string, name: string, value: string) => `${before}${name}=${SECRET_PARAMETER.test(decoded(name)) ? REDACTED : value}`,
    );
    return this.text(named);
  }

  #value(value: unknown, depth: number): Json {
    if (typeof value === "string") return this.text(value);
    if (typeof value === "number" || typeof value === "boolean" || value === null) return value;
    if (typeof value !== "object") return null;
    if (depth >= MAX_DEPTH) return "[too deep]";
    if ("toJSON" in value && typeof value.toJSON === "function") return this.#value(value.toJSON(), depth + 1);
    if (Array.isArray(value)) return value.map((item) => this.#value(item, depth + 1));
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, field]) => field !== undefined)
        .map(([name, field]) => [
          this.text(name),
          typeof field === "string" && isSecretField(name) ? REDACTED : this.#value(field, depth + 1),
        ]),
    );
  }
}

/** Headers without any secret known beyond their names; see {@link Redactor.headers}. */
export function redactHeaders(headers: HeaderFields): Record<string, string> {
  return new Redactor().headers(headers);
}

function isHarmless(name: string): boolean {
  return HARMLESS_HEADERS.has(name) || RATE_LIMIT_HEADER.test(name);
}

function isSecretField(name: string): boolean {
  return SECRET_FIELDS.has(name.replace(/[-_]/g, "").toLowerCase());
}

/** The shapes in which a secret may appear in text that nobody parses: a body, a chunk, a URL. */
function formsOf(secret: string): Set<string> {
  const escaped = JSON.stringify(secret).slice(1, -1);
  return new Set([secret, escaped, escaped.replaceAll("/", "\\/"), encodeURIComponent(secret.toWellFormed())]);
}

function escapeForPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

/** A parameter's name as the receiver will read it; one that cannot be decoded is taken as it is. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
