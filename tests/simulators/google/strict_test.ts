/** What the simulated Code Assist refuses, each with the words of the real one; a right request passes. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../../src/kernel/json.ts";
import { requestJson, requestRaw } from "../../support/http_client.ts";
import { at, type Bench, bench, messageOf, reasonOf, userSays } from "./bench.ts";
import { SKIP_SIGNATURE } from "./signatures.ts";

/** A wrong request: fields of `request`, of the envelope, and what the refusal says. */
type Wrong = readonly [request: JsonObject, envelope: JsonObject, message: RegExp];

async function refuses(it: Bench, wrong: readonly Wrong[]): Promise<void> {
  for (const [request, envelope, message] of wrong) {
    const answer = await it.ask(request, envelope);
    assert.deepEqual([answer.status, at(answer.json, "error.status")], [400, "INVALID_ARGUMENT"], answer.text);
    assert.match(messageOf(answer), message);
  }
}

const declare = (parameters: JsonObject, more: JsonObject = {}) => ({
  tools: [{ functionDeclarations: [{ name: "f", parameters, ...more }] }],
});
const thinking = (thinkingConfig: JsonObject) => ({ generationConfig: { thinkingConfig } });

Deno.test("unknown fields are refused at every depth", async () => {
  await using it = await bench();
  await refuses(it, [
    [{}, { stream: true }, /Unknown name "stream": Cannot find field/],
    [{ tool_choice: "auto" }, {}, /Unknown name "tool_choice" at 'request'/],
    [{ generationConfig: { max_tokens: 3 } }, {}, /Unknown name "max_tokens" at 'request.generation_config'/],
    [
      { contents: [{ role: "user", parts: [{ text: "x", cache_control: {} }] }] },
      {},
      /"cache_control" at 'request.contents\[0\].parts\[0\]'/,
    ],
    [declare({ type: "object", $schema: "http://json-schema.org/draft-07/schema#" }), {}, /Unknown name "\$schema"/],
    [
      declare({ type: "object", properties: { a: { type: "array", items: { additionalProperties: false } } } }),
      {},
      /"additionalProperties" at 'request.tools\[0\].function_declarations\[0\].parameters.properties\[a\].items'/,
    ],
  ]);
});

Deno.test("both spellings are one field, and giving it twice is a mistake", async () => {
  await using it = await bench();
  const snake = { system_instruction: userSays("be brief"), generation_config: { max_output_tokens: 2 } };
  assert.equal(at((await it.ask(snake)).json, "response.candidates.0.content.parts.0.text"), "hello big");
  await refuses(it, [
    [thinking({ thinkingBudget: 1, thinking_budget: 1 }), {}, /oneof field '_thinking_budget' is already set/],
    [{ contents: [{ role: "user", parts: [{ text: "x", functionCall: { name: "f" } }] }] }, {}, /oneof field 'data' is already set/],
  ]);
});

Deno.test("values of another type are refused, numbers as text are not", async () => {
  await using it = await bench();
  assert.equal((await it.ask({ generationConfig: { maxOutputTokens: "5" } })).status, 200);
  await refuses(it, [
    [{ contents: [userSays("x"), "y"] }, {}, /Invalid value at 'request.contents\[1\]'/],
    [{ generationConfig: { temperature: "hot" } }, {}, /TYPE_DOUBLE/],
    [{ contents: [{ role: "user", parts: [{ functionResponse: { name: "f", response: "text" } }] }] }, {}, /Struct/],
    [declare({ type: ["string", "null"] }), {}, /TYPE_STRING/],
    [{ toolConfig: { functionCallingConfig: { mode: "auto" } } }, {}, /TYPE_ENUM/],
  ]);
});

