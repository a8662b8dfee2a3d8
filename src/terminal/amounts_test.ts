/** Amounts fit their columns and are not rounded to something better than they are. */
import assert from "node:assert/strict";
import { clockTime, compact, successRate, usd } from "./amounts.ts";

Deno.test("counts are short", () => {
  const counts = [0, 950, 1000, 1234, 45_000, 128_000, 999_970, 1_300_000, 2e9];
  assert.deepEqual(counts.map(compact), ["0", "950", "1k", "1.2k", "45k", "128k", "1M", "1.3M", "2G"]);
});

Deno.test("small sums are not nothing", () => {
  assert.deepEqual([0, 0.0001, 0.42, 12.3, 1240.4].map(usd), ["$0", "<$0.01", "$0.42", "$12.30", "$1240"]);
});

Deno.test("one failure in a thousand is not 100 %", () => {
  assert.equal(successRate({ requests: 1000, failures: 1 }), "99 %");
  assert.equal(successRate({ requests: 3, failures: 0 }), "100 %");
  assert.equal(successRate({ requests: 2, failures: 3 }), "0 %");
  assert.equal(successRate({ requests: 0, failures: 0 }), "");
});

Deno.test("times have a date only when they are old", () => {
  assert.match(clockTime(1_800_000_000_000, 1_800_000_060_000), /^\d\d:\d\d:\d\d$/);
  assert.match(clockTime(1_700_000_000_000, 1_800_000_000_000), /^2023-11-1\d \d\d:\d\d:\d\d$/);
});
