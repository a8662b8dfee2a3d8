/**
 * The gateway's own limits: in-flight limits and the queue, deadlines, a pool at rest, an open circuit, and
 * clients that leave. Whatever happens, every lease comes back and nobody is punished for a client's leaving.
 */
import assert from "node:assert/strict";
import { latch } from "../simulators/latch.ts";
import {
  answer,
  rateLimited,
  rejectedKey,
  reset,
  roleOnlyThenStall,
  serverError,
  stall,
  stallAfter,
  withHold,
} from "../simulators/steps.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
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
  STREAM,
  TWO_KEYS,
  until,
} from "./chat.ts";

const CLEAN = { sanitizeOps: true, sanitizeResources: true };
const ONE_KEY = { LOCAL_API_KEY_1: KEY_A };

Deno.test("one request at a time per key and model; who waits is served in order of arrival", CLEAN, async () => {
  await using gateway = await startGateway({ env: ONE_KEY });
  const gate = latch();
  gateway.simulator.script({}, withHold(answer(), gate));
  const asked = [1, 2, 3].map((user) => ({ ...CHAT, user: String(user) }));
  const answers = [];
  for (const [index, body] of asked.entries()) {
    answers.push(chat(gateway, body));
    await until(() => poolOf(gateway).inFlightCount === 1 && poolOf(gateway).queuedCount === index);
  }
  const elsewhere = await chat(gateway, { ...CHAT, model: "local/other" });
  assert.equal(elsewhere.status, 200);
  gate.release();
  for (const each of await Promise.all(answers)) assert.equal(each.status, 200);
  const users = gateway.simulator.requests.filter(({ model }) => model === "m").map(({ rawBody }) => JSON.parse(rawBody).user);
  assert.deepEqual(users, ["1", "2", "3"]);
  assert.equal(gateway.simulator.peakInFlight, 2);
  await assertAtRest(gateway);
});

Deno.test("MAX_CONCURRENT_REQUESTS_PER_KEY lets more through, and 0 lifts the limit", CLEAN, async () => {
  for (const [limit, expected] of [["2", 2], ["0", 5]] as const) {
    await using gateway = await startGateway({ env: { ...ONE_KEY, MAX_CONCURRENT_REQUESTS_PER_KEY_LOCAL: limit } });
    const gate = latch();
    gateway.simulator.script({}).always(withHold(answer(), gate));
    const answers = Array.from({ length: 5 }, () => chat(gateway));
    await until(() => gateway.simulator.inFlight + poolOf(gateway).queuedCount === 5);
    assert.equal(gateway.simulator.inFlight, expected);
    gate.release();
    for (const each of await Promise.all(answers)) assert.equal(each.status, 200);
    assert.equal(gateway.simulator.peakInFlight, expected);
  }
});

Deno.test("a full queue turns the next request away at once", CLEAN, async () => {
  await using gateway = await startGateway({ env: { ...ONE_KEY, MAX_QUEUE: "1" } });
  const gate = latch();
  gateway.simulator.script({}, withHold(answer(), gate));
  const first = chat(gateway);
  await gateway.simulator.nextRequest();
  const second = chat(gateway);
  await until(() => poolOf(gateway).queuedCount === 1);
  for (const body of [CHAT, STREAM]) {
    const refused = await chat(gateway, body);
    assert.equal(refused.status, 503);
    const error = errorOf(refused.json);
    assert.equal(error.code, "queue_full");
    assert.deepEqual(credentialsOf(error), [{ state: "busy", reason: "" }]);
    assert.equal(refused.headers["retry-after"], "1");
  }
  gate.release();
  assert.deepEqual([(await first).status, (await second).status], [200, 200]);
});

Deno.test("the deadline ends a wait for a key: 504", CLEAN, async () => {
  const clock = new FakeClock();
  await using gateway = await startGateway({ env: ONE_KEY, clock });
  const gate = latch();
  gateway.simulator.script({}, withHold(answer(), gate));
  const first = chat(gateway);
  await gateway.simulator.nextRequest();
  const waits = chat(gateway, STREAM);
  await until(() => poolOf(gateway).queuedCount === 1);
  clock.advance(30_000);
  const refused = await waits;
  assert.equal(refused.status, 504);
  assert.equal(errorOf(refused.json).code, "deadline");
  assert.deepEqual(credentialsOf(errorOf(refused.json)), [{ state: "busy", reason: "" }]);
  assert.ok(refused.headers["retry-after"] !== undefined);
  gate.release();
  assert.equal((await first).status, 200, "an answer that is not streamed may take longer");
  assert.equal(gateway.simulator.requests.length, 1);
});

