/**
 * Login by device code: a code for the user to type elsewhere, and asking for the result at the pace the
 * server wants until it expires. Only the server's verdict ends it early, never noise on the way.
 */
import { randomUUID } from "node:crypto";
import * as oauth from "oauth4webapi";
import { asNumber, asString } from "../../kernel/json.ts";
import type { Grant } from "../grant.ts";
import { clientAuthOf, type EndpointAnswer, Refused, requestOptions, serverOf } from "./endpoint_call.ts";
import { isRefusal, type OAuthCall, type Refusal, refusal } from "./flow.ts";
import { askForGrant } from "./token_endpoint.ts";

const GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code";
const DEFAULT_LIFE_S = 900;
const LONGEST_LIFE_S = 3_600;
/** How `slow_down` stretches the pause, and how far. */
const SLOWER = 1.5;
const LONGEST_INTERVAL_MS = 10_000;
const LEAST_INTERVAL_MS = 1_000;

/** What the user needs to go on. */
export interface DeviceCode {
  readonly userCode: string;
  readonly verificationUrl: string;
  /** With the code in it already; some servers accept only this one. */
  readonly verificationUrlComplete: string | null;
  /** Epoch ms. */
  readonly expiresAt: number;
}

interface Pending extends DeviceCode {
  readonly deviceCode: string;
  readonly intervalMs: number;
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
  const { deviceCode: _private, intervalMs: _pace, ...shown } = pending;
  onCode(shown);
  return await poll(call, pending, verifier);
}

async function askForCode(
  call: OAuthCall,
  { verifier, defaultIntervalS }: { readonly verifier: string | undefined; readonly defaultIntervalS: number },
): Promise<Pending | Refusal> {
  const { row } = call.endpoints;
  let answer: EndpointAnswer | undefined;
  try {
    const form = {
      scope: row.scopes.join(" "),
      ...(verifier === undefined
        ? {}
        : { code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256" }),
    };
    const options = requestOptions(call, (seen) => answer = seen, { "x-request-id": randomUUID() });
    await oauth.deviceAuthorizationRequest(serverOf(call), { client_id: call.client.id }, clientAuthOf(call), form, options);
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
  }
  const body = answer?.body ?? {};
  const [deviceCode, userCode, url] = [asString(body.device_code), asString(body.user_code), asString(body.verification_uri)];
  if (deviceCode === undefined || userCode === undefined || url === undefined) {
    const words = asString(body.error_description) ?? asString(body.error) ?? "its answer has no code";
    return refusal({ kind: "transient", reason: `${row.name} gave no device code: ${words.slice(0, 200)}` });
  }
  const lifeS = Math.min(asNumber(body.expires_in) ?? DEFAULT_LIFE_S, LONGEST_LIFE_S);
  return {
    deviceCode,
    userCode,
    verificationUrl: url,
    verificationUrlComplete: asString(body.verification_uri_complete) ?? null,
    expiresAt: call.clock.now() + lifeS * 1000,
    intervalMs: Math.max((asNumber(body.interval) ?? defaultIntervalS) * 1000, LEAST_INTERVAL_MS),
  };
}

async function poll(call: OAuthCall, pending: Pending, verifier: string | undefined): Promise<Grant | Refusal> {
  let intervalMs = pending.intervalMs;
  let hasWaited = false;
  for (;;) {
    const leftMs = pending.expiresAt - call.clock.now();
    if (leftMs <= 0) return refusal({ kind: "timed_out", reason: "The code expired before it was used: begin again" });
    await pause(Math.min(intervalMs, leftMs), call);
    if (call.signal.aborted) return refusal({ kind: "cancelled", reason: "The login was cancelled" });
    const got = await askForGrant(call, {
      grantType: GRANT_TYPE,
      form: { device_code: pending.deviceCode, ...(verifier === undefined ? {} : { code_verifier: verifier }) },
      headers: { "x-request-id": randomUUID() },
    });
    if (!isRefusal(got)) return got;
    if (got.kind === "rate_limited") {
      if (hasWaited) return got;
      hasWaited = true;
      intervalMs = got.retryAfterMs ?? intervalMs;
      continue;
    }
    if (got.code === "slow_down") intervalMs = Math.min(intervalMs * SLOWER, Math.max(LONGEST_INTERVAL_MS, pending.intervalMs));
    else if (isVerdict(got)) return verdict(got);
  }
}

/** What ends the wait. Everything else, also an answer without a token, is asked again. */
function isVerdict({ kind, code, status }: Refusal): boolean {
  if (code === "authorization_pending") return false;
  return kind === "cancelled" || kind === "denied" || kind === "misconfigured" || code === "expired_token" || status === 401;
}

function verdict(got: Refusal): Refusal {
  if (got.code === "access_denied") return refusal({ ...got, kind: "denied", reason: "The login was denied" });
  if (got.code === "expired_token" || got.status === 401) {
    return refusal({ ...got, kind: "timed_out", reason: "The code expired or was not accepted: begin again" });
  }
  return got;
}

function pause(delayMs: number, { clock, signal }: OAuthCall): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(delayMs, done);
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
  });
}
