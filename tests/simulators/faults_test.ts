/** Each fault, seen on the wire by a client that hides nothing. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";
import { collect, openStream, requestJson, requestRaw } from "../support/http_client.ts";
import { latch } from "./latch.ts";
import { connectRaw, postText, type RawClient } from "./raw_client.ts";
import { type Simulator, startSimulator, type Step } from "./server.ts";
import * as steps from "./steps.ts";

const CHAT = { model: "m", messages: [{ role: "user", content: "hello big world" }] };
const STREAM = { ...CHAT, stream: true };

/** Plays `step` to a bare socket that asks with `body`. */
async function wire(step: Step, body: unknown, look: (client: RawClient, simulator: Simulator) => Promise<void>): Promise<void> {
  await using simulator = await startSimulator();
  simulator.script({}).always(step);
  const client = await connectRaw(simulator.port);
  client.send(postText("/v1/chat/completions", body));
  await look(client, simulator);
  await client.close();
}

/** Plays `step` to an HTTP client and gives the whole answer. */
async function answered(step: Step, body: unknown = CHAT) {
  await using simulator = await startSimulator();
  simulator.script({}).always(step);
  return await requestJson(`${simulator.baseUrl}/chat/completions`, { body });
}

/** Plays `step` to an HTTP client that reads the events of a stream. */
async function streamed(step: Step): Promise<string[]> {
  await using simulator = await startSimulator();
  simulator.script({}).always(step);
  const opened = await openStream(`${simulator.baseUrl}/chat/completions`, { body: STREAM });
  return await collect(opened.events());
}

/** The `data:` lines of a raw answer. */
function dataLines(received: string): string[] {
  return received.split("\n").filter((line) => line.startsWith("data: "));
}

Deno.test("stall: the request is read and nothing ever comes", () =>
  wire(steps.stall(), CHAT, async (client, simulator) => {
    const request = await simulator.nextRequest();
    // A second exchange, complete, in which the stalled one could have answered too.
    simulator.clearScripts();
    await requestJson(`${simulator.baseUrl}/models`);
    assert.deepEqual([client.received, request.finished, simulator.inFlight], ["", false, 1]);
  }));

Deno.test("stallAfter: so many events, then silence on an open connection", () =>
  wire(steps.stallAfter(2), STREAM, async (client, simulator) => {
    await client.sees('"hello"');
    simulator.clearScripts();
    await requestJson(`${simulator.baseUrl}/models`);
    assert.equal(dataLines(client.received).length, 2);
    assert.deepEqual([simulator.inFlight, simulator.openSockets], [1, 1]);
  }));

Deno.test("stallAfter 0: the headers, then silence", () =>
  wire(steps.stallAfter(0), STREAM, async (client) => {
    await client.sees("\r\n\r\n");
    assert.match(client.received, /^HTTP\/1\.1 200 [\s\S]*\r\n\r\n$/);
  }));

Deno.test("roleOnlyThenStall: the role is all that comes", () =>
  wire(steps.roleOnlyThenStall(), STREAM, async (client, simulator) => {
    await client.sees('"role":"assistant"');
    assert.deepEqual([dataLines(client.received).length, simulator.inFlight], [1, 1]);
  }));

Deno.test("reset before the headers: RST and not one byte", () =>
  wire(steps.reset(), CHAT, async (client, simulator) => {
    assert.equal(await client.ended, "reset");
    assert.equal(client.received, "");
    const request = await simulator.nextRequest();
    await request.done;
    assert.deepEqual([request.abortedByClient, request.finished], [false, false]);
  }));

Deno.test("reset after the headers: the head, then RST", () =>
  wire(steps.reset("headers"), STREAM, async (client) => {
    assert.equal(await client.ended, "reset");
    assert.match(client.received, /^HTTP\/1\.1 200 [\s\S]*\r\n\r\n$/);
  }));

Deno.test("reset after n events: exactly those, then RST", () =>
  wire(steps.reset({ chunkCount: 3 }), STREAM, async (client) => {
    assert.equal(await client.ended, "reset");
    assert.equal(dataLines(client.received).length, 3);
  }));

Deno.test("resetAfterBytes: exactly those bytes of the body, then RST", () =>
  wire(steps.resetAfterBytes(25), CHAT, async (client) => {
    assert.equal(await client.ended, "reset");
    assert.equal(client.received.split("\r\n\r\n")[1]?.length, 25);
  }));

