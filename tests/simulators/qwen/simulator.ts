/**
 * The simulated Qwen Code: device login, rotating tokens and chat at two hosts, on a free port of 127.0.0.1.
 * Time is the clock it was given: codes and tokens end when that clock says so.
 */
import { systemClock } from "../../../src/kernel/clock.ts";
import type { Clock } from "../../../src/kernel/clock.ts";
import { asObject, asString } from "../../../src/kernel/json.ts";
import type { Asked, AskedMatch, Identity, JournalEntry } from "../oauth/asked.ts";
import { type Fault, FaultBook } from "../oauth/faults.ts";
import { SeededTokens } from "../oauth/seeded_tokens.ts";
import { type OAuthServer, startOAuthServer } from "../oauth/server.ts";
import { type IssuedTokens, type Rotation, TokenFamilies } from "../oauth/token_families.ts";
import { jsonReply, type Reply } from "../reply.ts";
import { chat, models } from "./chat.ts";
import type { QwenEffect, QwenRule } from "./effects.ts";
import { authorize, DEVICE_GRANT, deviceCode, SCOPE, token, wallReply } from "./login.ts";
import { type Decision, type Home, type QwenState, resourceUrl } from "./state.ts";

export { QWEN_SCENARIOS } from "./effects.ts";

export interface QwenOptions {
  /** Default: the machine's clock. */
  readonly clock?: Clock;
  readonly seed?: string;
  /** Default: the public id of the vendor's tool. */
  readonly clientId?: string;
  /** What becomes of a code without anybody deciding. Default `pending`. */
  readonly consent?: Decision;
  /** Plain keys the API takes as well. */
  readonly apiKeys?: readonly string[];
  /** Lifetime of an access token. Default 6 h. */
  readonly lifetimeMs?: number;
  /** Default `rotate`. */
  readonly rotation?: Rotation;
  /** `lenient`: bodies are taken in any form. Default `strict`. */
  readonly strictness?: "strict" | "lenient";
  readonly port?: number;
}

export interface QwenSimulator extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Environment variables that point keyproxy here. */
  variables(): Record<string, string>;
  /** Requests so far; endpoints are `device`, `authorize`, `poll`, `refresh`, `chat`, `models`. */
  requests(match?: AskedMatch): readonly JournalEntry[];
  /** The next matching request, now or when it comes. */
  nextRequest(match?: AskedMatch): Promise<JournalEntry>;
  /** Codes nobody has decided on, oldest first. */
  pendingCodes(): readonly string[];
  /** The user allows; who it is only the simulator knows. Throws for a code nobody was given. */
  approve(userCode: string, account?: string): void;
  deny(userCode: string): void;
  /** A login as it stands in a grant, without going through the flow. */
  login(account: string): IssuedTokens & { readonly resourceUrl: string };
  /** Puts a fault rule in force; see `QWEN_SCENARIOS`. */
  fault(rule: QwenRule): Fault;
  clearFaults(): void;
  /** Ends the access tokens of an account, or all; refresh tokens stay good. */
  expireTokens(account?: string): void;
  /** Ends everything of an account. */
  revoke(account: string): void;
  close(): Promise<void>;
}

const DEFAULT_CLIENT = "f0304373b74a44d2b584a3fb70ca9e56";
const SIX_HOURS_MS = 6 * 3_600_000;

