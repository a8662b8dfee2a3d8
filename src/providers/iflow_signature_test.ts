/** iFlow's signature on known values, and sessions that tell conversations apart without telling of them. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Secret } from "../kernel/secret.ts";
import { iflowHeaders, iflowSession } from "./iflow_signature.ts";

Deno.test("a call is signed over agent, session and time", () => {
  const headers = iflowHeaders({ key: new Secret("sk-test"), session: "00000000-0000-4000-8000-000000000000", now: 1_700_000_000_000 });
  assert.deepEqual(headers, {
    "user-agent": "iFlow-Cli",
    "session-id": "session-00000000-0000-4000-8000-000000000000",
    "x-iflow-timestamp": "1700000000000",
    "x-iflow-signature": "0e714708175abecc3f936816c5841e7f17b53d0fbde504322d902f1be7dc7ab4",
  });
});

Deno.test("a conversation keeps its session, and another one has another", () => {
  fc.assert(fc.property(fc.string(), fc.string(), (one, other) => {
    assert.match(iflowSession(one), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(iflowSession(one) === iflowSession(other), one === other);
  }));
});
