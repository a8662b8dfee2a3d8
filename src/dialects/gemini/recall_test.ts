/** Signatures kept by the ids of their calls. */
import assert from "node:assert/strict";
import { FakeClock } from "../../../tests/support/fake_clock.ts";
import { createRecall } from "./recall.ts";

Deno.test("what was remembered last is recalled, until it is too old", () => {
  const clock = new FakeClock();
  const recall = createRecall({ clock, maxAgeMs: 1_000 });
  recall.remember("a", "one");
  recall.remember("a", "two");
  assert.equal(recall.recall("a"), "two");
  clock.advance(1_000);
  assert.equal(recall.recall("a"), "two");
  clock.advance(1);
  assert.equal(recall.recall("a"), undefined);
  assert.equal(recall.recall("b"), undefined);
});

Deno.test("beyond its size the one unused longest goes first", () => {
  const recall = createRecall({ clock: new FakeClock(), maxEntries: 2 });
  recall.remember("a", "1");
  recall.remember("b", "2");
  recall.recall("a");
  recall.remember("c", "3");
  assert.deepEqual(["a", "b", "c"].map((id) => recall.recall(id)), ["1", undefined, "3"]);
});

Deno.test("what is longer than any signature is not kept", () => {
  const recall = createRecall({ clock: new FakeClock() });
  recall.remember("a", "x".repeat(64 * 1024 + 1));
  assert.equal(recall.recall("a"), undefined);
});
