/** Canonical requests as Gemini's bodies. */
import assert from "node:assert/strict";
import type { ChatRequest, Part, Turn } from "../../canonical/chat.ts";
import { FakeClock } from "../../../tests/support/fake_clock.ts";
import { isFailure } from "../../kernel/failure.ts";
import { asArray, asObject, isObject, type JsonObject } from "../../kernel/json.ts";
import type { Crossing, Recall } from "../codec.ts";
import { GEMINI_CODEC } from "./codec.ts";
import { createRecall } from "./recall.ts";

const PLAIN = { system: [], turns: [], tools: [], sampling: {}, extensions: {}, dropped: [] } satisfies ChatRequest;
const SIGNATURE = "c2lnbmVk";
const SKIP = "skip_thought_signature_validator";

interface Where {
  readonly model?: string;
  readonly recall?: Recall;
}

function newRecall(): Recall {
  return createRecall({ clock: new FakeClock() });
}

function cross(request: Partial<ChatRequest>, { model = "gemini-2.5-flash", recall = newRecall() }: Where = {}): Crossing {
  const crossing = GEMINI_CODEC.cross({ ...PLAIN, ...request }, { model, recall, newId: () => "0123456789abcdef0123456789abcdef" });
  assert.ok(!isFailure(crossing), isFailure(crossing) ? crossing.message : "");
  return crossing;
}

function configOf(request: Partial<ChatRequest>, where: Where = {}): JsonObject {
  const { thinkingConfig: _thinking, ...rest } = asObject(cross(request, where).body.generationConfig) ?? {};
  return rest;
}

const text = (said: string): Part => ({ kind: "text", text: said });
const user = (...parts: readonly Part[]): Turn => ({ role: "user", parts });
const model = (...parts: readonly Part[]): Turn => ({ role: "assistant", parts });
const call = (id: string, name = "f", more: JsonObject = {}): Part => ({ kind: "tool_call", id, name, arguments: '{"a":1}', ...more });
const result = (callId: string, said: string): Part => ({ kind: "tool_result", callId, content: [text(said)] });
const contents = (turns: readonly Turn[], where: Where = {}) => cross({ turns }, where).body.contents;

Deno.test("a plain request: system apart, roles renamed, nothing set that was not asked for", () => {
  const { body, lossy } = cross({
    system: [{ kind: "text", text: "be brief" }],
    turns: [user(text("hi")), model(text("hello")), user(text("bye"))],
  });
  assert.deepEqual(body.systemInstruction, { role: "user", parts: [{ text: "be brief" }] });
  assert.deepEqual(body.contents, [
    { role: "user", parts: [{ text: "hi" }] },
    { role: "model", parts: [{ text: "hello" }] },
    { role: "user", parts: [{ text: "bye" }] },
  ]);
  assert.deepEqual(body.generationConfig, { thinkingConfig: { thinkingBudget: -1, includeThoughts: true } });
  assert.equal(asArray(body.safetySettings).length, 5);
  assert.deepEqual([body.tools, body.toolConfig, lossy], [undefined, undefined, []]);
});

Deno.test("system messages alone become what the user says", () => {
  const { body } = cross({ system: [{ kind: "text", text: "do it" }] });
  assert.deepEqual([body.contents, body.systemInstruction], [[{ role: "user", parts: [{ text: "do it" }] }], undefined]);
});

Deno.test("pictures and the like are sent inline; addresses only where the provider can read them", () => {
  const inline = { kind: "inline", mimeType: "image/png", data: "AAEC" } as const;
  const at = (url: string) => ({ kind: "url", url, field: "messages[0].content[0].image_url.url" }) as const;
  assert.deepEqual(contents([user({ kind: "image", source: inline }, { kind: "file", source: at("gs://b/x.pdf?y") })]), [{
    role: "user",
    parts: [{ inlineData: { mimeType: "image/png", data: "AAEC" } }, {
      fileData: { mimeType: "application/pdf", fileUri: "gs://b/x.pdf?y" },
    }],
  }]);
  assert.deepEqual(contents([user({ kind: "video", source: at("https://youtu.be/x") })]), [
    { role: "user", parts: [{ fileData: { fileUri: "https://youtu.be/x" } }] },
  ]);
  const refused = GEMINI_CODEC.cross(
    { ...PLAIN, turns: [user({ kind: "image", source: at("https://example.com/a.png") })] },
    { model: "gemini-2.5-pro", recall: newRecall(), newId: () => "x" },
  );
  assert.ok(isFailure(refused));
  assert.deepEqual([refused.status, refused.param], [400, "messages[0].content[0].image_url.url"]);
});

