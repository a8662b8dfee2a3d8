/**
 * The failure table: what the gateway makes of everything a provider can do wrong before it has answered.
 * Each row is asked for as JSON and as a stream, with one bad key of two and with two bad keys.
 */
import assert from "node:assert/strict";
import type { Step } from "../simulators/server.ts";
import {
  contextOverflow,
  emptyAnswer,
  errorAnswer,
  halfClose,
  htmlPage,
  insufficientQuota,
  invalidJson,
  notHttp,
  rateLimited,
  rawEvents,
  rejectedKey,
  reply,
  reset,
  serverError,
  sseError,
  unknownModel,
} from "../simulators/steps.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { startGateway } from "../support/gateway.ts";
import type { RawResponse } from "../support/http_client.ts";
import { assertAtRest, CHAT, chat, credentialsOf, errorOf, KEY_A, KEY_B, keysSeen, members, STREAM, TWO_KEYS } from "./chat.ts";

const CLEAN = { sanitizeOps: true, sanitizeResources: true };
/** A rest that ends sooner than this would be waited for. */
const SHORT = { headers: { "x-keyproxy-timeout": "5" } };
const FORMS = [["JSON", CHAT], ["a stream", STREAM]] as const;

/** Seconds, from and to. */
type Span = readonly [number, number];

interface Row {
  readonly name: string;
  readonly step: Step;
  /** What the client gets when every key fails so. */
  readonly status: number;
  readonly code: string;
  readonly message: RegExp;
}

interface RotatingRow extends Row {
  /** How the first key is afterwards, and for how long. */
  readonly state: string;
  readonly reason: string;
  readonly rest: Span;
  /** How the second key is when it failed in the same request; default: as the first. */
  readonly second?: string;
}

const REQUEST_FAILURES: readonly Row[] = [
  {
    name: "400",
    step: errorAnswer(400, { message: "Unsupported value: 'temperature'", code: "unsupported_value", param: "temperature" }),
    status: 400,
    code: "unsupported_value",
    message: /^Unsupported value: 'temperature'$/,
  },
  {
    name: "413",
    step: errorAnswer(413, { message: "Request too large", code: "request_too_large" }),
    status: 413,
    code: "request_too_large",
    message: /^Request too large$/,
  },
  {
    name: "422",
    step: reply(422, { detail: [{ loc: ["body", "messages"], msg: "field required" }] }),
    status: 422,
    code: "invalid_request",
    message: /body\.messages: field required/,
  },
  {
    name: "context overflow",
    step: contextOverflow(),
    status: 400,
    code: "context_length_exceeded",
    message: /^This model's maximum context/,
  },
  {
    name: "content refusal",
    step: errorAnswer(400, { message: "The response was filtered", code: "content_filter", param: "prompt" }),
    status: 400,
    code: "content_filter",
    message: /^The response was filtered$/,
  },
  {
    name: "a request error inside a 200",
    step: sseError({ message: "max_tokens is too large", type: "invalid_request_error", code: "invalid_value", param: "max_tokens" }),
    status: 400,
    code: "invalid_value",
    message: /^max_tokens is too large$/,
  },
];

const QUARANTINE = { state: "quarantined", reason: "rejected by provider", rest: [299, 300], status: 503, code: "all_resting" } as const;
const NO_CREDIT = { state: "quarantined", reason: "out of credit", rest: [3599, 3600], status: 503, code: "all_resting" } as const;
const LIMIT = { state: "cooling", reason: "rate limit", rest: [8.9, 11], status: 429, code: "all_resting" } as const;
/** Only the first of two troubles in a request rests its key: a poison request must not empty the pool. */
const TROUBLE = { state: "cooling", reason: "provider trouble", rest: [29, 30], status: 502, second: "ready" } as const;

