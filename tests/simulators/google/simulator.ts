/**
 * The simulated Google: accounts, login, Code Assist set-up and models behind one address. It answers as the
 * real one answers a correct client until a rule says otherwise; the same seed and requests give the same bytes.
 */
import type { Clock } from "../../../src/kernel/clock.ts";
import { asObject, asString, type JsonObject } from "../../../src/kernel/json.ts";
import type { Asked, AskedMatch, Identity, JournalEntry } from "../oauth/asked.ts";
import { type Fault, FaultBook, type FaultRule } from "../oauth/faults.ts";
import { SeededTokens } from "../oauth/seeded_tokens.ts";
import { type OAuthServer, startOAuthServer } from "../oauth/server.ts";
import { type IssuedTokens, type Rotation, TokenFamilies } from "../oauth/token_families.ts";
import type { Reply } from "../reply.ts";
import { type AccountSeed, type AccountState, accountState, DEFAULT_ACCOUNT, type GoogleAccount } from "./accounts.ts";
import { codeAssist } from "./code_assist.ts";
import type { GoogleEffect } from "./effects.ts";
import { notFound } from "./errors.ts";
import { authorize, codePage, consentingAccount, endPage } from "./login.ts";
import { accountOf, type Consent, type GoogleState } from "./state.ts";
import { grantedScope, idToken, revoke, token, tokenFacts, userFacts } from "./token_endpoint.ts";

export { scenarios } from "./effects.ts";
export type { GoogleEffect } from "./effects.ts";
export { hashed } from "../oauth/seeded_tokens.ts";

const SCOPE = [
  "https://www.googleapis.com/auth/cloud-platform",
  "https://www.googleapis.com/auth/userinfo.email",
  "https://www.googleapis.com/auth/userinfo.profile",
].join(" ");
const TOKEN_LIFETIME_MS = 3_599_000;

export interface GoogleSimulatorOptions {
  /** Token expiry, code expiry and quota follow it. */
  readonly clock: Clock;
  /** Default 1. */
  readonly seed?: string | number;
  /** Default: one account of the free tier, `ada@example.com`. The first is the one at the browser. */
  readonly accounts?: readonly AccountSeed[];
  readonly client?: { readonly id: string; readonly secret: string };
  /** `lenient`: wrong requests are answered all the same. Default `strict`. */
  readonly strictness?: "strict" | "lenient";
  /** What refreshes do to refresh tokens. Default `keep`, as the real one. */
  readonly rotation?: Rotation;
  /** Default: a free one. */
  readonly port?: number;
}

/** The endpoints that ask a model: what most rules are about. */
export const MODEL_CALLS: readonly string[] = ["generateContent", "streamGenerateContent"];

/** Tokens handed out without a login. */
export interface GoogleGrant {
  readonly account: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Epoch ms. */
  readonly expiresAt: number;
  readonly scope: string;
  readonly tokenType: "Bearer";
  readonly idToken: string;
}

export interface GoogleSimulator extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly client: { readonly id: string; readonly secret: string };
  readonly accounts: readonly GoogleAccount[];
  /** What the person at the browser does; may be changed at any time. */
  readonly consent: Consent;
  /** What refreshes do to refresh tokens; may be changed at any time. */
  rotation: Rotation;
  /** Variables that point keyproxy here. */
  variables(): Record<string, string>;
  /** Puts a rule in force; rules made earlier are asked first. */
  fault(rule: FaultRule<GoogleEffect>): Fault;
  clearFaults(): void;
  /** The matching requests so far, in order; tokens are hashed. */
  requests(match?: AskedMatch): readonly JournalEntry[];
  /** The first matching request not handed out before, now or when it arrives; rejects when the simulator closes first. */
  nextRequest(match?: AskedMatch): Promise<JournalEntry>;
  /** Tokens for an account (default: the first) as after a login. `clientId`: of another client. */
  grantFor(account?: string, options?: { readonly clientId?: string }): GoogleGrant;
  /** A grant as the official tool keeps it in its file. */
  toolFile(grant: GoogleGrant): JsonObject;
  /** Ends access tokens before their time, of one account or of all; refreshing still works. */
  expireAccessTokens(account?: string): void;
  /** Ends every login of an account. */
  revoke(account: string): void;
  /** Gives the account another standing, as when a person confirms it or a tier is withdrawn. */
  setStanding(account: string, standing: AccountSeed["standing"] & string): void;
  /** Ends every connection and wait; safe to call twice. */
  close(): Promise<void>;
}

/** Starts a simulator; resolves when it accepts connections. */
export async function startGoogleSimulator(options: GoogleSimulatorOptions): Promise<GoogleSimulator> {
  const state = newState(options);
  const server = await startOAuthServer<GoogleEffect>({
    clock: options.clock,
    faults: state.faults,
    ...(options.port === undefined ? {} : { port: options.port }),
    endpoints: { identify: (asked) => identify(state, asked), answer: (asked) => answer(state, asked) },
  });
  return controls(state, server);
}

