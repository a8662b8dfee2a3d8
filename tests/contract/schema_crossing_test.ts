/** Schemas on their way between dialects: what a provider takes of them reaches it, and what it does not is named. */
import { NO_RECALL } from "../../src/dialects/codec.ts";
import assert from "node:assert/strict";
import type { ChatRequest } from "../../src/canonical/chat.ts";
import { ANTHROPIC_CLIENT_CODEC } from "../../src/dialects/anthropic_client/codec.ts";
import { ANTHROPIC_UPSTREAM_CODEC } from "../../src/dialects/anthropic_upstream/codec.ts";
import { BEDROCK_CODEC } from "../../src/dialects/bedrock/codec.ts";
import type { Crossing, ProviderCodec } from "../../src/dialects/codec.ts";
import { COHERE_CODEC } from "../../src/dialects/cohere/codec.ts";
import { GEMINI_CODEC } from "../../src/dialects/gemini/codec.ts";
import { OPENAI_CHAT_CODEC } from "../../src/dialects/openai_codec/codec.ts";
import { OPENAI_UPSTREAM_CODEC } from "../../src/dialects/openai_upstream/codec.ts";
import { RESPONSES_UPSTREAM_CODEC } from "../../src/dialects/responses_upstream/codec.ts";
import { type Failure, isFailure } from "../../src/kernel/failure.ts";
import { asArray, asObject, type JsonObject } from "../../src/kernel/json.ts";

function crossed(codec: ProviderCodec, model: string, request: ChatRequest | Failure): Crossing {
  assert.ok(!isFailure(request), isFailure(request) ? request.message : "");
  const crossing = codec.cross(request, { model, recall: NO_RECALL, newId: () => "id" });
  assert.ok(!isFailure(crossing), isFailure(crossing) ? crossing.message : "");
  return crossing;
}

const MESSAGES = [{ role: "user", content: "go" }];

function chat(more: JsonObject): ChatRequest | Failure {
  return OPENAI_CHAT_CODEC.decode({ model: "m", messages: MESSAGES, ...more });
}

const schemaOf = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: "object", properties, ...more });
const tool = (parameters: JsonObject, more: JsonObject = {}) => ({ type: "function", function: { name: "look up", parameters, ...more } });

Deno.test("Anthropic's clients may leave properties open in a strict schema; OpenAI's strictness is then given up, by name", () => {
  const ask = (schema: JsonObject) =>
    ANTHROPIC_CLIENT_CODEC.decode({
      model: "m",
      max_tokens: 10,
      messages: MESSAGES,
      output_config: { format: { type: "json_schema", schema } },
      tools: [{ name: "f", strict: true, input_schema: schema }],
    });
  const open = schemaOf({ a: { type: "string" } }, { additionalProperties: false });
  const whole = { ...open, required: ["a"] };
  const format = (schema: JsonObject) =>
    asObject(asObject(crossed(OPENAI_UPSTREAM_CODEC, "gpt-5", ask(schema)).body.response_format)?.json_schema);
  assert.equal(format(open)?.strict, false);
  assert.equal(format(whole)?.strict, true);
  for (const [codec, model] of [[OPENAI_UPSTREAM_CODEC, "gpt-5"], [RESPONSES_UPSTREAM_CODEC, "o3-pro"]] as const) {
    assert.deepEqual(crossed(codec, model, ask(open)).lossy, ["tools.f.strict", "response_format.strict"]);
    assert.deepEqual(crossed(codec, model, ask(whole)).lossy, []);
  }
});

Deno.test("Gemini's newer models take JSON Schema as it is, older ones get the subset and the loss is named", () => {
  const parameters = schemaOf({ a: { type: ["string", "null"], minLength: 1, format: "email" } });
  const request = chat({ tools: [tool(parameters)], tool_choice: "auto" });
  const declared = ({ body }: Crossing) => asObject(asArray(asObject(asArray(body.tools)[0])?.functionDeclarations)[0]);
  const newer = crossed(GEMINI_CODEC, "gemini-2.5-flash", request);
  assert.deepEqual([declared(newer)?.parametersJsonSchema, newer.lossy], [parameters, []]);
  const older = crossed(GEMINI_CODEC, "gemini-2.0-flash", request);
  const cut = { type: "string", minLength: 1, description: 'format: "email"', nullable: true };
  assert.deepEqual([declared(older)?.parameters, declared(older)?.parametersJsonSchema], [schemaOf({ a: cut }), undefined]);
  assert.deepEqual(older.lossy, ["tools.look up.properties.a.format"]);
});

Deno.test("alternatives at the top of a tool's schema become one object for providers that want one", () => {
  const one = schemaOf({ a: { type: "string" } }, { required: ["a"] });
  const other = schemaOf({ a: { type: "string" }, b: { type: "integer" } }, { required: ["a", "b"] });
  const request = chat({ tools: [tool({ anyOf: [one, { $ref: "#/$defs/other" }], $defs: { other } })] });
  const wanted = { type: "object", properties: { a: { type: "string" }, b: { type: "integer" } }, required: ["a"] };
  const anthropic = crossed(ANTHROPIC_UPSTREAM_CODEC, "claude-sonnet-4-5", request);
  assert.deepEqual(asObject(asArray(anthropic.body.tools)[0])?.input_schema, { ...wanted, $defs: { other } });
  for (const [codec, model] of [[ANTHROPIC_UPSTREAM_CODEC, "claude-sonnet-4-5"], [BEDROCK_CODEC, "x"], [COHERE_CODEC, "x"]] as const) {
    assert.deepEqual(crossed(codec, model, request).lossy, ["tools.look up.anyOf"]);
  }
});

Deno.test("an answer Anthropic shall hold to a schema gets one it can hold to, words of examples and values untouched", () => {
  const schema = schemaOf({ type: { enum: [{ type: "object" }, "x"] }, n: { type: "integer", minimum: 3, default: 4 } });
  const { body, lossy } = crossed(
    ANTHROPIC_UPSTREAM_CODEC,
    "claude-sonnet-4-5",
    chat({ response_format: { type: "json_schema", json_schema: { name: "r", schema, strict: true } } }),
  );
  assert.deepEqual(lossy, ["response_format.properties.type.enum", "response_format.properties.n.minimum"]);
  const sent = asObject(asObject(asObject(body.output_config)?.format)?.schema);
  assert.deepEqual(sent?.additionalProperties, false);
  assert.deepEqual(asObject(sent?.properties)?.n, { type: "integer", default: 4, description: "minimum: 3" });
});