const KEY_FAILURES: readonly RotatingRow[] = [
  { name: "401", step: rejectedKey(), ...QUARANTINE, message: /local answered 401/ },
  { name: "403", step: errorAnswer(403, { message: "Forbidden" }), ...QUARANTINE, message: /local answered 403/ },
  { name: "402", step: errorAnswer(402, { message: "Payment required" }), ...NO_CREDIT, message: /local answered 402/ },
  { name: "insufficient_quota", step: insufficientQuota(), ...NO_CREDIT, message: /exceeded your current quota/ },
  { name: "429 without a hint", step: rateLimited(), ...LIMIT, message: /cannot serve "m" now: all 2 of its credentials rest/ },
  { name: "429 with a hint", step: rateLimited({ retryAfterSeconds: 120 }), ...LIMIT, rest: [119, 120], message: /cannot serve "m" now/ },
  {
    name: "429 with a hint in its words",
    step: rateLimited({ message: "Rate limit reached. Please try again in 42s." }),
    ...LIMIT,
    rest: [41, 42],
    message: /cannot serve "m" now/,
  },
  {
    name: "a limit inside a 200",
    step: sseError({ message: "Rate limit exceeded", type: "rate_limit_error", code: "rate_limit_exceeded" }),
    ...LIMIT,
    message: /cannot serve "m" now/,
  },
  {
    name: "a bad key inside a 200",
    step: sseError({ message: "Invalid key", type: "authentication_error", code: "invalid_api_key" }),
    ...QUARANTINE,
    message: /Invalid key/,
  },
];

const TROUBLE_STATUSES = [408, 409, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 528, 529];

const TROUBLES: readonly RotatingRow[] = [
  ...TROUBLE_STATUSES.map((status) => ({
    name: String(status),
    step: serverError(status),
    ...TROUBLE,
    code: "server_error",
    message: new RegExp(`local answered ${status} for m: The server had an error`),
  })),
  {
    name: "502 with a page",
    step: htmlPage(502),
    ...TROUBLE,
    code: "server_error",
    message: /local answered 502 .*an HTML page titled "502"/,
  },
  { name: "HTML with 200", step: htmlPage(200), ...TROUBLE, code: "malformed_answer", message: /an HTML page titled "200"/ },
  { name: "text with 200", step: reply(200, "upstream says hi"), ...TROUBLE, code: "malformed_answer", message: /text that is not JSON/ },
  { name: "broken JSON with 200", step: invalidJson(), ...TROUBLE, code: "malformed_answer", message: /not JSON/ },
  { name: "a JSON array with 200", step: reply(200, []), ...TROUBLE, code: "malformed_answer", message: /unknown shape/ },
  {
    name: "an empty answer",
    step: emptyAnswer("no_text"),
    ...TROUBLE,
    code: "empty_answer",
    message: /without text, reasoning, tool call/,
  },
  { name: "no choices", step: emptyAnswer("no_choices"), ...TROUBLE, code: "empty_answer", message: /without text, reasoning, tool call/ },
  { name: "[DONE] at once", step: rawEvents("data: [DONE]\n\n"), ...TROUBLE, code: "empty_answer", message: /without text/ },
  {
    name: "a server error inside a 200",
    step: sseError({ message: "Internal error", type: "server_error" }),
    ...TROUBLE,
    code: "server_error",
    message: /Internal error/,
  },
  { name: "a reset before the headers", step: reset("request"), ...TROUBLE, code: "ECONNRESET", message: /connection was closed/ },
  { name: "a reset after the headers", step: reset("headers"), ...TROUBLE, code: "ECONNRESET", message: /broke off/ },
  { name: "half an answer", step: halfClose(0), ...TROUBLE, code: "ECONNRESET", message: /broke off/ },
];

/** Rows whose code depends on how the system words the error. */
const NOT_HTTP: RotatingRow = { name: "not HTTP", step: notHttp(), ...TROUBLE, code: "", message: /No answer from the provider/ };

for (const row of REQUEST_FAILURES) {
  for (const [form, body] of FORMS) {
    Deno.test(`${row.name}, ${form}: the client gets the provider's words, no second key is asked, nobody rests`, CLEAN, async () => {
      await using gateway = await startGateway({ env: TWO_KEYS });
      gateway.simulator.script({}).always(row.step);
      const answer = await chat(gateway, body);
      assertError(answer, row);
      assert.equal(answer.headers["retry-after"], undefined);
      assert.equal(answer.headers["x-keyproxy-attempts"], "1");
      assert.deepEqual(keysSeen(gateway), [KEY_A]);
      assert.deepEqual(members(gateway).map(({ state }) => state), ["ready", "ready"]);
      await assertAtRest(gateway);
    });
  }
}

