/** What the simulated models say, and how their streams are ordered and spoilt. */
import assert from "node:assert/strict";
import { asArray, asString, isObject, type JsonObject } from "../../../src/kernel/json.ts";
import { openStream } from "../../support/http_client.ts";
import { latch } from "../latch.ts";
import { at, bench, userSays } from "./bench.ts";
import type { ContentName } from "./content.ts";
import { MODEL_CALLS } from "./simulator.ts";
import type { StreamShape } from "./stream.ts";

function partsOf(event: JsonObject, candidate = 0): JsonObject[] {
  return asArray(at(event, `response.candidates.${candidate}.content.parts`)).filter(isObject);
}

function textOf(events: readonly JsonObject[]): string {
  return events.flatMap((event) => partsOf(event)).filter((part) => part.thought !== true).map((part) => asString(part.text) ?? "").join(
    "",
  );
}

async function saying(content: ContentName, model = "sim-echo", fields: JsonObject = {}): Promise<JsonObject[]> {
  await using it = await bench();
  it.google.fault({ match: { endpoint: MODEL_CALLS }, effect: { kind: "content", content } });
  return await it.stream(fields, { model });
}

async function shaped(stream: StreamShape, content: ContentName = "text"): Promise<JsonObject[]> {
  await using it = await bench();
  it.google.fault({ effect: { kind: "content", content } });
  it.google.fault({ effect: { kind: "stream", stream } });
  return await it.stream();
}

const kindsOf = (events: readonly JsonObject[]) => events.map((event) => partsOf(event).map((part) => Object.keys(part)[0]));

Deno.test("the echo comes word by word with usage in each event and the finish reason in the last", async () => {
  await using it = await bench();
  const events = await it.stream();
  assert.deepEqual(events.map((event) => partsOf(event)[0]?.text), ["hello", " big", " world"]);
  assert.deepEqual(events.map((event) => at(event, "response.candidates.0.finishReason")), [undefined, undefined, "STOP"]);
  assert.deepEqual(events.map((event) => at(event, "response.usageMetadata.totalTokenCount")), [4, 5, 6]);
  const whole = await it.ask();
  assert.equal(at(whole.json, "response.candidates.0.content.parts.0.text"), "hello big world");
  assert.equal(at(whole.json, "response.usageMetadata.totalTokenCount"), 6);
});

Deno.test("the same seed and requests give the same bytes", async () => {
  const told = async () => {
    await using it = await bench();
    return [await it.stream(), await it.stream({}, { model: "gemini-3-pro-preview" })];
  };
  assert.deepEqual(await told(), await told());
});

Deno.test("candidates, long answers and limits", async () => {
  await using it = await bench();
  const two = await it.ask({ generationConfig: { candidateCount: 2 } });
  assert.equal(at(two.json, "response.candidates.1.content.parts.0.text"), "hello big world #1");
  const long = await it.stream({}, { model: "sim-long:300" });
  assert.equal(long.length, 300);
  const cut = await it.ask({ generationConfig: { maxOutputTokens: 1 } });
  assert.equal(at(cut.json, "response.candidates.0.finishReason"), "MAX_TOKENS");
});

Deno.test("tools are called when the model is for it, told to, or asked for it", async () => {
  await using it = await bench();
  const schema = { type: "object", properties: { unit: { enum: ["C", "F"] }, n: { type: "integer" } }, required: ["unit", "n"] };
  const tools = { tools: [{ functionDeclarations: [{ name: "look", parametersJsonSchema: schema }] }] };
  const callOf = async (fields: JsonObject, envelope: JsonObject) =>
    at((await it.ask({ ...tools, ...fields }, envelope)).json, "response.candidates.0.content.parts.0.functionCall");
  const call = { name: "look", args: { unit: "C", n: 1 } };
  assert.deepEqual(await callOf({}, { model: "sim-tools" }), call);
  assert.deepEqual(await callOf({ contents: [userSays("Use the tool")] }, {}), call);
  assert.deepEqual(await callOf({ toolConfig: { functionCallingConfig: { mode: "ANY" } } }, {}), call);
  assert.equal(await callOf({ toolConfig: { functionCallingConfig: { mode: "NONE" } } }, { model: "sim-tools" }), undefined);
  const contents = [
    userSays("Use the tool"),
    { role: "model", parts: [{ functionCall: call }] },
    { role: "user", parts: [{ functionResponse: { name: "look", response: { output: "sunny" } } }] },
  ];
  const answer = await it.ask({ ...tools, contents }, { model: "sim-tools" });
  assert.equal(at(answer.json, "response.candidates.0.content.parts.0.text"), "The tool said: sunny");
});

