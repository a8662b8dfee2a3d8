/** How changes that wait are shown. */
import assert from "node:assert/strict";
import { pendingLines } from "./pending_lines.ts";

const BEFORE = new Map([["MAX_QUEUE", "5"], ["OPENAI_API_KEY", "sk-0123456789abcdef"]]);

Deno.test("changes read old → new, and secrets show their ends only", () => {
  const pending = new Map([["MAX_QUEUE", "7"], ["OPENAI_API_KEY", "sk-fedcba9876543210"], ["PORT", null]]);
  const lines = pendingLines(pending, (name) => BEFORE.get(name)).map((cells) => cells.map((it) => it.text).join(""));
  assert.deepEqual(lines, [
    "  MAX_QUEUE  5 → 7",
    "  OPENAI_API_KEY  sk-…cdef → sk-…3210",
    "  PORT  (not set) → (not set)",
  ]);
});