Deno.test("halfClose: FIN in the middle of a chunked answer, whole or streamed", async () => {
  await wire(steps.halfClose(2), STREAM, async (client) => {
    assert.equal(await client.ended, "fin");
    assert.equal(dataLines(client.received).length, 2);
    assert.match(client.received, /transfer-encoding: chunked/i);
    assert.ok(!client.received.endsWith("0\r\n\r\n"));
  });
  await wire(steps.halfClose(), CHAT, async (client) => {
    assert.equal(await client.ended, "fin");
    assert.match(client.received, /transfer-encoding: chunked[\s\S]*hello big world/i);
    assert.ok(!client.received.endsWith("0\r\n\r\n"));
  });
});

Deno.test("a broken answer is an error for an HTTP client, not an end", async () => {
  for (
    const step of [steps.reset(), steps.reset("headers"), steps.reset({ chunkCount: 2 }), steps.halfClose(2), steps.lyingContentLength(10)]
  ) {
    await assert.rejects(answered(step, STREAM), step.name);
    await assert.rejects(streamed(step), step.name);
  }
});

Deno.test("cutUtf8: pieces end inside characters, and joined they are the correct answer", async () => {
  for (const step of [steps.cutUtf8(), steps.cutUtf8({ everyBytes: 1 }), steps.cutUtf8({ everyBytes: 7 })]) {
    await using simulator = await startSimulator();
    simulator.script({}).always(step);
    const opened = await openStream(`${simulator.baseUrl}/chat/completions`, { body: STREAM });
    const chunks = await collect(opened.chunks());
    const broken = chunks.filter((chunk) => Buffer.from(chunk).toString().includes("\ufffd"));
    assert.ok(broken.length > 0, step.name);
    const texts = [...Buffer.concat(chunks).toString().matchAll(/"content":"(.*?)"/g)].map((match) => match[1]);
    assert.equal(texts.join(""), steps.MULTIBYTE_TEXT);
  }
});

Deno.test("cutUtf8 at offsets: one more piece at each offset", async () => {
  await using simulator = await startSimulator();
  simulator.script({}, steps.cutUtf8({ text: "ü", atBytes: [5, 9] }));
  const opened = await openStream(`${simulator.baseUrl}/chat/completions`, { body: STREAM });
  const chunks = await collect(opened.chunks());
  assert.deepEqual(chunks.slice(0, 2).map((chunk) => chunk.length), [5, 4]);
});

Deno.test("cutSse: HTTP ends cleanly, the last event does not", async () => {
  const { status, text } = await answered(steps.cutSse(), STREAM);
  assert.equal(status, 200);
  assert.ok(!text.endsWith("\n") && !text.includes("[DONE]"));
  const whole = await answered(steps.cutSse(), CHAT);
  assert.deepEqual([whole.status, whole.json], [200, undefined]);
});

Deno.test("noDone: everything but [DONE]", async () => {
  const events = await streamed(steps.noDone());
  assert.match(events.at(-1) ?? "", /"finish_reason":"stop"/);
});

Deno.test("giantLine: one line that long", async () => {
  const { text } = await answered(steps.giantLine(3_000_000), STREAM);
  assert.ok(text.split("\n").some((line) => line.length > 3_000_000));
});

Deno.test("lyingContentLength: too long closes short of it, too short leaves litter", async () => {
  const length = (received: string) => Number(received.match(/content-length: (\d+)/i)?.[1]);
  await wire(steps.lyingContentLength(10), CHAT, async (client) => {
    assert.equal(await client.ended, "fin");
    assert.equal(length(client.received), (client.received.split("\r\n\r\n")[1]?.length ?? 0) + 10);
  });
  await wire(steps.lyingContentLength(-10), CHAT, async (client) => {
    await client.sees('"total_tokens":6}}');
    assert.equal(length(client.received), (client.received.split("\r\n\r\n")[1]?.length ?? 0) - 10);
  });
});

Deno.test("notHttp: bytes that are no answer, then FIN", () =>
  wire(steps.notHttp("rubbish\r\n"), CHAT, async (client) => {
    assert.equal(await client.ended, "fin");
    assert.equal(client.received, "rubbish\r\n");
  }));

