/** What comes out of a stream does not depend on how the network cut it into pieces. */
import fc from "fast-check";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { EventCutter, eventData, splitEvents } from "../../src/wire/sse.ts";

const lineEnd = fc.constantFrom("\n", "\r\n");
const field = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }).map((text) => `data: ${text.replace(/[\r\n]/g, " ")}`),
  fc.constantFrom("event: ping", ": comment", "id: 7", "retry: 10", "data:", "data: [DONE]", `data: ${"y".repeat(70_000)}`),
);
const event = fc.tuple(fc.array(field, { minLength: 1, maxLength: 3 }), lineEnd).map(([fields, end]) => `${fields.join(end)}${end}${end}`);
const stream = fc.array(event, { minLength: 1, maxLength: 8 }).map((events) => Buffer.from(events.join("")).toString("latin1"));

/** Runs a stream through the cutter in pieces of the given sizes, again and again. */
function cutUp(text: string, sizes: readonly number[]): { bytes: string; datas: (string | undefined)[] } {
  const cutter = new EventCutter();
  let bytes = "";
  const datas: (string | undefined)[] = [];
  for (let at = 0, turn = 0; at < text.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    const { whole, torn } = cutter.push(text.slice(at, at + size));
    bytes += torn + whole;
    datas.push(...splitEvents(whole).map(eventData));
    at += size;
  }
  return { bytes: bytes + cutter.rest(), datas };
}

Deno.test("relayed bytes are those that came, however they were cut", () => {
  fc.assert(
    fc.property(stream, fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 5 }), (text, sizes) => {
      assert.equal(cutUp(text, sizes).bytes, text);
    }),
    { numRuns: 200 },
  );
});

Deno.test("events that are short enough to be read are the same, however they were cut", () => {
  const short = fc.array(event, { minLength: 1, maxLength: 8 })
    .map((events) => Buffer.from(events.filter((text) => text.length < 60_000).join("")).toString("latin1"));
  fc.assert(
    fc.property(short, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }), (text, sizes) => {
      assert.deepEqual(cutUp(text, sizes).datas, splitEvents(text).map(eventData));
    }),
    { numRuns: 200 },
  );
});
