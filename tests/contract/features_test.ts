/**
 * One feature after the other: every dialect of clients says it in its own words and means the same, and every
 * provider's format is told it in its own.
 */
import { NO_RECALL } from "../../src/dialects/codec.ts";
import assert from "node:assert/strict";
import type { ChatRequest } from "../../src/canonical/chat.ts";
import { ANTHROPIC_CLIENT_CODEC } from "../../src/dialects/anthropic_client/codec.ts";
import { ANTHROPIC_UPSTREAM_CODEC } from "../../src/dialects/anthropic_upstream/codec.ts";
import { BEDROCK_CODEC } from "../../src/dialects/bedrock/codec.ts";
import type { ClientCodec, ProviderCodec } from "../../src/dialects/codec.ts";
import { COHERE_CODEC } from "../../src/dialects/cohere/codec.ts";
import { GEMINI_CODEC } from "../../src/dialects/gemini/codec.ts";
import { GEMINI_CLIENT_CODEC } from "../../src/dialects/gemini_client/codec.ts";
import { OPENAI_CHAT_CODEC } from "../../src/dialects/openai_codec/codec.ts";
import { OPENAI_UPSTREAM_CODEC } from "../../src/dialects/openai_upstream/codec.ts";
import { RESPONSES_CLIENT_CODEC } from "../../src/dialects/responses_client/codec.ts";
import { RESPONSES_UPSTREAM_CODEC } from "../../src/dialects/responses_upstream/codec.ts";
import { isFailure } from "../../src/kernel/failure.ts";
import { asObject, type Json, type JsonObject } from "../../src/kernel/json.ts";

type Client = "chat" | "responses" | "messages" | "generate";
type Provider = "chat" | "responses" | "anthropic" | "gemini" | "cohere" | "bedrock";

const CLIENTS: Readonly<Record<Client, readonly [codec: ClientCodec, plain: JsonObject]>> = {
  chat: [OPENAI_CHAT_CODEC, { messages: [{ role: "user", content: "go" }] }],
  responses: [RESPONSES_CLIENT_CODEC, { input: "go" }],
  messages: [ANTHROPIC_CLIENT_CODEC, { messages: [{ role: "user", content: "go" }] }],
  generate: [GEMINI_CLIENT_CODEC, { contents: [{ parts: [{ text: "go" }] }] }],
};
const PROVIDERS: Readonly<Record<Provider, readonly [codec: ProviderCodec, model: string]>> = {
  chat: [OPENAI_UPSTREAM_CODEC, "gpt-5"],
  responses: [RESPONSES_UPSTREAM_CODEC, "o3-pro"],
  anthropic: [ANTHROPIC_UPSTREAM_CODEC, "claude-sonnet-4-5"],
  gemini: [GEMINI_CODEC, "gemini-2.5-flash"],
  cohere: [COHERE_CODEC, "command-a-reasoning"],
  bedrock: [BEDROCK_CODEC, "anthropic.claude-sonnet-4-5-v1:0"],
};

function decoded(client: Client, body: JsonObject): ChatRequest {
  const [codec, plain] = CLIENTS[client];
  const request = codec.decode({ model: "m", ...plain, ...body });
  assert.ok(!isFailure(request), isFailure(request) ? `${client}: ${request.message}` : "");
  return request;
}

function encoded(provider: Provider, request: ChatRequest): { readonly body: JsonObject; readonly lossy: readonly string[] } {
  const [codec, model] = PROVIDERS[provider];
  const crossing = codec.cross(request, { model, recall: NO_RECALL, newId: () => "id" });
  assert.ok(!isFailure(crossing), isFailure(crossing) ? `${provider}: ${crossing.message}` : "");
  return crossing;
}

/** `a.b.0.c` of a body. */
function at(body: JsonObject, path: string): Json | undefined {
  return path.split(".").reduce<Json | undefined>(
    (value, name) => Array.isArray(value) ? value[Number(name)] : asObject(value)?.[name],
    body,
  );
}

