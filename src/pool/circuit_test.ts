/** When a provider is left alone, and how it is tested. */
import assert from "node:assert/strict";
import type { FailureScope } from "../kernel/failure.ts";
import { type Circuit, CLOSED, gate, onFailed, onReached, onUndecided } from "./circuit.ts";

const NOW = 1_000_000;

function fail(circuit: Circuit, at: number, credential: string, scope: FailureScope = "transport"): Circuit {
  return onFailed(circuit, { scope }, { at, credential, isTest: circuit.kind === "half_open" });
}

/** One failure a second, of these credentials in turn. */
function failAll(credentials: string[], stepMs = 1_000): Circuit {
  return credentials.reduce((circuit, credential, index) => fail(circuit, NOW + index * stepMs, credential), CLOSED);
}

Deno.test("five transport failures over two members within 30 s open it for 15 s", () => {
  assert.equal(failAll(["a", "b", "a", "b"]).kind, "closed");
  assert.deepEqual(failAll(["a", "b", "a", "b", "a"]), { kind: "open", untilAt: NOW + 4_000 + 15_000 });
});

Deno.test("one member's failures never open it", () => {
  assert.equal(failAll(Array.from({ length: 20 }, () => "a")).kind, "closed");
  assert.equal(failAll([...Array.from({ length: 20 }, () => "a"), "b"]).kind, "open", "the second member makes it two");
});

Deno.test("failures spread over more than 30 s do not open it", () => {
  assert.equal(failAll(["a", "b", "a", "b", "a"], 7_499).kind, "open");
  assert.equal(failAll(["a", "b", "a", "b", "a"], 7_500).kind, "closed");
});

Deno.test("any answer in between starts the count again", () => {
  for (const answered of [onReached, (circuit: Circuit) => fail(circuit, NOW, "a", "credential_model")]) {
    const circuit = answered(failAll(["a", "b", "a", "b"]));
    assert.equal(fail(circuit, NOW + 4_000, "a").kind, "closed");
  }
});

Deno.test("failures that say nothing about the way neither count nor start the count again", () => {
  for (const scope of ["client", "gateway"] as const) {
    const circuit = fail(failAll(["a", "b", "a", "b"]), NOW, "a", scope);
    assert.equal(fail(circuit, NOW + 4_000, "a").kind, "open");
  }
});

Deno.test("it refuses while open, then lets one test pass and makes the others wait", () => {
  const open: Circuit = { kind: "open", untilAt: NOW + 15_000 };
  assert.equal(gate(CLOSED, NOW), "pass");
  assert.equal(gate(open, NOW + 14_999), NOW + 15_000);
  assert.equal(gate(open, NOW + 15_000), "test");
  assert.equal(gate({ kind: "half_open" }, NOW), "wait");
});

Deno.test("a test that fails opens it again for 15 s; any answer closes it", () => {
  const testing: Circuit = { kind: "half_open" };
  assert.deepEqual(fail(testing, NOW, "a"), { kind: "open", untilAt: NOW + 15_000 });
  assert.deepEqual(fail(testing, NOW, "a", "provider"), CLOSED);
  assert.deepEqual(fail(testing, NOW, "a", "credential"), CLOSED);
  assert.deepEqual(onReached(testing), CLOSED);
});

Deno.test("a test that decides nothing leaves the test to the next request", () => {
  for (const undecided of [onUndecided({ kind: "half_open" }, NOW), fail({ kind: "half_open" }, NOW, "a", "gateway")]) {
    assert.equal(gate(undecided, NOW), "test");
  }
  assert.deepEqual(onUndecided(CLOSED, NOW), CLOSED);
});

Deno.test("failures of older requests do not prolong an open circuit", () => {
  const open: Circuit = { kind: "open", untilAt: NOW + 15_000 };
  assert.deepEqual(fail(open, NOW + 10_000, "a"), open);
});
