/**
 * Login by device code: a code for the user to type elsewhere, and asking for the result at the pace the
 * server wants until it expires. Only the server's verdict ends it early, never noise on the way.
 */
import { randomUUID } from "node:crypto";
import * as oauth from "oauth4webapi";
import { asString } from "../../kernel/json.ts";
import type { Grant } from "../grant.ts";
import { pause } from "../../kernel/pause.ts";
import { clientAuthOf, type EndpointAnswer, errorCodeOf, Refused, requestOptions, serverOf, shownWords, wordsOf } from "./endpoint_call.ts";
import { isRefusal, type OAuthCall, type Refusal, refusal } from "./flow.ts";
import { refusalOf } from "./refusals.ts";
import { askForGrant, secondsOf } from "./token_endpoint.ts";

const GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code";
const DEFAULT_LIFE_S = 900;
const LONGEST_LIFE_S = 3_600;
const LEAST_INTERVAL_MS = 1_000;
const LONGEST_INTERVAL_MS = 60_000;
/** How `slow_down` stretches the pause: at a 400 as the standard has it, at a 429 as Qwen's own tool does. */
const STANDARD_STEP_MS = 5_000;
const FACTOR = 1.5;
const LONGEST_STRETCHED_MS = 10_000;
const MAX_TEXT_LENGTH = 2_000;

/** What the user needs to go on. */
export interface DeviceCode {
  readonly userCode: string;
  readonly verificationUrl: string;
  /** With the code in it already; some servers accept only this one. */
  readonly verificationUrlComplete: string | null;
  /** Epoch ms. */
  readonly expiresAt: number;
  /** Pause between two questions whether it is done, before the server asks for a longer one. */
  readonly intervalMs: number;
}

interface Pending {
  readonly deviceCode: string;
  readonly shown: DeviceCode;
}

/** Logs in. The grant is not completed yet. */
export async function runDeviceFlow(
  call: OAuthCall,
  { onCode }: { readonly onCode: (code: DeviceCode) => void },
): Promise<Grant | Refusal> {
  const { row } = call.endpoints;
  if (row.flow.kind !== "device") throw new Error(`${row.name} has no login by device code`);
  const verifier = row.flow.pkce === "S256" ? oauth.generateRandomCodeVerifier() : undefined;
  const pending = await askForCode(call, { verifier, defaultIntervalS: row.flow.defaultIntervalS });
  if (isRefusal(pending)) return pending;
  onCode(pending.shown);
  return await poll(call, pending, verifier);
}

async function askForCode(
  call: OAuthCall,
  { verifier, defaultIntervalS }: { readonly verifier: string | undefined; readonly defaultIntervalS: number },
): Promise<Pending | Refusal> {
  const { row } = call.endpoints;
  let answer: EndpointAnswer | undefined;
  const form = {
    ...(row.scopes.length === 0 ? {} : { scope: row.scopes.join(" ") }),
    ...(verifier === undefined ? {} : { code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256" }),
  };
  try {
    const options = requestOptions(call, (seen) => answer = seen, { "x-request-id": randomUUID() });
    await oauth.deviceAuthorizationRequest(serverOf(call), { client_id: call.client.id }, clientAuthOf(call), form, options);
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
  if (answer === undefined) throw new Error("The OAuth library gave an answer without asking");
  if (answer.status >= 300) return refusalOf(answer, { row, how: "login", sent: [call.client.secret?.reveal() ?? ""] });
  return pendingFrom(answer, { call, defaultIntervalS });
}

function pendingFrom(
  { body, status }: EndpointAnswer,
  { call: { endpoints: { row }, clock }, defaultIntervalS }: { readonly call: OAuthCall; readonly defaultIntervalS: number },
): Pending | Refusal {
  const deviceCode = asString(body.device_code) ?? "";
  const userCode = printable(body.user_code);
  const verificationUrl = webAddress(body.verification_uri) ?? webAddress(body.verification_uri_complete);
  if (deviceCode === "" || userCode === undefined || verificationUrl === undefined) {
    const said = wordsOf(body) ?? errorCodeOf(body);
    const words = said === undefined ? "its answer has no code and address" : shownWords(said, [deviceCode]);
    return refusal({ kind: "transient", reason: `${row.name} gave no device code: ${words}`, status });
  }
  const lifeS = Math.min(secondsOf(body.expires_in) ?? DEFAULT_LIFE_S, LONGEST_LIFE_S);
  const intervalMs = (secondsOf(body.interval) ?? defaultIntervalS) * 1000;
  return {
    deviceCode,
    shown: {
      userCode,
      verificationUrl,
      verificationUrlComplete: webAddress(body.verification_uri_complete) ?? null,
      expiresAt: clock.now() + lifeS * 1000,
      intervalMs: Math.min(Math.max(intervalMs, LEAST_INTERVAL_MS), LONGEST_INTERVAL_MS),
    },
  };
}

/** A text that may go to a terminal. */
function printable(value: unknown): string | undefined {
  const text = asString(value);
  return text === undefined || text.length > MAX_TEXT_LENGTH || !/^[^\p{Cc}]+$/u.test(text) ? undefined : text;
}

/** An address that may be opened. Exactly as it came: a page may know its code only in that form. */
function webAddress(value: unknown): string | undefined {
  const text = printable(value);
  return text !== undefined && /^https?:\/\//i.test(text) && URL.canParse(text) ? text : undefined;
}

async function poll(call: OAuthCall, { deviceCode, shown }: Pending, verifier: string | undefined): Promise<Grant | Refusal> {
  const secrets = [deviceCode, verifier ?? ""];
  const form = { device_code: deviceCode, ...(verifier === undefined ? {} : { code_verifier: verifier }) };
  let { intervalMs } = shown;
  let waitMs = intervalMs;
  let hasHeededLimit = false;
  for (;;) {
    const leftMs = shown.expiresAt - call.clock.now();
    if (leftMs <= 0) return refusal({ kind: "timed_out", reason: "The code expired before it was used: begin again" });
    await pause(Math.min(waitMs, leftMs), call);
    if (call.signal.aborted) return refusal({ kind: "cancelled", reason: "The login was cancelled" });
    const got = await askForGrant(call, { grantType: GRANT_TYPE, form, secrets, headers: { "x-request-id": randomUUID() } });
    if (!isRefusal(got)) return got;
    if (got.code === "slow_down") {
      intervalMs = slower(intervalMs, got.status);
    } else if (got.kind === "rate_limited" && !hasHeededLimit) {
      hasHeededLimit = true;
      waitMs = Math.max(got.retryAfterMs ?? 0, intervalMs);
      continue;
    } else if (endsIt(got)) {
      return verdict(got);
    }
    waitMs = intervalMs;
  }
}

function slower(intervalMs: number, status: number | undefined): number {
  if (status === 429) return Math.max(intervalMs, Math.min(intervalMs * FACTOR, LONGEST_STRETCHED_MS));
  return Math.min(intervalMs + STANDARD_STEP_MS, LONGEST_INTERVAL_MS);
}

/** Everything else, also an answer without a token, is asked again. */
function endsIt({ kind, code, status }: Refusal): boolean {
  if (code === "authorization_pending") return false;
  const isFinal = kind === "cancelled" || kind === "denied" || kind === "misconfigured" || kind === "rate_limited";
  return isFinal || code === "expired_token" || status === 401;
}

function verdict(got: Refusal): Refusal {
  const isCodeGone = got.kind !== "misconfigured" && (got.code === "expired_token" || got.status === 401);
  return isCodeGone ? refusal({ ...got, kind: "timed_out", reason: "The code expired or was not accepted: begin again" }) : got;
}
