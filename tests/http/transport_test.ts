/**
 * The way to the provider: what cannot be reached, what falls silent, what breaks in the middle of an answer,
 * and connections that went stale. Nothing is repeated once the client has seen a part of an answer.
 */
import assert from "node:assert/strict";
import { latch } from "../simulators/latch.ts";
import { startSimulator } from "../simulators/server.ts";
import {
  answer,
  cutSse,
  halfClose,
  keepAliveClose,
  rateLimited,
  reset,
  resetAfterBytes,
  roleOnlyThenStall,
  serverError,
  sseError,
  stall,
  stallAfter,
  withHold,
} from "../simulators/steps.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { startGateway } from "../support/gateway.ts";
import { collect } from "../support/http_client.ts";
import {
  assertAtRest,
  CHAT,
  chat,
  chatStream,
  credentialsOf,
  errorOf,
  KEY_A,
  KEY_B,
  keysSeen,
  members,
  poolOf,
  saidText,
  STREAM,
  TWO_KEYS,
  until,
} from "./chat.ts";

const CLEAN = { sanitizeOps: true, sanitizeResources: true };
const ONE_KEY = { LOCAL_API_KEY_1: KEY_A };

Deno.test("nothing listens: both keys are tried, then 502 says so", CLEAN, async () => {
  await using gateway = await startGateway({ env: TWO_KEYS });
  await gateway.simulator.close();
  for (const body of [CHAT, STREAM]) {
    const refused = await chat(gateway, body);
    assert.equal(refused.status, 502);
    const error = errorOf(refused.json);
    assert.equal(error.code, "ECONNREFUSED");
    assert.match(String(error.message), /Cannot connect to the provider: nothing listens there/);
    assert.equal(credentialsOf(error).length, 2);
  }
  // The second request had only the key that was not resting; whoever rests because of trouble is not waited for.
  assert.deepEqual(members(gateway).map(({ reason }) => reason), ["provider trouble", "provider trouble"]);
  await assertAtRest(gateway);
});

Deno.test("a limit that ends in time is waited for after trouble of the other key", CLEAN, async () => {
  const clock = new FakeClock();
  await using gateway = await startGateway({ env: TWO_KEYS, clock });
  gateway.simulator.script({ key: KEY_A }, rateLimited({ retryAfterSeconds: 5 }));
  gateway.simulator.script({ key: KEY_B }, serverError(500));
  const answered = chat(gateway);
  await until(() => poolOf(gateway).queuedCount === 1);
  clock.advance(5_000);
  assert.equal((await answered).status, 200);
  assert.deepEqual(keysSeen(gateway), [KEY_A, KEY_B, KEY_A]);
});

Deno.test("a provider that does not speak TLS is a failed connection", CLEAN, async () => {
  await using plain = await startSimulator();
  await using gateway = await startGateway({ env: { ...TWO_KEYS, LOCAL_API_BASE: `https://127.0.0.1:${plain.port}/v1` } });
  const refused = await chat(gateway);
  assert.equal(refused.status, 502);
  assert.match(String(errorOf(refused.json).message), /Cannot connect to the provider: its TLS certificate or handshake/);
  assert.equal(refused.headers["x-keyproxy-attempts"], "2");
  assert.equal(members(gateway)[0]?.reason, "provider trouble");
});

for (const step of [stall(), stallAfter(0), roleOnlyThenStall()]) {
  Deno.test(`${step.name}: a stream moves on to the next key in time, and 504 when that stalls too`, CLEAN, async () => {
    const clock = new FakeClock();
    await using gateway = await startGateway({ env: TWO_KEYS, clock });
    gateway.simulator.script({ key: KEY_A }).always(step);
    const answered = chat(gateway, STREAM);
    const stalled = await gateway.simulator.nextRequest();
    clock.advance(14_999);
    assert.equal(stalled.abortedByClient, false);
    clock.advance(1);
    await stalled.aborted;
    assert.equal(saidText(await eventsIn((await answered).text)), "hello big world");
    assert.deepEqual(keysSeen(gateway), [KEY_A, KEY_B]);
    assert.deepEqual(members(gateway).map(({ reason }) => reason), ["provider trouble", ""]);
    await assertAtRest(gateway);
  });
}

