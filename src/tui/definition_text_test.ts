/** Defined models as text. */
import { parse } from "dotenv";
import assert from "node:assert/strict";
import { readModelDefinitions } from "../config/provider_settings.ts";
import { setVariables } from "../config/env_file.ts";
import { writeDefinitions } from "./definition_text.ts";

Deno.test("definitions are a list of names while that says it all, else an object; both read back the same", () => {
  const plain = [{ name: "a", id: "a", options: {} }, { name: "b/c", id: "b/c", options: {} }];
  assert.equal(writeDefinitions(plain), '["a","b/c"]');
  const advanced = [...plain, { name: "fast", id: "gemini-2.5-flash", options: { temperature: 0.2 } }];
  assert.equal(writeDefinitions(advanced), '{"a":{},"b/c":{},"fast":{"id":"gemini-2.5-flash","options":{"temperature":0.2}}}');
  for (const it of [plain, advanced]) assert.deepEqual(readModelDefinitions(writeDefinitions(it)), it);
});

Deno.test("definitions with every kind of quote in them can be written into .env, and read back the same", () => {
  const quoted = [{ name: "a", id: "a", options: { stop: `it's "here" or \`there\`` } }];
  const text = writeDefinitions(quoted);
  assert.deepEqual(readModelDefinitions(text), quoted);
  assert.equal(parse(setVariables("", { X_MODELS: text }))["X_MODELS"], text);
});
