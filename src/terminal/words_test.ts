/** Times and counts, said one way, in few columns. */
import assert from "node:assert/strict";
import { age, counted, elapsed, inWords, span } from "./words.ts";

const HOUR_MS = 3_600_000;

Deno.test("a countdown ends at its end and has two units", () => {
  assert.deepEqual([-5, 0, 1, 42_000, 59_001, 250_000, 3 * HOUR_MS + 300_000, 51 * HOUR_MS].map(span), [
    "0s",
    "0s",
    "1s",
    "42s",
    "1m00s",
    "4m10s",
    "3h05m",
    "2d03h",
  ]);
  assert.deepEqual([inWords(0), inWords(-5), inWords(90_000)], ["now", "now", "in 1m30s"]);
});

Deno.test("an age has one unit and is never older than it is", () => {
  const ages = [-1, 999, 59_999, 119_000, 2 * HOUR_MS, 47 * HOUR_MS, 49 * HOUR_MS];
  assert.deepEqual(ages.map(age), ["0s", "0s", "59s", "1m", "2h", "1d", "2d"]);
});

Deno.test("what took a moment is told finer, what took long as a countdown is", () => {
  assert.deepEqual([0.4, 340, 999.6, 1234, 9_960, 45_000, 200_000].map(elapsed), ["0ms", "340ms", "1.0s", "1.2s", "10s", "45s", "3m20s"]);
});

Deno.test("one is not many", () => {
  assert.deepEqual([counted(1, "login"), counted(3, "login")], ["1 login", "3 logins"]);
});
