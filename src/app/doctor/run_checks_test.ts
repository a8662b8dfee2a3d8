/** Checks side by side: whatever one does, the others are heard. */
import assert from "node:assert/strict";
import { FakeClock } from "../../../tests/support/fake_clock.ts";
import { findingsOf } from "./finding.ts";
import { type Check, runChecks } from "./run_checks.ts";

const { ok } = findingsOf("files");

function check(name: string, run: Check["run"]): Check {
  return { name, area: "files", limitMs: 1_000, run };
}

Deno.test("a check that throws or hangs is a finding of its own and keeps none of the others back", async () => {
  const clock = new FakeClock();
  let isStopped = false;
  const progress: number[] = [];
  const others = Promise.withResolvers<void>();
  const onProgress = ({ doneCount }: { readonly doneCount: number }) => {
    progress.push(doneCount);
    if (doneCount === 2) others.resolve();
  };
  const running = runChecks([
    check("sums", () => {
      throw new Error("no sums today");
    }),
    check("waiting", (signal) =>
      new Promise((_, reject) =>
        signal.addEventListener("abort", () => {
          isStopped = true;
          reject(new Error("late"));
        })
      )),
    check("good", () => [ok("fine")]),
  ], { clock, signal: new AbortController().signal, onProgress });
  await others.promise;
  clock.advance(1_000);
  assert.deepEqual((await running).map(({ level, what }) => `${level} ${what}`), [
    "warning The check of sums failed: no sums today",
    "warning The check of waiting did not end within 1 s",
    "ok fine",
  ]);
  assert.deepEqual([isStopped, progress.length, progress[0], progress.at(-1)], [true, 4, 0, 3]);
});