Deno.test("both keys stall: 504 at the deadline, no later", CLEAN, async () => {
  const clock = new FakeClock();
  await using gateway = await startGateway({ env: TWO_KEYS, clock });
  gateway.simulator.script({}).always(stall());
  const answered = chat(gateway, STREAM);
  await gateway.simulator.nextRequest({ key: KEY_A });
  clock.advance(15_000);
  await gateway.simulator.nextRequest({ key: KEY_B });
  clock.advance(15_000);
  const refused = await answered;
  assert.equal(refused.status, 504);
  const error = errorOf(refused.json);
  assert.equal(error.code, "first_byte_timeout");
  assert.deepEqual(credentialsOf(error).map(({ state }) => state), ["cooling", "ready"]);
  await assertAtRest(gateway);
});

Deno.test("a whole answer may take longer than the first byte of a stream, but not for ever", CLEAN, async () => {
  const clock = new FakeClock();
  await using gateway = await startGateway({ env: { ...TWO_KEYS, GLOBAL_TIMEOUT: "100", TIMEOUT_READ_NON_STREAMING: "60" }, clock });
  gateway.simulator.script({ key: KEY_A }).always(stall());
  const answered = chat(gateway);
  const stalled = await gateway.simulator.nextRequest();
  clock.advance(60_000);
  await stalled.aborted;
  assert.equal((await answered).status, 200);
  assert.deepEqual(keysSeen(gateway), [KEY_A, KEY_B]);
});

Deno.test("the only key is tried once more after provider trouble, after a moment, and is not rested", CLEAN, async () => {
  await using gateway = await startGateway({ env: ONE_KEY });
  gateway.simulator.script({}, serverError(503));
  assert.equal((await chat(gateway)).status, 200);
  gateway.simulator.script({}, serverError(503), serverError(503));
  const refused = await chat(gateway);
  assert.equal(refused.status, 502);
  assert.equal(refused.headers["x-keyproxy-attempts"], "2");
  assert.deepEqual(credentialsOf(errorOf(refused.json)).map(({ state }) => state), ["ready"]);
  assert.equal(refused.headers["retry-after"], undefined);
  const [first, second, third, fourth] = gateway.simulator.requests.map((request) => request.receivedAt);
  for (const gapMs of [(second ?? 0) - (first ?? 0), (fourth ?? 0) - (third ?? 0)]) assert.ok(gapMs >= 245 && gapMs < 1_000, `${gapMs} ms`);
  assert.deepEqual(members(gateway).map(({ state }) => state), ["ready"]);
});

Deno.test("a connection that the provider closed while it was idle is replaced without a word", CLEAN, async () => {
  for (const kind of ["reset", "half_close"] as const) {
    await using gateway = await startGateway({ env: ONE_KEY });
    gateway.simulator.script({}, keepAliveClose({ at: "next_request", kind }), answer(), answer());
    assert.equal((await chat(gateway)).status, 200);
    const second = await chat(gateway);
    assert.equal(second.status, 200);
    assert.equal(second.headers["x-keyproxy-attempts"], "1");
    assert.equal(gateway.simulator.droppedCount, 1);
    assert.deepEqual(members(gateway).map(({ state, today }) => [state, today.failureCount]), [["ready", 0]]);
    assert.equal((await chat(gateway)).status, 200);
    assert.equal(poolConnections(gateway.simulator), 3, "the one that was sent again has a connection for itself");
    await assertAtRest(gateway);
  }
});

for (const [what, body] of [["an answer", CHAT], ["a stream", STREAM]] as const) {
  Deno.test(`${what} on a kept connection: a client that leaves ends the call, and it is not sent a second time`, CLEAN, async () => {
    await using gateway = await startGateway({ env: ONE_KEY });
    gateway.simulator.script({}, answer(), stall(), answer());
    assert.equal((await chat(gateway)).status, 200);
    const leaving = new AbortController();
    const left = chat(gateway, body, { signal: leaving.signal });
    await until(() => gateway.simulator.requests.length === 2);
    assert.equal(poolConnections(gateway.simulator), 1, "the connection was kept");
    leaving.abort(new Error("the client left"));
    await assert.rejects(left, /the client left/);
    await gateway.running(0);
    assert.equal((await chat(gateway)).status, 200);
    assert.equal(gateway.simulator.requests.length, 3);
    await assertAtRest(gateway);
  });
}

