/** Which models there are, and what they share. */
import assert from "node:assert/strict";
import { GEMINI_CLI_MODELS, GEMINI_CLI_QUOTA_GROUPS, wireModel } from "./models.ts";

Deno.test("a name differs on the wire only where the backend has its own", () => {
  assert.equal(wireModel("gemini-3.5-flash"), "gemini-3-flash");
  assert.equal(wireModel("models/gemini-2.5-pro"), "gemini-2.5-pro");
  assert.equal(wireModel("constructor"), "constructor");
});

Deno.test("a model shares its quota with one group, and every Gemini has one", () => {
  const grouped = GEMINI_CLI_QUOTA_GROUPS.flat();
  assert.equal(new Set(grouped).size, grouped.length);
  assert.equal(new Set(GEMINI_CLI_MODELS).size, GEMINI_CLI_MODELS.length);
  assert.deepEqual(GEMINI_CLI_MODELS.filter((model) => model.startsWith("gemini-") && !grouped.includes(model)), []);
});
