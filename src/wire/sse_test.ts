/** Events are cut where the standard says, whatever the line ends, and long ones are passed on in parts. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { EventCutter, eventData, MAX_EVENT_BYTES, splitEvents } from "./sse.ts";

Deno.test("an event ends with an empty line, whatever its line ends", () => {
  for (const end of ["\n\n", "\r\n\r\n", "\n\r\n", "\r\n\n"]) {
    const cutter = new EventCutter();
    assert.deepEqual(cutter.push(`data: a${end}data: b`), { whole: `data: a${end}`, torn: "" });
    assert.equal(cutter.rest(), "data: b");
  }
});

Deno.test("a CRLF that is one line end is not taken for two", () => {
  const cutter = new EventCutter();
  assert.deepEqual(cutter.push("event: x\r\ndata: a\r\n"), { whole: "", torn: "" });
  assert.deepEqual(cutter.push("\r\n"), { whole: "event: x\r\ndata: a\r\n\r\n", torn: "" });
});

Deno.test("an event too long to hold comes in parts, and what follows is whole again", () => {
  const cutter = new EventCutter();
  const long = `data: ${"x".repeat(3 * MAX_EVENT_BYTES)}\n\n`;
  const cuts = [cutter.push(long.slice(0, 100_000)), cutter.push(long.slice(100_000)), cutter.push("data: next\n\n")];
  assert.equal(cuts.map((cut) => cut.torn).join(""), long);
  assert.equal(cuts.map((cut) => cut.whole).join(""), "data: next\n\n");
});

Deno.test("whole text is split into its events, and each keeps its bytes", () => {
  assert.deepEqual(splitEvents(": hi\n\nid: 1\r\ndata: a\r\n\r\ndata: b\n\n"), [": hi\n\n", "id: 1\r\ndata: a\r\n\r\n", "data: b\n\n"]);
});

Deno.test("data is read as UTF-8 over several lines; comments have none", () => {
  const latin1 = Buffer.from("data: Grüße\ndata: 世界\n\n").toString("latin1");
  assert.equal(eventData(latin1), "Grüße\n世界");
  assert.equal(eventData(": keep-alive\n\n"), undefined);
  assert.equal(eventData("data: no empty line"), "no empty line");
});