/** Starts a simulator; resolves when it accepts connections. */
export async function startQwenSimulator(options: QwenOptions = {}): Promise<QwenSimulator> {
  const state = stateOf(options);
  const server = await startOAuthServer<QwenEffect>({
    clock: state.clock,
    faults: state.faults,
    endpoints: { identify: (asked) => identify(state, asked), answer: (asked) => answer(state, asked) },
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  state.url = server.url;
  return controls(state, server);
}

function stateOf(options: QwenOptions): QwenState {
  const clock = options.clock ?? systemClock;
  const tokens = new SeededTokens(options.seed ?? "qwen");
  const families = new TokenFamilies({
    clock,
    tokens,
    accessPrefix: "qat-",
    refreshPrefix: "qrt-",
    lifetimeMs: options.lifetimeMs ?? SIX_HOURS_MS,
    rotation: options.rotation ?? "rotate",
  });
  return {
    clock,
    tokens,
    families,
    clientId: options.clientId ?? DEFAULT_CLIENT,
    strictness: options.strictness ?? "strict",
    url: "",
    consent: options.consent ?? "pending",
    account: "somebody",
    devices: new Map(),
    homes: new Map(),
    apiKeys: new Set(options.apiKeys),
    faults: new FaultBook<QwenEffect>(),
  };
}

function controls(state: QwenState, server: OAuthServer<QwenEffect>): QwenSimulator {
  const { url, journal, faults } = server;
  const decide = (userCode: string, decision: Decision, account = state.account) => {
    const device = [...state.devices.values()].find((it) => it.userCode === userCode);
    if (device === undefined) throw new Error(`No device was given the code "${userCode}"`);
    Object.assign(device, { decision, account });
  };
  return {
    url,
    variables: () => ({
      QWEN_CODE_AUTH_URL: `${url}/api/v1/oauth2/device/code`,
      QWEN_CODE_TOKEN_URL: `${url}/api/v1/oauth2/token`,
      QWEN_CODE_API_BASE: `${url}/v1`,
      QWEN_CODE_CLIENT_ID: state.clientId,
    }),
    requests: (match) => journal.list(match),
    nextRequest: (match) => journal.next(match),
    pendingCodes: () => [...state.devices.values()].filter((it) => it.decision === "pending").map((it) => it.userCode),
    approve: (userCode, account) => decide(userCode, "allowed", account),
    deny: (userCode) => decide(userCode, "denied"),
    login: (account) => ({
      ...state.families.open({ account, clientId: state.clientId, scope: SCOPE }),
      resourceUrl: resourceUrl(state, account),
    }),
    fault: (rule) => faults.add(rule),
    clearFaults: () => faults.clear(),
    expireTokens: (account) => state.families.expireAccessTokens(account),
    revoke: (account) => state.families.revokeAccount(account),
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

const PATHS: Readonly<Record<string, string>> = {
  "POST /api/v1/oauth2/device/code": "device",
  "GET /authorize": "authorize",
  "POST /api/v1/oauth2/token": "token",
  "POST /v1/chat/completions": "chat",
  "GET /v1/models": "models",
};

type Called = Omit<Asked, keyof Identity>;

function hostOf(asked: Called): Home {
  return asked.path.startsWith("/second/") ? "second" : "first";
}

function identify(state: QwenState, asked: Called): Identity {
  const path = hostOf(asked) === "second" ? asked.path.slice("/second".length) : asked.path;
  const endpoint = PATHS[`${asked.method} ${path}`] ?? "unknown";
  switch (endpoint) {
    case "token":
      return asked.form?.get("grant_type") === DEVICE_GRANT
        ? { endpoint: "poll", account: state.devices.get(asked.form.get("device_code") ?? "")?.account }
        : { endpoint: "refresh", account: state.families.ownerOf(asked.form?.get("refresh_token") ?? "") };
    case "chat":
    case "models":
      return { endpoint, account: state.families.ownerOf(asked.bearer ?? ""), model: asString(asObject(asked.body)?.model) };
    default:
      return { endpoint };
  }
}

function answer(state: QwenState, asked: Asked): Reply {
  switch (asked.endpoint) {
    case "device":
      return wallReply(asked) ?? deviceCode(state, asked);
    case "poll":
    case "refresh":
      return wallReply(asked) ?? token(state, asked);
    case "authorize":
      return authorize(state, asked);
    case "chat":
      return wallReply(asked) ?? chat(state, asked, hostOf(asked));
    case "models":
      return wallReply(asked) ?? models(state, asked, hostOf(asked));
    default:
      return jsonReply(404, { error: "not_found" });
  }
}
