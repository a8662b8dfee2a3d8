/** Recording, scripts and the life of the simulator itself. */
import assert from "node:assert/strict";
import { Agent } from "node:http";
import { collect, openStream, requestJson } from "../support/http_client.ts";
import { latch } from "./latch.ts";
import { connectRaw, postText } from "./raw_client.ts";
import { startSimulator } from "./server.ts";
import { answer, flood, keepAliveClose, rateLimited, serverError, stall, stallAfter, withDelay, withHold } from "./steps.ts";

const CHAT = { model: "m", messages: [{ role: "user", content: "hello big world" }] };
const STREAM = { ...CHAT, stream: true };
/** A timer or socket the simulator left behind fails the test. */
const CLEAN = { sanitizeOps: true, sanitizeResources: true };

Deno.test("a request is recorded as it arrived and how it ended", CLEAN, async () => {
  await using simulator = await startSimulator();
  await requestJson(`${simulator.baseUrl}/chat/completions?x=1`, { key: "sk-1", body: CHAT, headers: { "X-Extra": "yes" } });
  const [request] = simulator.requests;
  await request?.done;
  assert.partialDeepStrictEqual(request, {
    index: 0,
    socketIndex: 0,
    method: "POST",
    path: "/v1/chat/completions",
    query: "?x=1",
    key: "sk-1",
    body: CHAT,
    rawBody: JSON.stringify(CHAT),
    model: "m",
    isStream: false,
    step: "answer",
    abortedByClient: false,
    finished: true,
    chunksSent: 1,
  });
  assert.equal(request?.headers["x-extra"], "yes");
  assert.ok(request?.rawHeaders.includes("X-Extra"));
});

Deno.test("the key is found in each of the headers providers use", CLEAN, async () => {
  await using simulator = await startSimulator();
  for (const header of ["x-api-key", "api-key", "x-goog-api-key"]) {
    await requestJson(`${simulator.baseUrl}/models`, { headers: { [header]: `sk-${header}` } });
    assert.equal(simulator.callsFor(`sk-${header}`).length, 1);
  }
  assert.equal(simulator.callsFor("sk-other").length, 0);
});

Deno.test("steps are taken in order, the repeated one after them, and other requests are answered correctly", CLEAN, async () => {
  await using simulator = await startSimulator();
  const script = simulator.script({ key: "sk-1" }, rateLimited()).next(serverError(503)).always(serverError(500));
  const status = async (key: string) => (await requestJson(`${simulator.baseUrl}/chat/completions`, { key, body: CHAT })).status;
  assert.equal(await status("sk-2"), 200);
  assert.equal(script.remainingCount, 2);
  assert.deepEqual([await status("sk-1"), await status("sk-1"), await status("sk-1"), await status("sk-1")], [429, 503, 500, 500]);
  simulator.clearScripts();
  assert.equal(await status("sk-1"), 200);
});

Deno.test("a script matches on model, path and stream, and an exhausted one gives way to the next", CLEAN, async () => {
  await using simulator = await startSimulator();
  simulator.script({ model: "other" }).always(serverError(500));
  simulator.script({ stream: true }).always(serverError(501));
  simulator.script({ path: "/completions", stream: false }, serverError(502));
  simulator.script({ path: "/chat/completions" }, serverError(503));
  const status = async (body: unknown) => (await requestJson(`${simulator.baseUrl}/chat/completions`, { body })).status;
  assert.equal(await status({ ...CHAT, model: "other" }), 500);
  assert.equal(await status(STREAM), 501);
  assert.deepEqual([await status(CHAT), await status(CHAT), await status(CHAT)], [502, 503, 200]);
});

Deno.test("nextRequest hands out each request once, arrived or not, and can be asked for a kind", CLEAN, async () => {
  await using simulator = await startSimulator();
  const url = `${simulator.baseUrl}/chat/completions`;
  await requestJson(url, { key: "sk-1", body: CHAT });
  await requestJson(url, { key: "sk-2", body: CHAT });
  assert.equal((await simulator.nextRequest({ key: "sk-2" })).key, "sk-2");
  assert.equal((await simulator.nextRequest()).key, "sk-1");
  const coming = simulator.nextRequest();
  await requestJson(url, { key: "sk-3", body: CHAT });
  assert.equal((await coming).key, "sk-3");
});

Deno.test("a client that leaves is seen while it waits for the head and while it reads", CLEAN, async () => {
  await using simulator = await startSimulator();
  simulator.script({}, stall(), stallAfter(2));
  const controller = new AbortController();
  const waiting = requestJson(`${simulator.baseUrl}/chat/completions`, { body: CHAT, signal: controller.signal });
  const first = await simulator.nextRequest();
  assert.equal(simulator.inFlight, 1);
  assert.equal(first.abortedByClient, false);
  controller.abort(new Error("enough"));
  await assert.rejects(waiting, /enough/);
  await first.aborted;
  assert.deepEqual([first.abortedByClient, first.finished, simulator.inFlight], [true, false, 0]);

  const opened = await openStream(`${simulator.baseUrl}/chat/completions`, { body: STREAM });
  const second = await simulator.nextRequest();
  for await (const event of opened.events()) if (event.includes("hello")) break;
  opened.close();
  await second.aborted;
  assert.deepEqual([second.abortedByClient, second.chunksSent], [true, 2]);
  await second.done;
});

Deno.test("a client that leaves in the middle of its own body is recorded and takes no step", CLEAN, async () => {
  await using simulator = await startSimulator();
  const script = simulator.script({}, serverError());
  const client = await connectRaw(simulator.port);
  client.send("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{");
  await client.close();
  const request = await simulator.nextRequest();
  await request.aborted;
  assert.deepEqual([request.abortedByClient, request.step, script.remainingCount], [true, "none", 1]);
});

