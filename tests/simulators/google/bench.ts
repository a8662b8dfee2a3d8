/** A simulated Google on a fake clock and a plain client of it, for the tests of this folder. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { asObject, type Json, type JsonObject } from "../../../src/kernel/json.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { type RawResponse, requestJson, requestRaw } from "../../support/http_client.ts";
import type { AccountSeed } from "./accounts.ts";
import { type GoogleGrant, type GoogleSimulator, type GoogleSimulatorOptions, startGoogleSimulator } from "./simulator.ts";

export const ADA = "ada@example.com";
export const REDIRECT = "http://localhost:8085/oauth2callback";
export const VERIFIER = "v".repeat(64);
const CHALLENGE = createHash("sha256").update(VERIFIER).digest("base64url");

export interface Bench extends AsyncDisposable {
  readonly google: GoogleSimulator;
  readonly clock: FakeClock;
  readonly grant: GoogleGrant;
  /** The managed project of the first account, or its own. */
  readonly project: string;
  /** Calls a method of the API as the first account. */
  call(method: string, body: Json, options?: { readonly token?: string; readonly query?: string }): Promise<RawResponse>;
  /** Asks a model with these fields over a plain question. */
  ask(fields?: JsonObject, envelope?: JsonObject): Promise<RawResponse>;
  /** The values of the events of a stream. */
  stream(fields?: JsonObject, envelope?: JsonObject): Promise<JsonObject[]>;
}

/** Starts a simulator with one account. */
export async function bench(seed: Partial<AccountSeed> = {}, options: Partial<GoogleSimulatorOptions> = {}): Promise<Bench> {
  const clock = new FakeClock();
  const google = await startGoogleSimulator({ clock, accounts: [{ email: ADA, ...seed }], ...options });
  const grant = google.grantFor();
  const [account] = google.accounts;
  const project = account?.managedProject ?? account?.projects[0] ?? "none";
  const call: Bench["call"] = (method, body, { token = grant.accessToken, query = "" } = {}) =>
    requestJson(`${google.url}/v1internal:${method}${query}`, { key: token, body });
  const envelopeOf = (fields: JsonObject, envelope: JsonObject) => ({
    model: "sim-echo",
    project,
    user_prompt_id: "p1",
    request: { contents: [userSays("hello big world")], ...fields },
    ...envelope,
  });
  return {
    google,
    clock,
    grant,
    project,
    call,
    ask: (fields = {}, envelope = {}) => call("generateContent", envelopeOf(fields, envelope)),
    stream: async (fields = {}, envelope = {}) => {
      const answer = await call("streamGenerateContent", envelopeOf(fields, envelope), { query: "?alt=sse" });
      assert.equal(answer.status, 200, answer.text);
      return answer.text.split(/\r?\n\r?\n/).filter((event) => event !== "").map((event) => parsed(event.replace(/^data: /, "")));
    },
    [Symbol.asyncDispose]: () => google.close(),
  };
}

export function userSays(text: string): JsonObject {
  return { role: "user", parts: [{ text }] };
}

export function parsed(text: string): JsonObject {
  return asObject(JSON.parse(text)) ?? {};
}

/** The value at a path such as `response.candidates.0.finishReason`. */
export function at(value: Json | undefined, path: string): Json | undefined {
  let found: Json | undefined = value;
  for (const key of path.split(".")) found = Array.isArray(found) ? found[Number(key)] : asObject(found)?.[key];
  return found;
}

/** `message` of an error answer. */
export function messageOf(answer: RawResponse): string {
  return String(at(answer.json, "error.message"));
}

/** `reason` of the first detail of an error answer. */
export function reasonOf(answer: RawResponse): Json | undefined {
  return at(answer.json, "error.details.0.reason");
}

/** The authorize URL of a client that does everything right. */
export function authorizeUrl(google: GoogleSimulator, more: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams({
    client_id: google.client.id,
    redirect_uri: REDIRECT,
    response_type: "code",
    scope: "https://www.googleapis.com/auth/cloud-platform",
    access_type: "offline",
    prompt: "consent",
    state: "s1",
    code_challenge: CHALLENGE,
    code_challenge_method: "S256",
    ...more,
  });
  return `${google.variables().GEMINI_CLI_AUTH_URL}?${query}`;
}

/** Where the browser is sent after the authorize URL. */
export async function consented(google: GoogleSimulator, more: Readonly<Record<string, string>> = {}): Promise<URL> {
  const answer = await requestRaw(authorizeUrl(google, more));
  assert.equal(answer.status, 302, answer.text);
  return new URL(String(answer.headers.location), google.url);
}

/** Posts a form to the token endpoint; the client's id and secret are added. */
export function postToken(google: GoogleSimulator, fields: Readonly<Record<string, string>>): Promise<RawResponse> {
  const form = new URLSearchParams({ client_id: google.client.id, client_secret: google.client.secret, ...fields });
  return requestRaw(`${google.url}/token`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: form.toString(),
  });
}

/** Exchanges a code as a client that does everything right. */
export function exchange(google: GoogleSimulator, code: string, more: Readonly<Record<string, string>> = {}): Promise<RawResponse> {
  return postToken(google, { grant_type: "authorization_code", code, redirect_uri: REDIRECT, code_verifier: VERIFIER, ...more });
}
