/** One test a row of the failure table, and the general words that every provider may use. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Failure, FailureKind } from "../kernel/failure.ts";
import { isFailure } from "../kernel/failure.ts";
import type { Json, JsonObject } from "../kernel/json.ts";
import { Secret } from "../kernel/secret.ts";
import type { ProviderRow } from "../providers/row.ts";
import {
  classifyAnswerError,
  type ClassifyContext,
  classifyReply,
  classifyTransport,
  emptyAnswer,
  malformedAnswer,
  scopeOf,
} from "./classify.ts";

const NOW = Date.parse("2026-03-04T05:00:00Z");
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const ROW: ProviderRow = {
  id: "example",
  name: "Example",
  prefixes: ["EXAMPLE"],
  protocol: "openai",
  baseUrl: "https://api.example.com/v1",
  listing: null,
  auth: { kind: "bearer" },
  operations: ["chat"],
};
const CONTEXT: ClassifyContext = { row: ROW, model: "m-1", now: NOW };

function reply(status: number, body: Json, headers: Record<string, string> = {}): Failure {
  return classifyReply({ status, headers, body: typeof body === "string" ? body : JSON.stringify(body) }, CONTEXT);
}

const error = (message: string, fields: JsonObject = {}): JsonObject => ({ error: { message, ...fields } });

Deno.test("reads a bare status by the table", () => {
  const table: readonly (readonly [number, FailureKind, Failure["scope"], number])[] = [
    [302, "malformed_answer", "provider", 502],
    [400, "invalid_request", "request", 400],
    [401, "rejected", "credential", 503],
    [402, "out_of_credit", "credential", 503],
    [403, "rejected", "credential", 503],
    [404, "unknown_model", "model", 404],
    [405, "invalid_request", "request", 405],
    [407, "connect_failed", "transport", 502],
    [408, "server_error", "provider", 502],
    [409, "server_error", "provider", 502],
    [410, "unknown_model", "model", 404],
    [413, "too_large", "request", 413],
    [415, "invalid_request", "request", 415],
    [422, "invalid_request", "request", 422],
    [429, "rate_limited", "credential_model", 429],
    [451, "content_refused", "request", 451],
    [499, "server_error", "provider", 502],
    [500, "server_error", "provider", 502],
    [501, "server_error", "provider", 502],
    [502, "server_error", "provider", 502],
    [503, "server_error", "provider", 502],
    [504, "server_error", "provider", 502],
    [520, "server_error", "provider", 502],
    [529, "server_error", "provider", 502],
    [599, "server_error", "provider", 502],
  ];
  for (const [status, kind, scope, clientStatus] of table) {
    const made = reply(status, error("Something happened"));
    assert.deepEqual([made.kind, made.scope, made.status, made.upstreamStatus], [kind, scope, clientStatus, status], String(status));
  }
});

Deno.test("reads words and codes that many providers share before the status", () => {
  const table: readonly (readonly [number, Json, FailureKind])[] = [
    [400, error("The prompt does not fit", { code: "context_length_exceeded" }), "context_overflow"],
    [400, error("Your input exceeds the context window of this model."), "context_overflow"],
    [
      400,
      { type: "error", error: { type: "invalid_request_error", message: "prompt is too long: 210000 tokens > 200000 maximum" } },
      "context_overflow",
    ],
    [400, error("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."), "context_overflow"],
    [400, { code: "x", error: "This model's maximum prompt length is 131072 but the request contains 140000 tokens." }, "context_overflow"],
    [400, error("Please reduce the length of the messages or completion."), "context_overflow"],
    [413, error("Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 9000"), "context_overflow"],
    [
      429,
      error("Request too large for gpt-x on tokens per min (TPM): Limit 10000, Requested 30000", { code: "rate_limit_exceeded" }),
      "context_overflow",
    ],
    [400, error("This endpoint's maximum context length is 8192 tokens. However, you requested 9000."), "context_overflow"],
    [400, error("the request exceeds the available context size", { type: "exceed_context_size_error" }), "context_overflow"],
    [400, { error: "Trying to keep the first 9000 tokens when the number is greater than the context length" }, "context_overflow"],
    [400, error("prompt token count of 70000 exceeds the limit of 64000"), "context_overflow"],
    [400, error("Your request exceeded model token limit: 262144"), "context_overflow"],
    [400, error("Prompt contains 40000 tokens, too large for model with 32768 maximum context length"), "context_overflow"],
    [400, { message: "Input is too long for requested model." }, "context_overflow"],
    [400, error("The response was filtered", { code: "content_filter" }), "content_refused"],
    [400, error("Input may contain inappropriate content", { code: "data_inspection_failed" }), "content_refused"],
    [403, error("Your prompt was flagged by moderation"), "content_refused"],
    [400, error("Incorrect API key provided"), "rejected"],
    [
      400,
      [{ error: { code: 400, message: "API key expired.", status: "INVALID_ARGUMENT", details: [{ reason: "API_KEY_INVALID" }] } }],
      "rejected",
    ],
    [
      429,
      error("You exceeded your current quota, please check your plan", { type: "insufficient_quota", code: "insufficient_quota" }),
      "out_of_credit",
    ],
    [429, error("x", { code: "credit_balance_exhausted" }), "out_of_credit"],
    [429, error("x", { code: "organization_spend_limit_exceeded" }), "out_of_credit"],
    [429, error("x", { code: "project_spend_limit_exceeded" }), "out_of_credit"],
    [429, error("x", { code: "organization_usage_limit_exceeded" }), "out_of_credit"],
    [
      400,
      { type: "error", error: { type: "invalid_request_error", message: "Your credit balance is too low to access the API." } },
      "out_of_credit",
    ],
    [400, error("The model `m-1` does not exist", { code: "model_not_found" }), "unknown_model"],
    [400, error("The model `m-1` does not exist"), "unknown_model"],
    [400, error("Unknown model: m-1", { code: "unknown_model" }), "unknown_model"],
    [404, error("The model `m-1` does not exist or you do not have access to it.", { code: "model_not_found" }), "unknown_model"],
    [403, error("Project `p` does not have access to model `m-1`", { code: "model_not_found" }), "model_denied"],
    [403, error("this model requires a subscription"), "model_denied"],
    [403, error("Rate limit exceeded, slow down"), "rate_limited"],
    [429, error("The engine is currently overloaded, please try again later", { type: "engine_overloaded_error" }), "server_error"],
    [429, error("The model is overloaded"), "server_error"],
    [503, error("This client cannot be used any more", { details: [{ reason: "UNSUPPORTED_CLIENT" }] }), "withdrawn"],
    [403, error("UNSUPPORTED_CLIENT"), "withdrawn"],
    [429, error("No capacity", { status: "RESOURCE_EXHAUSTED", details: [{ reason: "MODEL_CAPACITY_EXHAUSTED" }] }), "server_error"],
    [429, error("Quota exceeded for metric x, limit: 0", { status: "RESOURCE_EXHAUSTED" }), "model_denied"],
    [429, error("You exceeded your current quota. limit: 20", { status: "RESOURCE_EXHAUSTED" }), "rate_limited"],
    [402, error("Prepaid credits are used up", { status: "RESOURCE_EXHAUSTED" }), "out_of_credit"],
  ];
  for (const [status, body, kind] of table) assert.equal(reply(status, body).kind, kind, `${status} ${JSON.stringify(body)}`);
});

Deno.test("leaves a parameter that a model does not take a request failure", () => {
  const messages = [
    "Unsupported parameter: 'max_tokens' is not supported with this model.",
    "This model does not support tools",
    "Model m-1 does not support image input",
    "Invalid value for model parameter 'temperature'",
  ];
  for (const message of messages) assert.equal(reply(400, error(message)).kind, "invalid_request", message);
});

Deno.test("a short declared delay outranks the word quota, a long one and none do not", () => {
  const words = error("Insufficient quota for this minute");
  assert.equal(reply(429, words, { "retry-after": "20" }).kind, "rate_limited");
  assert.equal(reply(429, error("You exceeded your current quota, try again in 20s")).kind, "rate_limited");
  assert.equal(reply(429, words, { "retry-after": "7200" }).kind, "out_of_credit");
  assert.equal(reply(429, words).kind, "out_of_credit");
  assert.equal(reply(429, error("x", { code: "insufficient_quota" }), { "retry-after": "20" }).kind, "out_of_credit");
});

Deno.test("a daily quota of Google's rests until midnight Pacific, whatever delay it declares", () => {
  const quota = (quotaId: string) =>
    error("You exceeded your current quota", {
      code: 429,
      status: "RESOURCE_EXHAUSTED",
      details: [
        { "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations: [{ quotaId, quotaValue: "20" }] },
        { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "34.07s" },
      ],
    });
  const daily = reply(429, quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier"));
  assert.deepEqual([daily.kind, daily.retryAfterMs], ["rate_limited", 3 * HOUR]);
  const perMinute = reply(429, quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"));
  assert.deepEqual([perMinute.kind, perMinute.retryAfterMs], ["rate_limited", 34_070]);
});

Deno.test("passes a wait on where it means something", () => {
  assert.equal(reply(429, error("x"), { "retry-after": "20" }).retryAfterMs, 20_000);
  assert.equal(reply(429, error("x"), { "x-ratelimit-reset-requests": "6m0s" }).retryAfterMs, 6 * MINUTE);
  assert.equal(reply(429, error("x")).retryAfterMs, undefined);
  assert.equal(reply(503, error("x"), { "retry-after": "20" }).retryAfterMs, 20_000);
  assert.equal(reply(400, error("x"), { "retry-after": "20" }).retryAfterMs, undefined, "a request that is wrong stays wrong");
  assert.equal(reply(402, error("x"), { "retry-after": "20" }).retryAfterMs, undefined, "money does not come back in seconds");
  assert.equal(reply(402, error("x"), { "retry-after": "7200" }).retryAfterMs, 2 * HOUR);
  const busy = reply(429, error("The model is overloaded"), { "x-ratelimit-reset-requests": "6m0s" });
  assert.equal(busy.retryAfterMs, undefined, "a limit that was not hit is no wait for a busy provider");
});

Deno.test("a row's own rules come before the general ones, and its reset headers count", () => {
  const row: ProviderRow = {
    ...ROW,
    failures: [{ status: [400], text: /tea ?pot/i, kind: "rejected", advice: "Ask for coffee." }],
    resetHeaders: ["x-tea-ready"],
  };
  const made = classifyReply({ status: 400, headers: {}, body: '{"error":"I am a teapot."}' }, { ...CONTEXT, row });
  assert.equal(made.kind, "rejected");
  assert.equal(made.message, "Example answered 400 for m-1: I am a teapot. Ask for coffee.");
  const limited = classifyReply({ status: 429, headers: { "x-tea-ready": "90" }, body: "" }, { ...CONTEXT, row });
  assert.equal(limited.retryAfterMs, 90_000);
});

Deno.test("a provider named like a property of every object has no rules of its own", () => {
  const made = classifyReply({ status: 429, headers: {}, body: "" }, { ...CONTEXT, row: { ...ROW, id: "constructor" } });
  assert.equal(made.kind, "rate_limited");
});

Deno.test("a request failure keeps the provider's status, words, code and parameter", () => {
  const made = reply(
    422,
    error("'temperature' must be at most 2", { type: "invalid_request_error", code: "bad_value", param: "temperature" }),
  );
  assert.equal(isFailure(made), true);
  assert.deepEqual({ ...made }, {
    scope: "request",
    kind: "invalid_request",
    status: 422,
    message: "'temperature' must be at most 2",
    upstreamStatus: 422,
    code: "bad_value",
    type: "invalid_request_error",
    param: "temperature",
  });
});

Deno.test("names provider, status and model in every other failure", () => {
  assert.equal(reply(500, error("boom")).message, "Example answered 500 for m-1: boom");
  assert.equal(reply(413, "").message, "Example answered 413 for m-1 without a body");
  assert.equal(
    reply(502, "<html><title>Bad Gateway</title>x</html>").message,
    'Example answered 502 for m-1 with an HTML page titled "Bad Gateway"',
  );
});

Deno.test("a firewall's page is not the service's word on the key", () => {
  assert.equal(reply(403, "<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>").scope, "provider");
  assert.equal(reply(401, "<html><title>401 Authorization Required</title></html>").kind, "rejected");
});

Deno.test("takes keys out of every text it passes on", () => {
  const key = "sk-proj-abcdefghijklmnop12345678";
  const secret = new Secret("plain-looking-words");
  const body = JSON.stringify(
    error(`Incorrect API key provided: ${key} (plain-looking-words)`, { param: key, code: key, type: "plain-looking-words" }),
  );
  const made = classifyReply({ status: 400, headers: {}, body }, { ...CONTEXT, secret });
  assert.equal(JSON.stringify(made).includes("abcdefgh"), false);
  assert.equal(JSON.stringify(made).includes("plain-looking"), false);
});

Deno.test("classifies any status and body without throwing", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 300, max: 999 }),
      fc.oneof(fc.string(), fc.jsonValue().map((value) => JSON.stringify(value))),
      (status, body) => {
        const made = classifyReply({ status, headers: {}, body }, CONTEXT);
        return made.scope === scopeOf(made.kind) && made.status >= 400;
      },
    ),
  );
});

Deno.test("reads an error inside a 200 by its own code or words", () => {
  const table: readonly (readonly [JsonObject, FailureKind, number])[] = [
    [{ error: { message: "Rate limit exceeded", code: 429 } }, "rate_limited", 429],
    [{ error: { message: "Bad upstream", code: 502 } }, "server_error", 502],
    [{ error: { message: "no", code: "401" } }, "rejected", 503],
    [{ error: { message: "bad value", type: "invalid_request_error", code: 422 } }, "invalid_request", 422],
    [{ error: { message: "bad value", type: "invalid_request_error" } }, "invalid_request", 400],
    [{ type: "error", error: { type: "overloaded_error", message: "Overloaded" } }, "server_error", 502],
    [{ type: "error", error: { type: "rate_limit_error", message: "Slow" } }, "rate_limited", 429],
    [{ type: "error", error: { type: "authentication_error", message: "No" } }, "rejected", 503],
    [{ error: { message: "Quota", status: "RESOURCE_EXHAUSTED" } }, "rate_limited", 429],
    [{ error: { message: "x", code: "insufficient_quota" } }, "out_of_credit", 503],
    [{ error: { message: "prompt is too long" } }, "context_overflow", 400],
    [{ error: "Too many requests, slow down" }, "rate_limited", 429],
    [{ error: { message: "who knows" } }, "server_error", 502],
    [{ choices: [{ error: { code: 502, message: "Upstream" }, finish_reason: "error" }] }, "server_error", 502],
    [{ choices: [{ delta: { content: "" }, finish_reason: "error" }] }, "server_error", 502],
    [{ code: 10907, message: "strange", sid: "s" }, "server_error", 502],
    [{ object: "error", message: "The model `x` does not exist", code: 404 }, "unknown_model", 404],
  ];
  for (const [body, kind, status] of table) {
    const made = classifyAnswerError(body, CONTEXT);
    assert.deepEqual([made?.kind, made?.status, made?.upstreamStatus], [kind, status, 200], JSON.stringify(body));
  }
});

Deno.test("an answer with an empty error field is no failure", () => {
  assert.equal(classifyAnswerError({ choices: [{ message: { content: "hi" } }], error: null }, CONTEXT), undefined);
});

Deno.test("an error inside a 200 may bring its wait in body or headers", () => {
  const body = { error: { code: 429, message: "Please try again in 3s" } };
  assert.equal(classifyAnswerError(body, CONTEXT)?.retryAfterMs, 3_000);
  assert.equal(classifyAnswerError(body, { ...CONTEXT, headers: { "retry-after": "9" } })?.retryAfterMs, 9_000);
});

Deno.test("tells what stood where an answer was due", () => {
  const words = (text: string) => malformedAnswer(text, CONTEXT).message;
  assert.equal(words("<html><head><title>Sign in</title></head></html>"), 'Example answered for m-1 with an HTML page titled "Sign in"');
  assert.equal(words("upstream timeout"), 'Example answered for m-1 with text that is not JSON: "upstream timeout"');
  assert.equal(words(""), "Example answered for m-1 with nothing");
  assert.equal(words("[1]"), "Example answered for m-1 with JSON of an unknown shape");
  const made = malformedAnswer("x", CONTEXT);
  assert.deepEqual([made.kind, made.scope, made.status], ["malformed_answer", "provider", 502]);
});

Deno.test("an empty answer is the provider's failure", () => {
  const made = emptyAnswer();
  assert.deepEqual([made.kind, made.scope, made.status], ["empty_answer", "provider", 502]);
});

function coded(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}

Deno.test("reads a broken connection by phase and cause", () => {
  const table: readonly (readonly [unknown, "connect" | "first_byte" | "body", FailureKind, number, string])[] = [
    [
      coded("connect ECONNREFUSED 127.0.0.1:1", "ECONNREFUSED"),
      "connect",
      "connect_failed",
      502,
      "Cannot connect to the provider: nothing listens there (ECONNREFUSED)",
    ],
    [
      coded("getaddrinfo", "ENOTFOUND"),
      "connect",
      "connect_failed",
      502,
      "Cannot connect to the provider: its host name cannot be resolved (ENOTFOUND)",
    ],
    [
      coded("x", "ENETUNREACH"),
      "connect",
      "connect_failed",
      502,
      "Cannot connect to the provider: the network does not reach it (ENETUNREACH)",
    ],
    [
      coded("certificate has expired", "CERT_HAS_EXPIRED"),
      "connect",
      "connect_failed",
      502,
      "Cannot connect to the provider: its TLS certificate or handshake was not accepted (CERT_HAS_EXPIRED)",
    ],
    [
      new Error("invalid peer certificate: UnknownIssuer"),
      "connect",
      "connect_failed",
      502,
      "Cannot connect to the provider: its TLS certificate or handshake was not accepted",
    ],
    [
      coded("connect ETIMEDOUT", "ETIMEDOUT"),
      "connect",
      "connect_failed",
      504,
      "Cannot connect to the provider: it took too long (ETIMEDOUT)",
    ],
    [new Error("connect timed out"), "connect", "connect_failed", 504, "Cannot connect to the provider: it took too long"],
    [
      coded("socket hang up", "ECONNRESET"),
      "first_byte",
      "connect_failed",
      502,
      "No answer from the provider: the connection was closed (ECONNRESET)",
    ],
    [new DOMException("late", "TimeoutError"), "first_byte", "first_byte_timeout", 504, "No answer from the provider: it took too long"],
    [new Error("timeout"), "body", "read_timeout", 504, "The provider's answer broke off: it took too long"],
    [coded("aborted", "ECONNRESET"), "body", "cut_stream", 502, "The provider's answer broke off: the connection was closed (ECONNRESET)"],
    ["odd", "body", "cut_stream", 502, "The provider's answer broke off: odd"],
  ];
  for (const [thrown, phase, kind, status, message] of table) {
    const made = classifyTransport(thrown, phase);
    assert.deepEqual([made.kind, made.scope, made.status, made.message], [kind, "transport", status, message]);
  }
});

Deno.test("finds the cause inside wrapping errors", () => {
  const refused = coded("connect", "ECONNREFUSED");
  assert.equal(classifyTransport(new TypeError("fetch failed", { cause: refused }), "connect").code, "ECONNREFUSED");
  assert.equal(classifyTransport(new AggregateError([refused, refused], "all failed"), "connect").code, "ECONNREFUSED");
});