Deno.test("sseError: as the first event, after n events, and inside a 200 body", async () => {
  const fields = { message: "overloaded", type: "server_error", code: "529" };
  const first = await streamed(steps.sseError(fields));
  assert.equal(first.length, 1);
  assert.match(first[0] ?? "", /^\{"error":\{"message":"overloaded"/);
  const later = await streamed(steps.sseError(fields, { afterCount: 2 }));
  assert.equal(later.length, 3);
  assert.match(later[2] ?? "", /"overloaded"/);
  const whole = await answered(steps.sseError(fields));
  assert.equal(whole.status, 200);
  assert.match(whole.text, /"code":"529"/);
});

Deno.test("invalidJson: 200 that does not parse, whole and as an event", async () => {
  const whole = await answered(steps.invalidJson());
  assert.deepEqual([whole.status, whole.headers["content-type"], whole.json], [200, "application/json", undefined]);
  const [event] = await streamed(steps.invalidJson());
  assert.throws(() => JSON.parse(event ?? ""), SyntaxError);
});

Deno.test("invalidJson: the headers of a stream are those of a stream", async () => {
  const { headers } = await answered(steps.invalidJson(), STREAM);
  assert.match(headers["content-type"] ?? "", /^text\/event-stream/);
});

Deno.test("htmlPage: a page, with the status asked for", async () => {
  const { status, headers, text } = await answered(steps.htmlPage(502), STREAM);
  assert.equal(status, 502);
  assert.match(headers["content-type"] ?? "", /^text\/html/);
  assert.match(text, /^<!DOCTYPE html>/);
});

Deno.test("refusals have the status and code of the real ones", async () => {
  const cases = [
    [steps.rateLimited(), 429, "rate_limit_exceeded"],
    [steps.rejectedKey(), 401, "invalid_api_key"],
    [steps.insufficientQuota(), 429, "insufficient_quota"],
    [steps.serverError(503), 503, null],
    [steps.unknownModel(), 404, "model_not_found"],
    [steps.contextOverflow(), 400, "context_length_exceeded"],
  ] as const;
  for (const [step, status, code] of cases) {
    const got = await answered(step);
    assert.equal(got.status, status, step.name);
    assert.partialDeepStrictEqual(got.json, { error: { code } });
  }
});

Deno.test("rateLimited: the hints that were asked for and no other", async () => {
  const bare = await answered(steps.rateLimited());
  assert.equal(bare.headers["retry-after"], undefined);
  const hinted = await answered(
    steps.rateLimited({ retryAfterSeconds: 7, headers: { "x-ratelimit-reset-requests": "6m0s" }, message: "try again in 1.2s" }),
  );
  assert.deepEqual([hinted.headers["retry-after"], hinted.headers["x-ratelimit-reset-requests"]], ["7", "6m0s"]);
  assert.match(hinted.text, /try again in 1\.2s/);
});

Deno.test("commentsThenAnswer: comments are on the wire before a correct answer", async () => {
  const { text } = await answered(steps.commentsThenAnswer(2, "PROCESSING"), STREAM);
  assert.match(text, /^: PROCESSING\n\n: PROCESSING\n\ndata: \{[\s\S]*data: \[DONE\]\n\n$/);
});

Deno.test("a comment can be seen while the answer is held back", async () => {
  const gate = latch();
  await wire(steps.withCommentThenHold(steps.answer(), gate), STREAM, async (client) => {
    await client.sees(": waiting");
    assert.equal(dataLines(client.received).length, 0);
    gate.release();
    await client.sees("[DONE]");
  });
});

Deno.test("trickle and delay: the pieces come one by one, and all of them", async () => {
  const { text, headers } = await answered(
    steps.withHeaders(steps.withDelay(steps.trickle(1, { text: "a b" }), 1), { "x-odd": "1" }),
    STREAM,
  );
  assert.equal(dataLines(text).length, 5);
  assert.equal(headers["x-odd"], "1");
});

Deno.test("withGzip: the body is compressed and says so", async () => {
  const { headers, body } = await answered(steps.withGzip(steps.answer()));
  assert.equal(headers["content-encoding"], "gzip");
  assert.match(gunzipSync(body).toString(), /hello big world/);
});

Deno.test("reply and rawEvents: any bytes at all", async () => {
  const text = await answered(steps.reply(418, "short and stout", { "x-pot": "tea" }));
  assert.deepEqual([text.status, text.text, text.headers["x-pot"]], [418, "short and stout", "tea"]);
  const bytes = await answered(steps.reply(200, Buffer.from([0xff, 0x00, 0xfe])));
  assert.deepEqual([...bytes.body], [0xff, 0x00, 0xfe]);
  assert.deepEqual((await answered(steps.reply(202, { ok: true }))).json, { ok: true });
  assert.deepEqual(await streamed(steps.rawEvents("event: x\ndata: 1\n\n", "data: 2\r\n\r\n")), ["1", "2"]);
});

Deno.test("a multi-byte request body arrives whole", async () => {
  await using simulator = await startSimulator();
  const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: steps.MULTIBYTE_TEXT }] });
  const { text } = await requestRaw(`${simulator.baseUrl}/chat/completions`, { body: Buffer.from(body) });
  assert.ok(text.includes(steps.MULTIBYTE_TEXT));
});
