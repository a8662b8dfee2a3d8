/** Waits and ages in few columns. */
import assert from "node:assert/strict";
import { age, countdown } from "./countdown.ts";

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
