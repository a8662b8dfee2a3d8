/**
 * The official `openai` package as a client: an application that uses it must not be able to tell keyproxy
 * from the provider, but for the model's name.
 */
import assert from "node:assert/strict";
import OpenAI, {
  APIConnectionTimeoutError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from "openai";
import type { ChatCompletionChunk, ChatCompletionTool } from "openai/resources/chat/completions";
import { embeddingOf } from "../simulators/embeddings.ts";
import { latch } from "../simulators/latch.ts";
import { answer, contextOverflow, rateLimited, serverError, sseError, stall, stallAfter, withHold } from "../simulators/steps.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { type Gateway, type GatewayOptions, startGateway } from "../support/gateway.ts";
import { collect } from "../support/http_client.ts";

/** The package's own connections outlive a test: only what the test itself opened is counted. */
const TEST = { sanitizeOps: false, sanitizeResources: false };
const PROXY_KEY = "kp-for-the-application";
const MODEL = "local/sim-large";
const ASK = { model: MODEL, messages: [{ role: "user" as const, content: "hello big world" }] };

function start(options: GatewayOptions = {}): Promise<Gateway> {
  return startGateway({ ...options, env: { PROXY_API_KEY: PROXY_KEY, EMBEDDING_BATCH_WINDOW_MS: "1", ...options.env } });
}

function clientOf(gateway: Gateway, options: { readonly apiKey?: string; readonly timeout?: number } = {}): OpenAI {
  return new OpenAI({ baseURL: gateway.baseUrl, apiKey: PROXY_KEY, maxRetries: 0, ...options });
}

/** What a call throws, checked to be of that class. */
async function thrown<E extends Error>(call: PromiseLike<unknown>, kind: abstract new (...args: never[]) => E): Promise<E> {
  try {
    await call;
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  throw new Error(`expected ${kind.name}, but the call was answered`);
}

function textOf(chunks: readonly ChatCompletionChunk[]): string {
  return chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
}

const TOOL: ChatCompletionTool = {
  type: "function",
  function: { name: "shout", description: "Says it louder", parameters: { type: "object", properties: { text: { type: "string" } } } },
};
const ASK_FOR_TOOL = { ...ASK, messages: [{ role: "user" as const, content: "please use the tool" }], tools: [TOOL] };
const TOOL_ARGUMENTS = { text: "please use the tool" };

Deno.test("a chat is answered under the name the application gave", TEST, async () => {
  await using gateway = await start();
  const { data, response } = await clientOf(gateway).chat.completions.create(ASK).withResponse();
  assert.equal(data.choices[0]?.message.content, "hello big world");
  assert.equal(data.choices[0]?.finish_reason, "stop");
  assert.equal(data.model, MODEL);
  assert.deepEqual(data.usage, { prompt_tokens: 3, completion_tokens: 3, total_tokens: 6 });
  assert.equal(response.headers.get("x-keyproxy-provider"), "local");
  assert.notEqual(gateway.simulator.requests[0]?.key, PROXY_KEY);
  assert.equal(gateway.simulator.requests[0]?.model, "sim-large");
});

Deno.test("a stream brings the text in pieces and its end, and no usage unless asked", TEST, async () => {
  await using gateway = await start();
  const chunks = await collect(await clientOf(gateway).chat.completions.create({ ...ASK, stream: true }));
  assert.equal(textOf(chunks), "hello big world");
  assert.equal(chunks.at(-1)?.choices[0]?.finish_reason, "stop");
  assert.ok(chunks.every((chunk) => chunk.model === MODEL && (chunk.usage ?? null) === null && chunk.choices.length === 1));
});

Deno.test("a stream brings usage, once and last, when asked", TEST, async () => {
  await using gateway = await start();
  const asked = { ...ASK, stream: true, stream_options: { include_usage: true } } as const;
  const chunks = await collect(await clientOf(gateway).chat.completions.create(asked));
  assert.equal(textOf(chunks), "hello big world");
  assert.deepEqual(chunks.at(-1)?.usage, { prompt_tokens: 3, completion_tokens: 3, total_tokens: 6 });
  assert.deepEqual(chunks.at(-1)?.choices, []);
  assert.equal(chunks.filter((chunk) => (chunk.usage ?? null) !== null).length, 1);
});

Deno.test("the package's stream runner puts a stream together again", TEST, async () => {
  await using gateway = await start();
  const runner = clientOf(gateway).chat.completions.stream(ASK);
  assert.equal(await runner.finalContent(), "hello big world");
  assert.equal((await runner.finalChatCompletion()).choices[0]?.finish_reason, "stop");
});

Deno.test("a tool call arrives whole, and its result is answered", TEST, async () => {
  await using gateway = await start();
  const client = clientOf(gateway);
  const { choices: [choice] } = await client.chat.completions.create(ASK_FOR_TOOL);
  const [call] = choice?.message.tool_calls ?? [];
  assert.ok(choice !== undefined && call?.type === "function");
  assert.equal(choice.finish_reason, "tool_calls");
  assert.equal(call.function.name, "shout");
  assert.deepEqual(JSON.parse(call.function.arguments), TOOL_ARGUMENTS);
  const result = { role: "tool" as const, tool_call_id: call.id, content: "LOUD" };
  const after = await client.chat.completions.create({ ...ASK_FOR_TOOL, messages: [...ASK_FOR_TOOL.messages, choice.message, result] });
  assert.equal(after.choices[0]?.message.content, "The tool said: LOUD");
});

Deno.test("the deltas of a tool call arrive as the provider cut them", TEST, async () => {
  await using gateway = await start();
  const client = clientOf(gateway);
  const chunks = await collect(await client.chat.completions.create({ ...ASK_FOR_TOOL, stream: true }));
  const deltas = chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
  assert.deepEqual(deltas.map(({ index, id, function: part }) => [index, id, part?.name]), [
    [0, "call_0", "shout"],
    [0, undefined, undefined],
    [0, undefined, undefined],
  ]);
  assert.deepEqual(JSON.parse(deltas.map((delta) => delta.function?.arguments ?? "").join("")), TOOL_ARGUMENTS);
  assert.equal(chunks.at(-1)?.choices[0]?.finish_reason, "tool_calls");

  const whole = await client.chat.completions.stream(ASK_FOR_TOOL).finalChatCompletion();
  const [call] = whole.choices[0]?.message.tool_calls ?? [];
  assert.ok(call?.type === "function");
  assert.deepEqual(JSON.parse(call.function.arguments), TOOL_ARGUMENTS);
});

Deno.test("embeddings are the same numbers as floats and in the base64 the package asks for by itself", TEST, async () => {
  await using gateway = await start();
  const client = clientOf(gateway);
  const ask = { model: "local/sim-embed", input: ["one", "two words"] };
  const expected = ask.input.map((input) => embeddingOf(input));
  const packed = await client.embeddings.create(ask);
  const floats = await client.embeddings.create({ ...ask, encoding_format: "float" });
  for (const answer of [packed, floats]) {
    assert.deepEqual(answer.data.map(({ embedding }) => [...embedding]), expected);
    assert.deepEqual(answer.data.map(({ index }) => index), [0, 1]);
    assert.deepEqual(answer.usage, { prompt_tokens: 3, total_tokens: 3 });
    assert.equal(answer.model, "local/sim-embed");
  }
  const asked = gateway.simulator.requests.map(({ body }) => JSON.stringify(body).includes('"base64"'));
  assert.deepEqual(asked, [true, false]);
});

Deno.test("embeddings asked for at the same time share a call, and each caller gets its own", TEST, async () => {
  await using gateway = await start({ env: { EMBEDDING_BATCH_WINDOW_MS: "10000", EMBEDDING_BATCH_MAX_ITEMS: "8" } });
  const client = clientOf(gateway);
  const texts = Array.from({ length: 8 }, (_, index) => `text number ${index}`);
  const answers = await Promise.all(texts.map((input) => client.embeddings.create({ model: "local/sim-embed", input })));
  assert.deepEqual(answers.map(({ data }) => [...data[0]?.embedding ?? []]), texts.map((text) => embeddingOf(text)));
  assert.deepEqual(answers.map(({ usage }) => usage.prompt_tokens), texts.map(() => 3));
  assert.equal(gateway.simulator.requests.length, 1);
});

Deno.test("models are listed, and one is found by its id with a slash in it", TEST, async () => {
  await using gateway = await start();
  const client = clientOf(gateway);
  const models = await collect(await client.models.list());
  assert.deepEqual(models.map(({ id }) => id), ["local/sim-large", "local/sim-small", "local/sim-embed"]);
  assert.partialDeepStrictEqual(await client.models.retrieve("local/sim-small"), {
    id: "local/sim-small",
    object: "model",
    owned_by: "local",
  });
  const error = await thrown(client.models.retrieve("local/sim-huge"), NotFoundError);
  assert.equal(error.code, "model_not_found");
});

Deno.test("a wrong proxy key is an AuthenticationError, and no provider hears of it", TEST, async () => {
  await using gateway = await start();
  const error = await thrown(clientOf(gateway, { apiKey: "kp-wrong" }).chat.completions.create(ASK), AuthenticationError);
  assert.equal(error.type, "authentication_error");
  assert.ok(!error.message.includes("kp-wrong"));
  assert.equal(gateway.simulator.requests.length, 0);
});

Deno.test("an unknown model is a NotFoundError that names the field", TEST, async () => {
  await using gateway = await start();
  const error = await thrown(clientOf(gateway).chat.completions.create({ ...ASK, model: "nobody/model" }), NotFoundError);
  assert.deepEqual([error.code, error.param], ["model_not_found", "model"]);
});

Deno.test("what the provider refuses is a BadRequestError with the provider's message, code and field", TEST, async () => {
  await using gateway = await start();
  gateway.simulator.script({}).always(contextOverflow());
  const client = clientOf(gateway);
  for (const call of [client.chat.completions.create(ASK), client.chat.completions.create({ ...ASK, stream: true })]) {
    const error = await thrown(call, BadRequestError);
    assert.match(error.message, /maximum context length is 8192 tokens/);
    assert.deepEqual([error.code, error.param, error.type], ["context_length_exceeded", "messages", "invalid_request_error"]);
  }
  assert.equal(gateway.simulator.requests.length, 2);
});

Deno.test("a field that is wrong is a BadRequestError before any provider is asked", TEST, async () => {
  await using gateway = await start();
  const error = await thrown(clientOf(gateway).chat.completions.create({ ...ASK, messages: [] }), BadRequestError);
  assert.equal(error.param, "messages");
  assert.equal(gateway.simulator.requests.length, 0);
});

Deno.test("a pool that rests because of limits is a RateLimitError that says when to come back", TEST, async () => {
  await using gateway = await start({ env: { LOCAL_API_KEY_1: "sk-one", LOCAL_API_KEY_2: "sk-two" } });
  gateway.simulator.script({}).always(rateLimited({ retryAfterSeconds: 120 }));
  const client = clientOf(gateway);
  for (const call of [client.chat.completions.create(ASK), client.chat.completions.create({ ...ASK, stream: true })]) {
    const error = await thrown(call, RateLimitError);
    const seconds = Number(error.headers?.get("retry-after"));
    assert.ok(seconds > 100 && seconds <= 120, `${seconds}`);
    assert.equal(error.type, "rate_limit_error");
  }
  // Both keys rest after the first request: the second one asks nobody.
  assert.equal(gateway.simulator.requests.length, 2);
});

Deno.test("a provider in trouble is an InternalServerError with the provider's message", TEST, async () => {
  await using gateway = await start();
  gateway.simulator.script({}).always(serverError(503));
  const error = await thrown(clientOf(gateway).chat.completions.create(ASK), InternalServerError);
  assert.equal(error.status, 502);
  assert.match(error.message, /The server had an error while processing your request/);
});

Deno.test("a stream that fails on its way throws, and does not end as if it were whole", TEST, async () => {
  await using gateway = await start();
  gateway.simulator.script({}, sseError({ message: "The engine stopped.", type: "server_error" }, { afterCount: 2 }));
  const seen: string[] = [];
  const reading = async () => {
    for await (const chunk of await clientOf(gateway).chat.completions.create({ ...ASK, stream: true })) seen.push(textOf([chunk]));
  };
  await assert.rejects(reading(), /The engine stopped/);
  assert.deepEqual(seen.join(""), "hello");
});

Deno.test("an application that stops reading ends the provider's work", TEST, async () => {
  await using gateway = await start();
  gateway.simulator.script({}, stallAfter(3));
  const stream = await clientOf(gateway).chat.completions.create({ ...ASK, stream: true });
  const call = await gateway.simulator.nextRequest();
  for await (const chunk of stream) if (textOf([chunk]) !== "") break;
  await call.aborted;
  await gateway.running(0);
  assert.equal(call.abortedByClient, true);
});

Deno.test("an application that aborts before the first byte ends the provider's work", TEST, async () => {
  await using gateway = await start();
  gateway.simulator.script({}, stall());
  const controller = new AbortController();
  const error = thrown(clientOf(gateway).chat.completions.create(ASK, { signal: controller.signal }), APIUserAbortError);
  const call = await gateway.simulator.nextRequest();
  controller.abort();
  await error;
  await call.aborted;
  await gateway.running(0);
});

Deno.test("the package's own time limit ends the provider's work, whether set for the client or for one call", TEST, async () => {
  await using gateway = await start();
  gateway.simulator.script({}).always(stall());
  const calls = [
    () => clientOf(gateway, { timeout: 100 }).chat.completions.create(ASK),
    () => clientOf(gateway).chat.completions.create(ASK, { timeout: 100 }),
  ];
  for (const start of calls) {
    const error = thrown(start(), APIConnectionTimeoutError);
    const call = await gateway.simulator.nextRequest();
    await error;
    await call.aborted;
    await gateway.running(0);
  }
});

Deno.test("the time limit of one call shortens the time the proxy takes for it, and a very long one is no mistake", TEST, async () => {
  const clock = new FakeClock();
  await using gateway = await start({ clock });
  const gate = latch();
  gateway.simulator.script({}, withHold(answer(), gate));
  const client = clientOf(gateway);
  const holding = client.chat.completions.create(ASK, { timeout: 2 ** 31 - 1 });
  await gateway.simulator.nextRequest();
  // The key is busy, so this one waits until its own five seconds are over.
  const waiting = thrown(client.chat.completions.create(ASK, { timeout: 5_900 }), InternalServerError);
  await gateway.running(2);
  clock.advance(5_000);
  assert.equal((await waiting).status, 504);
  gate.release();
  assert.equal((await holding).choices[0]?.message.content, "hello big world");
});

Deno.test("a slow stream is not cut by the time limit for its first byte", TEST, async () => {
  const clock = new FakeClock();
  await using gateway = await start({ clock, env: { GLOBAL_TIMEOUT: "5" } });
  const gate = latch();
  gateway.simulator.script({}, withHold(answer(), gate, { chunkCount: 2 }));
  const seen: string[] = [];
  for await (const chunk of await clientOf(gateway).chat.completions.create({ ...ASK, stream: true })) {
    seen.push(textOf([chunk]));
    if (seen.length === 2) {
      clock.advance(60_000);
      gate.release();
    }
  }
  assert.equal(seen.join(""), "hello big world");
});
