/**
 * One call to an OAuth endpoint: bounded in time and size, and normalised before the OAuth library sees it,
 * because real endpoints wrap answers, forget fields and send pages of HTML. What is not JSON is never a verdict.
 */
import { Buffer } from "node:buffer";
import * as oauth from "oauth4webapi";
import { asObject, asString, type JsonObject, parseJson } from "../../kernel/json.ts";
import { NAME, VERSION } from "../../kernel/version.ts";
import { type OAuthCall, type Refusal, refusal } from "./flow.ts";

const LIMIT_MS = 15_000;
const MAX_BYTES = 256 * 1024;
const DEFAULT_RATE_WAIT_MS = 60_000;
const MAX_WORDS_LENGTH = 200;

/** An answer as it was understood: JSON, with the status that its content means. */
export interface EndpointAnswer {
  readonly status: number;
  readonly body: JsonObject;
  readonly retryAfterMs: number | undefined;
}

/** Carries a refusal out of the library's calls. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.reason);
    this.refusal = refusal;
  }
}

/** The server as the library knows it: no discovery, only what the row says. */
export function serverOf({ endpoints }: OAuthCall): oauth.AuthorizationServer {
  return {
    issuer: new URL(endpoints.tokenUrl).origin,
    token_endpoint: endpoints.tokenUrl,
    device_authorization_endpoint: endpoints.authorizeUrl,
  };
}

/** How the client proves itself, as the row says. */
export function clientAuthOf({ endpoints: { row }, client }: OAuthCall): oauth.ClientAuth {
  const secret = client.secret?.reveal() ?? "";
  switch (row.clientAuth) {
    case "none":
      return oauth.None();
    case "secret_post":
      return oauth.ClientSecretPost(secret);
    case "secret_basic_and_post": {
      const inForm = oauth.ClientSecretPost(secret);
      // As it is: the library would encode signs that servers of this kind do not decode.
      const basic = Buffer.from(`${client.id}:${secret}`).toString("base64");
      return (server, known, body, headers) => {
        headers.set("authorization", `Basic ${basic}`);
        return inForm(server, known, body, headers);
      };
    }
  }
}

/** Options of a library call that goes through {@link endpointFetch}. `seen` is told of the answer. */
export function requestOptions(call: OAuthCall, seen: (answer: EndpointAnswer) => void, more: Readonly<Record<string, string>> = {}) {
  const { endpoints: { row, tokenUrl, authorizeUrl } } = call;
  const headers = new Headers({ "user-agent": `${NAME}/${VERSION}`, accept: "application/json" });
  for (const [name, value] of [...Object.entries(row.tokenHeaders), ...Object.entries(more)]) headers.set(name, value);
  return {
    headers,
    [oauth.allowInsecureRequests]: [tokenUrl, authorizeUrl].some((url) => url.startsWith("http:")),
    [oauth.customFetch]: async (url: string, init: oauth.CustomFetchOptions<"POST", URLSearchParams>) => {
      const answer = await endpointFetch(call, url, { method: init.method, headers: init.headers, body: init.body });
      seen(answer);
      return Response.json(forLibrary(answer.body), { status: answer.status < 300 ? 200 : answer.status });
    },
  };
}

/** Asks once. Throws {@link Refused} for everything that is no JSON object, and when it takes too long. */
export async function endpointFetch(
  call: OAuthCall,
  url: string,
  init: { readonly method: string; readonly headers: HeadersInit; readonly body?: URLSearchParams | string },
): Promise<EndpointAnswer> {
  const { clock, signal } = call;
  const limit = new AbortController();
  const cancel = clock.after(LIMIT_MS, () => limit.abort());
  const host = new URL(url).host;
  try {
    const reply = await call.fetch(url, { ...init, redirect: "manual", signal: AbortSignal.any([signal, limit.signal]) });
    const text = await boundedText(reply);
    return understood({ reply, text, host, now: clock.now() });
  } catch (error) {
    if (error instanceof Refused) throw error;
    if (signal.aborted) throw new Refused(refusal({ kind: "cancelled", reason: `The call to ${host} was given up` }));
    const why = limit.signal.aborted ? `did not answer within ${LIMIT_MS / 1000} s` : `cannot be reached${codeOf(error)}`;
    throw new Refused(refusal({ kind: "transient", reason: `${host} ${why}` }));
  } finally {
    cancel();
  }
}

