/**
 * The simulated iFlow: login by code, user information with the API key, and signed chat, on a free port of
 * 127.0.0.1. Time is the clock it was given: codes, tokens and signatures end when that clock says so.
 */
import { systemClock } from "../../../src/kernel/clock.ts";
import type { Clock } from "../../../src/kernel/clock.ts";
import { asObject, asString } from "../../../src/kernel/json.ts";
import type { Asked, AskedMatch, Identity, JournalEntry } from "../oauth/asked.ts";
import { type Fault, FaultBook } from "../oauth/faults.ts";
import { page } from "../oauth/pages.ts";
import { SeededTokens } from "../oauth/seeded_tokens.ts";
import { type OAuthServer, startOAuthServer } from "../oauth/server.ts";
import { type IssuedTokens, type Rotation, TokenFamilies } from "../oauth/token_families.ts";
import { jsonReply, type Reply } from "../reply.ts";
import { chat, models } from "./chat.ts";
import type { IflowEffect, IflowRule } from "./effects.ts";
import { authorize, SCOPE, token, userFacts } from "./login.ts";
import { type Consent, endKey, type IflowState, keyOf, ownerOfKey, type SignatureRule } from "./state.ts";

export { IFLOW_SCENARIOS } from "./effects.ts";

export interface IflowOptions {
  /** Default: the machine's clock. */
  readonly clock?: Clock;
  readonly seed?: string;
  /** Default: the public id of the vendor's tool, with a secret of the simulator's own. */
  readonly client?: { readonly id: string; readonly secret: string };
  /** What the person at the browser does. Default `allow`. */
  readonly consent?: Consent;
  /** E-mail of who is at the browser. */
  readonly account?: string;
  /** Plain keys the API takes as well. */
  readonly apiKeys?: readonly string[];
  /** `ends_with_token`: each refresh ends the key, and user information gives another. Default `stays`. */
  readonly keyLife?: "stays" | "ends_with_token";
  /** Default `required`. */
  readonly signature?: SignatureRule;
  /** Lifetime of an access token. Default 48 h. */
  readonly lifetimeMs?: number;
  /** Default `rotate`. */
  readonly rotation?: Rotation;
  /** `lenient`: tools are taken in any form. Default `strict`. */
  readonly strictness?: "strict" | "lenient";
  readonly port?: number;
}

export interface IflowSimulator extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Environment variables that point keyproxy here. */
  variables(): Record<string, string>;
  /** Requests so far; endpoints are `authorize`, `page`, `exchange`, `refresh`, `user`, `chat`, `models`. */
  requests(match?: AskedMatch): readonly JournalEntry[];
  /** The next matching request, now or when it comes. */
  nextRequest(match?: AskedMatch): Promise<JournalEntry>;
  /** What the person at the browser does from now on, and who it is. */
  setConsent(consent: Consent, account?: string): void;
  /** A login as it stands in a grant, without going through the flow. */
  login(account: string): IssuedTokens & { readonly apiKey: string };
  /** Puts a fault rule in force; see `IFLOW_SCENARIOS`. */
  fault(rule: IflowRule): Fault;
  clearFaults(): void;
  /** Ends the access tokens of an account, or all; refresh tokens stay good. */
  expireTokens(account?: string): void;
  /** Ends the API key of an account: calls with it get 439. */
  endKey(account: string): void;
  /** Ends everything of an account. */
  revoke(account: string): void;
  close(): Promise<void>;
}

const DEFAULT_CLIENT = { id: "10009311001", secret: "simulated-iflow-secret" };
const TWO_DAYS_MS = 48 * 3_600_000;