for (const header of ["x-keyproxy-timeout", "x-stainless-timeout"]) {
  Deno.test(`${header} shortens the deadline and never lengthens it`, CLEAN, async () => {
    const clock = new FakeClock();
    await using gateway = await startGateway({ env: ONE_KEY, clock });
    gateway.simulator.script({}).always(stall());
    for (const [seconds, endsAfterMs] of [["2.5", 2_500], ["600", 30_000]] as const) {
      const answered = chat(gateway, STREAM, { headers: { [header]: seconds } });
      const stalled = await gateway.simulator.nextRequest();
      clock.advance(endsAfterMs - 1);
      assert.equal(poolOf(gateway).inFlightCount, 1);
      clock.advance(1);
      await stalled.aborted;
      assert.equal((await answered).status, 504);
    }
  });
}

Deno.test("a limit that ends before the deadline is waited for", CLEAN, async () => {
  const clock = new FakeClock();
  await using gateway = await startGateway({ env: TWO_KEYS, clock });
  gateway.simulator.script({ key: KEY_A }, rateLimited({ retryAfterSeconds: 20 }));
  gateway.simulator.script({ key: KEY_B }, rateLimited({ retryAfterSeconds: 8 }));
  const answered = chat(gateway, STREAM);
  await until(() => poolOf(gateway).queuedCount === 1);
  clock.advance(7_999);
  assert.equal(poolOf(gateway).queuedCount, 1);
  clock.advance(1);
  assert.equal((await answered).status, 200);
  assert.deepEqual(keysSeen(gateway), [KEY_A, KEY_B, KEY_B]);
});

Deno.test("all keys at rest: 429 because of limits, 503 because of rejections, both say when to come again", CLEAN, async () => {
  const clock = new FakeClock();
  await using gateway = await startGateway({ env: TWO_KEYS, clock });
  gateway.simulator.script({ model: "m" }).always(rateLimited({ retryAfterSeconds: 100 }));
  await chat(gateway);
  clock.advance(40_000);
  const limited = await chat(gateway);
  assert.deepEqual([limited.status, limited.headers["retry-after"]], [429, "60"]);
  assert.equal(errorOf(limited.json).type, "rate_limit_error");
  assert.equal(limited.headers["x-keyproxy-attempts"], "0");
  gateway.simulator.script({ model: "n" }).always(rejectedKey());
  await chat(gateway, { ...CHAT, model: "local/n" });
  const rejected = await chat(gateway, { ...CHAT, model: "local/n" });
  assert.deepEqual([rejected.status, rejected.headers["retry-after"]], [503, "300"]);
  assert.equal(errorOf(rejected.json).code, "all_resting");
  assert.equal(gateway.simulator.requests.length, 4);
});

Deno.test("a provider without any credential left answers 503", CLEAN, async () => {
  await using gateway = await startGateway({ env: ONE_KEY });
  const gate = latch();
  gateway.simulator.script({}, withHold(answer(), gate));
  const first = chat(gateway);
  await gateway.simulator.nextRequest();
  const waits = chat(gateway);
  await until(() => poolOf(gateway).queuedCount === 1);
  await gateway.reload({ LOCAL_API_KEY_1: undefined, LOCAL_API_BASE: undefined });
  const refused = await waits;
  assert.equal(refused.status, 503);
  assert.equal(errorOf(refused.json).code, "no_credential");
  assert.equal((await chat(gateway)).status, 404, "the provider is not configured any more");
  gate.release();
  assert.equal((await first).status, 200, "what is under way is finished");
});

Deno.test("five failed connections in a row open the circuit: 503 at once, and a single test afterwards", CLEAN, async () => {
  const clock = new FakeClock();
  await using gateway = await startGateway({ env: { ...TWO_KEYS, LOCAL_API_KEY_3: "sk-charlie-55556666" }, clock });
  const script = gateway.simulator.script({}).always(reset("request"));
  await chat(gateway);
  await chat(gateway);
  assert.equal(poolOf(gateway).circuit, "open");
  const callCount = gateway.simulator.requests.length;
  const refused = await chat(gateway, CHAT, { headers: { "x-keyproxy-timeout": "5" } });
  assert.equal(refused.status, 503);
  assert.equal(errorOf(refused.json).code, "circuit_open");
  assert.equal(refused.headers["retry-after"], "15");
  assert.equal(gateway.simulator.requests.length, callCount);
  script.always(answer());
  clock.advance(15_000);
  assert.equal((await chat(gateway)).status, 200);
  assert.equal(poolOf(gateway).circuit, "closed");
});

