/**
 * One request as a simulated login provider sees it, and the journal in which it stands afterwards. In the
 * journal every token, code and secret is a hash.
 */
import type { IncomingHttpHeaders } from "node:http";
import { asString, type Json, parseJson } from "../../../src/kernel/json.ts";
import { hashed } from "./seeded_tokens.ts";

/** A request, read whole. */
export interface Asked {
  /** Position in the journal. */
  readonly index: number;
  /** Epoch ms on the simulator's clock. */
  readonly at: number;
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly rawBody: string;
  /** The body, when its content type says it is a form. */
  readonly form: URLSearchParams | undefined;
  /** The body, when it is JSON. */
  readonly body: Json | undefined;
  /** From `Authorization: Bearer …`. */
  readonly bearer: string | undefined;
  readonly endpoint: string;
  readonly account: string | undefined;
  readonly model: string | undefined;
}

/** What a provider makes of a request before it answers. */
export interface Identity {
  /** The provider's name of what was called, e.g. `refresh`. */
  readonly endpoint: string;
  /** Whose tokens, code or consent it is about. */
  readonly account?: string | undefined;
  readonly model?: string | undefined;
}

/** Which requests are meant; what is left out matches everything. */
export interface AskedMatch {
  readonly endpoint?: string | readonly string[];
  readonly account?: string;
  readonly model?: string;
}

/** Whether `asked` is one that `match` is about. */
export function isAsked(match: AskedMatch, asked: Identity): boolean {
  const { endpoint } = match;
  const endpoints = endpoint === undefined || typeof endpoint === "string" ? [endpoint ?? asked.endpoint] : endpoint;
  return endpoints.includes(asked.endpoint) &&
    (match.account === undefined || match.account === asked.account) &&
    (match.model === undefined || match.model === asked.model);
}

/** The parts of a request that follow from its head and body. */
export function readAsked(
  raw: { readonly method: string; readonly url: string; readonly headers: IncomingHttpHeaders; readonly rawBody: string },
): Omit<Asked, "index" | "at" | keyof Identity> {
  const url = new URL(raw.url, "http://simulator");
  const isForm = raw.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true;
  return {
    method: raw.method,
    path: url.pathname,
    query: url.searchParams,
    headers: raw.headers,
    rawBody: raw.rawBody,
    form: isForm ? new URLSearchParams(raw.rawBody) : undefined,
    body: parseJson(raw.rawBody),
    bearer: raw.headers.authorization?.match(/^Bearer\s+(.+)$/i)?.[1],
  };
}

/** Id and secret of HTTP Basic, if that was used. */
export function basicOf(asked: Pick<Asked, "headers">): { readonly id: string; readonly secret: string } | undefined {
  const encoded = asked.headers.authorization?.match(/^Basic\s+(.+)$/i)?.[1];
  if (encoded === undefined) return undefined;
  const [id = "", ...secret] = atob(encoded).split(":");
  return { id: decodeURIComponent(id), secret: decodeURIComponent(secret.join(":")) };
}

/** A request in the journal. */
export interface JournalEntry {
  readonly index: number;
  /** Epoch ms on the simulator's clock. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly endpoint: string;
  readonly account: string | undefined;
  readonly model: string | undefined;
  readonly query: Readonly<Record<string, string>>;
  /** Lower-case names; tokens hashed, as in `Bearer sha256:<12 hex>`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Hash of the bearer token: compare with `hashed(token)`. */
  readonly token: string | undefined;
  /** Form fields; secrets hashed as in the headers. */
  readonly form: Readonly<Record<string, string>> | undefined;
  readonly body: Json | undefined;
  /** Of the answer; undefined until there is one, and when the connection was broken before it. */
  readonly status: number | undefined;
  /** The answer was sent to its end. */
  readonly isFinished: boolean;
  /** The client left before the end of the answer. */
  readonly isAborted: boolean;
  /** Resolves when the exchange is over, however it ended. */
  readonly done: Promise<void>;
}

/** How an exchange ended. */
export interface Outcome {
  readonly status?: number | undefined;
  readonly isFinished?: boolean;
  readonly isAborted?: boolean;
}

interface Kept extends JournalEntry {
  status: number | undefined;
  isFinished: boolean;
  isAborted: boolean;
}

interface Waiter {
  readonly match: AskedMatch;
  readonly resolve: (entry: JournalEntry) => void;
  readonly reject: (reason: Error) => void;
}

const SECRET_FIELDS = new Set([
  "access_token",
  "client_secret",
  "code",
  "code_verifier",
  "device_code",
  "id_token",
  "refresh_token",
  "accesstoken",
  "token",
]);

/** Every request in the order it was read, and the tests that wait for one. */
export class Journal {
  readonly #entries: Kept[] = [];
  readonly #unseen: Kept[] = [];
  readonly #waiters: Waiter[] = [];

  /** How many requests there were. */
  get count(): number {
    return this.#entries.length;
  }

  /** The matching requests so far, in order. */
  list(match: AskedMatch = {}): readonly JournalEntry[] {
    return this.#entries.filter((entry) => isAsked(match, entry));
  }

  /** The first matching request not handed out before, now or when it arrives; rejects when the simulator closes first. */
  next(match: AskedMatch = {}): Promise<JournalEntry> {
    const position = this.#unseen.findIndex((entry) => isAsked(match, entry));
    const [entry] = position < 0 ? [] : this.#unseen.splice(position, 1);
    if (entry !== undefined) return Promise.resolve(entry);
    const { promise, resolve, reject } = Promise.withResolvers<JournalEntry>();
    this.#waiters.push({ match, resolve, reject });
    // A test that gave up waiting is not a failure of its own; one that still waits sees the rejection.
    promise.catch(() => {});
    return promise;
  }

  /** Files a request; the returned function tells how it ended. */
  add(asked: Asked): (outcome: Outcome) => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    const entry: Kept = {
      index: asked.index,
      at: asked.at,
      method: asked.method,
      path: asked.path,
      endpoint: asked.endpoint,
      account: asked.account,
      model: asked.model,
      query: fieldsOf(asked.query),
      headers: headersOf(asked.headers),
      token: asked.bearer === undefined ? undefined : hashed(asked.bearer),
      form: asked.form === undefined ? undefined : fieldsOf(asked.form),
      body: asked.body,
      status: undefined,
      isFinished: false,
      isAborted: false,
      done: promise,
    };
    this.#entries.push(entry);
    const waiting = this.#waiters.findIndex((waiter) => isAsked(waiter.match, entry));
    const [waiter] = waiting < 0 ? [] : this.#waiters.splice(waiting, 1);
    if (waiter === undefined) this.#unseen.push(entry);
    else waiter.resolve(entry);
    return (outcome) => {
      Object.assign(entry, outcome);
      if (outcome.isFinished !== undefined) resolve();
    };
  }

  /** Tells every waiting test that nothing will come. */
  close(): void {
    for (const { match, reject } of this.#waiters.splice(0)) {
      reject(new Error(`Cannot wait for a request matching ${JSON.stringify(match)}: the simulator was closed`));
    }
  }
}

function fieldsOf(fields: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...fields].map(([name, value]) => [name, SECRET_FIELDS.has(name.toLowerCase()) ? mark(value) : value]));
}

function headersOf(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      const text = asString(value) ?? [value ?? ""].flat().join(", ");
      if (name === "authorization") return [name, text.replace(/^(\S+)\s+(.*)$/, (_all, scheme, token) => `${scheme} ${mark(token)}`)];
      return [name, name === "cookie" ? mark(text) : text];
    }),
  );
}

function mark(secret: string): string {
  return `sha256:${hashed(secret)}`;
}