interface Feature {
  readonly name: string;
  /** How it is said; a dialect without words for it is left out. */
  readonly said: Readonly<Partial<Record<Client, JsonObject>>>;
  /** What all of them mean. */
  readonly means: (request: ChatRequest) => unknown;
  readonly meant: unknown;
  /** Where each format is told, and what; a text in place of a pair: the name under which it is lost. */
  readonly told: Readonly<Record<Provider, readonly [path: string, value: unknown] | string>>;
}

const SCHEMA = { type: "object", properties: { a: { type: "string" } }, required: ["a"], additionalProperties: false };
const TOOLS: Readonly<Record<Client, JsonObject>> = {
  chat: { tools: ["f", "g"].map((name) => ({ type: "function", function: { name } })) },
  responses: { tools: ["f", "g"].map((name) => ({ type: "function", name })) },
  messages: { tools: ["f", "g"].map((name) => ({ name, input_schema: { type: "object" } })) },
  generate: { tools: [{ functionDeclarations: ["f", "g"].map((name) => ({ name })) }] },
};
const withTools = (said: Readonly<Record<Client, JsonObject>>): Readonly<Record<Client, JsonObject>> => ({
  chat: { ...TOOLS.chat, ...said.chat },
  responses: { ...TOOLS.responses, ...said.responses },
  messages: { ...TOOLS.messages, ...said.messages },
  generate: { ...TOOLS.generate, ...said.generate },
});