/** No trace of a client that left: nothing under way, nobody at rest, no failure counted. */
async function assertNoPenalty(gateway: Gateway): Promise<void> {
  await until(() => gateway.app.running.count === 0);
  await assertAtRest(gateway);
  for (const { state, today } of members(gateway)) assert.deepEqual([state, today.failureCount], ["ready", 0]);
}

Deno.test("a client that leaves while it waits for a key leaves the queue", CLEAN, async () => {
  await using gateway = await startGateway({ env: ONE_KEY });
  const gate = latch();
  gateway.simulator.script({}, withHold(answer(), gate));
  const first = chat(gateway);
  await gateway.simulator.nextRequest();
  for (const body of [CHAT, STREAM]) {
    const leaving = new AbortController();
    const waits = chat(gateway, body, { signal: leaving.signal });
    await until(() => poolOf(gateway).queuedCount === 1);
    leaving.abort(new Error("left"));
    await assert.rejects(waits, /left/);
    await until(() => poolOf(gateway).queuedCount === 0);
  }
  gate.release();
  assert.equal((await first).status, 200);
  assert.equal(gateway.simulator.requests.length, 1);
  await assertNoPenalty(gateway);
});

const BEFORE_COMMIT = [["JSON", CHAT, stall()], ["JSON with headers", CHAT, stallAfter(0)], ["a stream", STREAM, stall()], [
  "a stream that only named its role",
  STREAM,
  roleOnlyThenStall(),
]] as const;

for (const [name, body, step] of BEFORE_COMMIT) {
  Deno.test(`a client that leaves before the first text (${name}) ends the provider's call`, CLEAN, async () => {
    await using gateway = await startGateway({ env: TWO_KEYS });
    gateway.simulator.script({}).always(step);
    const leaving = new AbortController();
    const waits = chat(gateway, body, { signal: leaving.signal });
    const call = await gateway.simulator.nextRequest();
    leaving.abort(new Error("left"));
    await assert.rejects(waits, /left/);
    await call.aborted;
    assert.equal(gateway.simulator.requests.length, 1);
    await assertNoPenalty(gateway);
  });
}

Deno.test("a client that leaves in the middle of a stream ends the provider's call", CLEAN, async () => {
  await using gateway = await startGateway({ env: TWO_KEYS });
  gateway.simulator.script({}, stallAfter(2));
  const stream = await chatStream(gateway);
  for await (const data of stream.events()) if (data.includes("hello")) break;
  stream.close();
  const call = await gateway.simulator.nextRequest();
  await call.aborted;
  assert.equal(gateway.simulator.requests.length, 1);
  await assertNoPenalty(gateway);
});

Deno.test("a client that leaves during the pause before a second try: there is none", CLEAN, async () => {
  const clock = new FakeClock();
  await using gateway = await startGateway({ env: ONE_KEY, clock });
  gateway.simulator.script({}).always(serverError(500));
  const leaving = new AbortController();
  const waits = chat(gateway, CHAT, { signal: leaving.signal });
  await (await gateway.simulator.nextRequest()).done;
  await until(() => poolOf(gateway).inFlightCount === 0);
  leaving.abort(new Error("left"));
  await assert.rejects(waits, /left/);
  await until(() => gateway.app.running.count === 0);
  clock.advance(1_000);
  await assertAtRest(gateway);
  assert.equal(gateway.simulator.requests.length, 1);
});

Deno.test("a body nested beyond measure is refused by name and costs no credential anything", CLEAN, async () => {
  await using gateway = await startGateway({ env: ONE_KEY });
  const deep = "[".repeat(20_000) + "]".repeat(20_000);
  const body = `{"model":"local/m","messages":[{"role":"user","content":"x"}],"tools":${deep}}`;
  for (let round = 0; round < 3; round++) {
    const answer = await fetch(`${gateway.baseUrl}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    const text = await answer.text();
    assert.deepEqual([answer.status, /nested more than 1000 levels deep/.test(text)], [400, true], text);
  }
  assert.equal((await chat(gateway, CHAT)).status, 200);
  await assertAtRest(gateway);
});
