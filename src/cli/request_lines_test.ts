/** Requests as lines: within the page, harmless, and with what a person asks for. */
import assert from "node:assert/strict";
import type { SeenRequest } from "../app/logs/seen_request.ts";
import { paintFor } from "../terminal/text.ts";
import { attemptLines, failureWords, requestTable, statusCell, usageWords } from "./request_lines.ts";

const AT = 1_800_000_000_000;
const PAGE = { paint: paintFor("plain"), width: 80, now: AT };
const FAILURE = { kind: "rate_limit", status: 429, message: `Rate limit reached \x1b[2J ${"for this model ".repeat(20)}` };

function request(changes: Partial<SeenRequest> = {}): SeenRequest {
  const attempt = {
    provider: "openai",
    model: "gpt-5",
    credential: "openai:0123456789ab",
    started_at: AT,
    duration_ms: 340,
    failure: null,
  };
  return {
    id: "4f1c9d52-7711-48cb-9274-ad377149222e",
    model: "openai/gpt-5",
    provider: "openai",
    status: 200,
    arrived_at: AT,
    duration_ms: 1234,
    is_stream: false,
    failure: null,
    lossy: [],
    usage: null,
    attempts: [attempt],
    seen_in: "server",
    directory: null,
    ...changes,
  };
}

Deno.test("a table fits its page, cuts ids to what is asked for with, and shows no control", () => {
  const model = `openrouter/anthropic/${"claude-sonnet-".repeat(5)}`;
  const lines = requestTable([request(), request({ model, failure: `rate_limit: ${FAILURE.message}`, status: 429 })], {
    ...PAGE,
    header: "yes",
  });
  assert.ok(lines.every((line) => line.length <= 80), lines.join("\n"));
  assert.match(lines[0] ?? "", /time +id +got +model +took +tries +trouble/);
  assert.match(lines[1] ?? "", /^ {2}\d\d:\d\d:\d\d {2}4f1c9d52 {2}200 {2}openai\/gpt-5 +1\.2s +1$/);
  assert.ok(lines.every((line) => !line.includes("\x1b")));
});

Deno.test("in a pipe nothing is cut", () => {
  const [line = ""] = requestTable([request({ failure: `rate_limit: ${"x".repeat(300)}` })], { ...PAGE, width: Infinity });
  assert.ok(line.includes("4f1c9d52-7711-48cb-9274-ad377149222e") && line.endsWith("x".repeat(300)), line);
});

Deno.test("what the client got is a number, that it left, or that nobody knows", () => {
  assert.deepEqual([200, 502, 499, null].map((status) => statusCell({ status, failure: null }).text), ["200", "502", "left", "?"]);
});

Deno.test("attempts stand in order with their reason below, cut or whole", () => {
  const [first] = request().attempts;
  assert.ok(first !== undefined);
  const attempts = [{ ...first, failure: FAILURE }, { ...first, credential: "openai:ba9876543210" }];
  const cut = attemptLines(attempts, { ...PAGE, reasons: "cut" });
  assert.equal(cut.length, 3);
  assert.match(cut[0] ?? "", /#1 .*openai:0123456789ab .*openai\/gpt-5 +340ms failed/);
  assert.match(cut[1] ?? "", /^ +rate_limit \(429\): Rate limit reached .*…$/);
  assert.match(cut[2] ?? "", /#2 .*openai:ba9876543210 .*340ms ok/);
  const whole = attemptLines(attempts, { ...PAGE, reasons: "whole" });
  assert.ok(whole.length > 5 && [...cut, ...whole].every((line) => line.length <= 80 && !line.includes("\x1b")), whole.join("\n"));
  assert.equal(whole.join(" ").replaceAll(/\s+/g, " ").match(/for this model/g)?.length, 20);
});

Deno.test("a failure without a status or message says what it knows", () => {
  assert.equal(failureWords({ kind: "connect_failed", status: 0, message: "" }), "connect_failed");
});

Deno.test("usage names cached tokens and cost only where there are some", () => {
  const usage = { input_tokens: 1200, cached_tokens: 0, output_tokens: 340, cost_usd: null };
  assert.equal(usageWords(usage), "1.2k in, 340 out");
  assert.equal(usageWords({ ...usage, cached_tokens: 300, cost_usd: 0.42 }), "1.2k in (300 cached), 340 out, $0.42");
});