Deno.test("thinking is steered as the model allows it, in one way", async () => {
  await using it = await bench();
  const right: [string, JsonObject][] = [
    ["gemini-2.5-pro", { thinkingBudget: -1 }],
    ["gemini-2.5-pro", { thinkingBudget: 128, includeThoughts: true }],
    ["gemini-2.5-flash", { thinkingBudget: 0 }],
    ["gemini-3-pro-preview", { thinkingLevel: "HIGH" }],
    ["gemini-3-flash-preview", { thinkingLevel: "minimal" }],
  ];
  for (const [model, config] of right) assert.equal((await it.ask(thinking(config), { model })).status, 200, model);
  await refuses(it, [
    [thinking({ thinkingBudget: 1, thinkingLevel: "low" }), {}, /only one of thinking budget and thinking level/],
    [thinking({ thinkingBudget: 0 }), { model: "gemini-2.5-pro" }, /Budget 0 is invalid/],
    [thinking({ thinkingBudget: 128_000 }), { model: "gemini-2.5-pro" }, /between 128 and 32768/],
    [thinking({ thinkingLevel: "low" }), { model: "gemini-2.5-flash" }, /Thinking level is not supported/],
    [thinking({ thinkingLevel: "medium" }), { model: "gemini-3-pro-preview" }, /MEDIUM is not supported/],
    [thinking({ thinkingBudget: 5 }), { model: "gemma-4-31b-it" }, /not enabled/],
  ]);
});

Deno.test("tools are refused when names, schemas or choices are wrong", async () => {
  await using it = await bench();
  const named = (name: string) => ({ tools: [{ functionDeclarations: [{ name }] }] });
  const choice = (functionCallingConfig: JsonObject) => ({ ...named("f"), toolConfig: { functionCallingConfig } });
  assert.equal((await it.ask(choice({ mode: "ANY", allowedFunctionNames: ["f"] }))).status, 200);
  await refuses(it, [
    [named("1st"), {}, /Invalid function name/],
    [named("x".repeat(65)), {}, /Invalid function name/],
    [{ tools: [{ functionDeclarations: [{ name: "f" }, { name: "f" }] }] }, {}, /Duplicate function/],
    [declare({ type: "object" }, { parametersJsonSchema: {} }), {}, /Only one of parameters/],
    [declare({ type: "object", properties: {}, required: ["a"] }), {}, /required\[0\]: property is not defined/],
    [declare({ type: "object", properties: { a: { type: "array" } } }), {}, /items: missing field/],
    [choice({ mode: "AUTO", allowedFunctionNames: ["f"] }), {}, /mode ANY/],
    [choice({ mode: "ANY", allowedFunctionNames: ["g"] }), {}, /"g" is not declared/],
    [{ tools: [{ googleSearch: {} }, { functionDeclarations: [{ name: "f" }] }] }, { model: "gemini-2.5-pro" }, /unsupported/],
  ]);
});

const call = (name: string, more: JsonObject = {}) => ({ functionCall: { name, args: {}, ...more } });
const result = (name: string, more: JsonObject = {}) => ({ functionResponse: { name, response: { output: "ok" }, ...more } });
const model = (...parts: JsonObject[]) => ({ role: "model", parts });
const user = (...parts: JsonObject[]) => ({ role: "user", parts });

Deno.test("turns alternate, begin and end with the user, and say something", async () => {
  await using it = await bench();
  await refuses(it, [
    [{ contents: [] }, {}, /contents is not specified/],
    [{ contents: [model({ text: "x" }), userSays("y")] }, {}, /first content has the role user/],
    [{ contents: [userSays("x"), userSays("y")] }, {}, /alternate/],
    [{ contents: [userSays("x"), model({ text: "y" })] }, {}, /end with a user role/],
    [{ contents: [{ role: "system", parts: [{ text: "x" }] }] }, {}, /valid role/],
    [{ contents: [user()] }, {}, /at least one parts field/],
    [{ contents: [user({ text: "" })] }, {}, /must have a text parameter/],
  ]);
});

Deno.test("each call has its result, in order, before anything else", async () => {
  await using it = await bench();
  const after = (...parts: JsonObject[]) => ({ contents: [userSays("x"), model(call("a", { id: "1" }), call("b")), user(...parts)] });
  assert.equal((await it.ask(after(result("a", { id: "1" }), result("b"), { text: "and?" }))).status, 200);
  await refuses(it, [
    [after(result("a", { id: "1" })), {}, /number of function response parts/],
    [after({ text: "no result" }), {}, /number of function response parts/],
    [after(result("b"), result("a", { id: "1" })), {}, /function response 0 matches the function call "a"/],
    [after(result("a"), result("b")), {}, /function response 0 matches/],
    [after({ text: "first" }, result("a", { id: "1" }), result("b")), {}, /before any other part/],
    [{ contents: [user(result("a"))] }, {}, /number of function response parts/],
  ]);
});