Deno.test("a latch orders two answers without any waiting for time", CLEAN, async () => {
  await using simulator = await startSimulator();
  const gate = latch();
  simulator.script({ key: "sk-slow" }, withHold(answer(), gate));
  const slow = requestJson(`${simulator.baseUrl}/chat/completions`, { key: "sk-slow", body: CHAT });
  const held = await simulator.nextRequest();
  await requestJson(`${simulator.baseUrl}/chat/completions`, { key: "sk-fast", body: CHAT });
  assert.deepEqual([held.finished, simulator.peakInFlight], [false, 2]);
  gate.release();
  assert.equal((await slow).status, 200);
});

Deno.test("a latch in the middle holds the rest of a stream back", CLEAN, async () => {
  await using simulator = await startSimulator();
  const gate = latch();
  simulator.script({}, withHold(answer(), gate, { chunkCount: 2 }));
  const opened = await openStream(`${simulator.baseUrl}/chat/completions`, { body: STREAM });
  const seen: string[] = [];
  for await (const event of opened.events()) {
    seen.push(event);
    if (seen.length === 2) {
      assert.equal(simulator.requests[0]?.chunksSent, 2);
      gate.release();
    }
  }
  assert.equal(seen.at(-1), "[DONE]");
});

Deno.test("sockets are counted and a kept-alive one is recognised", CLEAN, async () => {
  await using simulator = await startSimulator();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const url = `${simulator.baseUrl}/chat/completions`;
  await requestJson(url, { body: CHAT, agent });
  await requestJson(url, { body: CHAT, agent });
  assert.deepEqual(simulator.requests.map((request) => request.socketIndex), [0, 0]);
  assert.deepEqual([simulator.openSockets, simulator.connectionCount], [1, 1]);
  agent.destroy();
});

Deno.test("a flood stops at a client that does not read, and goes on when it does", CLEAN, async () => {
  await using simulator = await startSimulator();
  const size = { chunkCount: 2, chunkBytes: 12 * 1024 * 1024 };
  simulator.script({}).always(flood(size));
  const opened = await openStream(`${simulator.baseUrl}/chat/completions`, { body: STREAM });
  const request = await simulator.nextRequest();
  // Another client takes the same flood whole, so this one had the time for it.
  assert.equal((await requestJson(`${simulator.baseUrl}/chat/completions`, { body: STREAM })).status, 200);
  assert.ok(request.chunksSent < 3, `${request.chunksSent} chunks were taken by a client that read none`);
  assert.equal((await collect(opened.events())).length, 5);
  await request.done;
  assert.ok(request.bytesSent > size.chunkCount * size.chunkBytes);
});

Deno.test("close ends stalled and delayed answers, idle connections and waiting tests, and may be called twice", CLEAN, async () => {
  const simulator = await startSimulator();
  simulator.script({ key: "sk-stall" }).always(stall());
  simulator.script({ key: "sk-slow" }).always(withDelay(answer(), 3_600_000));
  const agent = new Agent({ keepAlive: true });
  const url = `${simulator.baseUrl}/chat/completions`;
  await requestJson(url, { body: CHAT, agent });
  const stalled = requestJson(url, { key: "sk-stall", body: CHAT });
  const delayed = requestJson(url, { key: "sk-slow", body: STREAM });
  const request = await simulator.nextRequest({ key: "sk-stall" });
  await simulator.nextRequest({ key: "sk-slow" });
  const never = simulator.nextRequest({ key: "sk-never" });
  await Promise.all([simulator.close(), assert.rejects(stalled), assert.rejects(delayed), assert.rejects(never, /sk-never.*closed/)]);
  await simulator.close();
  await request.done;
  assert.deepEqual([request.abortedByClient, request.finished, simulator.openSockets], [false, false, 0]);
  await assert.rejects(requestJson(url), /ECONNREFUSED|refused/i);
  agent.destroy();
});

Deno.test("a simulator may come back on the port it had", CLEAN, async () => {
  const gone = await startSimulator();
  await gone.close();
  await using back = await startSimulator({ port: gone.port });
  assert.equal(back.baseUrl, gone.baseUrl);
  assert.equal((await requestJson(`${back.baseUrl}/models`)).status, 200);
});

Deno.test("a kept-alive connection closes after its answer, or at the moment it is used again", CLEAN, async () => {
  await using simulator = await startSimulator();
  simulator.script({ key: "sk-a" }, keepAliveClose());
  simulator.script({ key: "sk-b" }, keepAliveClose({ at: "next_request" }));
  simulator.script({ key: "sk-c" }, keepAliveClose({ at: "next_request", kind: "reset" }));
  const ask = (key: string) => postText("/v1/chat/completions", CHAT, { authorization: `Bearer ${key}` });

  const first = await connectRaw(simulator.port);
  first.send(ask("sk-a"));
  assert.equal(await first.ended, "fin");
  assert.match(first.received, /connection: keep-alive[\s\S]*hello big world/i);
  await first.close();

  for (const [key, ending] of [["sk-b", "fin"], ["sk-c", "reset"]] as const) {
    const client = await connectRaw(simulator.port);
    client.send(ask(key));
    await client.sees('"total_tokens":6}}');
    const before = client.received;
    client.send(ask(key));
    assert.equal(await client.ended, ending);
    assert.equal(client.received, before);
    await client.close();
  }
  assert.deepEqual([simulator.requests.length, simulator.droppedCount], [3, 2]);
});