function newState(options: GoogleSimulatorOptions): GoogleState {
  const { clock, seed = 1, accounts = [{ email: DEFAULT_ACCOUNT }] } = options;
  const tokens = new SeededTokens(seed);
  return {
    clock,
    tokens,
    families: new TokenFamilies({
      clock,
      tokens,
      accessPrefix: "ya29.sim-",
      refreshPrefix: "1//0sim-",
      lifetimeMs: TOKEN_LIFETIME_MS,
      rotation: options.rotation ?? "keep",
    }),
    accounts: new Map(accounts.map((account) => [account.email, accountState(account, tokens)])),
    client: options.client ?? { id: "000000000000-simulated.apps.googleusercontent.com", secret: "SIM-not-a-real-client-secret" },
    strictness: options.strictness ?? "strict",
    consent: { account: accounts[0]?.email ?? "", answer: "allow" },
    codes: new Map(),
    faults: new FaultBook(),
  };
}

function controls(state: GoogleState, server: OAuthServer<GoogleEffect>): GoogleSimulator {
  const { families, client } = state;
  return {
    url: server.url,
    client,
    accounts: [...state.accounts.values()],
    consent: state.consent,
    get rotation() {
      return families.rotation;
    },
    set rotation(rotation) {
      families.rotation = rotation;
    },
    variables: () => ({
      GEMINI_CLI_AUTH_URL: `${server.url}/o/oauth2/v2/auth`,
      GEMINI_CLI_TOKEN_URL: `${server.url}/token`,
      GEMINI_CLI_USERINFO_URL: `${server.url}/oauth2/v2/userinfo`,
      GEMINI_CLI_API_BASE: `${server.url}/v1internal`,
      GEMINI_CLI_CLIENT_ID: client.id,
      GEMINI_CLI_CLIENT_SECRET: client.secret,
    }),
    fault: (rule) => server.faults.add(rule),
    clearFaults: () => server.faults.clear(),
    requests: (match) => server.journal.list(match),
    nextRequest: (match) => server.journal.next(match),
    grantFor: (account = state.consent.account, { clientId = client.id } = {}) => grant(state, account, clientId),
    toolFile,
    expireAccessTokens: (account) => families.expireAccessTokens(account),
    revoke: (account) => families.revokeAccount(account),
    setStanding: (account, standing) => {
      accountOf(state, account).standing = standing;
    },
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

function grant(state: GoogleState, account: string, clientId: string): GoogleGrant {
  accountOf(state, account).consents.add(clientId);
  const issued: IssuedTokens = state.families.open({ account, clientId, scope: grantedScope(SCOPE) });
  const { accessToken, refreshToken, expiresAt } = issued;
  const scope = issued.family.scope;
  return { account, accessToken, refreshToken, expiresAt, scope, tokenType: "Bearer", idToken: idToken(state, issued) };
}

function toolFile(grant: GoogleGrant): JsonObject {
  return {
    access_token: grant.accessToken,
    refresh_token: grant.refreshToken,
    scope: grant.scope,
    token_type: grant.tokenType,
    id_token: grant.idToken,
    expiry_date: grant.expiresAt,
  };
}

const ROUTES: Readonly<Record<string, string>> = {
  "GET /o/oauth2/v2/auth": "authorize",
  "GET /o/oauth2/auth": "authorize",
  "GET /authcode": "authcode",
  "GET /auth_success_gemini": "end",
  "GET /auth_failure_gemini": "end",
  "POST /token": "token",
  "GET /tokeninfo": "tokeninfo",
  "POST /tokeninfo": "tokeninfo",
  "POST /revoke": "revoke",
  "GET /oauth2/v2/userinfo": "userinfo",
  "GET /oauth2/v1/userinfo": "userinfo",
  "GET /v1/projects": "projects",
};

function identify(state: GoogleState, asked: Omit<Asked, keyof Identity>): Identity {
  const method = asked.method === "POST" ? asked.path.match(/^\/v1internal:(\w+)$/)?.[1] : undefined;
  const isOperation = asked.method === "GET" && asked.path.startsWith("/v1internal/operations/");
  const route = method ?? (isOperation ? "operation" : ROUTES[`${asked.method} ${asked.path}`] ?? "unknown");
  const endpoint = route !== "token" ? route : asked.form?.get("grant_type") === "refresh_token" ? "refresh" : "exchange";
  return { endpoint, account: accountIn(state, asked, endpoint), model: modelIn(asked) };
}

function accountIn(state: GoogleState, asked: Omit<Asked, keyof Identity>, endpoint: string): string | undefined {
  switch (endpoint) {
    case "authorize":
      return consentingAccount(state, asked.query);
    case "exchange":
      return state.codes.get(asked.form?.get("code") ?? "")?.account;
    case "refresh":
      return state.families.ownerOf(asked.form?.get("refresh_token") ?? "");
    default:
      return state.families.ownerOf(asked.bearer ?? asked.query.get("access_token") ?? asked.form?.get("token") ?? "");
  }
}

function modelIn(asked: Pick<Asked, "body">): string | undefined {
  const body = asObject(asked.body);
  return (asString(body?.model) ?? asString(asObject(body?.request)?.model))?.replace(/^models\//, "");
}

function answer(state: GoogleState, asked: Asked): Reply {
  switch (asked.endpoint) {
    case "authorize":
      return authorize(state, asked);
    case "authcode":
      return codePage(asked);
    case "end":
      return endPage(asked);
    case "exchange":
    case "refresh":
      return token(state, asked);
    case "tokeninfo":
      return tokenFacts(state, asked);
    case "revoke":
      return revoke(state, asked);
    case "userinfo":
      return userFacts(state, asked);
    case "unknown":
      return notFound(asked.path);
    default:
      return codeAssist(state, asked);
  }
}

export type { AccountSeed, AccountState, GoogleAccount };
