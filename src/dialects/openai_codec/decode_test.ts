/** Reading chat completions requests: every field has its place, or is named where it has none. */
import assert from "node:assert/strict";
import type { ChatRequest, Part } from "../../canonical/chat.ts";
import { isFailure } from "../../kernel/failure.ts";
import type { Json, JsonObject } from "../../kernel/json.ts";
import { decodeChat } from "./decode.ts";

const HELLO = [{ role: "user", content: "hello" }];

function decoded(fields: JsonObject): ChatRequest {
  const request = decodeChat({ model: "m", messages: HELLO, ...fields });
  assert.ok(!isFailure(request), isFailure(request) ? request.message : "");
  return request;
}

function turnsOf(...messages: readonly Json[]): ChatRequest["turns"] {
  return decoded({ messages }).turns;
}

function userParts(...content: readonly Json[]): readonly Part[] {
  return turnsOf({ role: "user", content })[0]?.parts ?? [];
}

Deno.test("system and developer messages are collected in order, wherever they stand", () => {
  const request = decoded({
    messages: [
      { role: "system", content: "one" },
      { role: "user", content: "hi" },
      { role: "developer", content: [{ type: "text", text: "two" }, { type: "text", text: "three" }] },
    ],
  });
  assert.deepEqual(request.system.map(({ text }) => text), ["one", "two", "three"]);
  assert.deepEqual(request.turns, [{ role: "user", parts: [{ kind: "text", text: "hi" }] }]);
});

Deno.test("each kind of user content becomes a part", () => {
  const inline = (mimeType: string, data: string) => ({ kind: "inline", mimeType, data });
  assert.deepEqual(userParts({ type: "text", text: "a" }), [{ kind: "text", text: "a" }]);
  assert.deepEqual(userParts({ type: "image_url", image_url: { url: "data:image/JPEG;charset=x;base64,AAEC", detail: "high" } }), [
    { kind: "image", source: inline("image/jpeg", "AAEC"), detail: "high" },
  ]);
  assert.deepEqual(userParts({ type: "image_url", image_url: "data:;base64,-_8=" }), [{
    kind: "image",
    source: inline("image/png", "+/8="),
  }]);
  assert.deepEqual(userParts({ type: "image_url", image_url: { url: "data:image/svg+xml,%3Csvg/%3E" } }), [
    { kind: "image", source: inline("image/svg+xml", "PHN2Zy8+") },
  ]);
  assert.deepEqual(userParts({ type: "image_url", image_url: { url: "https://example.com/a.png" } }), [
    { kind: "image", source: { kind: "url", url: "https://example.com/a.png", field: "messages[0].content[0].image_url.url" } },
  ]);
  assert.deepEqual(userParts({ type: "video_url", video_url: { url: "gs://b/v.mp4" } }), [
    { kind: "video", source: { kind: "url", url: "gs://b/v.mp4", field: "messages[0].content[0].video_url.url" } },
  ]);
  for (const [format, type] of [["wav", "wav"], ["mp3", "mpeg"], ["pcm16", "pcm"], ["g711_ulaw", "basic"], ["webm", "webm"]] as const) {
    assert.deepEqual(userParts({ type: "input_audio", input_audio: { data: "AAEC", format } }), [
      { kind: "audio", source: inline(`audio/${type}`, "AAEC") },
    ]);
  }
});

Deno.test("a file's type comes from its data URL, else from its name", () => {
  const typeOf = (file: JsonObject) => {
    const [part] = userParts({ type: "file", file });
    return part?.kind === "file" && part.source.kind === "inline" ? part.source.mimeType : undefined;
  };
  assert.equal(typeOf({ file_data: "data:application/pdf;base64,AAEC", filename: "x.txt" }), "application/pdf");
  assert.equal(typeOf({ file_data: "AAEC", filename: "notes.MD" }), "text/markdown");
  assert.equal(typeOf({ file_data: "data:application/octet-stream;base64,AAEC", filename: "a.csv" }), "text/csv");
});

Deno.test("an assistant's thoughts, words, refusal, pictures and calls are read in that order, with their signatures", () => {
  const call = (id: string, more: JsonObject, called: JsonObject = {}) => ({
    id,
    type: "function",
    function: { name: "f", arguments: "{}", ...called },
    ...more,
  });
  const [turn] = turnsOf({
    role: "assistant",
    content: [{ type: "text", text: "a" }, { type: "refusal", refusal: "no" }],
    reasoning_content: "hm",
    extra_content: { google: { thought_signature: "TTTT" } },
    images: [{ type: "image_url", image_url: { url: "data:image/png;base64,AAEC" } }],
    tool_calls: [
      call("1", { extra_content: { google: { thought_signature: "AAAA" } } }),
      call("2", { thought_signature: "BBBB" }),
      call("3", {}, { thoughtSignature: "CCCC" }),
      call("4", {}, { arguments: { a: 1 } }),
      { id: "5", type: "custom", custom: { name: "g", input: 'say "x"' } },
    ],
  });
  assert.deepEqual(turn?.parts, [
    { kind: "reasoning", text: "hm" },
    { kind: "text", text: "a", signature: "TTTT" },
    { kind: "refusal", text: "no" },
    { kind: "image", source: { kind: "inline", mimeType: "image/png", data: "AAEC" } },
    { kind: "tool_call", id: "1", name: "f", arguments: "{}", signature: "AAAA" },
    { kind: "tool_call", id: "2", name: "f", arguments: "{}", signature: "BBBB" },
    { kind: "tool_call", id: "3", name: "f", arguments: "{}", signature: "CCCC" },
    { kind: "tool_call", id: "4", name: "f", arguments: '{"a":1}' },
    { kind: "tool_call", id: "5", name: "g", arguments: '{"input":"say \\"x\\""}' },
  ]);
});