Deno.test("a kept connection that breaks while the provider works is trouble, and only the other key sends again", CLEAN, async () => {
  const clock = new FakeClock();
  await using gateway = await startGateway({ env: TWO_KEYS, clock });
  const gate = latch();
  gateway.simulator.script({}, answer(), withHold(reset(), gate), answer());
  assert.equal((await chat(gateway)).status, 200);
  const answered = chat(gateway);
  await until(() => gateway.simulator.requests.length === 2);
  clock.advance(5_000);
  gate.release();
  const { status, headers } = await answered;
  assert.deepEqual([status, headers["x-keyproxy-attempts"]], [200, "2"]);
  assert.deepEqual(keysSeen(gateway), [KEY_A, KEY_B, KEY_A]);
  await assertAtRest(gateway);
});

const CUTS = [
  ["a reset", reset({ chunkCount: 2 })],
  ["a half-close", halfClose(2)],
  ["an end inside an event", cutSse(300)],
  ["a reset inside an event", resetAfterBytes(520)],
] as const;

for (const [name, step] of CUTS) {
  Deno.test(`${name} after the first text: an error event, then [DONE], and no other key`, CLEAN, async () => {
    await using gateway = await startGateway({ env: TWO_KEYS });
    gateway.simulator.script({}).always(step);
    const stream = await chatStream(gateway);
    assert.equal(stream.status, 200);
    const events = await collect(stream.events());
    assert.match(saidText(events.slice(0, -2)), /^hello/);
    assert.match(String(errorOf(JSON.parse(events.at(-2) ?? "")).message), /The provider's answer broke off/);
    assert.equal(events.at(-1), "[DONE]");
    assert.ok(!events.some((data) => data.includes('"finish_reason":"stop"')));
    assert.deepEqual(keysSeen(gateway), [KEY_A]);
    assert.deepEqual(members(gateway).map(({ state, today }) => [state, today.failureCount]), [["ready", 1], ["ready", 0]]);
    await assertAtRest(gateway);
  });
}

Deno.test("half an event after the finish reason is dropped: the answer is whole", CLEAN, async () => {
  await using gateway = await startGateway({ env: TWO_KEYS });
  gateway.simulator.script({}).always(cutSse(20));
  const events = await collect((await chatStream(gateway)).events());
  assert.equal(saidText(events), "hello big world");
  assert.match(events.at(-2) ?? "", /"finish_reason":"stop"/);
  assert.equal(events.at(-1), "[DONE]");
});

Deno.test("an error event after the first text reaches the client once, then [DONE]", CLEAN, async () => {
  await using gateway = await startGateway({ env: TWO_KEYS });
  gateway.simulator.script({}, sseError({ message: "overloaded now", type: "server_error" }, { afterCount: 2 }));
  const events = await collect((await chatStream(gateway)).events());
  assert.equal(events.filter((data) => data.includes("overloaded now")).length, 1);
  assert.match(String(errorOf(JSON.parse(events.at(-2) ?? "")).message), /overloaded now/);
  assert.equal(events.at(-1), "[DONE]");
  assert.deepEqual(keysSeen(gateway), [KEY_A]);
  assert.deepEqual(members(gateway).map(({ state }) => state), ["ready", "ready"]);
});

Deno.test("silence after the first text: an error event at the idle limit, and the provider's stream is ended", CLEAN, async () => {
  await using gateway = await startGateway({ env: { ...TWO_KEYS, TIMEOUT_READ_STREAMING: "0.2" } });
  gateway.simulator.script({}, stallAfter(2));
  const events = await collect((await chatStream(gateway)).events());
  assert.equal(errorOf(JSON.parse(events.at(-2) ?? "")).code, "read_timeout");
  assert.equal(events.at(-1), "[DONE]");
  const stalled = await gateway.simulator.nextRequest();
  await stalled.aborted;
  assert.deepEqual(keysSeen(gateway), [KEY_A]);
  assert.deepEqual(members(gateway).map(({ state, today }) => [state, today.failureCount]), [["ready", 1], ["ready", 0]]);
  await assertAtRest(gateway);
});

/** The data of the events in a whole text. */
function eventsIn(text: string): string[] {
  return text.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6));
}

/** Connections that carried a request to its end. */
function poolConnections(simulator: { readonly requests: readonly { readonly socketIndex: number }[] }): number {
  return new Set(simulator.requests.map((request) => request.socketIndex)).size;
}