Deno.test("thoughts are told when asked for, and counted beside the text", async () => {
  await using it = await bench();
  const thinking = { generationConfig: { thinkingConfig: { includeThoughts: true } } };
  for (const [fields, model] of [[{}, "sim-think"], [thinking, "gemini-2.5-pro"]] as const) {
    const answer = await it.ask(fields, { model });
    assert.equal(at(answer.json, "response.candidates.0.content.parts.0.thought"), true);
    assert.equal(at(answer.json, "response.candidates.0.content.parts.1.text"), "hello big world");
    const usage = (name: string) => Number(at(answer.json, `response.usageMetadata.${name}`));
    assert.ok(usage("thoughtsTokenCount") > 0);
    assert.equal(usage("totalTokenCount"), usage("promptTokenCount") + usage("candidatesTokenCount") + usage("thoughtsTokenCount"));
  }
});

Deno.test("each content has its parts", async () => {
  assert.deepEqual(kindsOf(await saying("parallel_calls")), [["functionCall", "functionCall", "functionCall"]]);
  assert.deepEqual(kindsOf(await saying("calls_over_two_events")), [["functionCall"], ["functionCall", "functionCall"]]);
  assert.deepEqual(kindsOf(await saying("text_and_call")), [["text", "functionCall"]]);
  assert.deepEqual(kindsOf(await saying("image")), [["text"], ["inlineData"]]);
  assert.deepEqual(kindsOf(await saying("code_execution")), [["executableCode"], ["codeExecutionResult"], ["text"]]);
  assert.match(String(at((await saying("call_with_id"))[0], "response.candidates.0.content.parts.0.functionCall.id")), /^call-/);
  assert.equal(at((await saying("call_without_args"))[0], "response.candidates.0.content.parts.0.functionCall.args"), undefined);
  assert.ok(at((await saying("grounding")).at(-1), "response.candidates.0.groundingMetadata.groundingChunks"));
  assert.ok(at((await saying("logprobs")).at(-1), "response.candidates.0.logprobsResult.chosenCandidates"));
  assert.deepEqual((await saying("empty_text_parts")).map((event) => partsOf(event)[0]?.text), ["", "hello", " big", " world", ""]);
});

Deno.test("Gemini 3 signs the first call of an answer, and text in a part without text", async () => {
  const [event = {}] = await saying("parallel_calls", "gemini-3-pro-preview");
  assert.deepEqual(partsOf(event).map((part) => "thoughtSignature" in part), [true, false, false]);
  const last = (await saying("text", "gemini-3-pro-preview")).at(-1) ?? {};
  assert.equal(partsOf(last)[0]?.text, "");
  assert.equal(String(partsOf(last)[0]?.thoughtSignature).length % 4, 0);
});

Deno.test("a rule can give the very parts and responses", async () => {
  await using it = await bench();
  it.google.fault({ effect: { kind: "parts", parts: [{ text: "a" }, { text: "b" }], finishReason: "OTHER" } });
  const events = await it.stream();
  assert.deepEqual([textOf(events), at(events[1], "response.candidates.0.finishReason")], ["ab", "OTHER"]);
  it.google.fault({ effect: { kind: "responses", responses: [{ candidates: [] }] } });
  assert.deepEqual((await it.stream()).map((event) => event.response), [{ candidates: [] }]);
  it.google.fault({ effect: { kind: "credits", consumed: "1", remaining: "999" } });
  assert.equal(at((await it.ask()).json, "remainingCredits.0.creditAmount"), "999");
});

