/** Tests of the user's override file. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadOverrides, OVERRIDES_FILE, readOverrides } from "./fact_overrides.ts";

Deno.test("entries give the facts of the model they name", () => {
  const facts = { contextTokens: 32_768, prices: { inputPerMillion: 0, outputPerMillion: 0 }, supportsTools: false };
  const { layer, problems } = readOverrides(JSON.stringify({ "ollama/org/model:8b": facts }));
  assert.deepEqual(problems, []);
  assert.deepEqual(layer("ollama", "org/model:8b"), facts);
  assert.equal(layer("ollama", "model:8b"), undefined);
});

Deno.test("tiers are put in order", () => {
  const tier = (aboveInputTokens: number) => ({ aboveInputTokens, inputPerMillion: aboveInputTokens });
  const { layer } = readOverrides(JSON.stringify({ "a/b": { prices: { inputPerMillion: 1, tiers: [tier(9), tier(3)] } } }));
  assert.deepEqual(layer("a", "b")?.prices?.tiers, [tier(3), tier(9)]);
});

Deno.test("an entry that cannot be used is named and the others hold", () => {
  const { layer, problems } = readOverrides(JSON.stringify({
    "a/slip": { contextLength: 5 },
    "a/text": { contextTokens: "many" },
    "a/below": { prices: { inputPerMillion: -1 } },
    bare: { contextTokens: 5 },
    "a/good": { contextTokens: 5 },
  }));
  assert.deepEqual(problems.map((it) => /"([^"]+)"/.exec(it)?.[1]), ["a/slip", "a/text", "a/below", "bare"]);
  assert.ok(problems.every((it) => !it.includes("\n")));
  assert.deepEqual(layer("a", "good"), { contextTokens: 5 });
  assert.equal(layer("a", "slip"), undefined);
});

Deno.test("a text that is no JSON object is one problem", () => {
  for (const text of ["{", "[]", "3", ""]) assert.equal(readOverrides(text).problems.length, 1, text);
});

Deno.test("a missing file is no problem, an unreadable one is", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "overrides-"));
  try {
    assert.deepEqual((await loadOverrides(dataDir)).problems, []);
    await writeFile(join(dataDir, OVERRIDES_FILE), `{"a/b": {"contextTokens": 7}}`);
    assert.deepEqual((await loadOverrides(dataDir)).layer("a", "b"), { contextTokens: 7 });
    const inside = join(dataDir, "deeper");
    await writeFile(inside, "");
    assert.deepEqual((await loadOverrides(inside)).problems, []);
    assert.equal((await loadOverrides("\0")).problems.length, 1);
  } finally {
    await rm(dataDir, { recursive: true });
  }
});