Deno.test("all calls of a turn are answered in the next, in their order, before anything else", () => {
  assert.deepEqual(
    contents([
      user(text("go")),
      model(text("so"), call("1"), call("2", "g")),
      user(result("2", "two")),
      user(result("1", '{"n":1}')),
      user(text("and?")),
    ]),
    [
      { role: "user", parts: [{ text: "go" }] },
      {
        role: "model",
        parts: [{ text: "so" }, { functionCall: { name: "f", args: { a: 1 } } }, { functionCall: { name: "g", args: { a: 1 } } }],
      },
      {
        role: "user",
        parts: [
          { functionResponse: { name: "f", response: { n: 1 } } },
          { functionResponse: { name: "g", response: { result: "two" } } },
          { text: "and?" },
        ],
      },
    ],
  );
});

Deno.test("results are objects: JSON as it is, numbers only when they come out the same", () => {
  const responseTo = (said: string) => {
    const answered = asObject(asArray(contents([user(text("go")), model(call("1")), user(result("1", said))]))[2]);
    return asObject(asObject(asArray(answered?.parts)[0])?.functionResponse)?.response;
  };
  assert.deepEqual(responseTo('{"output":[1]}'), { output: [1] });
  assert.deepEqual(responseTo("[1,2]"), { result: [1, 2] });
  assert.deepEqual(responseTo("12"), { result: 12 });
  assert.deepEqual(responseTo("12345678901234567890"), { result: "12345678901234567890" });
  assert.deepEqual(responseTo("plain"), { result: "plain" });
});

Deno.test("arguments that are no object are wrapped", () => {
  const argsOf = (given: string) => {
    const turn = asObject(
      asArray(contents([user(text("go")), model({ kind: "tool_call", id: "1", name: "f", arguments: given }), user(result("1", ""))]))[1],
    );
    return asObject(asObject(asArray(turn?.parts)[0])?.functionCall)?.args;
  };
  assert.deepEqual([argsOf(""), argsOf("{"), argsOf("[1]")], [{}, { _raw: "{" }, { value: [1] }]);
});

Deno.test("history that does not add up is mended", () => {
  const missing = { response: { error: "no result was given for this call" } };
  assert.deepEqual(contents([model(text("hello")), user(text("a")), user(text("b")), model(text(""), call("1"))]), [
    { role: "user", parts: [{ text: " " }] },
    { role: "model", parts: [{ text: "hello" }] },
    { role: "user", parts: [{ text: "a" }, { text: "b" }] },
    { role: "model", parts: [{ functionCall: { name: "f", args: { a: 1 } } }] },
    { role: "user", parts: [{ functionResponse: { name: "f", ...missing } }] },
  ]);
  assert.deepEqual(contents([user(text("")), user({ kind: "tool_result", callId: "lost", name: "f", content: [text("42")] })]), [
    { role: "user", parts: [{ text: "Result of the tool f: 42" }] },
  ]);
  const ended = cross({ turns: [user(text("a")), model(text("b"))] });
  assert.deepEqual([ended.body.contents, ended.lossy], [[{ role: "user", parts: [{ text: "a" }] }], ["messages[last]"]]);
});

Deno.test("ids that are used again belong to the nearest call", () => {
  const turns = [user(text("x")), model(call("c")), user(result("c", "one")), model(call("c")), user(result("c", "two"))];
  const responses = asArray(contents(turns)).filter(isObject).flatMap(({ parts }) => asArray(parts)).flatMap((part) =>
    asObject(part)?.functionResponse ?? []
  );
  assert.deepEqual(responses, [{ name: "f", response: { result: "one" } }, { name: "f", response: { result: "two" } }]);
});

Deno.test("pictures in results go inside for the third generation, after the responses before it", () => {
  const shown: Part = {
    kind: "tool_result",
    callId: "1",
    content: [text("see"), { kind: "image", source: { kind: "inline", mimeType: "image/png", data: "AAEC" } }],
  };
  const turns = [user(text("go")), model(call("1")), user(shown)];
  const inlineData = { mimeType: "image/png", data: "AAEC" };
  const functionResponse = { name: "f", response: { result: "see" } };
  assert.deepEqual(asObject(asArray(contents(turns))[2])?.parts, [{ functionResponse }, { inlineData }]);
  assert.deepEqual(asObject(asArray(contents(turns, { model: "gemini-3-flash-preview" }))[2])?.parts, [
    { functionResponse: { ...functionResponse, parts: [{ inlineData }] } },
  ]);
});

