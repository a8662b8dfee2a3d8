/** Every known shape of an error answer is read into one message and one code. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type ErrorBody, errorInsideAnswer, readErrorBody } from "./error_body.ts";
import type { Json } from "../kernel/json.ts";

type Expected = Pick<ErrorBody, "message"> & Partial<Pick<ErrorBody, "code" | "type" | "param">>;

const SHAPES: readonly (readonly [string, Json, Expected])[] = [
  ["OpenAI", { error: { message: "No such key", type: "invalid_request_error", param: null, code: "invalid_api_key" } }, {
    message: "No such key",
    type: "invalid_request_error",
    code: "invalid_api_key",
  }],
  ["Anthropic", { type: "error", error: { type: "overloaded_error", message: "Overloaded" }, request_id: "req_1" }, {
    message: "Overloaded",
    type: "overloaded_error",
  }],
  ["Google", { error: { code: 429, message: "Too many", status: "RESOURCE_EXHAUSTED", details: [] } }, {
    message: "Too many",
    code: "429",
    type: "RESOURCE_EXHAUSTED",
  }],
  ["Google in an array, with a reason", [{
    error: {
      code: 400,
      message: "API key not valid.",
      status: "INVALID_ARGUMENT",
      details: [{ "@type": "x/ErrorInfo", reason: "API_KEY_INVALID" }],
    },
  }], { message: "API key not valid.", code: "API_KEY_INVALID", type: "INVALID_ARGUMENT" }],
  ["OpenRouter", { error: { code: 402, message: "Insufficient credits" }, user_id: "u" }, { message: "Insufficient credits", code: "402" }],
  ["OpenRouter with what the provider said", {
    error: { code: 429, message: "Provider returned error", metadata: { raw: '{"error":{"message":"busy"}}' } },
  }, {
    message: "Provider returned error: busy",
    code: "429",
  }],
  ["Cerebras, flat", { message: "Wrong key", type: "invalid_request_error", param: "api_key", code: "wrong_api_key" }, {
    message: "Wrong key",
    type: "invalid_request_error",
    param: "api_key",
    code: "wrong_api_key",
  }],
  ["Mistral", { object: "error", message: "Rate limit exceeded", type: "rate_limited", param: null, code: "1300" }, {
    message: "Rate limit exceeded",
    type: "rate_limited",
    code: "1300",
  }],
  ["message only", { message: "Too many tokens" }, { message: "Too many tokens" }],
  ["xAI, error as text", { code: "Client specified an invalid argument", error: "Bad key" }, {
    message: "Bad key",
    code: "Client specified an invalid argument",
  }],
  ["Hugging Face", { error: "Invalid credentials" }, { message: "Invalid credentials" }],
  ["detail as text", { detail: "Unauthorized" }, { message: "Unauthorized" }],
  ["detail as list", { detail: [{ loc: ["body", "x"], msg: "Extra inputs", type: "extra_forbidden" }] }, {
    message: "body.x: Extra inputs",
  }],
  ["detail as object", { detail: { error: "Balance is zero" } }, { message: "Balance is zero" }],
  ["problem+json", { status: 403, title: "Forbidden", detail: "Authorization failed" }, { message: "Authorization failed" }],
  ["problem+json without detail", { status: 429, title: "Too Many Requests" }, { message: "Too Many Requests" }],
  ["MiniMax", { base_resp: { status_code: 1008, status_msg: "insufficient balance" } }, { message: "insufficient balance", code: "1008" }],
  ["MiniMax beside an empty answer", { id: "x", choices: null, base_resp: { status_code: 1002, status_msg: "rate" } }, {
    message: "rate",
    code: "1002",
  }],
  ["Cloudflare", { success: false, errors: [{ code: 10000, message: "Authentication error" }] }, {
    message: "Authentication error",
    code: "10000",
  }],
  ["Crusoe", { errors: ["Authentication failed"] }, { message: "Authentication failed" }],
  ["Zhipu", { error: { code: "1113", message: "No balance" } }, { message: "No balance", code: "1113" }],
  ["Novita", { code: 404, reason: "MODEL_NOT_FOUND", message: "model not found" }, {
    message: "model not found",
    code: "404",
    type: "MODEL_NOT_FOUND",
  }],
  ["Atlas Cloud", { code: 401, msg: "bad token", request_id: "r", data: null }, { message: "bad token", code: "401" }],
  ["iFlow", { status: "449", msg: "rate", body: null }, { message: "rate", code: "449", type: "449" }],
  ["Apigee", { fault: { faultstring: "Rejected", detail: { errorcode: "policies.Quota" } } }, {
    message: "Rejected",
    code: "policies.Quota",
  }],
  ["OAuth", { error: "invalid_grant", error_description: "Token revoked" }, { message: "Token revoked", code: "invalid_grant" }],
  ["message as list", { error: { message: [{ loc: ["model"], msg: "unknown" }, { msg: "second" }] } }, {
    message: "model: unknown; second",
  }],
  ["error inside the message", { error: { message: '{"error":{"message":"deep","code":"x"}}' } }, { message: "deep", code: "x" }],
  ["answer with a failed choice", { choices: [{ error: { code: 502, message: "upstream" }, finish_reason: "error" }] }, {
    message: "upstream",
    code: "502",
  }],
  ["nothing known", { oops: 1 }, { message: '{"oops":1}' }],
];

for (const [name, body, expected] of SHAPES) {
  Deno.test(`reads the error shape: ${name}`, () => {
    const { found, body: parsed, ...said } = readErrorBody(JSON.stringify(body));
    assert.deepEqual(said, expected);
    assert.equal(found, "json");
    assert.deepEqual(parsed, body);
  });
}

Deno.test("names an HTML page by its title and never quotes it", () => {
  const page = "<!DOCTYPE html>\n<html><head><title>\n 502 Bad\n Gateway </title></head><body>secret words</body></html>";
  assert.deepEqual(readErrorBody(page), { message: 'an HTML page titled "502 Bad Gateway"', found: "html" });
  assert.deepEqual(readErrorBody("<html><body>secret words</body></html>"), { message: "an HTML page", found: "html" });
});

Deno.test("clips plain text and tells an empty body", () => {
  const long = readErrorBody("x".repeat(2_000));
  assert.equal(long.message.length, 500);
  assert.equal(long.found, "text");
  assert.deepEqual(readErrorBody(" \n"), { message: "", found: "empty" });
});

Deno.test("reads an error that was sent as an event stream", () => {
  assert.equal(readErrorBody('event: error\ndata: {"error":{"message":"late"}}\n\n').message, "late");
});

Deno.test("reads an error through every layer of text and damage around it", () => {
  const inner = '{"error":{"code":429,\n ,"message":"Used\nup","details":[{" @type ":"x",\u00a0"reason":"QUOTA_EXHAUSTED"},]}}';
  const wrap = (text: string) => JSON.stringify([{ error: { code: 429, message: text, status: "RESOURCE_EXHAUSTED", details: [] } }]);
  for (const text of [inner, wrap(inner), wrap(wrap(inner))]) {
    const { message, code } = readErrorBody(text);
    assert.deepEqual({ message, code }, { message: "Used up", code: "QUOTA_EXHAUSTED" }, text);
  }
});

Deno.test("reads any JSON without throwing and within the length", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => readErrorBody(JSON.stringify(value)).message.length <= 500));
  fc.assert(fc.property(fc.string(), (text) => readErrorBody(text).message.length <= 500));
});

const ERRORS: readonly Json[] = [
  { error: { message: "x", code: 429 } },
  { error: "x" },
  [{ error: { code: 503, message: "x" } }],
  { type: "error", error: { type: "overloaded_error", message: "x" } },
  { object: "error", message: "x", code: 400 },
  { base_resp: { status_code: 1008, status_msg: "x" } },
  { choices: [{ delta: { content: "" }, finish_reason: "error" }] },
  { choices: [{ error: { message: "x" } }] },
  { code: 10013, message: "x", sid: "s" },
  { code: "60400", message: "x" },
  { status: "449", msg: "x", body: null },
  { success: false, errors: [{ code: 1, message: "x" }] },
  { success: false, code: "500", message: "x", data: null },
];

const ANSWERS: readonly Json[] = [
  { choices: [{ message: { content: "hi" }, finish_reason: "stop" }], error: null },
  { choices: [{ delta: { content: "hi" } }], base_resp: { status_code: 0, status_msg: "" } },
  { code: 0, message: "Success", sid: "s", choices: [{ delta: { content: "hi" } }] },
  { code: 0, message: "Success", sid: "s" },
  { code: 200, msg: "ok", data: [{ id: "m" }] },
  { choices: [], usage: { total_tokens: 1 } },
  { object: "list", data: [{ embedding: [0.1], index: 0 }] },
  { success: true, result: { response: "hi" } },
  { error: {}, choices: [{ message: { content: "hi" } }] },
  { error: "", choices: [{ message: { content: "hi" } }] },
  { error: { message: null, code: null }, choices: [{ message: { content: "hi" } }] },
  "text",
  null,
];

Deno.test("sees an error inside a 200 body", () => {
  for (const body of ERRORS) assert.equal(errorInsideAnswer(body), true, JSON.stringify(body));
});

Deno.test("takes no answer for an error", () => {
  for (const body of ANSWERS) assert.equal(errorInsideAnswer(body), false, JSON.stringify(body));
});
