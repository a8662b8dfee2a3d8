/** The lines to paste: complete, narrow enough, and valid as they stand. */
import assert from "node:assert/strict";
import { newProxyKey } from "../proxy_key.ts";
import { renderPaste, renderServe } from "./paste.ts";
import { paintFor } from "../../terminal/text.ts";

const PAINT = paintFor("plain");
const TARGET = { url: "http://127.0.0.1:65535/v1", model: "openai/gpt-5-mini", proxyKey: newProxyKey() };

Deno.test("no line to paste is wider than 80 columns", () => {
  const lines = `${renderServe(TARGET, PAINT)}\n${renderPaste(TARGET, PAINT)}`.split("\n");
  assert.ok(lines.length > 20);
  assert.deepEqual(lines.filter((line) => line.length > 80), []);
});

Deno.test("each way names address, key and model", () => {
  const [, ...blocks] = renderPaste(TARGET, PAINT).split(/^(?=curl$|JavaScript|Python)/m);
  assert.equal(blocks.length, 3);
  for (const block of blocks) {
    for (const part of [TARGET.url, TARGET.proxyKey, TARGET.model]) assert.ok(block.includes(part), `${part} is missing in ${block}`);
  }
});

Deno.test("code begins in the first column and curl's body is JSON", () => {
  const text = renderPaste(TARGET, PAINT);
  assert.match(text, /^curl http/m);
  assert.match(text, /^import OpenAI from "openai";$/m);
  assert.match(text, /^from openai import OpenAI$/m);
  const body = /-d '([^']+)'/.exec(text)?.[1];
  assert.deepEqual(JSON.parse(body ?? ""), { model: TARGET.model, messages: [{ role: "user", content: "Hello" }] });
});

Deno.test("for keys of one's own it says which variables to set", () => {
  const text = renderServe(TARGET, PAINT);
  assert.match(text, /^OPENAI_API_KEY=</m);
  assert.ok(text.includes(`\nPROXY_API_KEY=${TARGET.proxyKey}\n`));
  assert.match(text, /^keyproxy serve/m);
});
