/** What the demo shows on its way where there is no terminal. */
import assert from "node:assert/strict";
import { lineProgress } from "./progress.ts";

Deno.test("without a terminal each request that ended is a line", () => {
  const lines: string[] = [];
  const progress = lineProgress(2, (line) => lines.push(line));
  progress.ended({ number: 2, kind: "stream", requestId: "b", status: 200, durationMs: 12.6, problem: undefined });
  progress.ended({ number: 1, kind: "chat", requestId: "a", status: 504, durationMs: 9_000, problem: "too late" });
  progress.stop({ kind: "finished", durationMs: 9_000 });
  assert.deepEqual(lines, ["[1/2] request 2 (stream) answered in 13 ms", "[2/2] request 1 (chat) failed with 504"]);
});
