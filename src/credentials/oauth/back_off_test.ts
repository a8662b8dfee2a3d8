/** When a failed renewal is tried again, by what the token endpoint said. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { backOffMs, nextTry } from "./back_off.ts";
import { refusal, type RefusalKind } from "./flow.ts";

const MIDDLE = () => 0.5;

function waits(kind: RefusalKind, retryAfterMs?: number) {
  return [1, 2, 3].map((count) =>
    nextTry(
      refusal({ kind, reason: "no", ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }),
      { failureCount: count, suspiciousCount: count },
      () => 0,
    )
  );
}

Deno.test("trouble that passes doubles its wait up to five minutes", () => {
  assert.deepEqual([1, 2, 3, 4, 9, 10, 1_000].map((count) => backOffMs(count, MIDDLE)), [
    1_000,
    2_000,
    4_000,
    8_000,
    256_000,
    300_000,
    300_000,
  ]);
});

Deno.test("a wait never leaves a fifth around its step, and never passes five minutes", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 60 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (count, chance) => {
    const stepMs = Math.min(1_000 * 2 ** (count - 1), 300_000);
    const waitMs = backOffMs(count, () => chance);
    assert.ok(waitMs >= stepMs * 0.8 && waitMs <= Math.min(stepMs * 1.2, 300_000));
  }));
});

Deno.test("a rate limit waits as long as it was asked to, and a minute when it was not", () => {
  assert.deepEqual(waits("rate_limited", 7_000)[0], { kind: "again", afterMs: 7_000 });
  assert.deepEqual(waits("rate_limited")[2], { kind: "again", afterMs: 60_000 });
});

Deno.test("a wait of no length or of years is not taken at its word", () => {
  assert.deepEqual(waits("rate_limited", 0)[0], { kind: "again", afterMs: 1_000 });
  assert.deepEqual(waits("rate_limited", 1e12)[0], { kind: "again", afterMs: 3_600_000 });
});

Deno.test("trouble that names a wait is not tried earlier", () => {
  assert.deepEqual(waits("transient", 45_000)[0], { kind: "again", afterMs: 45_000 });
});

Deno.test("an unknown refusal gets three tries, at least 30 s apart, and then needs a login", () => {
  assert.deepEqual(waits("suspicious"), [
    { kind: "again", afterMs: 30_000 },
    { kind: "again", afterMs: 90_000 },
    { kind: "end", state: "needs_login" },
  ]);
});

Deno.test("what a person must act on ends the tries at once", () => {
  for (const kind of ["needs_login", "misconfigured", "withdrawn"] as const) {
    assert.deepEqual(waits(kind)[0], { kind: "end", state: kind });
  }
});