/** Starts a simulator; resolves when it accepts connections. */
export async function startIflowSimulator(options: IflowOptions = {}): Promise<IflowSimulator> {
  const state = stateOf(options);
  const server = await startOAuthServer<IflowEffect>({
    clock: state.clock,
    faults: state.faults,
    endpoints: { identify: (asked) => identify(state, asked), answer: (asked) => answer(state, asked) },
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  return controls(state, server);
}

function stateOf(options: IflowOptions): IflowState {
  const clock = options.clock ?? systemClock;
  const tokens = new SeededTokens(options.seed ?? "iflow");
  const families = new TokenFamilies({
    clock,
    tokens,
    accessPrefix: "iat-",
    refreshPrefix: "irt-",
    lifetimeMs: options.lifetimeMs ?? TWO_DAYS_MS,
    rotation: options.rotation ?? "rotate",
  });
  return {
    clock,
    tokens,
    families,
    client: options.client ?? DEFAULT_CLIENT,
    strictness: options.strictness ?? "strict",
    signature: options.signature ?? "required",
    keyLife: options.keyLife ?? "stays",
    consent: options.consent ?? "allow",
    account: options.account ?? "somebody@example.com",
    codes: new Map(),
    keys: new Map(),
    deadKeys: new Map(),
    apiKeys: new Set(options.apiKeys),
    faults: new FaultBook<IflowEffect>(),
  };
}

function controls(state: IflowState, server: OAuthServer<IflowEffect>): IflowSimulator {
  const { url, journal, faults } = server;
  return {
    url,
    variables: () => ({
      IFLOW_AUTH_URL: `${url}/oauth`,
      IFLOW_TOKEN_URL: `${url}/oauth/token`,
      IFLOW_USERINFO_URL: `${url}/api/oauth/getUserInfo`,
      IFLOW_API_BASE: `${url}/v1`,
      IFLOW_CLIENT_ID: state.client.id,
      IFLOW_CLIENT_SECRET: state.client.secret,
    }),
    requests: (match) => journal.list(match),
    nextRequest: (match) => journal.next(match),
    setConsent: (consent, account = state.account) => void Object.assign(state, { consent, account }),
    login: (account) => ({
      ...state.families.open({ account, clientId: state.client.id, scope: SCOPE }),
      apiKey: keyOf(state, account),
    }),
    fault: (rule) => faults.add(rule),
    clearFaults: () => faults.clear(),
    expireTokens: (account) => state.families.expireAccessTokens(account),
    endKey: (account) => endKey(state, account),
    revoke(account) {
      state.families.revokeAccount(account);
      endKey(state, account);
    },
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

const PATHS: Readonly<Record<string, string>> = {
  "GET /oauth": "authorize",
  "GET /oauth/success": "page",
  "GET /oauth/error": "page",
  "POST /oauth/token": "token",
  "GET /api/oauth/getUserInfo": "user",
  "POST /v1/chat/completions": "chat",
  "GET /v1/models": "models",
};

type Called = Omit<Asked, keyof Identity>;

function identify(state: IflowState, asked: Called): Identity {
  const endpoint = PATHS[`${asked.method} ${asked.path}`] ?? "unknown";
  switch (endpoint) {
    case "token":
      return asked.form?.get("grant_type") === "refresh_token"
        ? { endpoint: "refresh", account: state.families.ownerOf(asked.form.get("refresh_token") ?? "") }
        : { endpoint: "exchange", account: state.codes.get(asked.form?.get("code") ?? "")?.account };
    case "user":
      return { endpoint, account: state.families.ownerOf(asked.query.get("accessToken") ?? "") };
    case "chat":
    case "models":
      return { endpoint, account: ownerOfKey(state, asked.bearer ?? ""), model: asString(asObject(asked.body)?.model) };
    default:
      return { endpoint };
  }
}

function answer(state: IflowState, asked: Asked): Reply {
  switch (asked.endpoint) {
    case "authorize":
      return authorize(state, asked);
    case "page":
      return page({ title: "iFlow", body: "<p>You may close this page.</p>" });
    case "exchange":
    case "refresh":
      return token(state, asked);
    case "user":
      return userFacts(state, asked);
    case "chat":
      return chat(state, asked);
    case "models":
      return models(state, asked);
    default:
      return jsonReply(404, { error: "not_found" });
  }
}
