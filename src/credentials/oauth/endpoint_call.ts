/**
 * One call to an OAuth endpoint: bounded in time and size, and normalised before the OAuth library sees it,
 * because real endpoints wrap answers, forget fields and send pages of HTML. What is not JSON is never a verdict.
 */
import * as oauth from "oauth4webapi";
import { asObject, asString, type JsonObject, parseJson } from "../../kernel/json.ts";
import { NAME, VERSION } from "../../kernel/version.ts";
import { type OAuthCall, type Refusal, refusal } from "./flow.ts";

const LIMIT_MS = 15_000;
const MAX_BYTES = 256 * 1024;
const DEFAULT_RATE_WAIT_MS = 60_000;

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
      const [inForm, inHeader] = [oauth.ClientSecretPost(secret), oauth.ClientSecretBasic(secret)];
      return async (server, known, body, headers) => {
        await inHeader(server, known, body, headers);
        await inForm(server, known, body, headers);
      };
    }
  }
}

/** Options of a library call that goes through {@link endpointFetch}. `seen` is told of the answer. */
export function requestOptions(call: OAuthCall, seen: (answer: EndpointAnswer) => void, headers: Readonly<Record<string, string>> = {}) {
  const { endpoints: { row, tokenUrl, authorizeUrl } } = call;
  const isPlain = [tokenUrl, authorizeUrl].some((url) => url.startsWith("http:"));
  return {
    headers: { "user-agent": `${NAME}/${VERSION}`, accept: "application/json", ...row.tokenHeaders, ...headers },
    [oauth.allowInsecureRequests]: isPlain,
    [oauth.customFetch]: async (url: string, init: oauth.CustomFetchOptions<"POST", URLSearchParams>) => {
      const answer = await endpointFetch(call, url, { method: init.method, headers: init.headers, body: init.body });
      seen(answer);
      return Response.json(forLibrary(answer.body), { status: answer.status });
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
  if (status === 429 && asString(body?.error) !== "slow_down") {
    const reason = `${host} asks to wait before it is called again`;
    throw new Refused(
      refusal({ kind: "rate_limited", reason, status, retryAfterMs: retryAfterMs ?? DEFAULT_RATE_WAIT_MS, ...codeField(body) }),
    );
  }
  if (status >= 500 || body === undefined) {
    const what = body === undefined ? "with something that is not JSON" : "with an error of its own";
    throw new Refused(refusal({ kind: "transient", reason: `${host} answered ${status} ${what}`, status, ...retryField(retryAfterMs) }));
  }
  const wrapped = asObject(body.data);
  if (status < 300 && typeof body.error === "string") return { status: 400, body, retryAfterMs };
  if (status < 300 && wrapped !== undefined && typeof wrapped.access_token === "string") return { status, body: wrapped, retryAfterMs };
  return { status, body, retryAfterMs };
}

/** What the library insists on and endpoints leave out; an ID token is nobody's proof here and stays out of its checks. */
function forLibrary(body: JsonObject): JsonObject {
  const { id_token: _unchecked, ...rest } = body;
  if (typeof body.access_token !== "string") return rest;
  return {
    ...rest,
    token_type: typeof body.token_type === "string" ? body.token_type : "bearer",
    scope: typeof body.scope === "string" ? body.scope : undefined,
    refresh_token: typeof body.refresh_token === "string" ? body.refresh_token : undefined,
    expires_in: undefined,
  };
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

function codeField(body: JsonObject | undefined): { code?: string } {
  const code = asString(body?.error);
  return code === undefined ? {} : { code };
}

/** The system's code of a broken connection; messages may hold addresses with secrets. */
function codeOf(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ("code" in at && typeof at.code === "string") return ` (${at.code})`;
  }
  return "";
}
