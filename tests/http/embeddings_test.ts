/**
 * Embedding requests that share a call, over real sockets. Windows are long and end because the group is full,
 * or stand on a clock that the test moves, so that no outcome depends on how fast the machine is.
 */
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asArray, asNumber, asObject, asString, type Json, type JsonObject } from "../../src/kernel/json.ts";
import { type EmbeddingInput, embeddingOf, inputsOf, vectorsOf } from "../simulators/embeddings.ts";
import { latch } from "../simulators/latch.ts";
import type { RecordedRequest } from "../simulators/server.ts";
import { answer, rateLimited, reply, serverError, stall, withHeaders, withHold } from "../simulators/steps.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { type Gateway, type GatewayOptions, startGateway } from "../support/gateway.ts";
import { type JsonRequest, type RawResponse, requestJson } from "../support/http_client.ts";

const CLEAN = { sanitizeOps: true, sanitizeResources: true };
const MODEL = "local/sim-embed";
const WINDOW_MS = 10_000;

/** A gateway whose groups set out as soon as they hold `maxItems` inputs. */
function startBatching(maxItems: number, options: GatewayOptions = {}): Promise<Gateway> {
  const env = { EMBEDDING_BATCH_WINDOW_MS: String(WINDOW_MS), EMBEDDING_BATCH_MAX_ITEMS: String(maxItems), ...options.env };
  return startGateway({ ...options, env });
}

function embed(gateway: Gateway, input: Json, rest: JsonObject & { model?: string } = {}, options: JsonRequest = {}): Promise<RawResponse> {
  return requestJson(`${gateway.baseUrl}/embeddings`, { ...options, body: { model: MODEL, input, ...rest } });
}

/** Checks that an answer holds the vectors of these inputs, in their order, numbered from 0. */
function assertVectors(response: RawResponse, inputs: readonly EmbeddingInput[], dimensions?: number): void {
  assert.equal(response.status, 200, response.text);
  assert.deepEqual(vectorsOf(response.json), inputs.map((input) => embeddingOf(input, dimensions)));
  assert.deepEqual(asArray(asObject(response.json)?.data).map((row) => asObject(row)?.index), inputs.map((_, index) => index));
}

function sentInputs(request: RecordedRequest | undefined): readonly EmbeddingInput[] {
  return inputsOf(asObject(request?.body)?.input);
}

function promptTokens(response: RawResponse): number {
  return asNumber(asObject(asObject(response.json)?.usage)?.prompt_tokens) ?? 0;
}

function errorMessage(response: RawResponse): string {
  return asString(asObject(asObject(response.json)?.error)?.message) ?? "";
}

/** Counters of the provider "local" today, over all its credentials. */
function accounts(gateway: Gateway): { requestCount: number; failureCount: number; inputTokens: number } {
  const members = gateway.app.snapshot().providers.get("local")?.pool.report() ?? [];
  const sum = (read: (today: (typeof members)[number]["today"]) => number) => members.reduce((all, { today }) => all + read(today), 0);
  return {
    requestCount: sum((today) => today.requestCount),
    failureCount: sum((today) => today.failureCount),
    inputTokens: sum((today) => today.inputTokens),
  };
}

Deno.test("requests that arrive together become one upstream call, and each gets its own vectors in its own order", CLEAN, async () => {
  await using gateway = await startBatching(6);
  const wanted = [["one"], ["two words", "three more words"], ["four"], ["five", "one"]];
  const responses = await Promise.all(wanted.map((texts) => embed(gateway, texts.length === 1 ? texts[0] ?? "" : texts)));
  responses.forEach((response, index) => assertVectors(response, wanted[index] ?? []));
  assert.equal(gateway.simulator.requests.length, 1);
  assert.deepEqual([...sentInputs(gateway.simulator.requests[0])].sort(), wanted.flat().sort());
});

