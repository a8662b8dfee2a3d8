/**
 * What the tests of the HTTP surface share: two keys that can be told apart, one question, and the pool of
 * the provider "local" as its model sees it.
 */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { asArray, asObject, asString, type Json, type JsonObject } from "../../src/kernel/json.ts";
import type { Pool } from "../../src/pool/pool.ts";
import type { MemberReport } from "../../src/pool/report.ts";
import type { Gateway } from "../support/gateway.ts";
import { type JsonRequest, type OpenStream, openStream, type RawResponse, requestJson } from "../support/http_client.ts";

/** The first key is the one a fresh pool takes first. */
export const KEY_A = "sk-alpha-11112222";
export const KEY_B = "sk-bravo-33334444";
/** Two keys, and no conversation stays with one of them. */
export const TWO_KEYS = { LOCAL_API_KEY_1: KEY_A, LOCAL_API_KEY_2: KEY_B, SESSION_AFFINITY: "false" };

export const CHAT = { model: "local/m", messages: [{ role: "user", content: "hello big world" }] };
export const STREAM = { ...CHAT, stream: true };

/** Posts to `/chat/completions` and reads the whole answer, whether JSON or a stream. */
export function chat(gateway: Gateway, body: unknown = CHAT, options: Omit<JsonRequest, "body"> = {}): Promise<RawResponse> {
  return requestJson(`${gateway.baseUrl}/chat/completions`, { ...options, body });
}

/** Posts to `/chat/completions`; resolves when the answer's head is there. */
export function chatStream(gateway: Gateway, body: unknown = STREAM, options: Omit<JsonRequest, "body"> = {}): Promise<OpenStream> {
  return openStream(`${gateway.baseUrl}/chat/completions`, { ...options, body });
}

/** The keys the simulator saw, in order. */
export function keysSeen(gateway: Gateway): (string | undefined)[] {
  return gateway.simulator.requests.filter((request) => request.path.endsWith("/completions")).map((request) => request.key);
}

/** The pool of "local". */
export function poolOf(gateway: Gateway): Pool {
  const provider = gateway.app.snapshot().providers.get("local");
  assert.ok(provider !== undefined);
  return provider.pool;
}

/** The members of "local" as the model "m" sees them. */
export function members(gateway: Gateway): readonly MemberReport[] {
  return poolOf(gateway).report("m");
}

/** Longer than anything here takes. */
const PATIENCE_MS = 10_000;

/** Resolves when `claim` holds. For states that announce themselves to nobody; it looks again at each turn of the event loop. */
export async function until(claim: () => boolean): Promise<void> {
  const givesUpAt = performance.now() + PATIENCE_MS;
  while (!claim()) {
    if (performance.now() > givesUpAt) throw new Error(`Waited in vain for ${String(claim)}`);
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
}

/** Nothing is under way: neither in the pool nor, once the provider has seen the ends of its answers, there. */
export async function assertAtRest(gateway: Gateway): Promise<void> {
  const pool = poolOf(gateway);
  assert.deepEqual([pool.inFlightCount, pool.queuedCount], [0, 0]);
  await Promise.all(gateway.simulator.requests.map((request) => request.done));
  assert.equal(gateway.simulator.inFlight, 0);
}

/** The `error` object of an answer, checked for OpenAI's shape. */
export function errorOf(json: Json | undefined): JsonObject {
  const error = asObject(asObject(json)?.error);
  assert.ok(error !== undefined, `no error object in ${JSON.stringify(json)}`);
  assert.ok(asString(error.message) !== undefined && error.message !== "");
  assert.equal(typeof error.type, "string");
  assert.equal(typeof error.code, "string");
  assert.ok("param" in error);
  return error;
}

/** `error.details.credentials` in short. */
export function credentialsOf(error: JsonObject): { state: Json | undefined; reason: Json | undefined }[] {
  return asArray(asObject(error.details)?.credentials).map((report) => {
    const fields = asObject(report);
    assert.match(asString(fields?.id) ?? "", /^local:[0-9a-f]{12}$/);
    assert.equal(typeof fields?.display, "string");
    return { state: fields?.state, reason: fields?.reason };
  });
}

/** The text of an answer's first choice, from JSON or from the data of a stream's events. */
export function saidText(answer: Json | undefined | readonly string[]): string {
  if (!Array.isArray(answer)) {
    const choice = asObject(asArray(asObject(answer)?.choices)[0]);
    return asString(asObject(choice?.message)?.content) ?? "";
  }
  return answer.filter((data) => typeof data === "string" && data !== "[DONE]").map((data) => {
    const choice = asObject(asArray(asObject(JSON.parse(String(data)))?.choices)[0]);
    return asString(asObject(choice?.delta)?.content) ?? "";
  }).join("");
}