Deno.test("the third generation gets a signature on the first call of each step since the user last spoke", () => {
  const turns = [
    user(text("old")),
    model(call("0")),
    user(result("0", "")),
    model(text("done")),
    user(text("new")),
    model(call("1", "f", { signature: SIGNATURE }), call("2")),
    user(result("1", ""), result("2", "")),
    model(text("hm"), call("3"), call("4")),
    user(result("3", ""), result("4", "")),
  ];
  assert.deepEqual(signaturesIn(contents(turns, { model: "gemini-3-pro-preview" })), [undefined, SIGNATURE, undefined, SKIP, undefined]);
  assert.deepEqual(signaturesIn(contents(turns)), [undefined, SIGNATURE, undefined, undefined, undefined]);
});

/** Of each call, in order. */
function signaturesIn(given: unknown): readonly unknown[] {
  return (Array.isArray(given) ? given : []).filter(isObject).flatMap(({ parts }) => asArray(parts)).filter(isObject)
    .flatMap((part) => part.functionCall === undefined ? [] : [part.thoughtSignature]);
}

Deno.test("signatures and ids come back from memory when the client drops them, but only to the family that gave them", () => {
  const recall = newRecall();
  const answer = {
    candidates: [{
      content: { parts: [{ functionCall: { id: "g1", name: "f" }, thoughtSignature: SIGNATURE }, { functionCall: { name: "f" } }] },
    }],
  };
  const calls = cross({ turns: [user(text("go"))] }, { model: "gemini-3-pro-preview", recall }).answer(answer)
    .flatMap((event) => event.kind === "tool_call" ? [event.call] : []);
  assert.deepEqual(calls.map(({ id, signature }) => [id, signature]), [["g1", SIGNATURE], ["call_0123456789abcdef01234567", undefined]]);
  const turns = [user(text("go")), model(...calls.map(({ id }) => call(id))), user(...calls.map(({ id }) => result(id, "x")))];
  const again = (name: string) => asArray(contents(turns, { model: name, recall })).filter(isObject).flatMap(({ parts }) => asArray(parts));
  const called = { name: "f", args: { a: 1 } };
  const response = { name: "f", response: { result: "x" } };
  assert.deepEqual(again("gemini-3-flash-preview"), [
    { text: "go" },
    { functionCall: { id: "g1", ...called }, thoughtSignature: SIGNATURE },
    { functionCall: called },
    { functionResponse: { id: "g1", ...response } },
    { functionResponse: response },
  ]);
  assert.deepEqual(signaturesIn(contents(turns, { model: "gemini-2.5-pro", recall })), [undefined, undefined]);
});

Deno.test("a call's signature that is no base64 is dropped; a text's is sent only when the model gave it", () => {
  const bad = [user(text("a")), model(call("1", "f", { signature: "not base64!" })), user(result("1", ""))];
  assert.deepEqual(signaturesIn(contents(bad)), [undefined]);
  const recall = newRecall();
  const signed: readonly Turn[] = [user(text("a")), model({ kind: "text", text: "b", signature: SIGNATURE }), user(text("c"))];
  const said = () => asObject(asArray(contents(signed, { recall }))[1])?.parts;
  assert.deepEqual(said(), [{ text: "b" }]);
  cross({}, { recall }).answer({ candidates: [{ content: { parts: [{ text: "b", thoughtSignature: SIGNATURE }] } }] });
  assert.deepEqual(said(), [{ text: "b", thoughtSignature: SIGNATURE }]);
});

Deno.test("tools are declared with their schemas as they are, under names Gemini takes", () => {
  const parameters = {
    $schema: "x",
    type: "object",
    properties: { a: { $ref: "#/$defs/a" } },
    $defs: { a: { type: "string" } },
    strict: true,
  };
  const { body } = cross({
    tools: [{ name: "my tool", description: "does", parameters }, { name: "bare" }],
    toolChoice: { kind: "named", names: ["my tool"] },
    extensions: { tools: [{ type: "web_search" }, { google_search: { x: 1 } }, { type: "shell" }], code_execution: true },
  });
  assert.deepEqual(body.tools, [
    {
      functionDeclarations: [
        {
          name: "my_tool",
          description: "does",
          parametersJsonSchema: { type: "object", properties: { a: { $ref: "#/$defs/a" } }, $defs: { a: { type: "string" } } },
        },
        { name: "bare", parametersJsonSchema: { type: "object", properties: {} } },
      ],
    },
    { googleSearch: { x: 1 } },
    { codeExecution: {} },
  ]);
  assert.deepEqual(body.toolConfig, { functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["my_tool"] } });
});

