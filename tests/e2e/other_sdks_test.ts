/**
 * The official packages of Anthropic and Google, the Responses half of OpenAI's, and the AI SDK (which checks every
 * event against a schema) as clients of every provider's format.
 */
import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import Anthropic from "@anthropic-ai/sdk";
import { FunctionCallingConfigMode, GoogleGenAI, Type } from "@google/genai";
import { generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";
import assert from "node:assert/strict";
import OpenAI from "openai";
import { answer, rateLimited, reset } from "../simulators/steps.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";

/** The packages' own connections outlive a test. */
const TEST = { sanitizeOps: false, sanitizeResources: false };
const KEY = "kp-for-the-application";
/** One model of each format. */
const MODELS = ["local/gpt-5", "anthropic/claude-sonnet-4-5", "gemini/gemini-2.5-flash"];

function start(): Promise<Gateway> {
  return startGateway({ others: { ANTHROPIC: {}, GEMINI: {} }, env: { PROXY_API_KEY: KEY } });
}

const SCHEMA = { type: "object" as const, properties: { text: { type: "string" } }, required: ["text"] };

Deno.test("Anthropic's package: messages, streams, tools, thoughts, counting and errors, over every provider", TEST, async (t) => {
  await using gateway = await start();
  const client = new Anthropic({ baseURL: `http://127.0.0.1:${gateway.port}`, apiKey: KEY, maxRetries: 0 });
  for (const model of MODELS) {
    await t.step(model, async () => {
      const simulator = gateway.simulators[model.split("/")[0]?.toUpperCase() ?? ""];
      const ask = { model, max_tokens: 4_000, messages: [{ role: "user" as const, content: "hello big world" }] };
      const message = await client.messages.create(ask);
      assert.deepEqual([message.content[0]?.type === "text" && message.content[0].text, message.stop_reason], [
        "hello big world",
        "end_turn",
      ]);
      assert.equal(message.model, model);

      const stream = client.messages.stream(ask);
      const heard: string[] = [];
      stream.on("text", (delta) => heard.push(delta));
      const whole = await stream.finalMessage();
      assert.equal(heard.join(""), "hello big world");
      assert.ok(whole.usage.output_tokens > 0 && whole.usage.input_tokens > 0);

      const tools = [{ name: "shout", input_schema: SCHEMA }];
      const called = client.messages.stream({ ...ask, tools, messages: [{ role: "user", content: "use the tool" }] });
      const calls = (await called.finalMessage()).content.filter((block) => block.type === "tool_use");
      assert.deepEqual(calls.map(({ name, input }) => [name, input]), [["shout", { text: "use the tool" }]]);

      simulator?.script({}, answer({ text: "42", reasoning: "hm" }));
      const thought = await client.messages.create({ ...ask, thinking: { type: "enabled", budget_tokens: 1_024 } });
      assert.deepEqual(thought.content.map(({ type }) => type), ["thinking", "text"]);

      const { input_tokens } = await client.messages.countTokens({ model, messages: ask.messages });
      assert.ok(input_tokens > 3);
    });
  }
  await assert.rejects(
    client.messages.create({ model: "nowhere/m", max_tokens: 1, messages: [{ role: "user", content: "x" }] }),
    Anthropic.NotFoundError,
  );
  gateway.simulator.script({}, rateLimited({ retryAfterSeconds: 120 }));
  const limited = client.messages.create({ model: "local/m", max_tokens: 1, messages: [{ role: "user", content: "x" }] });
  await assert.rejects(limited, Anthropic.RateLimitError);
  gateway.simulators.ANTHROPIC?.script({}, reset({ chunkCount: 5 }));
  const cut = client.messages.stream({
    model: MODELS[1] ?? "",
    max_tokens: 9,
    messages: [{ role: "user", content: "one two three four" }],
  });
  await assert.rejects(cut.finalMessage(), /broke|closed/);
});

Deno.test("Anthropic's tool runner answers its own calls, over every provider", TEST, async (t) => {
  await using gateway = await start();
  const client = new Anthropic({ baseURL: `http://127.0.0.1:${gateway.port}`, apiKey: KEY, maxRetries: 0 });
  for (const model of MODELS) {
    await t.step(model, async () => {
      const runner = client.beta.messages.toolRunner({
        model,
        max_tokens: 500,
        messages: [{ role: "user", content: "use the tool" }],
        tools: [{
          name: "shout",
          description: "says it louder",
          input_schema: SCHEMA,
          run: () => "LOUD",
          parse: (input: unknown) => input,
        }],
      });
      const last = await runner.runUntilDone();
      assert.match(JSON.stringify(last.content), /The tool said: LOUD/);
    });
  }
});

Deno.test("Google's package: answers, streams, functions, counting and models, over every provider", TEST, async (t) => {
  await using gateway = await start();
  const client = new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: `http://127.0.0.1:${gateway.port}` } });
  for (const model of MODELS) {
    await t.step(model, async () => {
      const whole = await client.models.generateContent({ model, contents: "hello big world" });
      assert.equal(whole.text, "hello big world");
      const heard: string[] = [];
      for await (const chunk of await client.models.generateContentStream({ model, contents: "hello big world" })) {
        heard.push(chunk.text ?? "");
      }
      assert.equal(heard.join(""), "hello big world");
      const config = {
        tools: [{
          functionDeclarations: [{ name: "shout", parameters: { type: Type.OBJECT, properties: { text: { type: Type.STRING } } } }],
        }],
        toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.AUTO } },
      };
      const called = await client.models.generateContent({ model, contents: "use the tool", config });
      assert.deepEqual(called.functionCalls?.map(({ name, args }) => [name, args]), [["shout", { text: "use the tool" }]]);
      const { totalTokens } = await client.models.countTokens({ model, contents: "hello big world" });
      assert.ok((totalTokens ?? 0) > 2);
    });
  }
  const chat = client.chats.create({ model: MODELS[0] ?? "" });
  assert.equal((await chat.sendMessage({ message: "and now this" })).text, "and now this");
  const names: string[] = [];
  for await (const listed of await client.models.list()) names.push(listed.name ?? "");
  assert.ok(names.includes("models/local/sim-large"));
  await assert.rejects(client.models.generateContent({ model: "nowhere/m", contents: "x" }), /nowhere/);
});