for (const row of [...KEY_FAILURES, ...TROUBLES, NOT_HTTP]) {
  for (const [form, body] of FORMS) {
    if (row.name === "[DONE] at once" && form === "JSON") continue;
    Deno.test(`${row.name}, ${form}: the next key answers and the first one rests`, CLEAN, async () => {
      await using gateway = await startGateway({ env: TWO_KEYS });
      gateway.simulator.script({ key: KEY_A }).always(row.step);
      const answer = await chat(gateway, body);
      assert.equal(answer.status, 200, answer.text);
      assert.match(answer.text, /hello/);
      assert.deepEqual(keysSeen(gateway), [KEY_A, KEY_B]);
      assert.equal(answer.headers["x-keyproxy-attempts"], "2");
      const [first, second] = members(gateway);
      assert.deepEqual([first?.state, first?.reason, second?.state], [row.state, row.reason, "ready"]);
      assertWithin(secondsUntil(first?.usableAt), row.rest);
      assert.equal(answer.headers["x-keyproxy-credential"], second?.id);
      await assertAtRest(gateway);
    });

    Deno.test(`${row.name}, ${form}, of every key: each is asked once and the client is told why`, CLEAN, async () => {
      await using gateway = await startGateway({ env: TWO_KEYS });
      gateway.simulator.script({}).always(row.step);
      const answer = await chat(gateway, body, SHORT);
      const error = assertError(answer, row);
      assert.deepEqual(keysSeen(gateway), [KEY_A, KEY_B]);
      const second = row.second ?? row.state;
      assert.deepEqual(credentialsOf(error).map(({ state }) => state), [row.state, second]);
      assert.equal(credentialsOf(error)[0]?.reason, row.reason);
      assert.deepEqual(members(gateway).map(({ state }) => state), [row.state, second]);
      if (second === row.state) assertWithin(Number(answer.headers["retry-after"]), [row.rest[0], Math.ceil(row.rest[1])]);
      await assertAtRest(gateway);
    });
  }
}

Deno.test("a dead key is not asked again by later requests", CLEAN, async () => {
  await using gateway = await startGateway({ env: TWO_KEYS });
  gateway.simulator.script({ key: KEY_A }).always(rejectedKey());
  for (let turn = 0; turn < 3; turn++) assert.equal((await chat(gateway)).status, 200);
  assert.deepEqual(keysSeen(gateway), [KEY_A, KEY_B, KEY_B, KEY_B]);
});

Deno.test("404 for the model: no second key, and the provider is not asked for it again for ten minutes", CLEAN, async () => {
  const clock = new FakeClock();
  await using gateway = await startGateway({ env: TWO_KEYS, clock });
  gateway.simulator.script({ model: "gone" }, unknownModel("gone"));
  const gone = { ...CHAT, model: "local/gone" };
  const first = errorOf((await chat(gateway, gone)).json);
  assert.deepEqual([first.code, first.param], ["model_not_found", "model"]);
  const again = await chat(gateway, { ...gone, stream: true });
  assert.equal(again.status, 404);
  assert.equal(errorOf(again.json).code, "unknown_model");
  assert.deepEqual(keysSeen(gateway), [KEY_A]);
  assert.equal((await chat(gateway)).status, 200);
  assert.deepEqual(members(gateway).map(({ state }) => state), ["ready", "ready"]);
  clock.advance(10 * 60_000);
  assert.equal((await chat(gateway, gone)).status, 200);
});

function assertError(answer: RawResponse, row: Row) {
  assert.equal(answer.status, row.status, answer.text);
  assert.equal(answer.headers["content-type"], "application/json");
  const error = errorOf(answer.json);
  if (row.code !== "") assert.equal(error.code, row.code);
  assert.match(String(error.message), row.message);
  return error;
}

function secondsUntil(at: number | undefined): number {
  return ((at ?? 0) - Date.now()) / 1000;
}

function assertWithin(seconds: number, [least, most]: Span): void {
  assert.ok(seconds >= least && seconds <= most, `${seconds} s is not within ${least} to ${most} s`);
}