Deno.test("which tools may be called", () => {
  const mode = (kind: "auto" | "none" | "required") => cross({ tools: [{ name: "f" }], toolChoice: { kind } }).body.toolConfig;
  assert.deepEqual([mode("auto"), mode("none"), mode("required")].map((it) => asObject(asObject(it)?.functionCallingConfig)?.mode), [
    "AUTO",
    "NONE",
    "ANY",
  ]);
  assert.equal(cross({ toolChoice: { kind: "auto" } }).body.toolConfig, undefined);
});

Deno.test("sampling, formats and kinds of output have their fields", () => {
  assert.deepEqual(
    configOf({
      sampling: {
        temperature: 0,
        topP: 0.9,
        topK: 3,
        maxTokens: 1_000_000,
        stop: ["a", "b"],
        seed: 5,
        presencePenalty: 0.1,
        frequencyPenalty: 0.2,
        choiceCount: 2,
        topLogprobs: 4,
      },
      modalities: ["text", "image"],
      extensions: { audio: { voice: "Kore", format: "pcm16" }, image_config: { aspect_ratio: "1:1", image_size: "2K" } },
    }),
    {
      temperature: 0,
      topP: 0.9,
      topK: 3,
      maxOutputTokens: 65_536,
      stopSequences: ["a", "b"],
      seed: 5,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      candidateCount: 2,
      responseLogprobs: true,
      logprobs: 4,
      responseModalities: ["TEXT", "IMAGE"],
      speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: "Kore" } } },
      imageConfig: { aspectRatio: "1:1", imageSize: "2K" },
    },
  );
  assert.deepEqual(configOf({ sampling: { choiceCount: 1, topLogprobs: 0 } }), { responseLogprobs: true });
});

Deno.test("JSON answers are asked for by schema, and given up beside functions before the third generation", () => {
  const format = { kind: "schema", name: "n", schema: { $schema: "x", type: "object" } } as const;
  const wanted = { responseMimeType: "application/json", responseJsonSchema: { type: "object" } };
  assert.deepEqual(configOf({ format }), wanted);
  assert.deepEqual(configOf({ format: { kind: "json" } }), { responseMimeType: "application/json" });
  const tools = [{ name: "f" }];
  assert.deepEqual(configOf({ format, tools }, { model: "gemini-3-flash-preview" }), wanted);
  assert.deepEqual(configOf({ format, tools }), {});
  assert.deepEqual(cross({ format, tools }).lossy, ["response_format"]);
});

Deno.test("the highest resolution asked for counts", () => {
  const seen = (...details: readonly ("low" | "high" | "auto")[]) =>
    configOf({
      turns: [
        user(...details.map((detail): Part => ({ kind: "image", detail, source: { kind: "inline", mimeType: "image/png", data: "AA" } }))),
      ],
    });
  assert.deepEqual(seen("low", "high"), { mediaResolution: "MEDIA_RESOLUTION_HIGH" });
  assert.deepEqual(seen("low"), { mediaResolution: "MEDIA_RESOLUTION_LOW" });
  assert.deepEqual(seen("low", "auto"), {});
});

Deno.test("Gemini's own settings pass; what nobody understands is named", () => {
  const { body, lossy } = cross({
    dropped: ["logit_bias"],
    sampling: { seed: 2 ** 40, stop: ["1", "2", "3", "4", "5", "6"] },
    extensions: {
      google: { thinking_config: { thinking_budget: 5 }, cached_content: "cachedContents/1", odd: 1 },
      safety_settings: [{ category: "X", threshold: "Y" }],
      audio: { format: "mp3" },
      min_p: 0.1,
    },
  });
  assert.deepEqual(body.safetySettings, [{ category: "X", threshold: "Y" }]);
  assert.equal(body.cachedContent, "cachedContents/1");
  assert.deepEqual(body.generationConfig, { stopSequences: ["1", "2", "3", "4", "5"], thinkingConfig: { thinkingBudget: 5 } });
  assert.deepEqual(lossy, ["logit_bias", "seed", "stop", "audio.format", "min_p", "google.odd"]);
});
