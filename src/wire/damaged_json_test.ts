/** Every known damage is mended, and nothing that was sound changes. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Json } from "../kernel/json.ts";
import { parseDamagedJson } from "./damaged_json.ts";

Deno.test("mends the damage that was seen", () => {
  const table: readonly (readonly [string, string, Json])[] = [
    ["doubled commas", '{"a":1,\n  ,\n "b":2}', { a: 1, b: 2 }],
    ["many commas", "[1, ,,\n, 2]", [1, 2]],
    ["a comma at the start", '{"d":[,{"e":"8s"}]}', { d: [{ e: "8s" }] }],
    ["a comma at the end", '{"d":[{"e":"8s"},\n]}', { d: [{ e: "8s" }] }],
    ["a no-break space", '{"a":1,\u00a0"b":\u00a02}', { a: 1, b: 2 }],
    ["a byte order mark", '\ufeff{"a":1}', { a: 1 }],
    ["a line break in a string", '{"a":"You have\nexhausted","b":"x\r\ny"}', { a: "You have exhausted", b: "x y" }],
    ["all of it", '[{"error":{"message":"a\n,\n,b",\u00a0,"details":[,]}}\n,]', [{ error: { message: "a , ,b", details: [] } }]],
  ];
  for (const [name, text, value] of table) assert.deepEqual(parseDamagedJson(text), value, name);
});

Deno.test("commas and brackets inside strings stay as they are", () => {
  assert.deepEqual(parseDamagedJson('{"domain":"x.example,","m":"[, ] {,} ,, \\", ,",,"n":1}'), {
    domain: "x.example,",
    m: '[, ] {,} ,, ", ,',
    n: 1,
  });
});

Deno.test("makes nothing out of what is no JSON", () => {
  const texts = ["", "Too many requests", "<html></html>", '{"a":', '{"a":"', "{]", "{'a':1}", `[${"1,,".repeat(40_000)}1]`];
  for (const text of texts) assert.equal(parseDamagedJson(text), undefined, text.slice(0, 20));
});

Deno.test("gives sound JSON as it is", () => {
  fc.assert(fc.property(fc.json(), (text) => assert.deepEqual(parseDamagedJson(text), JSON.parse(text))));
  assert.deepEqual(parseDamagedJson("null"), null);
  assert.deepEqual(parseDamagedJson('"text"'), "text");
});

Deno.test("survives any text", () => {
  fc.assert(fc.property(fc.string(), (text) => void parseDamagedJson(`{${text}`)));
});
