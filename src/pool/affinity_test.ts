/** Affinity is bounded in time and number. */
import assert from "node:assert/strict";
import { Affinity } from "./affinity.ts";

const HOUR_MS = 3_600_000;

Deno.test("a conversation's credential is known for an hour after its last turn", () => {
  const affinity = new Affinity();
  affinity.set("talk", "a", 0);
  assert.equal(affinity.get("talk", HOUR_MS - 1), "a");
  affinity.set("talk", "b", HOUR_MS - 1);
  assert.equal(affinity.get("talk", 2 * HOUR_MS - 2), "b");
  assert.equal(affinity.get("talk", 2 * HOUR_MS - 1), undefined);
  assert.equal(affinity.size, 0, "what is over is forgotten");
  assert.equal(affinity.get("other", 0), undefined);
});

Deno.test("at most 50,000 conversations are known; the one silent longest goes first", () => {
  const affinity = new Affinity();
  for (let index = 0; index < 50_000; index++) affinity.set(`talk-${index}`, "a", index);
  affinity.set("talk-0", "b", 50_000);
  affinity.set("new", "a", 50_001);
  assert.equal(affinity.size, 50_000);
  assert.equal(affinity.get("talk-1", 50_001), undefined);
  assert.equal(affinity.get("talk-0", 50_001), "b");
  assert.equal(affinity.get("new", 50_001), "a");
});