Deno.test("each answer looks like one of its own: model, request id, headers, content length", CLEAN, async () => {
  await using gateway = await startBatching(2, { env: { LOCAL_MODELS: JSON.stringify({ mine: { id: "sim-embed" } }) } });
  gateway.simulator.script({}).always(withHeaders(answer(), { "x-ratelimit-remaining-requests": "7", "x-request-cost": "1" }));
  const [plain, named] = await Promise.all([
    embed(gateway, "a", {}, { headers: { "x-request-id": "first" } }),
    embed(gateway, "b", { model: "local/mine" }, { headers: { "x-request-id": "second" } }),
  ]);
  assertVectors(plain, ["a"]);
  assertVectors(named, ["b"]);
  assert.deepEqual([asObject(plain.json)?.model, asObject(named.json)?.model], [MODEL, "local/mine"]);
  assert.deepEqual([plain.headers["x-request-id"], named.headers["x-request-id"]], ["first", "second"]);
  for (const { headers, body } of [plain, named]) {
    assert.equal(headers["content-length"], String(body.length));
    assert.equal(headers["x-keyproxy-provider"], "local");
    assert.equal(headers["x-keyproxy-attempts"], "1");
    assert.match(String(headers["x-keyproxy-credential"]), /^local:[0-9a-f]{12}$/);
    assert.equal(headers["x-ratelimit-remaining-requests"], "7");
    assert.equal(headers["x-request-cost"], undefined);
    assert.ok(Number(headers["x-keyproxy-overhead-ms"]) < 1_000);
  }
  assert.equal(gateway.simulator.requests.length, 1);
});

Deno.test("usage is split by the length of the inputs, sums to the provider's total, and is accounted once", CLEAN, async () => {
  await using gateway = await startBatching(3);
  const texts = ["word", "two words", "and here are some seven words more"];
  const responses = await Promise.all(texts.map((text) => embed(gateway, text)));
  const shares = responses.map(promptTokens);
  assert.equal(shares.reduce((sum, share) => sum + share, 0), 10);
  assert.ok((shares[0] ?? 0) < (shares[1] ?? 0) && (shares[1] ?? 0) < (shares[2] ?? 0), shares.join());
  for (const response of responses) assert.equal(asObject(asObject(response.json)?.usage)?.total_tokens, promptTokens(response));
  assert.deepEqual(accounts(gateway), { requestCount: 1, failureCount: 0, inputTokens: 10 });
});

Deno.test("requests that differ in dimensions, encoding or any other field do not share a call", CLEAN, async () => {
  await using gateway = await startBatching(2);
  const forms: readonly JsonObject[] = [{}, { dimensions: 3 }, { encoding_format: "base64" }, { input_type: "query" }, { user: "u" }, {
    task: "x",
  }];
  await Promise.all(forms.flatMap((form) =>
    ["a", "b"].map(async (text) => {
      const response = await embed(gateway, text, form);
      assertVectors(response, [text], asNumber(form.dimensions));
      const [row] = asArray(asObject(response.json)?.data);
      assert.equal(typeof asObject(row)?.embedding, form.encoding_format === "base64" ? "string" : "object");
    })
  ));
  assert.equal(gateway.simulator.requests.length, forms.length);
  for (const request of gateway.simulator.requests) assert.deepEqual([...sentInputs(request)].sort(), ["a", "b"]);
});

Deno.test("token arrays share calls with token arrays only", CLEAN, async () => {
  await using gateway = await startBatching(3);
  const [text, tokens, lists, texts] = await Promise.all([
    embed(gateway, "text"),
    embed(gateway, [1, 2, 3, 4]),
    embed(gateway, [[5, 6], [7]]),
    embed(gateway, ["more", "text here"]),
  ]);
  assertVectors(text, ["text"]);
  assertVectors(tokens, [[1, 2, 3, 4]]);
  assertVectors(lists, [[5, 6], [7]]);
  assertVectors(texts, ["more", "text here"]);
  assert.deepEqual([promptTokens(tokens), promptTokens(lists)], [4, 3]);
  const kinds = gateway.simulator.requests.map((request) => new Set(sentInputs(request).map((input) => typeof input)).size);
  assert.deepEqual(kinds, [1, 1]);
});

Deno.test("a call carries at most the configured number of inputs", CLEAN, async () => {
  await using gateway = await startBatching(4);
  const texts = Array.from({ length: 12 }, (_, index) => `text ${index}`);
  const responses = await Promise.all(texts.map((text) => embed(gateway, text)));
  responses.forEach((response, index) => assertVectors(response, [texts[index] ?? ""]));
  assert.deepEqual(gateway.simulator.requests.map((request) => sentInputs(request).length), [4, 4, 4]);
});

