/** What is remembered of how fast credentials answer. */
import assert from "node:assert/strict";
import { Latencies } from "./latencies.ts";

Deno.test("the last 32 answers of each credential are kept, newest last", () => {
  const latencies = new Latencies();
  for (let ms = 1; ms <= 40; ms++) latencies.note("a", ms + 0.4);
  latencies.note("b", 7);
  assert.deepEqual(latencies.of("a"), Array.from({ length: 32 }, (_, at) => at + 9));
  assert.deepEqual(latencies.of("b"), [7]);
  assert.deepEqual(latencies.of("c"), []);
});

Deno.test("credentials that answer no more make room for those that do", () => {
  const latencies = new Latencies();
  latencies.note("gone", 1);
  latencies.note("kept", 1);
  for (let at = 0; at < 4_998; at++) latencies.note(`c${at}`, 1);
  latencies.note("kept", 2);
  latencies.note("one more", 3);
  assert.deepEqual([latencies.of("gone"), latencies.of("kept"), latencies.of("one more")], [[], [1, 2], [3]]);
});
