/**
 * Login by authorization code: an address for the browser, and whichever comes back first, the browser itself
 * or what a person pastes. The callback is closed however the login ends.
 */
import * as oauth from "oauth4webapi";
import type { Grant } from "../grant.ts";
import { type Callback, type GoodReturn, isInUse, openCallback, type Outcome } from "./callback_server.ts";
import { shownWords } from "./endpoint_call.ts";
import { isRefusal, type OAuthCall, type Refusal, refusal } from "./flow.ts";
import { readPasted } from "./pasted.ts";
import type { CodeFlow } from "./row.ts";
import { exchangeCode } from "./token_endpoint.ts";

const LIMIT_MS = 5 * 60_000;
/** Whoever calls the callback again and again does not fill the terminal. */
const MAX_COMPLAINT_COUNT = 20;

export interface CodeFlowOptions {
  /** Where the callback listens instead of the loopback addresses. */
  readonly bindHost?: string;
  /** ms; five minutes unless given. */
  readonly timeoutMs?: number;
  /** The address to open, and the one the browser will come back to. */
  readonly onUrl: (url: string, redirectUri: string) => void;
  /** Texts a person pastes meanwhile. One that cannot be used, or whose code is refused, may be followed by another. */
  readonly pasted?: AsyncIterable<string>;
  /** Something came back that could not be used; the login goes on. */
  readonly onComplaint?: (why: string) => void;
}

/** Logs in. The grant is not completed yet (account, key, project). */
export async function runCodeFlow(call: OAuthCall, options: CodeFlowOptions): Promise<Grant | Refusal> {
  const { row, callbackPort } = call.endpoints;
  if (row.flow.kind !== "code") throw new Error(`${row.name} has no login by browser`);
  const { flow } = row;
  const state = oauth.generateRandomState();
  const verifier = flow.pkce === "S256" ? oauth.generateRandomCodeVerifier() : undefined;
  const login = new CodeLogin(call, { options, verifier, state });
  const callback = await startCallback(row.prefix, {
    flow,
    state,
    port: callbackPort,
    clock: call.clock,
    ...(options.bindHost === undefined ? {} : { bindHost: options.bindHost }),
    onReturn: (returned, finish) => login.takeReturn(returned, finish),
    onStray: (why) => login.complain(why),
  });
  if (isRefusal(callback)) return callback;
  const { redirectUri } = callback;
  const limitMs = options.timeoutMs ?? LIMIT_MS;
  const cancelLimit = call.clock.after(limitMs, () => login.endWait(limitMs));
  const onAbort = () => login.cancel();
  call.signal.addEventListener("abort", onAbort);
  try {
    const url = await authorizeUrl(call, { flow, state, redirectUri, verifier });
    if (call.signal.aborted) return cancelled();
    login.start(redirectUri);
    options.onUrl(url, redirectUri);
    return await login.ended;
  } finally {
    cancelLimit();
    call.signal.removeEventListener("abort", onAbort);
    await callback.close();
  }
}

interface Attempt {
  readonly options: CodeFlowOptions;
  readonly verifier: string | undefined;
  readonly state: string;
}

/** One login from the address to its end. What comes back is tried one at a time; the first grant ends it. */
class CodeLogin {
  readonly #call: OAuthCall;
  readonly #attempt: Attempt;
  readonly #ending = Promise.withResolvers<Grant | Refusal>();
  #redirectUri = "";
  #phase: "waiting" | "trying" | "over" = "waiting";
  #isLate = false;
  #complaintCount = 0;
  #lastComplaint: string | undefined;

  constructor(call: OAuthCall, attempt: Attempt) {
    this.#call = call;
    this.#attempt = attempt;
  }

  get ended(): Promise<Grant | Refusal> {
    return this.#ending.promise;
  }

  start(redirectUri: string): void {
    this.#redirectUri = redirectUri;
    const { pasted } = this.#attempt.options;
    if (pasted !== undefined) this.#readPastes(pasted).catch(this.#ending.reject);
  }

  takeReturn(returned: GoodReturn, finish: (outcome: Outcome) => void): "taken" | "too_late" {
    if (this.#phase !== "waiting") return "too_late";
    // The page is answered after the exchange, so that it tells the truth.
    this.#try(returned).then((got) => {
      finish(isRefusal(got) ? { kind: "failed", reason: got.reason } : { kind: "ok" });
      this.#end(got);
    }, this.#ending.reject);
    return "taken";
  }