Deno.test("a tool's result gets the name of the call it answers; the older shape is matched by name", () => {
  const turns = turnsOf(
    { role: "assistant", content: null, tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }] },
    { role: "tool", tool_call_id: "c", content: [{ type: "text", text: "1" }] },
    { role: "assistant", content: null, function_call: { name: "g", arguments: "{}" } },
    { role: "function", name: "g", content: "2" },
    { role: "tool", tool_call_id: "lost", content: null },
  );
  assert.deepEqual(turns.map(({ parts }) => parts[0]), [
    { kind: "tool_call", id: "c", name: "f", arguments: "{}" },
    { kind: "tool_result", callId: "c", name: "f", content: [{ kind: "text", text: "1" }] },
    { kind: "tool_call", id: "messages[2].function_call", name: "g", arguments: "{}" },
    { kind: "tool_result", callId: "messages[2].function_call", name: "g", content: [{ kind: "text", text: "2" }] },
    { kind: "tool_result", callId: "lost", content: [] },
  ]);
});

const tool = (name: string, more: JsonObject = {}) => ({ type: "function", function: { name, ...more } });

Deno.test("functions, custom tools and tools of the provider are told apart", () => {
  const parameters = { type: "object", properties: { a: { type: "string" } } };
  const request = decoded({
    tools: [
      tool("f", { description: "does f", parameters, strict: true }),
      { type: "custom", custom: { name: "g", format: { type: "grammar", grammar: {} } } },
      { type: "web_search" },
    ],
    functions: [{ name: "h" }],
  });
  assert.deepEqual(request.tools, [
    { name: "f", description: "does f", parameters, isStrict: true },
    {
      name: "g",
      parameters: { type: "object", properties: { input: { type: "string" } }, required: ["input"] },
      form: "free_text",
    },
    { name: "h", form: "legacy" },
  ]);
  assert.deepEqual(request.extensions, { tools: [{ type: "web_search" }] });
  assert.deepEqual(request.dropped, ["tools[1].custom.format"]);
});

Deno.test("every form of tool_choice is read", () => {
  const tools = [tool("f"), tool("g")];
  const choice = (fields: JsonObject) => {
    const request = decoded({ tools, ...fields });
    return [request.toolChoice, request.tools.length];
  };
  const named = [{ kind: "named", names: ["f"] }, 2];
  assert.deepEqual(choice({}), [undefined, 2]);
  for (const kind of ["auto", "none", "required"]) assert.deepEqual(choice({ tool_choice: kind }), [{ kind }, 2]);
  assert.deepEqual(choice({ tool_choice: { type: "function", function: { name: "f" } } }), named);
  assert.deepEqual(choice({ function_call: { name: "f" } }), named);
  const allowed = (mode: string) => ({ tool_choice: { type: "allowed_tools", allowed_tools: { mode, tools: [tool("f")] } } });
  assert.deepEqual(choice(allowed("required")), named);
  assert.deepEqual(choice(allowed("auto")), [{ kind: "auto" }, 1]);
});

Deno.test("sampling is read as it was given; the newer limit wins", () => {
  const given = { temperature: 0, top_p: 0.5, top_k: 4, max_tokens: 9, max_completion_tokens: 8, n: 2, seed: 7, presence_penalty: 1 };
  const request = decoded({ ...given, frequency_penalty: -1, stop: "x", logprobs: true });
  assert.deepEqual(request.sampling, {
    temperature: 0,
    topP: 0.5,
    topK: 4,
    maxTokens: 8,
    stop: ["x"],
    seed: 7,
    presencePenalty: 1,
    frequencyPenalty: -1,
    choiceCount: 2,
    topLogprobs: 0,
  });
  assert.deepEqual(decoded({ temperature: null, stop: null, n: null }).sampling, {});
  assert.deepEqual(decoded({ stop: ["a", "", "b"], logprobs: true, top_logprobs: 3 }).sampling, { stop: ["a", "b"], topLogprobs: 3 });
});

