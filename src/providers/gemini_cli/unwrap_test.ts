/** The envelope is taken off, whatever stands beside the answer. */
import assert from "node:assert/strict";
import { unwrap } from "./unwrap.ts";

Deno.test("takes the answer out of its envelope", () => {
  const inner = { candidates: [], responseId: "r1" };
  assert.equal(unwrap({ response: inner, traceId: "t1", consumedCredits: [] }), inner);
  assert.deepEqual(unwrap({ response: { candidates: [] }, traceId: "t1" }), { candidates: [], responseId: "t1" });
  assert.deepEqual(unwrap({ response: {} }), {});
});

Deno.test("leaves everything else alone", () => {
  for (const body of [{ error: { code: 429 } }, { error: { code: 500 }, response: {} }, { candidates: [] }, { response: null }, {}]) {
    assert.equal(unwrap(body), body);
  }
});
