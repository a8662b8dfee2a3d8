/** Many streams at once, half of whose clients leave midway: afterwards nothing is left of any of them. */
import assert from "node:assert/strict";
import { latch } from "../simulators/latch.ts";
import { answer, withHold } from "../simulators/steps.ts";
import { assertAtRest, chatStream, poolOf, STREAM, until } from "../http/chat.ts";
import { startGateway } from "../support/gateway.ts";

const STREAMS = 200;

Deno.test("two hundred streams, half of the clients leave midway: no lease, queue, call or timer stays", {
  sanitizeOps: true,
  sanitizeResources: true,
}, async () => {
  await using gateway = await startGateway({ env: { LOCAL_API_KEY_1: "sk-alpha-11112222", MAX_CONCURRENT_REQUESTS_PER_KEY_LOCAL: "0" } });
  const gate = latch();
  gateway.simulator.script({}).always(withHold(answer({ text: "one two three four" }), gate, { chunkCount: 2 }));
  const streams = await Promise.all(Array.from({ length: STREAMS }, () => chatStream(gateway, STREAM)));
  assert.equal(poolOf(gateway).inFlightCount, STREAMS);
  assert.equal(gateway.simulator.inFlight, STREAMS);
  const leaving = streams.filter((_, index) => index % 2 === 0);
  const staying = streams.filter((_, index) => index % 2 === 1);
  for (const stream of leaving) stream.close();
  await until(() => poolOf(gateway).inFlightCount === STREAMS / 2);
  gate.release();
  const ends = await Promise.all(staying.map(async (stream) => {
    let last = "";
    for await (const data of stream.events()) last = data;
    return last;
  }));
  assert.deepEqual(new Set(ends), new Set(["[DONE]"]));
  await gateway.running(0);
  await assertAtRest(gateway);
  assert.equal(gateway.simulator.requests.filter((request) => request.abortedByClient).length, STREAMS / 2);
});
