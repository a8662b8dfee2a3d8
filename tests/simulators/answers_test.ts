/** The correct provider: what it answers, and that an answer belongs to its request. */
import assert from "node:assert/strict";
import { asObject, type Json, type JsonObject, parseJson } from "../../src/kernel/json.ts";
import { collect, openStream, requestJson } from "../support/http_client.ts";
import { embeddingOf, vectorsOf } from "./embeddings.ts";
import { type Simulator, startSimulator } from "./server.ts";
import { answer, emptyAnswer } from "./steps.ts";

const TOOLS = [{ type: "function", function: { name: "lookup", parameters: { type: "object" } } }];

function say(content: string, fields: JsonObject = {}): JsonObject {
  return { model: "m", messages: [{ role: "user", content }], ...fields };
}

function post(simulator: Simulator, path: string, body: Json) {
  return requestJson(`${simulator.baseUrl}${path}`, { key: "sk-1", body });
}

async function stream(simulator: Simulator, path: string, body: JsonObject): Promise<{ events: Json[]; last: string | undefined }> {
  const opened = await openStream(`${simulator.baseUrl}${path}`, { body: { ...body, stream: true } });
  assert.equal(opened.headers["content-type"], "text/event-stream; charset=utf-8");
  const data = await collect(opened.events());
  return { events: data.slice(0, -1).map((text) => parseJson(text) ?? null), last: data.at(-1) };
}

/** The value at a path of keys and indices. */
function at(value: Json | undefined, ...path: (string | number)[]): Json | undefined {
  return path.reduce<Json | undefined>((inner, step) => Array.isArray(inner) ? inner[Number(step)] : asObject(inner)?.[step], value);
}

Deno.test("a chat answer echoes the last user message and counts words as tokens", async () => {
  await using simulator = await startSimulator();
  const body = {
    model: "m",
    messages: [{ role: "system", content: "be brief" }, { role: "user", content: [{ type: "text", text: "hello  big world" }] }],
  };
  const { status, json } = await post(simulator, "/chat/completions", body);
  assert.equal(status, 200);
  assert.equal(at(json, "choices", 0, "message", "content"), "hello  big world");
  assert.equal(at(json, "choices", 0, "finish_reason"), "stop");
  assert.deepEqual(at(json, "usage"), { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 });
});

Deno.test("a chat stream is a role, a delta a word, a finish and [DONE]; the usage chunk comes only when asked for", async () => {
  await using simulator = await startSimulator();
  const plain = await stream(simulator, "/chat/completions", say("hello big world"));
  const deltas = plain.events.map((event) => at(event, "choices", 0, "delta"));
  assert.deepEqual(deltas, [{ role: "assistant", content: "" }, { content: "hello" }, { content: " big" }, { content: " world" }, {}]);
  assert.equal(at(plain.events.at(-1), "choices", 0, "finish_reason"), "stop");
  assert.equal(plain.last, "[DONE]");
  const asked = await stream(simulator, "/chat/completions", say("hello", { stream_options: { include_usage: true } }));
  assert.deepEqual(at(asked.events.at(-1), "choices"), []);
  assert.deepEqual(at(asked.events.at(-1), "usage"), { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 });
});

Deno.test("a tool is called when there are tools and the message asks for it, whole and in deltas that join", async () => {
  await using simulator = await startSimulator();
  const body = say("please use the tool", { tools: TOOLS });
  const { json } = await post(simulator, "/chat/completions", body);
  assert.equal(at(json, "choices", 0, "finish_reason"), "tool_calls");
  assert.equal(at(json, "choices", 0, "message", "content"), null);
  assert.equal(at(json, "choices", 0, "message", "tool_calls", 0, "function", "arguments"), '{"text":"please use the tool"}');
  const { events } = await stream(simulator, "/chat/completions", body);
  const parts = events.map((event) => at(event, "choices", 0, "delta", "tool_calls", 0, "function", "arguments"));
  assert.equal(parts.filter((part) => typeof part === "string").join(""), '{"text":"please use the tool"}');
  const without = await post(simulator, "/chat/completions", say("please use the tool"));
  assert.equal(at(without.json, "choices", 0, "message", "content"), "please use the tool");
});

Deno.test("a tool's result is answered with text", async () => {
  await using simulator = await startSimulator();
  const messages = [{ role: "user", content: "use the tool" }, { role: "tool", tool_call_id: "call_0", content: "42" }];
  const { json } = await post(simulator, "/chat/completions", { model: "m", messages, tools: TOOLS });
  assert.equal(at(json, "choices", 0, "message", "content"), "The tool said: 42");
});

Deno.test("n gives that many choices and max_tokens cuts with finish_reason length", async () => {
  await using simulator = await startSimulator();
  const { json } = await post(simulator, "/chat/completions", say("one two three", { n: 2, max_tokens: 2 }));
  assert.equal(at(json, "choices", 0, "message", "content"), "one two");
  assert.equal(at(json, "choices", 1, "message", "content"), "one two #1");
  assert.equal(at(json, "choices", 1, "finish_reason"), "length");
  const { events } = await stream(simulator, "/chat/completions", say("one", { n: 2 }));
  assert.deepEqual([...new Set(events.map((event) => at(event, "choices", 0, "index")))], [0, 1]);
});

