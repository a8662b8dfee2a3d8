/** Defined models as text. */
import assert from "node:assert/strict";
import { readModelDefinitions } from "../config/provider_settings.ts";
import { writeDefinitions } from "./definition_text.ts";

Deno.test("definitions are a list of names while that says it all, else an object; both read back the same", () => {
  const plain = [{ name: "a", id: "a", options: {} }, { name: "b/c", id: "b/c", options: {} }];
  assert.equal(writeDefinitions(plain), '["a","b/c"]');
  const advanced = [...plain, { name: "fast", id: "gemini-2.5-flash", options: { temperature: 0.2 } }];
  assert.equal(writeDefinitions(advanced), '{"a":{},"b/c":{},"fast":{"id":"gemini-2.5-flash","options":{"temperature":0.2}}}');
  for (const it of [plain, advanced]) assert.deepEqual(readModelDefinitions(writeDefinitions(it)), it);
});