Deno.test("OpenAI's package: responses whole and streamed, going on from an earlier one, and asked for again", TEST, async (t) => {
  await using gateway = await start();
  const client = new OpenAI({ baseURL: gateway.baseUrl, apiKey: KEY, maxRetries: 0 });
  for (const model of MODELS) {
    await t.step(model, async () => {
      const first = await client.responses.create({ model, input: "hello big world" });
      assert.deepEqual([first.output_text, first.status], ["hello big world", "completed"]);
      const second = await client.responses.create({ model, input: "and then?", previous_response_id: first.id });
      assert.equal(second.output_text, "and then?");
      const seen = JSON.stringify(gateway.simulators[model.split("/")[0]?.toUpperCase() ?? ""]?.requests.at(-1)?.body);
      assert.ok(seen.indexOf("hello big world") < seen.indexOf("and then?"), seen);
      assert.equal((await client.responses.retrieve(second.id)).output_text, "and then?");
      assert.equal((await client.responses.inputItems.list(second.id)).data.length, 3);
      await client.responses.delete(second.id);
      await assert.rejects(client.responses.retrieve(second.id), OpenAI.NotFoundError);
      await assert.rejects(client.responses.create({ model, input: "x", previous_response_id: second.id }), OpenAI.BadRequestError);

      const stream = client.responses.stream({
        model,
        input: "use the tool",
        tools: [{ type: "function", name: "shout", parameters: SCHEMA, strict: false }],
      });
      const deltas: string[] = [];
      stream.on("response.function_call_arguments.delta", ({ delta }) => deltas.push(delta));
      const streamed = await stream.finalResponse();
      assert.deepEqual(JSON.parse(deltas.join("")), { text: "use the tool" });
      assert.equal(streamed.output[0]?.type, "function_call");
      assert.equal((await client.responses.retrieve(streamed.id)).id, streamed.id);
    });
  }
  gateway.simulator.script({}, reset({ chunkCount: 3 }));
  const cut = await client.responses.create({ model: "local/m", input: "one two three four", stream: true });
  const types: string[] = [];
  for await (const event of cut) types.push(event.type);
  assert.equal(types.at(-1), "response.failed");
});