Deno.test("a scripted shape replaces the echo: reasoning, text, finish reason, usage", async () => {
  await using simulator = await startSimulator();
  const usage = { prompt_tokens: 7, completion_tokens: 9, total_tokens: 16 };
  simulator.script({}).always(answer({ text: "four", reasoning: "two and two", finishReason: "content_filter", usage }));
  const { json } = await post(simulator, "/chat/completions", say("?"));
  assert.deepEqual(at(json, "choices", 0, "message"), { role: "assistant", content: "four", reasoning_content: "two and two" });
  assert.equal(at(json, "choices", 0, "finish_reason"), "content_filter");
  assert.deepEqual(at(json, "usage"), usage);
  const { events } = await stream(simulator, "/chat/completions", say("?"));
  assert.equal(events.map((event) => at(event, "choices", 0, "delta", "reasoning_content") ?? "").join(""), "two and two");
});

Deno.test("an empty answer has no text, whole and streamed, or no choices, or no body", async () => {
  await using simulator = await startSimulator();
  simulator.script({}, emptyAnswer(), emptyAnswer(), emptyAnswer("no_choices"), emptyAnswer("no_body"));
  assert.equal(at((await post(simulator, "/chat/completions", say("hi"))).json, "choices", 0, "message", "content"), "");
  const { events, last } = await stream(simulator, "/chat/completions", say("hi"));
  assert.deepEqual(events.map((event) => at(event, "choices", 0, "delta", "content") ?? ""), ["", ""]);
  assert.equal(last, "[DONE]");
  assert.deepEqual(at((await post(simulator, "/chat/completions", say("hi"))).json, "choices"), []);
  const nothing = await post(simulator, "/chat/completions", say("hi"));
  assert.deepEqual([nothing.status, nothing.text], [200, ""]);
});

Deno.test("old completions echo the prompt, whole and streamed", async () => {
  await using simulator = await startSimulator();
  const { json } = await post(simulator, "/completions", { model: "m", prompt: "once upon" });
  assert.equal(at(json, "choices", 0, "text"), "once upon");
  const { events, last } = await stream(simulator, "/completions", { model: "m", prompt: "once upon" });
  assert.equal(events.map((event) => at(event, "choices", 0, "text")).join(""), "once upon");
  assert.equal(last, "[DONE]");
});

Deno.test("every input has its own vector, the same in every request, order and encoding", async () => {
  await using simulator = await startSimulator();
  const embed = async (fields: JsonObject) => vectorsOf((await post(simulator, "/embeddings", { model: "e", ...fields })).json);
  const [a, b] = [embeddingOf("a"), embeddingOf("b")];
  assert.notDeepEqual(a, b);
  assert.deepEqual(await embed({ input: "a" }), [a]);
  assert.deepEqual(await embed({ input: ["b", "a"] }), [b, a]);
  assert.deepEqual(await embed({ input: ["b", "a"], encoding_format: "base64" }), [b, a]);
  assert.deepEqual(await embed({ input: [1, 2, 3] }), [embeddingOf([1, 2, 3])]);
  assert.deepEqual(await embed({ input: [[1, 2], [3]], dimensions: 3 }), [embeddingOf([1, 2], 3), embeddingOf([3], 3)]);
});

Deno.test("embedding usage counts words and tokens; an empty or refused input is a 400 naming it", async () => {
  await using simulator = await startSimulator({ refusedInputs: ["poison"] });
  const counted = await post(simulator, "/embeddings", { model: "e", input: ["one two", "three"] });
  assert.deepEqual(at(counted.json, "usage"), { prompt_tokens: 3, total_tokens: 3 });
  const refused = await post(simulator, "/embeddings", { model: "e", input: ["fine", "poison"] });
  assert.equal(refused.status, 400);
  assert.match(String(at(refused.json, "error", "message")), /\$\.input\[1\]/);
  assert.equal((await post(simulator, "/embeddings", { model: "e", input: "" })).status, 400);
});

Deno.test("keys and models are checked when they were given, and refused in OpenAI's shape", async () => {
  await using simulator = await startSimulator({ keys: ["sk-1"], models: ["only"] });
  const url = `${simulator.baseUrl}/chat/completions`;
  const wrong = await requestJson(url, { key: "sk-wrong-key", body: say("hi") });
  assert.equal(wrong.status, 401);
  assert.equal(at(wrong.json, "error", "code"), "invalid_api_key");
  assert.ok(!wrong.text.includes("sk-wrong-key"));
  assert.equal((await requestJson(url, { body: say("hi") })).status, 401);
  const model = await requestJson(url, { key: "sk-1", body: say("hi") });
  assert.deepEqual([model.status, at(model.json, "error", "code")], [404, "model_not_found"]);
  assert.equal((await requestJson(url, { key: "sk-1", body: say("hi", { model: "only" }) })).status, 200);
});

Deno.test("models are listed and shown one by one; unknown routes and bad bodies are refused", async () => {
  await using simulator = await startSimulator({ models: ["a/b", "c"] });
  const list = await requestJson(`${simulator.baseUrl}/models`);
  assert.deepEqual([at(list.json, "data", 0, "id"), at(list.json, "data", 1, "id")], ["a/b", "c"]);
  assert.equal(at((await requestJson(`${simulator.baseUrl}/models/a%2Fb`)).json, "id"), "a/b");
  assert.equal((await requestJson(`${simulator.baseUrl}/nowhere`)).status, 404);
  assert.equal((await post(simulator, "/chat/completions", "not an object")).status, 400);
  assert.equal((await post(simulator, "/chat/completions", { messages: [] })).status, 400);
});