Deno.test("Gemini 3 wants the first call of each step of the current turn signed", async () => {
  await using it = await bench();
  const tools = { tools: [{ functionDeclarations: [{ name: "a" }] }] };
  const first = await it.ask({ ...tools, contents: [userSays("use the tool")] }, { model: "gemini-3-pro-preview" });
  const thoughtSignature = String(at(first.json, "response.candidates.0.content.parts.0.thoughtSignature"));
  const history = (signature: JsonObject, ...later: JsonObject[]) => ({
    contents: [userSays("x"), model({ ...call("a"), ...signature }, call("b")), user(result("a"), result("b")), ...later],
  });
  const envelope = { model: "gemini-3-pro-preview" };
  for (const signature of [{ thoughtSignature }, { thoughtSignature: SKIP_SIGNATURE }]) {
    assert.equal((await it.ask(history(signature), envelope)).status, 200);
  }
  assert.equal((await it.ask(history({}, model({ text: "done" }), userSays("next")), envelope)).status, 200, "an earlier turn");
  assert.equal((await it.ask(history({}), { model: "gemini-2.5-pro" })).status, 200, "another family");
  await refuses(it, [
    [history({}), envelope, /missing a thought_signature in functionCall parts/],
    [history({ thoughtSignature: "AAAA" }), envelope, /Corrupted thought signature/],
  ]);
});

Deno.test("the envelope needs a project of the account and a model that exists", async () => {
  await using it = await bench({ hiddenModels: ["gemini-3-pro-preview"] });
  assert.equal((await it.ask({}, { project: undefined })).status, 400);
  const foreign = await it.ask({}, { project: "somebody-elses" });
  assert.deepEqual([foreign.status, reasonOf(foreign)], [403, "IAM_PERMISSION_DENIED"]);
  assert.equal((await it.ask({}, { model: "gpt-4o" })).status, 404);
  assert.equal((await it.ask({}, { model: "models/gemini-2.5-pro" })).status, 404);
  assert.equal((await it.ask({}, { model: "gemini-3-pro-preview" })).status, 404);
});

Deno.test("a call without a token, with a foreign one, or not in JSON is refused", async () => {
  await using it = await bench();
  const url = `${it.google.url}/v1internal:loadCodeAssist`;
  const missing = await requestJson(url, { body: {} });
  assert.deepEqual([missing.status, reasonOf(missing)], [401, "CREDENTIALS_MISSING"]);
  assert.equal(reasonOf(await requestJson(url, { body: {}, key: "sk-foreign" })), "ACCESS_TOKEN_TYPE_UNSUPPORTED");
  const headers = { authorization: `Bearer ${it.grant.accessToken}` };
  assert.equal((await requestRaw(url, { method: "POST", headers, body: "{}" })).status, 400);
});

Deno.test("countTokens refuses what generateContent demands", async () => {
  await using it = await bench();
  const contents = [userSays("one two three")];
  const right = await it.call("countTokens", { request: { model: "models/gemini-2.5-pro", contents } });
  assert.deepEqual(right.json, { totalTokens: 3 });
  const wrong: JsonObject[] = [
    { request: { contents, model: "gemini-2.5-pro" } },
    { request: { contents, model: "models/gemini-2.5-pro" }, project: it.project },
    { request: { contents, model: "models/gemini-2.5-pro" }, model: "gemini-2.5-pro" },
    { request: { contents, model: "models/gemini-2.5-pro", safetySettings: [] } },
    { request: { contents: [user({ text: "hm", thought: true })], model: "models/gemini-2.5-pro" } },
  ];
  for (const body of wrong) assert.equal((await it.call("countTokens", body)).status, 400, JSON.stringify(body));
});

Deno.test("a lenient simulator answers what a strict one refuses", async () => {
  await using it = await bench({}, { strictness: "lenient" });
  assert.equal((await it.ask({ nonsense: 1, contents: [userSays("x"), userSays("hello")] }, { project: undefined })).status, 200);
});
