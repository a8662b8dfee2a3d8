/**
 * Streams as the client sees them: the provider's bytes as they came, but for the model's name and usage that
 * nobody asked for; one `[DONE]`; signs of life; and a client that does not read stops the provider.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { asArray, asObject, type JsonObject } from "../../src/kernel/json.ts";
import { latch } from "../simulators/latch.ts";
import type { Step } from "../simulators/server.ts";
import {
  answer,
  commentsThenAnswer,
  cutUtf8,
  flood,
  MULTIBYTE_TEXT,
  noDone,
  rawEvents,
  reply,
  withHeaders,
  withHold,
} from "../simulators/steps.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { startGateway } from "../support/gateway.ts";
import { collect, type OpenStream } from "../support/http_client.ts";
import { assertAtRest, CHAT, chat, chatStream, members, poolOf, saidText, STREAM, until } from "./chat.ts";

const CLEAN = { sanitizeOps: true, sanitizeResources: true };
const DONE = "data: [DONE]\n\n";

/** The text of a chunk with one delta; `extra` beside `choices`. */
function chunk(delta: JsonObject, extra: JsonObject = {}, finish: string | null = null): string {
  return JSON.stringify({
    id: "c1",
    object: "chat.completion.chunk",
    model: "m-2026-01-01",
    ...extra,
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
}

const TEXT = chunk({ role: "assistant", content: "hello" });
const END = chunk({}, {}, "stop");

/** The exact bytes that a client gets for a stream of these texts; the `[DONE]` of the gateway included. */
async function relayed(step: Step, env: Record<string, string> = {}): Promise<string> {
  await using gateway = await startGateway({ env });
  gateway.simulator.script({}, step);
  const text = await (await chatStream(gateway)).text();
  await until(() => gateway.app.running.count === 0);
  await assertAtRest(gateway);
  return text;
}

const EXACT: readonly (readonly [string, readonly string[]])[] = [
  ["unknown fields, beside and inside of choices", [
    `data: ${chunk({ content: "a", future: { deep: [1, 2.50, 1e3] } }, { x_provider: "yes", service_tier: null })}\n\n`,
    `data: ${END}\n\n`,
  ]],
  ["odd spacing and numbers as they were written", [
    `data:{"choices" : [ {"index":0,"delta":{"content":"1"} , "finish_reason" :null}], "n": 1.0, "big": 12345678901234567890}\n\n`,
    `data: ${END}\n\n`,
  ]],
  ["comments, event names, ids and retry", [
    ": first\n\n",
    `event: message\nid: 7\nretry: 100\ndata: ${TEXT}\n\n`,
    ":\n\n",
    `data: ${END}\n\n`,
  ]],
  ["CRLF", [`data: ${TEXT}\r\n\r\n`, `: comment\r\n\r\n`, `event: x\r\ndata: ${TEXT}\r\n\r\n`, `data: ${END}\r\n\r\n`]],
  ["CR alone and mixed line ends", [`data: ${TEXT}\r\r`, `data: ${TEXT}\n\r\n`, `data: ${END}\n\n`]],
  ["data over several lines", [
    `data: {"choices":[{"index":0,\ndata: "delta":{"content":"two lines"},"finish_reason":null}]}\n\n`,
    `data: ${END}\n\n`,
  ]],
  ["a line of 300 KiB", [`data: ${chunk({ content: "x".repeat(300 * 1024) })}\n\n`, `data: ${TEXT}\n\n`, `data: ${END}\n\n`]],
  ["a line of 300 KiB after the first text", [
    `data: ${TEXT}\n\n`,
    `data: ${chunk({ content: "é".repeat(150 * 1024) })}\n\n`,
    `data: ${END}\n\n`,
  ]],
  ["tool calls", [
    `data: ${chunk({ tool_calls: [{ index: 0, id: "call_1", type: "function", function: { name: "f", arguments: "" } }] })}\n\n`,
    `data: ${chunk({ tool_calls: [{ index: 0, function: { arguments: '{"error":"no","usage":1,"model":"m"}' } }] })}\n\n`,
    `data: ${chunk({}, {}, "tool_calls")}\n\n`,
  ]],
  ["words that only look like ours", [
    `data: ${chunk({ content: ': keep-alive [DONE] data: [DONE] "usage":null,"error":{"message":"x"} "model":"m"' })}\n\n`,
    `data: ${END}\n\n`,
  ]],
  ["characters of 2, 3 and 4 bytes", [`data: ${chunk({ content: MULTIBYTE_TEXT })}\n\n`, `data: ${END}\n\n`]],
  ["an event that is not JSON, after the first text", [`data: ${TEXT}\n\n`, "event: ping\ndata: pong\n\n", `data: ${END}\n\n`]],
];

for (const [name, events] of EXACT) {
  Deno.test(`bytes are relayed as they came: ${name}`, CLEAN, async () => {
    assert.equal(await relayed(rawEvents(...events, DONE)), events.join("") + DONE);
  });
}

Deno.test("bytes are relayed as they came, wherever the network cuts them", CLEAN, async () => {
  const events = EXACT.filter(([name]) => !name.includes("KiB")).flatMap(([, each]) => each.slice(0, -1)).concat(`data: ${END}\n\n`);
  for (const byteCount of [1, 2, 7, 64]) {
    const step: Step = { ...rawEvents(...events, DONE), edits: [{ edit: "split_every", byteCount }] };
    assert.equal(await relayed(step), events.join("") + DONE);
  }
  assert.equal(saidText(dataOf(await relayed(cutUtf8()))), MULTIBYTE_TEXT);
});

const ENDS: readonly (readonly [string, readonly string[]])[] = [
  ["missing", []],
  ["doubled", [DONE, DONE]],
  ["with CRLF", ["data: [DONE]\r\n\r\n"]],
  ["without its space", ["data:[DONE]\n\n"]],
  ["without its empty line", ["data: [DONE]"]],
  ["followed by more", [DONE, `data: ${TEXT}\n\n`]],
];

for (const [name, end] of ENDS) {
  Deno.test(`[DONE] comes once: ${name}`, CLEAN, async () => {
    const events = [`data: ${TEXT}\n\n`, `data: ${END}\n\n`];
    assert.equal(await relayed(rawEvents(...events, ...end)), events.join("") + DONE);
  });
}

Deno.test("a stream without [DONE] whose last event has no empty line is whole", CLEAN, async () => {
  assert.equal(await relayed(rawEvents(`data: ${TEXT}\n\n`, `data: ${END}`)), `data: ${TEXT}\n\ndata: ${END}\n\n${DONE}`);
  const correct = dataOf(await relayed(noDone()));
  assert.equal(correct.at(-1), "[DONE]");
  assert.equal(saidText(correct), "hello big world");
});

Deno.test("comments before the first text do not commit the stream, and reach the client", CLEAN, async () => {
  const text = await relayed(commentsThenAnswer(2, "OPENROUTER PROCESSING"));
  assert.match(text, /^: OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\ndata: /);
});

const USAGE = { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 };
const USAGE_FORMS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["in an event of its own", [
    chunk({ content: "a" }, { usage: null }),
    chunk({}, { usage: null }, "stop"),
    JSON.stringify({ id: "c1", choices: [], usage: USAGE }),
  ], [
    chunk({ content: "a" }),
    END,
  ]],
  ["with the end", [chunk({ content: "a" }), chunk({}, { usage: USAGE }, "stop")], [chunk({ content: "a" }), END]],
  ["null, spaced out", [`{"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": null}], "usage": null}`, END], [
    `{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}`,
    END,
  ]],
  ["null, in front", [`{"usage":null,"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}`, END], [
    `{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}`,
    END,
  ]],
];

for (const [name, sent, shown] of USAGE_FORMS) {
  Deno.test(`usage that the client did not ask for is hidden, and counted: ${name}`, CLEAN, async () => {
    await using gateway = await startGateway();
    gateway.simulator.script({}).always(rawEvents(...sent.map((data) => `data: ${data}\n\n`), DONE));
    const hidden = await (await chatStream(gateway)).text();
    assert.equal(hidden, shown.map((data) => `data: ${data}\n\n`).join("") + DONE);
    const [request] = gateway.simulator.requests;
    assert.deepEqual(asObject(asObject(request?.body)?.stream_options), { include_usage: true });
    await until(() => gateway.app.running.count === 0);
    const counted = sent.some((data) => data.includes("prompt_tokens")) ? [3, 1] : [0, 0];
    assert.deepEqual(members(gateway).map(({ today }) => [today.inputTokens, today.outputTokens]), [counted]);
    const asked = await (await chatStream(gateway, { ...STREAM, stream_options: { include_usage: true, other: 1 } })).text();
    assert.equal(asked, sent.map((data) => `data: ${data}\n\n`).join("") + DONE);
    assert.deepEqual(asObject(asObject(gateway.simulator.requests[1]?.body)?.stream_options), { include_usage: true, other: 1 });
  });
}

const ALIAS = { LOCAL_MODELS: JSON.stringify({ fast: { id: "deep/very-model" } }) };

Deno.test(
  "the model's name is the client's where the provider echoes ours, and the provider's own where it names another",
  CLEAN,
  async () => {
    await using gateway = await startGateway({ env: ALIAS });
    const body = { ...CHAT, model: "local/fast" };
    const whole = await chat(gateway, body);
    assert.equal(asObject(whole.json)?.model, "local/fast");
    assert.equal(gateway.simulator.requests[0]?.model, "deep/very-model");
    const events = dataOf(await (await chatStream(gateway, { ...body, stream: true })).text());
    assert.deepEqual([...new Set(events.slice(0, -1).map((data) => JSON.parse(data).model))], ["local/fast"]);

    const other =
      `{"id":"x", "model": "deep/very-model-0613", "choices":[{"index":0,"message":{"content":"a"},"finish_reason":"stop"}],"n":1.0}`;
    gateway.simulator.script({}, reply(200, other, { "content-type": "application/json" }));
    assert.equal((await chat(gateway, body)).text, other);
    const spaced =
      `{"id": "x", "model": "deep/very-model", "choices": [{"index": 0, "delta": {"content": "\\"model\\": \\"deep/very-model\\""}}]}`;
    gateway.simulator.script({}, rawEvents(`data: ${spaced}\n\n`, `data: ${END}\n\n`, DONE));
    const [first] = dataOf(await (await chatStream(gateway, { ...body, stream: true })).text());
    assert.equal(first, spaced.replace('"model": "deep/very-model"', '"model": "local/fast"'));
    const giant = chunk({ content: "x".repeat(100_000) }, { model: "deep/very-model" });
    gateway.simulator.script({}, rawEvents(`data: ${giant}\n\n`, `data: ${END}\n\n`, DONE));
    assert.equal(JSON.parse(dataOf(await (await chatStream(gateway, { ...body, stream: true })).text())[0] ?? "").model, "local/fast");
  },
);

Deno.test("a provider that answers a stream request with JSON becomes a stream", CLEAN, async () => {
  await using gateway = await startGateway();
  const message = {
    role: "assistant",
    content: "hello",
    tool_calls: [{ id: "1", type: "function", function: { name: "f", arguments: "{}" } }],
  };
  const body = { id: "x", object: "chat.completion", model: "m", choices: [{ index: 0, message, finish_reason: "stop" }], usage: USAGE };
  gateway.simulator.script({}).always(reply(200, body));
  const stream = await chatStream(gateway);
  assert.equal(stream.headers["content-type"], "text/event-stream");
  const events = await collect(stream.events());
  assert.equal(saidText(events), "hello");
  assert.equal(events.at(-1), "[DONE]");
  assert.ok(!events.some((data) => data.includes("prompt_tokens")));
  const chunks = events.slice(0, -1).map((data) => JSON.parse(data));
  assert.deepEqual(chunks.map(({ object, model }) => [object, model]), chunks.map(() => ["chat.completion.chunk", "local/m"]));
  assert.equal(
    asObject(asArray(asObject(asArray(chunks[0].choices)[0])?.delta !== undefined ? chunks[0].choices[0].delta.tool_calls : [])[0])?.index,
    0,
  );
  const asked = await collect((await chatStream(gateway, { ...STREAM, stream_options: { include_usage: true } })).events());
  assert.deepEqual(JSON.parse(asked.at(-2) ?? "").usage, USAGE);
});

Deno.test("response headers say how it was served, and pass on limits but no plumbing", CLEAN, async () => {
  await using gateway = await startGateway();
  const upstream = {
    "x-ratelimit-remaining-requests": "7",
    "retry-after": "1",
    "set-cookie": "a=b",
    "x-request-id": "req_theirs",
    "x-powered-by": "them",
    "server": "them",
    "openai-organization": "org-secret",
  };
  gateway.simulator.script({}).always(withHeaders(answer(), upstream));
  const headers = { "x-request-id": "mine-1" };
  const stream = await chatStream(gateway, STREAM, { headers });
  await stream.text();
  const [id] = members(gateway).map((member) => member.id);
  const own = { "x-request-id": "mine-1", "x-keyproxy-provider": "local", "x-keyproxy-credential": id, "x-keyproxy-attempts": "1" };
  const passed = { "x-ratelimit-remaining-requests": "7" };
  assert.partialDeepStrictEqual(stream.headers, {
    ...own,
    ...passed,
    "content-type": "text/event-stream",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
  });
  const whole = await chat(gateway, CHAT, { headers });
  assert.partialDeepStrictEqual(whole.headers, { ...own, ...passed, "content-type": "application/json" });
  for (const answered of [stream.headers, whole.headers]) {
    assert.match(String(answered["x-keyproxy-overhead-ms"]), /^\d+\.\d\d$/);
    for (const name of ["set-cookie", "x-powered-by", "server", "openai-organization", "content-encoding"]) {
      assert.equal(answered[name], undefined);
    }
  }
  const generated = await chat(gateway);
  assert.match(String(generated.headers["x-request-id"]), /^[0-9a-f-]{36}$/);
  assert.equal(gateway.simulator.requests.at(-1)?.headers["x-request-id"], generated.headers["x-request-id"]);
});

Deno.test("a silent stream gets signs of life, the client's bytes stay otherwise the same", CLEAN, async () => {
  const clock = new FakeClock();
  await using gateway = await startGateway({ clock });
  const gate = latch();
  const events = [`data: ${TEXT}\n\n`, `data: ${TEXT}\n\n`, `data: ${END}\n\n`, DONE];
  gateway.simulator.script({}, withHold(rawEvents(...events), gate, { chunkCount: 2 }));
  const seen = watch(await chatStream(gateway));
  await seen.sees(`${events[0]}${events[1]}`);
  clock.advance(14_999);
  clock.advance(1);
  await seen.sees(": keep-alive\n\n");
  clock.advance(30_000);
  await until(() => seen.text().split(": keep-alive\n\n").length === 4);
  gate.release();
  await seen.ended;
  assert.equal(seen.text(), `${events[0]}${events[1]}${": keep-alive\n\n".repeat(3)}${events[2]}${DONE}`);
});

Deno.test("no sign of life inside an event, and none when they are off", CLEAN, async () => {
  const giant = `data: ${chunk({ content: "x".repeat(200_000) })}\n\n`;
  for (
    const [env, events] of [[{}, [giant.slice(0, 150_000), giant.slice(150_000), `data: ${END}\n\n`, DONE]], [{
      STREAM_HEARTBEAT_SECONDS: "0",
    }, [
      `data: ${TEXT}\n\n`,
      `data: ${END}\n\n`,
      DONE,
    ]]] as const
  ) {
    const clock = new FakeClock();
    await using gateway = await startGateway({ clock, env });
    const gate = latch();
    gateway.simulator.script({}, withHold(rawEvents(...events), gate, { chunkCount: 1 }));
    const seen = watch(await chatStream(gateway));
    await until(() => seen.text().length >= Math.min(events[0].length, 140_000));
    clock.advance(120_000);
    gate.release();
    await seen.ended;
    assert.equal(seen.text(), events.join(""));
  }
});

Deno.test("a client that does not read stops the provider's stream, and gets all of it when it reads", CLEAN, async () => {
  await using gateway = await startGateway();
  const size = { chunkCount: 2048, chunkBytes: 32 * 1024 };
  gateway.simulator.script({ model: "m" }, flood(size));
  const stream = await chatStream(gateway);
  const call = await gateway.simulator.nextRequest({ model: "m" });
  // Other requests are the measure of time: the stream stands when many of them have come and gone without a byte of it.
  for (let quiet = 0, sent = -1; quiet < 20; quiet = call.bytesSent === sent ? quiet + 1 : 0, sent = call.bytesSent) {
    assert.equal((await chat(gateway, { ...CHAT, model: "local/other" })).status, 200);
  }
  // Three socket buffers lie on the way, each of a few MiB where the system lets it grow.
  assert.ok(call.bytesSent < 24 * 2 ** 20, `the provider could write ${call.bytesSent} bytes`);
  assert.equal(poolOf(gateway).inFlightCount, 1);
  let byteCount = 0;
  for await (const piece of stream.chunks()) byteCount += piece.length;
  await call.done;
  assert.ok(call.finished);
  assert.ok(byteCount >= size.chunkCount * size.chunkBytes);
  await until(() => gateway.app.running.count === 0);
  await assertAtRest(gateway);
});

/** The data of the events in a whole text. */
function dataOf(text: string): string[] {
  return text.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6));
}

/** Reads a stream and shows what has come so far. */
function watch(stream: OpenStream) {
  const pieces: Uint8Array[] = [];
  const text = () => Buffer.concat(pieces).toString();
  const ended = (async () => {
    for await (const piece of stream.chunks()) pieces.push(piece);
  })();
  return { text, ended, sees: (wanted: string) => until(() => text().includes(wanted)) };
}
