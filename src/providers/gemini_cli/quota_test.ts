/** Quota buckets are read with what proto leaves out filled in. */
import assert from "node:assert/strict";
import { readQuota } from "./quota.ts";

Deno.test("a fraction that is missing is nothing left", () => {
  const buckets = [
    { modelId: "gemini-2.5-pro", tokenType: "REQUESTS", remainingFraction: 0.87, remainingAmount: "87", resetTime: "2026-01-08T07:00:00Z" },
    { modelId: "gemini-2.5-flash", tokenType: "REQUESTS", resetTime: "2026-01-08T07:00:00Z" },
    { modelId: "gemini-3-pro-preview", remainingFraction: 1, resetTime: "soon" },
  ];
  assert.deepEqual(readQuota({ buckets }), [
    { model: "gemini-2.5-pro", remainingFraction: 0.87, resetAt: Date.UTC(2026, 0, 8, 7) },
    { model: "gemini-2.5-flash", remainingFraction: 0, resetAt: Date.UTC(2026, 0, 8, 7) },
    { model: "gemini-3-pro-preview", remainingFraction: 1, resetAt: null },
  ]);
});

Deno.test("of several buckets of a model the scarcest counts", () => {
  const bucket = (remainingFraction: number, day: string) => ({ modelId: "m", remainingFraction, resetTime: `2026-01-0${day}T00:00:00Z` });
  const left = { model: "m", remainingFraction: 0.1, resetAt: Date.UTC(2026, 0, 2) };
  assert.deepEqual(readQuota({ buckets: [bucket(0.9, "1"), bucket(0.1, "2"), bucket(0.5, "3")] }), [left]);
});

Deno.test("what is no bucket is left out, and a fraction stays between nothing and all", () => {
  assert.deepEqual(readQuota({}), []);
  assert.deepEqual(readQuota({ buckets: [null, 1, {}, { modelId: "" }] }), []);
  const fractions = readQuota({ buckets: [{ modelId: "a", remainingFraction: 7 }, { modelId: "b", remainingFraction: -1 }] });
  assert.deepEqual(fractions.map(({ remainingFraction }) => remainingFraction), [1, 0]);
});