const FEATURES: readonly Feature[] = [
  {
    name: "temperature",
    said: {
      chat: { temperature: 0.5 },
      responses: { temperature: 0.5 },
      messages: { temperature: 0.5 },
      generate: { generationConfig: { temperature: 0.5 } },
    },
    means: ({ sampling }) => sampling.temperature,
    meant: 0.5,
    told: {
      chat: ["temperature", 0.5],
      responses: ["temperature", 0.5],
      anthropic: ["temperature", 0.5],
      gemini: ["generationConfig.temperature", 0.5],
      cohere: ["temperature", 0.5],
      bedrock: ["inferenceConfig.temperature", 0.5],
    },
  },
  {
    name: "a limit of output tokens",
    said: {
      chat: { max_completion_tokens: 77 },
      responses: { max_output_tokens: 77 },
      messages: { max_tokens: 77 },
      generate: { generation_config: { max_output_tokens: 77 } },
    },
    means: ({ sampling }) => sampling.maxTokens,
    meant: 77,
    told: {
      chat: ["max_completion_tokens", 77],
      responses: ["max_output_tokens", 77],
      anthropic: ["max_tokens", 77],
      gemini: ["generationConfig.maxOutputTokens", 77],
      cohere: ["max_tokens", 77],
      bedrock: ["inferenceConfig.maxTokens", 77],
    },
  },
  {
    name: "stop sequences",
    said: { chat: { stop: ["END"] }, messages: { stop_sequences: ["END"] }, generate: { generationConfig: { stopSequences: ["END"] } } },
    means: ({ sampling }) => sampling.stop,
    meant: ["END"],
    told: {
      chat: ["stop", ["END"]],
      responses: "stop",
      anthropic: ["stop_sequences", ["END"]],
      gemini: ["generationConfig.stopSequences", ["END"]],
      cohere: ["stop_sequences", ["END"]],
      bedrock: ["inferenceConfig.stopSequences", ["END"]],
    },
  },
  {
    name: "a tool that must be called",
    said: withTools({
      chat: { tool_choice: { type: "function", function: { name: "g" } } },
      responses: { tool_choice: { type: "function", name: "g" } },
      messages: { tool_choice: { type: "tool", name: "g" } },
      generate: { toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["g"] } } },
    }),
    means: ({ toolChoice }) => toolChoice,
    meant: { kind: "named", names: ["g"] },
    told: {
      chat: ["tool_choice", { type: "function", function: { name: "g" } }],
      responses: ["tool_choice", { type: "function", name: "g" }],
      anthropic: ["tool_choice", { type: "tool", name: "g" }],
      gemini: ["toolConfig.functionCallingConfig", { mode: "ANY", allowedFunctionNames: ["g"] }],
      cohere: ["tool_choice", "REQUIRED"],
      bedrock: ["toolConfig.toolChoice", { tool: { name: "g" } }],
    },
  },
  {
    name: "some tool that must be called",
    said: withTools({
      chat: { tool_choice: "required" },
      responses: { tool_choice: "required" },
      messages: { tool_choice: { type: "any" } },
      generate: { toolConfig: { functionCallingConfig: { mode: "ANY" } } },
    }),
    means: ({ toolChoice }) => toolChoice,
    meant: { kind: "required" },
    told: {
      chat: ["tool_choice", "required"],
      responses: ["tool_choice", "required"],
      anthropic: ["tool_choice", { type: "any" }],
      gemini: ["toolConfig.functionCallingConfig.mode", "ANY"],
      cohere: ["tool_choice", "REQUIRED"],
      bedrock: ["toolConfig.toolChoice", { any: {} }],
    },
  },
  {
    name: "some tool that must be called, by a model that thinks",
    said: {
      chat: { ...TOOLS.chat, tool_choice: "required", reasoning_effort: "high" },
      responses: { ...TOOLS.responses, tool_choice: "required", reasoning: { effort: "high" } },
    },
    means: ({ toolChoice, reasoning }) => [toolChoice, reasoning],
    meant: [{ kind: "required" }, { kind: "effort", effort: "high" }],
    told: {
      chat: ["tool_choice", "required"],
      responses: ["tool_choice", "required"],
      anthropic: "tool_choice",
      gemini: ["toolConfig.functionCallingConfig.mode", "ANY"],
      cohere: ["tool_choice", "REQUIRED"],
      bedrock: "tool_choice",
    },
  },
  {
    name: "a strict tool that takes nothing",
    said: {
      chat: { tools: [{ type: "function", function: { name: "f", strict: true } }] },
      responses: { tools: [{ type: "function", name: "f", strict: true }] },
    },
    means: ({ tools }) => tools,
    meant: [{ name: "f", isStrict: true }],
    told: {
      chat: ["tools.0.function.strict", true],
      responses: ["tools.0.strict", true],
      anthropic: ["tools.0.strict", true],
      gemini: ["tools.0.functionDeclarations.0.name", "f"],
      cohere: ["tools.0.function.name", "f"],
      bedrock: ["toolConfig.tools.0.toolSpec.name", "f"],
    },
  },
  {
    name: "how closely pictures are looked at",
    said: {
      chat: {
        messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "data:image/png;base64,AAAA", detail: "low" } }] }],
      },
      responses: { input: [{ role: "user", content: [{ type: "input_image", image_url: "data:image/png;base64,AAAA", detail: "low" }] }] },
      generate: {
        contents: [{ parts: [{ inlineData: { mimeType: "image/png", data: "AAAA" } }] }],
        generationConfig: { mediaResolution: "MEDIA_RESOLUTION_LOW" },
      },
    },
    means: ({ turns }) => turns[0]?.parts[0],
    meant: { kind: "image", source: { kind: "inline", mimeType: "image/png", data: "AAAA" }, detail: "low" },
    told: {
      chat: ["messages.0.content.0.image_url.detail", "low"],
      responses: ["input.0.content.0.detail", "low"],
      anthropic: ["messages.0.content.0.type", "image"],
      gemini: ["generationConfig.mediaResolution", "MEDIA_RESOLUTION_LOW"],
      cohere: ["messages.0.content.0.type", "image_url"],
      bedrock: ["messages.0.content.0.image.format", "png"],
    },
  },
  {
    name: "no tool at all",
    said: withTools({
      chat: { tool_choice: "none" },
      responses: { tool_choice: "none" },
      messages: { tool_choice: { type: "none" } },
      generate: { toolConfig: { functionCallingConfig: { mode: "NONE" } } },
    }),
    means: ({ toolChoice }) => toolChoice,
    meant: { kind: "none" },
    told: {
      chat: ["tool_choice", "none"],
      responses: ["tool_choice", "none"],
      anthropic: ["tool_choice", { type: "none" }],
      gemini: ["toolConfig.functionCallingConfig.mode", "NONE"],
      cohere: ["tool_choice", "NONE"],
      bedrock: ["toolConfig", undefined],
    },
  },
  {
    name: "one call at a time",
    said: {
      chat: { ...TOOLS.chat, parallel_tool_calls: false },
      responses: { ...TOOLS.responses, parallel_tool_calls: false },
      messages: { ...TOOLS.messages, tool_choice: { type: "auto", disable_parallel_tool_use: true } },
    },
    means: ({ callsOneByOne }) => callsOneByOne,
    meant: true,
    told: {
      chat: ["parallel_tool_calls", false],
      responses: ["parallel_tool_calls", false],
      anthropic: ["tool_choice", { type: "auto", disable_parallel_tool_use: true }],
      gemini: "parallel_tool_calls",
      cohere: "parallel_tool_calls",
      bedrock: "parallel_tool_calls",
    },
  },
  {
    name: "JSON of a schema",
    said: {
      chat: { response_format: { type: "json_schema", json_schema: { name: "x", schema: SCHEMA } } },
      responses: { text: { format: { type: "json_schema", name: "x", schema: SCHEMA } } },
      messages: { output_config: { format: { type: "json_schema", schema: SCHEMA } } },
      generate: { generationConfig: { responseMimeType: "application/json", responseJsonSchema: SCHEMA } },
    },
    means: ({ format }) => format?.kind === "schema" ? format.schema : undefined,
    meant: SCHEMA,
    told: {
      chat: ["response_format.json_schema.schema", SCHEMA],
      responses: ["text.format.schema", SCHEMA],
      anthropic: ["output_config.format", { type: "json_schema", schema: SCHEMA }],
      gemini: ["generationConfig.responseJsonSchema", SCHEMA],
      cohere: ["response_format.json_schema", { type: "object", properties: { a: { type: "string" } }, required: ["a"] }],
      bedrock: "response_format",
    },
  },
  {
    name: "an effort of thinking",
    said: {
      chat: { reasoning_effort: "medium" },
      responses: { reasoning: { effort: "medium" } },
      messages: { output_config: { effort: "medium" } },
      generate: { generationConfig: { thinkingConfig: { thinkingLevel: "MEDIUM" } } },
    },
    means: ({ reasoning }) => reasoning,
    meant: { kind: "effort", effort: "medium" },
    told: {
      chat: ["reasoning_effort", "medium"],
      responses: ["reasoning.effort", "medium"],
      anthropic: ["thinking", { type: "enabled", budget_tokens: 8_192 }],
      gemini: ["generationConfig.thinkingConfig.thinkingBudget", 8_192],
      cohere: ["thinking", { type: "enabled", token_budget: 8_192 }],
      bedrock: ["additionalModelRequestFields.thinking", { type: "enabled", budget_tokens: 8_192 }],
    },
  },
  {
    name: "no thinking",
    said: {
      chat: { reasoning_effort: "none" },
      responses: { reasoning: { effort: "none" } },
      messages: { thinking: { type: "disabled" } },
    },
    means: ({ reasoning }) => reasoning,
    meant: { kind: "effort", effort: "none" },
    told: {
      chat: ["reasoning_effort", "none"],
      responses: ["reasoning.effort", "none"],
      anthropic: ["thinking", { type: "disabled" }],
      gemini: ["generationConfig.thinkingConfig.thinkingBudget", 0],
      cohere: ["thinking", { type: "disabled" }],
      bedrock: ["additionalModelRequestFields", undefined],
    },
  },
  {
    name: "a document",
    said: {
      chat: {
        messages: [{
          role: "user",
          content: [{ type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,cGRm" } }],
        }],
      },
      responses: {
        input: [{ role: "user", content: [{ type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,cGRm" }] }],
      },
      messages: {
        messages: [{
          role: "user",
          content: [{ type: "document", title: "a.pdf", source: { type: "base64", media_type: "application/pdf", data: "cGRm" } }],
        }],
      },
      generate: { contents: [{ parts: [{ inlineData: { mimeType: "application/pdf", data: "cGRm", displayName: "a.pdf" } }] }] },
    },
    means: ({ turns }) => turns[0]?.parts[0],
    meant: { kind: "file", source: { kind: "inline", mimeType: "application/pdf", data: "cGRm" }, name: "a.pdf" },
    told: {
      chat: ["messages.0.content.0.file", { filename: "a.pdf", file_data: "data:application/pdf;base64,cGRm" }],
      responses: ["input.0.content.0", { type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,cGRm" }],
      anthropic: ["messages.0.content.0", {
        type: "document",
        source: { type: "base64", media_type: "application/pdf", data: "cGRm" },
        title: "a.pdf",
      }],
      gemini: ["contents.0.parts.0", { inlineData: { mimeType: "application/pdf", data: "cGRm" } }],
      cohere: "refused",
      bedrock: ["messages.0.content.0.document", { format: "pdf", name: "a 1", source: { bytes: "cGRm" } }],
    },
  },
  {
    name: "a failed tool",
    said: {
      messages: {
        messages: [
          { role: "user", content: "go" },
          { role: "assistant", content: [{ type: "tool_use", id: "c1", name: "f", input: {} }] },
          { role: "user", content: [{ type: "tool_result", tool_use_id: "c1", content: "boom", is_error: true }] },
        ],
      },
      generate: {
        contents: [
          { role: "user", parts: [{ text: "go" }] },
          { role: "model", parts: [{ functionCall: { id: "c1", name: "f" } }] },
          { role: "user", parts: [{ functionResponse: { id: "c1", name: "f", response: { error: "boom" } } }] },
        ],
      },
    },
    means: ({ turns }) => turns[2]?.parts[0],
    meant: { kind: "tool_result", callId: "c1", name: "f", content: [{ kind: "text", text: "boom" }], isError: true },
    told: {
      chat: ["messages.2", { role: "tool", tool_call_id: "c1", content: "Error: boom" }],
      responses: ["input.2", { type: "function_call_output", call_id: "c1", output: "Error: boom" }],
      anthropic: ["messages.2.content.0", { type: "tool_result", tool_use_id: "c1", content: "boom", is_error: true }],
      gemini: ["contents.2.parts.0.functionResponse.response", { error: "boom" }],
      cohere: ["messages.2", { role: "tool", tool_call_id: "c1", content: "Error: boom" }],
      bedrock: ["messages.2.content.0.toolResult", { toolUseId: "c1", content: [{ text: "boom" }], status: "error" }],
    },
  },
];

const CLIENT_NAMES: readonly Client[] = ["chat", "responses", "messages", "generate"];
const PROVIDER_NAMES: readonly Provider[] = ["chat", "responses", "anthropic", "gemini", "cohere", "bedrock"];

for (const { name, said, means, meant, told } of FEATURES) {
  Deno.test(`${name}: every dialect means the same`, () => {
    for (const client of CLIENT_NAMES) {
      const body = said[client];
      if (body !== undefined) assert.deepEqual(means(decoded(client, body)), meant, client);
    }
  });

  Deno.test(`${name}: every format is told`, () => {
    const client = CLIENT_NAMES.find((it) => said[it] !== undefined);
    assert.ok(client !== undefined);
    const request = decoded(client, said[client] ?? {});
    for (const provider of PROVIDER_NAMES) {
      const where = told[provider];
      if (where === "refused") {
        const [codec, model] = PROVIDERS[provider];
        assert.ok(isFailure(codec.cross(request, { model, recall: NO_RECALL, newId: () => "id" })));
        continue;
      }
      const { body, lossy } = encoded(provider, request);
      if (typeof where === "string") assert.ok(lossy.includes(where), `${provider}: ${lossy.join(", ")}`);
      else {
        const [path, value] = where;
        assert.deepEqual(at(body, path), value, `${provider}: ${JSON.stringify(body)}`);
        assert.deepEqual(lossy, [], provider);
      }
    }
  });
}