async function boundedText(reply: Response): Promise<string> {
  const reader = reply.body?.getReader();
  if (reader === undefined) return "";
  const decoder = new TextDecoder();
  let text = "";
  for (let size = 0;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.length;
    if (size > MAX_BYTES) {
      await reader.cancel();
      return "";
    }
    text += decoder.decode(value, { stream: true });
  }
}

function understood({ reply, text, host, now }: { reply: Response; text: string; host: string; now: number }): EndpointAnswer {
  const { status } = reply;
  const retryAfterMs = retryAfter(reply.headers.get("retry-after"), now);
  const body = asObject(parseJson(text));
  const code = body === undefined ? undefined : errorCodeOf(body);
  const told = { status, ...(code === undefined ? {} : { code }) };
  // At a 429 too this one says how fast to ask, and not that there were too many.
  if (status === 429 && code !== "slow_down") {
    const reason = `${host} asks to wait before it is called again`;
    throw new Refused(refusal({ kind: "rate_limited", reason, ...told, retryAfterMs: retryAfterMs ?? DEFAULT_RATE_WAIT_MS }));
  }
  if (status >= 500 || body === undefined) {
    const what = body === undefined ? "with something that is not JSON" : "with an error of its own";
    throw new Refused(refusal({ kind: "transient", reason: `${host} answered ${status} ${what}`, ...told, ...retryField(retryAfterMs) }));
  }
  const wrapped = asObject(body.data);
  if (status < 300 && !asString(body.access_token) && code !== undefined) return { status: 400, body, retryAfterMs };
  if (status < 300 && wrapped !== undefined && asString(wrapped.access_token)) return { status, body: wrapped, retryAfterMs };
  return { status, body, retryAfterMs };
}

/** The `error` of an answer, also where it is an object; undefined when there is none. */
export function errorCodeOf({ error }: JsonObject): string | undefined {
  const inside = asObject(error);
  return (inside === undefined ? asString(error) : asString(inside.code) ?? asString(inside.status) ?? asString(inside.type)) || undefined;
}

/** What an answer says beside its code. */
export function wordsOf(body: JsonObject): string | undefined {
  return asString(body.error_description) ?? asString(asObject(body.error)?.message) ?? asString(body.message);
}

/** A foreign text for a message: short, on one line, without anything that was sent or that looks like a token. */
export function shownWords(text: string, sent: readonly string[] = []): string {
  let shown = text;
  for (const secret of sent) if (secret !== "") shown = shown.replaceAll(secret, "…");
  return shown.replace(/[A-Za-z0-9_\-./+=]{24,}/g, "…").replace(/[\s\p{Cc}]+/gu, " ").trim().slice(0, MAX_WORDS_LENGTH);
}

/**
 * What the library judges: whether this is a token answer or an error. It insists on more than real endpoints keep
 * to, and a token that has rotated must not be lost over that; nor is an ID token anybody's proof here.
 */
function forLibrary(body: JsonObject): JsonObject {
  return asString(body.access_token) ? { access_token: body.access_token, token_type: "bearer" } : { ...body, id_token: undefined };
}

/** `Retry-After` in ms: seconds or a date. */
function retryAfter(text: string | null, now: number): number | undefined {
  if (text === null) return undefined;
  const atMs = /^\d+$/.test(text.trim()) ? now + Number(text) * 1000 : Date.parse(text);
  return Number.isFinite(atMs) ? Math.max(atMs - now, 0) : undefined;
}

function retryField(retryAfterMs: number | undefined): { retryAfterMs?: number } {
  return retryAfterMs === undefined ? {} : { retryAfterMs };
}

/** The system's code of a broken connection; messages may hold addresses with secrets. */
function codeOf(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ("code" in at && typeof at.code === "string") return ` (${at.code})`;
  }
  return "";
}
