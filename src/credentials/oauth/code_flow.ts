/**
 * Login by authorization code: an address for the browser, and whichever comes back first, the browser itself
 * or what a person pastes. The callback is closed however the login ends.
 */
import * as oauth from "oauth4webapi";
import type { Grant } from "../grant.ts";
import { type Callback, openCallback, type Outcome } from "./callback_server.ts";
import { isRefusal, type OAuthCall, type Refusal, refusal } from "./flow.ts";
import { readPasted, type Returned } from "./pasted.ts";
import type { CodeFlow, OAuthRow } from "./row.ts";
import { exchangeCode } from "./token_endpoint.ts";

const LIMIT_MS = 5 * 60_000;

export interface CodeFlowOptions {
  /** Where the callback listens instead of the loopback addresses. */
  readonly bindHost?: string;
  /** ms; five minutes unless given. */
  readonly timeoutMs?: number;
  /** The address to open, and the one the browser will come back to. */
  readonly onUrl: (url: string, redirectUri: string) => void;
  /** Texts a person pastes meanwhile. */
  readonly pasted?: AsyncIterable<string>;
  /** Something came back that could not be used; the login goes on. */
  readonly onComplaint?: (why: string) => void;
}

/** A return that counts, and whom to tell how it ended. */
interface Good {
  readonly returned: Exclude<Returned, { kind: "unusable" }>;
  readonly finish: (outcome: Outcome) => void;
}

/** Logs in. The grant is not completed yet (account, key, project). */
export async function runCodeFlow(call: OAuthCall, options: CodeFlowOptions): Promise<Grant | Refusal> {
  const { row } = call.endpoints;
  if (row.flow.kind !== "code") throw new Error(`${row.name} has no login by browser`);
  const { flow } = row;
  const state = oauth.generateRandomState();
  const verifier = flow.pkce === "S256" ? oauth.generateRandomCodeVerifier() : undefined;
  const arrival = Promise.withResolvers<Good | Refusal>();
  const complain = options.onComplaint ?? (() => {});
  const callback = await startCallback(call, {
    flow,
    state,
    port: call.endpoints.callbackPort,
    ...(options.bindHost === undefined ? {} : { bindHost: options.bindHost }),
    onReturn: (returned, finish) => arrival.resolve({ returned, finish }),
    onStray: complain,
  });
  if (isRefusal(callback)) return callback;
  const limitMs = options.timeoutMs ?? LIMIT_MS;
  const cancelLimit = call.clock.after(limitMs, () => arrival.resolve(tooLate(limitMs)));
  const onAbort = () => arrival.resolve(refusal({ kind: "cancelled", reason: "The login was cancelled" }));
  call.signal.addEventListener("abort", onAbort, { once: true });
  try {
    if (call.signal.aborted) onAbort();
    options.onUrl(await authorizeUrl(call, { flow, state, redirectUri: callback.redirectUri, verifier }), callback.redirectUri);
    if (options.pasted !== undefined) void readPastes(options.pasted, { state, complain, good: arrival.resolve });
    const got = await arrival.promise;
    return isRefusal(got) ? got : await settle(got, { call, redirectUri: callback.redirectUri, verifier });
  } finally {
    cancelLimit();
    call.signal.removeEventListener("abort", onAbort);
    await callback.close();
  }
}

/** The page is answered after the exchange, so that it tells the truth. */
async function settle(
  { returned, finish }: Good,
  { call, redirectUri, verifier }: { readonly call: OAuthCall; readonly redirectUri: string; readonly verifier: string | undefined },
): Promise<Grant | Refusal> {
  const { row } = call.endpoints;
  const got = returned.kind === "error"
    ? denied(row, returned)
    : await exchangeCode(call, { code: returned.code, redirectUri, ...(verifier === undefined ? {} : { codeVerifier: verifier }) });
  finish(isRefusal(got) ? { kind: "failed", reason: got.reason } : { kind: "ok" });
  if (!isRefusal(got) && got.refreshToken === null) {
    return refusal({
      kind: "needs_login",
      reason: `${row.name} gave no refresh token: remove this program's access at the provider and log in again`,
    });
  }
  return got;
}

async function startCallback(call: OAuthCall, options: Parameters<typeof openCallback>[0]): Promise<Callback | Refusal> {
  const { prefix } = call.endpoints.row;
  try {
    return await openCallback(options);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    const why = code === "EADDRINUSE" ? "is in use" : `cannot be used (${code})`;
    return refusal({
      kind: "misconfigured",
      reason: `Port ${options.port} for the browser's way back ${why}: choose another with ${prefix}_OAUTH_PORT`,
    });
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

async function readPastes(
  pasted: AsyncIterable<string>,
  { state, complain, good }: { readonly state: string; readonly complain: (why: string) => void; readonly good: (found: Good) => void },
): Promise<void> {
  for await (const text of pasted) {
    const returned = readPasted(text, state);
    if (returned.kind !== "unusable") return good({ returned, finish: () => {} });
    complain(returned.why);
  }
}

function denied(row: OAuthRow, { error, description }: { readonly error: string; readonly description: string | null }): Refusal {
  const words = (description ?? error).slice(0, 200);
  return refusal({ kind: "denied", reason: `${row.name} did not grant the login (${words})`, code: error });
}

function tooLate(limitMs: number): Refusal {
  return refusal({ kind: "timed_out", reason: `Nobody came back from the browser within ${Math.round(limitMs / 1000)} s` });
}