  complain(why: string): void {
    this.#lastComplaint = why;
    if (++this.#complaintCount <= MAX_COMPLAINT_COUNT) this.#attempt.options.onComplaint?.(why);
  }

  /** A code that is being exchanged when time is up is not thrown away. */
  endWait(limitMs: number): void {
    this.#isLate = true;
    if (this.#phase !== "waiting") return;
    const seen = this.#lastComplaint === undefined ? "" : `; what did come could not be used: ${this.#lastComplaint}`;
    this.#end(refusal({ kind: "timed_out", reason: `Nobody came back from the browser within ${Math.round(limitMs / 1000)} s${seen}` }));
  }

  cancel(): void {
    this.#end(cancelled());
  }

  async #readPastes(pasted: AsyncIterable<string>): Promise<void> {
    let refused: Refusal | undefined;
    for await (const text of this.#untilEnd(pasted)) {
      if (this.#phase === "over") return;
      if (this.#phase === "trying") continue;
      const returned = readPasted(text, this.#attempt.state);
      if (returned.kind === "unusable") {
        refused = refusal({ kind: "needs_login", reason: `What was pasted could not be used: ${returned.why}` });
        this.complain(returned.why);
        continue;
      }
      const got = await this.#try(returned);
      if (!isRefusal(got) || !isWorthAnother(got) || this.#isLate) return this.#end(got);
      refused = got;
      this.#phase = "waiting";
      this.complain(got.reason);
    }
    // Nobody is there to paste another, and who pastes has no browser that comes back.
    if (refused !== undefined && this.#phase === "waiting") this.#end(refused);
  }

  /** Stops with the login: nobody may ever paste, and whoever gives the texts is told that no more are wanted. */
  async *#untilEnd(pasted: AsyncIterable<string>): AsyncGenerator<string> {
    const texts = pasted[Symbol.asyncIterator]();
    const end = this.ended.then(() => undefined, () => undefined);
    try {
      for (;;) {
        const next = await Promise.race([end, texts.next()]);
        if (next === undefined || next.done === true) return;
        yield next.value;
      }
    } finally {
      // Not waited for: some answer only after the text they wait for.
      void texts.return?.().catch(() => {});
    }
  }

  async #try(returned: GoodReturn): Promise<Grant | Refusal> {
    this.#phase = "trying";
    const { endpoints: { row } } = this.#call;
    if (returned.kind === "error") {
      const words = shownWords(returned.description === null ? returned.error : `${returned.error}: ${returned.description}`);
      return refusal({ kind: "denied", reason: `${row.name} did not grant the login (${words})`, code: returned.error });
    }
    const { verifier } = this.#attempt;
    const code = { code: returned.code, redirectUri: this.#redirectUri };
    const got = await exchangeCode(this.#call, verifier === undefined ? code : { ...code, codeVerifier: verifier });
    if (isRefusal(got) || got.refreshToken !== null) return got;
    const reason = `${row.name} gave no refresh token, so the login would soon end: remove this program's access there and log in again`;
    return refusal({ kind: "needs_login", reason });
  }

  #end(got: Grant | Refusal): void {
    this.#phase = "over";
    this.#ending.resolve(got);
  }
}

function cancelled(): Refusal {
  return refusal({ kind: "cancelled", reason: "The login was cancelled" });
}

/** True when another code may do better. */
function isWorthAnother({ kind }: Refusal): boolean {
  return kind === "needs_login" || kind === "suspicious" || kind === "transient" || kind === "rate_limited";
}

async function startCallback(prefix: string, options: Parameters<typeof openCallback>[0]): Promise<Callback | Refusal> {
  try {
    return await openCallback(options);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    const why = isInUse(error) ? "is in use by another program" : `cannot be used (${code})`;
    const reason = `Port ${options.port}, to which the browser has to come back, ${why}: choose another with ${prefix}_OAUTH_PORT`;
    return refusal({ kind: "misconfigured", reason });
  }
}

interface UrlParts {
  readonly flow: CodeFlow;
  readonly state: string;
  readonly redirectUri: string;
  readonly verifier: string | undefined;
}

async function authorizeUrl({ endpoints, client }: OAuthCall, { flow, state, redirectUri, verifier }: UrlParts): Promise<string> {
  const url = new URL(endpoints.authorizeUrl);
  const { scopes } = endpoints.row;
  const parameters = {
    client_id: client.id,
    ...flow.parameters,
    [flow.redirectParameter]: redirectUri,
    ...(scopes.length === 0 ? {} : { scope: scopes.join(" ") }),
    state,
    ...(verifier === undefined ? {} : { code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256" }),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}
