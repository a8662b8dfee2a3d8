/**
 * Wrong requests in the dialects beside chat completions: a 400 in the dialect's own shape that names the field by its
 * path, and no provider is asked.
 */
import assert from "node:assert/strict";
import { asObject, isObject, type JsonObject } from "../../src/kernel/json.ts";
import { startGateway } from "../support/gateway.ts";
import { requestJson } from "../support/http_client.ts";
import { SURFACES } from "../support/surfaces.ts";

interface Table {
  readonly surface: string;
  readonly path: string;
  readonly plain: JsonObject;
  /** What is wrong in each body, laid over the plain one, and the path the answer names. */
  readonly wrong: readonly (readonly [body: JsonObject, field: string])[];
}

const said = (content: JsonObject) => ({ messages: [{ role: "user", content: [content] }] });
const part = (given: JsonObject) => ({ contents: [{ role: "user", parts: [given] }] });

const TABLES: readonly Table[] = [
  {
    surface: "messages",
    path: "/v1/messages",
    plain: { model: "local/m", max_tokens: 10, messages: [{ role: "user", content: "x" }] },
    wrong: [
      [{ model: "" }, "model"],
      [{ messages: [] }, "messages"],
      [{ messages: "x" }, "messages"],
      [{ messages: [{ content: "x" }] }, "messages[0].role"],
      [{ messages: [{ role: "robot", content: "x" }] }, "messages[0].role"],
      [said({ type: "hologram" }), "messages[0].content[0].type"],
      [said({ type: "image", source: { type: "url" } }), "messages[0].content[0].source.url"],
      [said({ type: "tool_result", content: "x" }), "messages[0].content[0].tool_use_id"],
      [{ max_tokens: "x" }, "max_tokens"],
      [{ max_tokens: 0 }, "max_tokens"],
      [{ tools: [{ description: "x" }] }, "tools[0].name"],
      [{ tool_choice: { type: "some" } }, "tool_choice.type"],
      [{ thinking: { type: "on" } }, "thinking.type"],
      [{ system: 7 }, "system"],
      [{ temperature: "hot" }, "temperature"],
      [{ stop_sequences: "x" }, "stop_sequences"],
    ],
  },
  {
    surface: "responses",
    path: "/v1/responses",
    plain: { model: "local/m", input: "x" },
    wrong: [
      [{ model: 7 }, "model"],
      [{ input: 7 }, "input"],
      [{ input: [{ type: "hologram" }] }, "input[0].type"],
      [{ input: [{ role: "robot", content: "x" }] }, "input[0].role"],
      [{ input: [{ role: "user", content: [{ type: "hologram" }] }] }, "input[0].content[0].type"],
      [{ input: [{ type: "function_call_output", output: "x" }] }, "input[0].call_id"],
      [{ background: true }, "background"],
      [{ tools: [{ type: "function" }] }, "tools[0].name"],
      [{ tool_choice: 7 }, "tool_choice"],
      [{ text: { format: { type: "yaml" } } }, "text.format.type"],
      [{ reasoning: { effort: "enormous" } }, "reasoning.effort"],
      [{ previous_response_id: "resp_nope" }, "previous_response_id"],
      [{ max_output_tokens: 0 }, "max_output_tokens"],
      [{ temperature: "hot" }, "temperature"],
      [{ stream: "yes" }, "stream"],
    ],
  },
  {
    surface: "generateContent",
    path: "/v1beta/models/local/m:generateContent",
    plain: { contents: [{ role: "user", parts: [{ text: "x" }] }] },
    wrong: [
      [{ contents: [] }, "contents"],
      [{ contents: "x" }, "contents"],
      [{ contents: [{ role: "robot", parts: [{ text: "x" }] }] }, "contents[0].role"],
      [part({}), "contents[0].parts[0]"],
      [part({ inlineData: {} }), "contents[0].parts[0].inlineData.mimeType"],
      [part({ functionCall: {} }), "contents[0].parts[0].functionCall.name"],
      [{ tools: [{ functionDeclarations: [{}] }] }, "tools[0].functionDeclarations[0].name"],
      [{ toolConfig: { functionCallingConfig: { mode: "SOME" } } }, "toolConfig.functionCallingConfig.mode"],
      [{ systemInstruction: 7 }, "systemInstruction"],
      [{ generationConfig: { temperature: "hot" } }, "generationConfig.temperature"],
      [{ generationConfig: { stopSequences: "x" } }, "generationConfig.stopSequences"],
      [{ generationConfig: { candidateCount: 0 } }, "generationConfig.candidateCount"],
      [{ generationConfig: { maxOutputTokens: 0 } }, "generationConfig.maxOutputTokens"],
    ],
  },
];

for (const { surface: name, path, plain, wrong } of TABLES) {
  const surface = SURFACES.find((it) => it.name === name);
  assert.ok(surface, `no surface is called ${name}`);
  for (const [body, field] of wrong) {
    Deno.test(`${name}: a wrong ${field} is a 400 that names it: ${JSON.stringify(body)}`, async () => {
      await using gateway = await startGateway({});
      const got = await requestJson(`${gateway.baseUrl.replace("/v1", "")}${path}`, { body: { ...plain, ...body } });
      assert.equal(got.status, 400, got.text);
      assert.ok(isObject(got.json));
      assert.match(surface.error(got.json), new RegExp(`"${field.replaceAll(/[[\].]/g, "\\$&")}"`));
      if (name === "responses") assert.equal(asObject(got.json.error)?.param, field);
      assert.equal(gateway.simulator.requests.filter((request) => request.method === "POST").length, 0);
    });
  }
}
