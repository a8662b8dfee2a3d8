/** Fields of forms, found whatever else the form holds. */
import fc from "fast-check";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { boundaryOf, findField, withValue } from "./multipart.ts";

function form(parts: readonly (readonly [head: string, value: string | Uint8Array])[], boundary = "xyz"): Uint8Array {
  const pieces = parts.flatMap((
    [head, value],
  ) => [Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`), Buffer.from(value), Buffer.from("\r\n")]);
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}

const FIELD = (name: string) => `Content-Disposition: form-data; name="${name}"`;
const FILE = 'Content-Disposition: form-data; name="file"; filename="model"\r\nContent-Type: audio/wav';

Deno.test("the boundary is read, quoted or not", () => {
  assert.equal(boundaryOf("multipart/form-data; boundary=abc"), "abc");
  assert.equal(boundaryOf('multipart/form-data; charset=utf-8; boundary="a b"'), "a b");
  assert.equal(boundaryOf("application/json"), undefined);
  assert.equal(boundaryOf("multipart/form-data"), undefined);
});

Deno.test("a field is found behind files of the same name, and replaced alone", () => {
  const given = form([[FILE, 'name="model"\r\n\r\nnot this'], [FIELD("language"), "en"], [FIELD("model"), "openai/whisper-1"]]);
  const place = findField(given, { boundary: "xyz", name: "model" });
  assert.equal(place?.value, "openai/whisper-1");
  assert.ok(place !== undefined);
  const expected = form([[FILE, 'name="model"\r\n\r\nnot this'], [FIELD("language"), "en"], [FIELD("model"), "whisper-1"]]);
  assert.deepEqual(Buffer.from(withValue(given, place, "whisper-1")), expected);
});

Deno.test("a form without the field, or cut short, has none", () => {
  assert.equal(findField(form([[FIELD("a"), "b"]]), { boundary: "xyz", name: "model" }), undefined);
  const whole = form([[FIELD("model"), "m"]]);
  for (let length = 0; length < whole.length - 8; length += 5) {
    assert.equal(findField(whole.subarray(0, length), { boundary: "xyz", name: "model" })?.value ?? "m", "m");
  }
});

Deno.test("any bytes around it are left as they are", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 50 }), (before, after) => {
    const given = form([[FILE, before], [FIELD("model"), "old"], [FILE, after]]);
    const place = findField(given, { boundary: "xyz", name: "model" });
    if (place?.value !== "old") return;
    const expected = form([[FILE, before], [FIELD("model"), "new"], [FILE, after]]);
    assert.deepEqual(Buffer.from(withValue(given, place, "new")), expected);
  }));
});