Deno.test("streams that end badly or say nothing", async () => {
  const finishOf = async (shape: StreamShape) => at((await shaped(shape)).at(-1), "response.candidates.0.finishReason");
  assert.equal(await finishOf("no_finish"), undefined);
  assert.equal(await finishOf("malformed_call"), "MALFORMED_FUNCTION_CALL");
  assert.equal(await finishOf("unexpected_call"), "UNEXPECTED_TOOL_CALL");
  assert.equal(await finishOf("safety"), "SAFETY");
  assert.equal(await finishOf("recitation"), "RECITATION");
  assert.equal(await finishOf("max_tokens_no_text"), "MAX_TOKENS");
  assert.deepEqual(await shaped("empty"), []);
  assert.equal(textOf(await shaped("thoughts_only", "thoughts_text")), "");
  assert.equal(at((await shaped("prompt_block"))[0], "response.promptFeedback.blockReason"), "PROHIBITED_CONTENT");
  assert.equal(at((await shaped("error_event")).at(-1), "error.code"), 503);
});

Deno.test("usage and finish reason may come in events of their own", async () => {
  const separate = await shaped("finish_separate");
  assert.deepEqual([at(separate.at(-1), "response.candidates.0.content"), textOf(separate)], [undefined, "hello big world"]);
  assert.equal(at(separate.at(-1), "response.candidates.0.finishReason"), "STOP");
  const usageLast = await shaped("usage_last");
  assert.deepEqual(usageLast.map((event) => at(event, "response.usageMetadata") !== undefined), [false, false, true]);
  const after = await shaped("usage_after_finish");
  assert.deepEqual([at(after.at(-1), "response.candidates"), at(after.at(-2), "response.candidates.0.finishReason")], [undefined, "STOP"]);
  const emptyParts = await shaped("finish_empty_parts");
  assert.deepEqual(at(emptyParts.at(-1), "response.candidates.0.content.parts"), []);
});

Deno.test("odd framing carries the same events", async () => {
  await using it = await bench();
  const raw = async (stream: StreamShape) => {
    it.google.fault({ effect: { kind: "stream", stream } });
    const body = { model: "sim-echo", project: it.project, request: { contents: [userSays("hello big world")] } };
    return (await it.call("streamGenerateContent", body, { query: "?alt=sse" })).text;
  };
  assert.match(await raw("crlf"), /\}\r\n\r\ndata: /);
  assert.match(await raw("multi_data"), /data: \{\ndata: /);
  assert.match(await raw("no_space"), /^data:\{/);
  assert.match(await raw("comments"), /^: keep-alive\n\nevent: message\nid: 0\ndata: /);
  assert.match(await raw("bom"), /^\ufeffdata: /);
  assert.match(await raw("blank_data"), /^data:\n\ndata: \{/);
  assert.match(await raw("malformed_event"), /[^}]\n\ndata: /);
  assert.match(await raw("two_on_a_line"), /\}\{/);
});

Deno.test("without alt=sse the stream is one array", async () => {
  await using it = await bench();
  const body = { model: "sim-echo", project: it.project, request: { contents: [userSays("hello big world")] } };
  const answer = await it.call("streamGenerateContent", body);
  assert.deepEqual(asArray(answer.json).length, 3);
  assert.equal(answer.headers["content-type"], "application/json; charset=UTF-8");
});

Deno.test("a stream can be held between events, cut, and cut inside a character", async () => {
  await using it = await bench();
  const body = (text: string) => ({ model: "sim-echo", project: it.project, request: { contents: [userSays(text)] } });
  const open = (text: string) =>
    openStream(`${it.google.url}/v1internal:streamGenerateContent?alt=sse`, { key: it.grant.accessToken, body: body(text) });
  const gate = latch();
  it.google.fault({ effect: { kind: "hold", at: { chunkCount: 1 }, until: gate } });
  const held = (await open("one two")).events()[Symbol.asyncIterator]();
  assert.equal((await held.next()).done, false);
  gate.release();
  assert.equal((await held.next()).done, false);
  assert.equal((await held.next()).done, true);
  it.google.fault({ effect: { kind: "reset", at: { chunkCount: 1 } } });
  await assert.rejects((await open("one two")).text());
  it.google.fault({ effect: { kind: "edits", edits: [{ edit: "split_characters" }] } });
  it.google.fault({ effect: { kind: "half_close", at: { chunkCount: 1 } } });
  const seen: Uint8Array[] = [];
  await assert.rejects(async () => {
    for await (const chunk of (await open("Grüße")).chunks()) seen.push(chunk);
  });
  assert.equal(seen.at(-1)?.at(-1), 0xc3, "the first byte of ü");
});
