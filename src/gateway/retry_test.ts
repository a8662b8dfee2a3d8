/** What is next after a failed try, and how often a sick provider is tried again. */
import assert from "node:assert/strict";
import { failure, type FailureKind, type FailureScope } from "../kernel/failure.ts";
import { nextStep, RetryBudget, type RetryContext } from "./retry.ts";

const failed = (scope: FailureScope, kind: FailureKind) => failure({ scope, kind, status: 500, message: "m" });
const context = (fields: Partial<RetryContext> = {}): RetryContext => ({
  others: "some",
  sameRetries: 0,
  leftMs: 30_000,
  budget: new RetryBudget(),
  now: 0,
  random: () => 0.5,
  ...fields,
});

Deno.test("what the request or the client did is never tried again", () => {
  assert.deepEqual(nextStep(failed("request", "invalid_request"), context()), { kind: "stop" });
  assert.deepEqual(nextStep(failed("client", "client_gone"), context()), { kind: "stop" });
});

Deno.test("limits and rejections rotate at once and cost no budget", () => {
  const budget = new RetryBudget();
  for (let time = 0; time < 100; time++) {
    assert.deepEqual(nextStep(failed("credential_model", "rate_limited"), context({ budget })), { kind: "rotate", exclude: "keep" });
  }
  assert.equal(budget.take(0), true);
});

Deno.test("trouble rotates to others, else tries the same once after 250 to 750 ms, never past the deadline", () => {
  const trouble = failed("provider", "server_error");
  assert.deepEqual(nextStep(trouble, context()), { kind: "rotate", exclude: "exclude" });
  const alone = { others: "none" } as const;
  for (const [chance, afterMs] of [[0, 250], [0.5, 500], [0.999, 749.5]] as const) {
    assert.deepEqual(nextStep(trouble, context({ ...alone, random: () => chance })), { kind: "same", afterMs });
  }
  assert.deepEqual(nextStep(trouble, context({ ...alone, sameRetries: 1 })), { kind: "next_target" });
  assert.deepEqual(nextStep(trouble, context({ ...alone, leftMs: 400 })), { kind: "next_target" });
  assert.deepEqual(nextStep(failed("provider", "withdrawn"), context()), { kind: "next_target" });
});

Deno.test("retries are at most ten and a fifth of the requests in ten seconds, then the count begins again", () => {
  const budget = new RetryBudget();
  for (let request = 0; request < 50; request++) budget.request(0);
  const taken = Array.from({ length: 30 }, () => budget.take(9_999)).filter((granted) => granted).length;
  assert.equal(taken, 20);
  assert.equal(budget.take(10_000), true);
});
