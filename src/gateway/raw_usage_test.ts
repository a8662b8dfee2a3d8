/** Usage in answers that are passed on unread. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { RawUsage } from "./raw_usage.ts";

const PICTURE_USAGE = {
  total_tokens: 110,
  input_tokens: 10,
  output_tokens: 100,
  input_tokens_details: { text_tokens: 10, image_tokens: 0 },
};

function read(text: string, pieceBytes = 1000) {
  const usage = new RawUsage();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) usage.push(bytes.subarray(at, at + pieceBytes));
  return usage.read();
}

Deno.test("usage is read wherever it stands in a whole answer, in the names providers use", () => {
  const wanted = { inputTokens: 10, cachedTokens: 0, outputTokens: 100 };
  assert.deepEqual(read(JSON.stringify({ usage: PICTURE_USAGE, data: [{ b64_json: "x".repeat(50_000) }] })), wanted);
  assert.deepEqual(read(JSON.stringify({ text: "é", usage: { type: "tokens", ...PICTURE_USAGE } }), 1), wanted);
  assert.deepEqual(read(JSON.stringify({ results: [], usage: { total_tokens: 7 } })), { inputTokens: 7, cachedTokens: 0, outputTokens: 0 });
});

Deno.test("a picture too long to be kept is counted by what stands behind it", () => {
  const text = JSON.stringify({ data: [{ b64_json: "x".repeat(3_000_000) }], usage: PICTURE_USAGE });
  assert.deepEqual(read(text, 65_536), { inputTokens: 10, cachedTokens: 0, outputTokens: 100 });
});

Deno.test("of a stream the last event counts, and seconds, words about usage and nothing at all are no tokens", () => {
  const event = (body: object) => `data: ${JSON.stringify(body)}\n\n`;
  const stream = event({ type: "partial", usage: { input_tokens: 1 } }) + event({ type: "completed", usage: PICTURE_USAGE });
  assert.equal(read(stream)?.outputTokens, 100);
  assert.equal(read(JSON.stringify({ text: "x", usage: { type: "duration", seconds: 3 } })), undefined);
  assert.equal(read(event({ text: '"usage": {"total_tokens": 5}' })), undefined);
  assert.equal(read('{"usage":'), undefined);
  assert.equal(read(""), undefined);
});
