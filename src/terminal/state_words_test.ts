/** Each state is said one way. */
import assert from "node:assert/strict";
import { freeWords, stateStyle, stateWords } from "./state_words.ts";

const words = (state: string, leftMs: number | null = null, login: { state: string } | null = null) =>
  stateWords({ state, until_at: leftMs === null ? null : 1_000 + leftMs, login }, 1_000);

Deno.test("a state says how long it lasts, and a login that must be made anew says so", () => {
  assert.deepEqual([words("ready"), words("cooling", 42_000), words("quarantined", 250_000), words("quarantined", null, { state: "ok" })], [
    "ready",
    "cooling 42s",
    "quarantined 4m10s",
    "quarantined",
  ]);
  assert.equal(words("quarantined", null, { state: "needs_login" }), "needs login");
  assert.equal(words("warming\x1b[2J"), "warming\\x1b[2J");
});

Deno.test("one that serves, but not every model, looks so", () => {
  assert.deepEqual(["ready", "busy", "disabled", "other"].map((state) => stateStyle({ state, resting: [] })), [
    "green",
    "cyan",
    "dim",
    "bold",
  ]);
  assert.deepEqual(["ready", "busy", "cooling"].map((state) => stateStyle({ state, resting: [1] })), ["yellow", "yellow", "yellow"]);
});

Deno.test("when it is free is told where it is known", () => {
  assert.deepEqual([freeWords(43_000, 1_000), freeWords(1_000, 1_000), freeWords(null, 1_000)], ["free in 42s", "free now", ""]);
});
