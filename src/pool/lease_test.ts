/** A lease has one exit. */
import assert from "node:assert/strict";
import { CANCELLED, credential, OK } from "../../tests/support/pool_fixtures.ts";
import { Lease, type Outcome } from "./lease.ts";

function lease(): { lease: Lease; settled: Outcome[]; answers: () => number } {
  const settled: Outcome[] = [];
  let answerCount = 0;
  const made = new Lease({
    credential: credential("a"),
    model: "m",
    onAnswered: () => void (answerCount += 1),
    onSettle: (outcome) => settled.push(outcome),
  });
  return { lease: made, settled, answers: () => answerCount };
}

Deno.test("a second settle throws, names the credential by id, and changes nothing", () => {
  const { lease: it, settled } = lease();
  it.settle(OK);
  assert.throws(() => it.settle(CANCELLED), (error: Error) => error.message.includes(it.credential.id) && !error.message.includes("sk-"));
  assert.deepEqual(settled, [OK]);
});

Deno.test("answered is told while the lease is out, and not afterwards", () => {
  const { lease: it, answers } = lease();
  it.answered();
  it.settle(OK);
  it.answered();
  assert.equal(answers(), 1);
});
