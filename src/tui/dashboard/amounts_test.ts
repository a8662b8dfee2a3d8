/** Times, counts and money in few columns. */
import assert from "node:assert/strict";
import { age, amount, countdown, money, successRate, took } from "./amounts.ts";

const HOUR_MS = 3_600_000;

Deno.test("a countdown ends at its end and has two units", () => {
  assert.deepEqual([-5, 0, 1, 42_000, 59_001, 250_000, 3 * HOUR_MS + 300_000, 51 * HOUR_MS].map(countdown), [
    "0s",
    "0s",
    "1s",
    "42s",
    "1m00s",
    "4m10s",
    "3h05m",
    "2d03h",
  ]);
});

Deno.test("an age has one unit and is never older than it is", () => {
  const ages = [-1, 999, 59_999, 119_000, 2 * HOUR_MS, 47 * HOUR_MS, 49 * HOUR_MS];
  assert.deepEqual(ages.map(age), ["0s", "0s", "59s", "1m", "2h", "1d", "2d"]);
});

Deno.test("durations, counts, money and rates", () => {
  assert.deepEqual([0, 85.4, 999.6, 1_240, 9_949, 9_960, 65_000].map(took), ["0ms", "85ms", "1.0s", "1.2s", "9.9s", "10s", "1m05s"]);
  assert.deepEqual([0, 999, 1_234, 9_960, 34_500, 999_499, 999_600, 5_600_000, 2e9].map(amount), [
    "0",
    "999",
    "1.2k",
    "10k",
    "35k",
    "999k",
    "1.0M",
    "5.6M",
    "2.0G",
  ]);
  assert.deepEqual([0, 0.004, 0.42, 12.3, 999.99, 1_234].map(money), ["-", "<$0.01", "$0.42", "$12.30", "$999.99", "$1.2k"]);
  const rates = [[0, 0], [10, 0], [1_000, 1], [3, 5]] as const;
  assert.deepEqual(rates.map(([requests, failures]) => successRate({ requests, failures })), ["-", "100%", "99%", "0%"]);
});