Deno.test("a group without room for the next request sets out, and the request begins another", CLEAN, async () => {
  const clock = new FakeClock();
  await using gateway = await startBatching(4, { clock });
  const first = embed(gateway, ["a", "b", "c"]);
  await gateway.running(1);
  const second = embed(gateway, ["d", "e"]);
  assertVectors(await first, ["a", "b", "c"]);
  await gateway.running(1);
  clock.advance(WINDOW_MS);
  assertVectors(await second, ["d", "e"]);
  assert.deepEqual(gateway.simulator.requests.map((request) => sentInputs(request).length), [3, 2]);
});

Deno.test("a provider that takes fewer inputs is sent no more", CLEAN, async () => {
  await using gateway = await startBatching(64, { others: { DASHSCOPE: {} } });
  const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`);
  const responses = await Promise.all(texts.map((text) => embed(gateway, text, { model: "dashscope/text-embedding-v4" })));
  responses.forEach((response, index) => assertVectors(response, [texts[index] ?? ""]));
  assert.deepEqual(gateway.simulators.DASHSCOPE?.requests.map((request) => sentInputs(request).length), [10, 10]);
});

Deno.test("a request that fills a call by itself does not wait", CLEAN, async () => {
  await using gateway = await startBatching(2);
  assertVectors(await embed(gateway, ["a", "b", "c"]), ["a", "b", "c"]);
});

Deno.test(
  "a request that stays alone is sent as it came once its window is over, and its answer is relayed as it came",
  CLEAN,
  async () => {
    const clock = new FakeClock();
    await using gateway = await startBatching(64, { clock });
    const raw = '{ "object":"list", "data":[ {"embedding":[1.0, 2e-1], "index":0} ], "unknown_field":1.50 }';
    gateway.simulator.script({}, reply(200, raw, { "content-type": "application/json" }));
    const waiting = embed(gateway, "alone", { custom_field: { kept: true } });
    await gateway.running(1);
    clock.advance(WINDOW_MS - 1);
    assert.equal(gateway.simulator.requests.length, 0);
    clock.advance(1);
    assert.equal((await waiting).text, raw);
    assert.deepEqual(gateway.simulator.requests[0]?.body, { input: "alone", custom_field: { kept: true }, model: "sim-embed" });
  },
);

Deno.test("the window is that of the first request: later ones do not prolong it", CLEAN, async () => {
  const clock = new FakeClock();
  await using gateway = await startBatching(64, { clock });
  const first = embed(gateway, "first");
  await gateway.running(1);
  clock.advance(WINDOW_MS - 1);
  const second = embed(gateway, "second");
  await gateway.running(2);
  clock.advance(1);
  assertVectors(await first, ["first"]);
  assertVectors(await second, ["second"]);
  assert.equal(gateway.simulator.requests.length, 1);
});

Deno.test("without batches, or without time for a window, every request goes at once", CLEAN, async () => {
  for (const env of [{ EMBEDDING_BATCH: "false" }, { EMBEDDING_BATCH_WINDOW_MS: "0" }, { GLOBAL_TIMEOUT: "5" }]) {
    await using gateway = await startBatching(64, { env: { ...env, MAX_CONCURRENT_REQUESTS_PER_KEY_LOCAL: "0" } });
    const [one, two] = await Promise.all([embed(gateway, "one"), embed(gateway, "two")]);
    assertVectors(one, ["one"]);
    assertVectors(two, ["two"]);
    assert.equal(gateway.simulator.requests.length, 2);
  }
});

Deno.test("a bad input fails alone, with the provider's own words about its request", CLEAN, async () => {
  await using gateway = await startBatching(6, { simulatorOptions: { refusedInputs: ["bad"] } });
  const [one, bad, two, three, four] = await Promise.all([
    embed(gateway, "one"),
    embed(gateway, ["fine", "bad"]),
    embed(gateway, "two"),
    embed(gateway, "three"),
    embed(gateway, "four"),
  ]);
  assert.equal(bad.status, 400);
  assert.equal(errorMessage(bad), "'$.input[1]' is invalid. Please check the API reference.");
  [one, two, three, four].forEach((response, index) => assertVectors(response, [["one", "two", "three", "four"][index] ?? ""]));
  assert.equal(gateway.simulator.inFlight, 0);
  assert.equal(accounts(gateway).inputTokens, 4);
});

Deno.test("an answer that does not hold a vector for each input is asked for in halves", CLEAN, async () => {
  await using gateway = await startBatching(2);
  gateway.simulator.script({}, reply(200, { object: "list", data: [{ index: 0, embedding: [1] }], model: "sim-embed" }));
  const [one, two] = await Promise.all([embed(gateway, "one"), embed(gateway, "two")]);
  assertVectors(one, ["one"]);
  assertVectors(two, ["two"]);
  assert.equal(gateway.simulator.requests.length, 3);
});

Deno.test("a key at its limit is changed once for the whole batch, and every request tells of both attempts", CLEAN, async () => {
  await using gateway = await startBatching(3, { env: { LOCAL_API_KEY_1: "sk-one", LOCAL_API_KEY_2: "sk-two" } });
  gateway.simulator.script({ key: "sk-one" }).always(rateLimited({ retryAfterSeconds: 60 }));
  const responses = await Promise.all(["a", "b", "c"].map((text) => embed(gateway, text)));
  responses.forEach((response, index) => assertVectors(response, [["a", "b", "c"][index] ?? ""]));
  assert.deepEqual(gateway.simulator.requests.map(({ key }) => key), ["sk-one", "sk-two"]);
  assert.deepEqual(responses.map(({ headers }) => headers["x-keyproxy-attempts"]), ["2", "2", "2"]);
  assert.deepEqual(accounts(gateway), { requestCount: 2, failureCount: 1, inputTokens: 3 });
});

Deno.test("a failure that is nobody's fault reaches every request of the batch", CLEAN, async () => {
  await using gateway = await startBatching(2);
  gateway.simulator.script({}).always(rateLimited({ retryAfterSeconds: 60 }));
  const responses = await Promise.all([embed(gateway, "a"), embed(gateway, "b")]);
  for (const response of responses) {
    assert.equal(response.status, 429);
    assert.equal(response.headers["retry-after"], "60");
    assert.equal(response.headers["x-keyproxy-attempts"], "1");
  }
  assert.equal(gateway.simulator.requests.length, 1);
});

Deno.test("a client that leaves within the window takes only its own inputs with it", CLEAN, async () => {
  const clock = new FakeClock();
  await using gateway = await startBatching(64, { clock });
  const leaving = new AbortController();
  const gone = embed(gateway, "gone", {}, { signal: leaving.signal });
  await gateway.running(1);
  const staying = [embed(gateway, "b"), embed(gateway, "c")];
  await gateway.running(3);
  leaving.abort(new Error("enough"));
  await assert.rejects(gone, /enough/);
  await gateway.running(2);
  clock.advance(WINDOW_MS);
  const [b, c] = await Promise.all(staying);
  assert.ok(b !== undefined && c !== undefined);
  assertVectors(b, ["b"]);
  assertVectors(c, ["c"]);
  assert.deepEqual([...sentInputs(gateway.simulator.requests[0])].sort(), ["b", "c"]);
  assert.equal(gateway.simulator.requests.length, 1);
});

Deno.test("a group whose only client left is forgotten", CLEAN, async () => {
  const clock = new FakeClock();
  await using gateway = await startBatching(64, { clock });
  const { timerCount } = clock;
  const leaving = new AbortController();
  const gone = embed(gateway, "gone", {}, { signal: leaving.signal });
  await gateway.running(1);
  assert.equal(clock.timerCount, timerCount + 1);
  leaving.abort(new Error("enough"));
  await assert.rejects(gone, /enough/);
  await gateway.running(0);
  assert.equal(clock.timerCount, timerCount);
  clock.advance(WINDOW_MS);
  assert.deepEqual([gateway.simulator.requests.length, accounts(gateway).requestCount], [0, 0]);
});

Deno.test("a client that leaves while the provider works does not disturb the others", CLEAN, async () => {
  await using gateway = await startBatching(2);
  const gate = latch();
  gateway.simulator.script({}, withHold(answer(), gate));
  const leaving = new AbortController();
  const gone = embed(gateway, "gone", {}, { signal: leaving.signal });
  const staying = embed(gateway, "stays here");
  const call = await gateway.simulator.nextRequest();
  leaving.abort(new Error("enough"));
  await assert.rejects(gone, /enough/);
  await gateway.running(1);
  gate.release();
  const response = await staying;
  assertVectors(response, ["stays here"]);
  assert.equal(call.abortedByClient, false);
  assert.equal(promptTokens(response), 2);
});

Deno.test("the upstream call ends when every client of the batch has left, with no penalty for the key", CLEAN, async () => {
  await using gateway = await startBatching(2);
  gateway.simulator.script({}, stall());
  const leaving = new AbortController();
  const gone = ["a", "b"].map((text) => assert.rejects(embed(gateway, text, {}, { signal: leaving.signal }), /enough/));
  const call = await gateway.simulator.nextRequest();
  leaving.abort(new Error("enough"));
  await Promise.all(gone);
  await call.aborted;
  await gateway.running(0);
  assert.equal(accounts(gateway).failureCount, 0);
  const [one, two] = await Promise.all([embed(gateway, "c"), embed(gateway, "d")]);
  assertVectors(one, ["c"]);
  assertVectors(two, ["d"]);
});

Deno.test("whoever leaves while the batch waits for a key is not sent", CLEAN, async () => {
  await using gateway = await startBatching(2);
  const gate = latch();
  gateway.simulator.script({}, withHold(answer(), gate));
  const holding = [embed(gateway, "x"), embed(gateway, "y")];
  await gateway.simulator.nextRequest();
  const leaving = new AbortController();
  const gone = embed(gateway, "gone", {}, { signal: leaving.signal });
  const staying = embed(gateway, "stays");
  await gateway.running(4);
  leaving.abort(new Error("enough"));
  await assert.rejects(gone, /enough/);
  await gateway.running(3);
  gate.release();
  await Promise.all(holding);
  assertVectors(await staying, ["stays"]);
  assert.deepEqual(sentInputs(gateway.simulator.requests[1]), ["stays"]);
});

Deno.test("a request whose time is up while the batch waits for a key fails alone", CLEAN, async () => {
  const clock = new FakeClock();
  await using gateway = await startBatching(2, { clock });
  const gate = latch();
  gateway.simulator.script({}, withHold(answer(), gate));
  const holding = [embed(gateway, "x"), embed(gateway, "y")];
  await gateway.simulator.nextRequest();
  const hasty = embed(gateway, "hasty", {}, { headers: { "x-keyproxy-timeout": "12" } });
  const patient = embed(gateway, "patient");
  await gateway.running(4);
  clock.advance(12_000);
  const late = await hasty;
  assert.deepEqual([late.status, late.headers["x-keyproxy-attempts"]], [504, "0"]);
  gate.release();
  await Promise.all(holding);
  assertVectors(await patient, ["patient"]);
  assert.deepEqual(sentInputs(gateway.simulator.requests[1]), ["patient"]);
});

Deno.test("an attempt under way may end after the deadline, but none begins after it", CLEAN, async () => {
  const clock = new FakeClock();
  await using gateway = await startBatching(2, { clock, env: { LOCAL_API_KEY_1: "sk-one", LOCAL_API_KEY_2: "sk-two" } });
  const gate = latch();
  gateway.simulator.script({}, withHold(answer(), gate), withHold(serverError(), gate));
  const first = [embed(gateway, "a", {}, { headers: { "x-keyproxy-timeout": "12" } }), embed(gateway, "b")];
  await gateway.simulator.nextRequest();
  const second = [embed(gateway, "c", {}, { headers: { "x-keyproxy-timeout": "12" } }), embed(gateway, "d")];
  await gateway.simulator.nextRequest();
  clock.advance(12_000);
  gate.release();
  const [a, b] = await Promise.all(first);
  const [c, d] = await Promise.all(second);
  assert.ok(a !== undefined && b !== undefined && c !== undefined && d !== undefined);
  assertVectors(a, ["a"]);
  assertVectors(b, ["b"]);
  assert.deepEqual([c.status, c.headers["x-keyproxy-attempts"]], [504, "1"]);
  assertVectors(d, ["d"]);
  assert.deepEqual(sentInputs(gateway.simulator.requests[2]), ["d"]);
});

Deno.test("waiting for others and for the provider is not the proxy's own work", CLEAN, async () => {
  const clock = new FakeClock();
  let readingMs = 0;
  await using gateway = await startBatching(64, { clock, stopwatch: () => readingMs });
  const gate = latch();
  gateway.simulator.script({}, withHold(answer(), gate));
  const asked = [embed(gateway, "a")];
  await gateway.running(1);
  readingMs += 3_000;
  asked.push(embed(gateway, "b"));
  await gateway.running(2);
  readingMs += 7_000;
  clock.advance(WINDOW_MS);
  await gateway.simulator.nextRequest();
  readingMs += 5_000;
  gate.release();
  const responses = await Promise.all(asked);
  assert.deepEqual(responses.map(({ headers }) => headers["x-keyproxy-overhead-ms"]), ["0.00", "0.00"]);
});

Deno.test("requests on both sides of a reload do not share a call", CLEAN, async () => {
  await using gateway = await startBatching(2);
  const before = embed(gateway, "before");
  await gateway.running(1);
  await gateway.reload({ EMBEDDING_BATCH: "false" });
  assertVectors(await embed(gateway, "after"), ["after"]);
  await gateway.reload({});
  const again = embed(gateway, "again");
  assertVectors(await before, ["before"]);
  assertVectors((await Promise.all([again, embed(gateway, "filled")]))[0], ["again"]);
  assert.deepEqual(gateway.simulator.requests.map((request) => sentInputs(request).length), [1, 1, 2]);
});

Deno.test("a request for a model that is not there is refused by itself", CLEAN, async () => {
  await using gateway = await startBatching(64);
  const [unknown, empty] = await Promise.all([embed(gateway, "a", { model: "nobody/m" }), embed(gateway, [])]);
  assert.deepEqual([unknown.status, empty.status], [404, 400]);
  assert.equal(gateway.simulator.requests.length, 0);
});

Deno.test("the request log shows each request with its own answer, share and attempts; failed attempts are noted once", CLEAN, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "keyproxy-embeddings-"));
  const env = { KEYPROXY_DATA_DIR: dataDir, ENABLE_REQUEST_LOGGING: "true", LOCAL_API_KEY_1: "sk-one", LOCAL_API_KEY_2: "sk-two" };
  const gateway = await startBatching(2, { env });
  gateway.simulator.script({ key: "sk-one" }).always(rateLimited({ retryAfterSeconds: 60 }));
  const texts = ["a", "b c"];
  const responses = await Promise.all(texts.map((text) => embed(gateway, text, {}, { headers: { "x-request-id": `id-${text.length}` } })));
  await gateway.close();
  const root = join(dataDir, "logs", "detailed_logs");
  const folders = (await readdir(root)).sort((left, right) => left.slice(-1) < right.slice(-1) ? -1 : 1);
  assert.equal(folders.length, 2);
  for (const [index, folder] of folders.entries()) {
    const read = async (name: string) => asObject(JSON.parse(await readFile(join(root, folder, name), "utf8")));
    const metadata = await read("metadata.json");
    assert.partialDeepStrictEqual(metadata, { request_id: `id-${texts[index]?.length}`, status_code: 200, provider: "local", attempts: 2 });
    const response = responses.find(({ headers }) => headers["x-request-id"] === metadata?.request_id);
    assert.ok(response !== undefined);
    assert.equal(asObject(metadata?.usage)?.prompt_tokens, promptTokens(response));
    assert.deepEqual(asObject(await read("final_response.json"))?.body, response.json);
    assert.equal((await readFile(join(root, folder, "attempts.jsonl"), "utf8")).trim().split("\n").length, 2);
  }
  assert.equal((await readFile(join(dataDir, "logs", "failures.log"), "utf8")).trim().split("\n").length, 1);
  await rm(dataDir, { recursive: true });
});