Deno.test("formats of answers, modalities", () => {
  const schema = { type: "object" };
  assert.deepEqual(decoded({ response_format: { type: "json_object" } }).format, { kind: "json" });
  assert.deepEqual(decoded({ response_format: { type: "json_schema", json_schema: { name: "n", schema } } }).format, {
    kind: "schema",
    schema,
    name: "n",
  });
  assert.deepEqual(decoded({ modalities: ["TEXT", "image"] }).modalities, ["text", "image"]);
});

Deno.test("a wish for thinking is read from each of its fields, tokens before words", () => {
  const effort = (word: string) => ({ kind: "effort", effort: word });
  const cases: readonly (readonly [JsonObject, JsonObject | undefined])[] = [
    [{}, undefined],
    [{ reasoning_effort: "high" }, effort("high")],
    [{ reasoning_effort: "auto" }, { kind: "auto" }],
    [{ reasoning: { effort: "low" } }, effort("low")],
    [{ reasoning: { effort: "low", max_tokens: 99 } }, { kind: "budget", tokens: 99 }],
    [{ reasoning_effort: "low", thinking: { type: "enabled", budget_tokens: 5_000 } }, { kind: "budget", tokens: 5_000 }],
    [{ thinking: { type: "enabled", budget_tokens: -1 } }, { kind: "auto" }],
    [{ thinking: { type: "disabled" } }, effort("none")],
    [{ reasoning: { enabled: true } }, { kind: "auto" }],
  ];
  for (const [fields, wanted] of cases) assert.deepEqual(decoded(fields).reasoning, wanted);
  assert.equal(decoded({ reasoning: { exclude: true } }).hidesReasoning, true);
});

Deno.test("what has no place is kept as an extension; what is ignored is named when it matters", () => {
  const request = decoded({
    extra_body: { google: { cached_content: "c" } },
    safety_settings: [],
    web_search_options: {},
    audio: { voice: "v" },
    user: "u",
    metadata: { a: "b" },
    store: true,
    service_tier: "auto",
    parallel_tool_calls: false,
    logit_bias: { 5: 1 },
    prediction: { type: "content" },
    verbosity: "low",
    min_p: null,
  });
  assert.deepEqual(request.extensions, {
    google: { cached_content: "c" },
    safety_settings: [],
    web_search_options: {},
    audio: { voice: "v" },
  });
  assert.deepEqual(request.dropped, ["logit_bias", "prediction", "verbosity"]);
  assert.deepEqual(decoded({ parallel_tool_calls: true, logit_bias: {}, verbosity: "medium" }).dropped, []);
});

const WRONG: readonly (readonly [field: string, body: JsonObject, says?: RegExp])[] = [
  ["messages[0].role", { messages: [{ role: "robot", content: "x" }] }],
  ["messages[0].content", { messages: [{ role: "user" }] }],
  ["messages[0].content[0].type", { messages: [{ role: "user", content: [{ type: "hologram" }] }] }, /"hologram"/],
  ["messages[0].content[0].type", { messages: [{ role: "system", content: [{ type: "image_url" }] }] }, /"image_url"/],
  ["messages[0].content[0].image_url.url", {
    messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "ftp://x" } }] }],
  }],
  ["messages[0].content[0].image_url.url", {
    messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "data:image/png;base64,***" } }] }],
  }],
  ["messages[0].content[0].input_audio.format", {
    messages: [{ role: "user", content: [{ type: "input_audio", input_audio: { data: "AA==" } }] }],
  }],
  ["messages[0].content[0].file.file_id", { messages: [{ role: "user", content: [{ type: "file", file: { file_id: "f" } }] }] }],
  ["messages[0].content[0].file", { messages: [{ role: "user", content: [{ type: "file", file: { file_data: "AAEC" } }] }] }],
  ["messages[0].tool_call_id", { messages: [{ role: "tool", content: "x" }] }],
  ["messages[0].tool_calls[0].function.name", { messages: [{ role: "assistant", tool_calls: [{ id: "1" }] }] }],
  ["tools[0].function.name", { tools: [{ type: "function", function: {} }] }],
  ["tools[1].function.name", { tools: [tool("f"), tool("f")] }],
  ["tool_choice.function.name", { tools: [tool("f")], tool_choice: { type: "function", function: { name: "g" } } }],
  ["tool_choice", { tool_choice: 5 }],
  ["temperature", { temperature: "warm" }],
  ["n", { n: 0 }],
  ["stop[1]", { stop: ["a", 1] }],
  ["response_format.type", { response_format: { type: "yaml" } }],
  ["reasoning_effort", { reasoning_effort: "enormous" }],
  ["modalities", { modalities: "text" }],
];

for (const [field, body, says = /./] of WRONG) {
  Deno.test(`a wrong ${field} is a 400 that names it: ${JSON.stringify(body).slice(0, 80)}`, () => {
    const failed = decodeChat({ model: "m", messages: HELLO, ...body });
    assert.ok(isFailure(failed));
    assert.deepEqual([failed.status, failed.param], [400, field]);
    assert.match(failed.message, says);
  });
}
