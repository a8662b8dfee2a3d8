/** Amazon's event streams as server-sent events, however they are cut, and what is wrong with broken ones. */
import fc from "fast-check";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { crc32, encodeFrame, FrameCutter } from "./event_stream.ts";
import { eventData, splitEvents } from "./sse.ts";

function frame(type: string, payload: unknown): Uint8Array {
  return encodeFrame({ ":message-type": "event", ":event-type": type, ":content-type": "application/json" }, JSON.stringify(payload));
}

function decoded(...pieces: readonly Uint8Array[]): unknown[] {
  const cutter = new FrameCutter();
  const text = pieces.map((piece) => cutter.push(Buffer.from(piece).toString("latin1")).whole).join("");
  return splitEvents(text).map((event) => JSON.parse(eventData(event) ?? "null"));
}

Deno.test("the checksum is the one of zip files", () => {
  assert.equal(crc32(Buffer.from("123456789")), 0xcbf43926);
});

Deno.test("frames become events that name their type, in any language", () => {
  assert.deepEqual(decoded(frame("messageStart", { role: "assistant" }), frame("contentBlockDelta", { delta: { text: "Grüße 🙂" } })), [
    { messageStart: { role: "assistant" } },
    { contentBlockDelta: { delta: { text: "Grüße 🙂" } } },
  ]);
});

Deno.test("an exception is an error event with its type and words", () => {
  const thrown = encodeFrame({ ":message-type": "exception", ":exception-type": "throttlingException" }, '{"message":"Too many tokens"}');
  const error = { type: "throttlingException", code: "throttlingException", message: "Too many tokens" };
  assert.deepEqual(decoded(thrown), [{ type: "error", error }]);
});

Deno.test("events do not depend on how the bytes are cut", () => {
  const whole = Buffer.concat([frame("a", { n: 1 }), frame("b", { text: "ü".repeat(50) }), frame("c", {})]);
  const expected = decoded(whole);
  fc.assert(fc.property(fc.array(fc.nat({ max: whole.length }), { maxLength: 8 }), (places) => {
    const cuts = [0, ...places.toSorted((a, b) => a - b), whole.length];
    const pieces = cuts.slice(1).map((end, index) => whole.subarray(cuts[index], end));
    assert.deepEqual(decoded(...pieces), expected);
  }));
});

Deno.test("a damaged frame ends the stream with an error event, and nothing is read after it", () => {
  for (const place of [0, 6, 9, 30]) {
    const damaged = Buffer.from(frame("a", { text: "hello" }));
    damaged[place] = (damaged[place] ?? 0) ^ 0x41;
    const events = decoded(frame("first", {}), damaged, frame("last", {}));
    assert.deepEqual(events[0], { first: {} });
    assert.equal(JSON.stringify(events).includes("last"), false);
    if (place !== 0 || events.length > 1) assert.match(JSON.stringify(events[1]), /broken_stream/);
  }
});