Deno.test(
  "the AI SDK, which checks every event against a schema, runs a tool loop on every surface over every provider",
  TEST,
  async (t) => {
    await using gateway = await start();
    const root = `http://127.0.0.1:${gateway.port}`;
    const openai = createOpenAI({ baseURL: `${root}/v1`, apiKey: KEY });
    const anthropic = createAnthropic({ baseURL: `${root}/v1`, apiKey: KEY });
    const google = createGoogleGenerativeAI({ baseURL: `${root}/v1beta`, apiKey: KEY });
    const surfaces = {
      chat: (model: string) => openai.chat(model),
      responses: (model: string) => openai.responses(model),
      messages: (model: string) => anthropic(model),
      generateContent: (model: string) => google(model),
    };
    for (const [name, surface] of Object.entries(surfaces)) {
      for (const model of MODELS) {
        await t.step(`${name} over ${model}`, async () => {
          const options = { model: surface(model), maxRetries: 0 };
          assert.equal((await generateText({ ...options, prompt: "hello big world" })).text, "hello big world");
          const failures: unknown[] = [];
          const loop = streamText({
            ...options,
            prompt: "use the tool",
            tools: { shout: tool({ inputSchema: jsonSchema<{ text: string }>(SCHEMA), execute: ({ text }) => `${text}!!` }) },
            stopWhen: stepCountIs(3),
            onError: ({ error }) => void failures.push(error),
          });
          assert.match(await loop.text, /The tool said: .*use the tool!!/, JSON.stringify(failures));
          assert.deepEqual(failures, []);
          assert.ok(((await loop.totalUsage).outputTokens ?? 0) > 0);
        });
      }
    }
  },
);

Deno.test("Google's package: cached contents and embeddings, bound to the key that made them", TEST, async () => {
  await using gateway = await startGateway({
    others: { GEMINI: {} },
    env: { PROXY_API_KEY: KEY, GEMINI_API_KEY_1: "AIza-alpha-1111", GEMINI_API_KEY_2: "AIza-bravo-2222", SESSION_AFFINITY: "false" },
  });
  const ai = new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: `http://127.0.0.1:${gateway.port}` } });
  const model = "gemini/gemini-2.5-flash";
  const cache = await ai.caches.create({ model, config: { contents: "a long text", ttl: "300s" } });
  const name = cache.name ?? "";
  assert.match(name, /~[0-9a-f]{12}$/);
  for (let turn = 0; turn < 2; turn++) {
    const got = await ai.models.generateContent({ model, contents: "hello", config: { cachedContent: name } });
    assert.equal(got.text, "hello");
  }
  assert.equal((await ai.caches.get({ name })).name, name);
  assert.equal((await ai.caches.update({ name, config: { ttl: "600s" } })).name, name);
  await ai.caches.delete({ name });
  assert.equal(new Set(gateway.simulators.GEMINI?.requests.map(({ key }) => key)).size, 1);
  const listed = await ai.caches.list();
  assert.match(listed.page[0]?.name ?? "", /~[0-9a-f]{12}$/);
  const embedded = await ai.models.embedContent({
    model: "gemini/gemini-embedding-001",
    contents: ["one", "two"],
    config: { taskType: "RETRIEVAL_QUERY", outputDimensionality: 4 },
  });
  assert.deepEqual(embedded.embeddings?.map(({ values }) => values?.length), [4, 4]);
});
