/** Pictures and documents where they are easily lost: in results of tools, and as text files; nothing goes without a word. */
import { NO_RECALL } from "../../src/dialects/codec.ts";
import assert from "node:assert/strict";
import { ANTHROPIC_CLIENT_CODEC } from "../../src/dialects/anthropic_client/codec.ts";
import { ANTHROPIC_UPSTREAM_CODEC } from "../../src/dialects/anthropic_upstream/codec.ts";
import { BEDROCK_CODEC } from "../../src/dialects/bedrock/codec.ts";
import type { Crossing, ProviderCodec } from "../../src/dialects/codec.ts";
import { COHERE_CODEC } from "../../src/dialects/cohere/codec.ts";
import { GEMINI_CODEC } from "../../src/dialects/gemini/codec.ts";
import { GEMINI_CLIENT_CODEC } from "../../src/dialects/gemini_client/codec.ts";
import { OPENAI_UPSTREAM_CODEC } from "../../src/dialects/openai_upstream/codec.ts";
import { RESPONSES_UPSTREAM_CODEC } from "../../src/dialects/responses_upstream/codec.ts";
import type { ChatRequest } from "../../src/canonical/chat.ts";
import { type Failure, isFailure } from "../../src/kernel/failure.ts";
import type { JsonObject } from "../../src/kernel/json.ts";

const PIXEL = "iVBORw0KGgo=";
const PROVIDERS: readonly (readonly [name: string, codec: ProviderCodec, model: string])[] = [
  ["chat", OPENAI_UPSTREAM_CODEC, "gpt-5"],
  ["responses", RESPONSES_UPSTREAM_CODEC, "o3-pro"],
  ["anthropic", ANTHROPIC_UPSTREAM_CODEC, "claude-sonnet-4-5"],
  ["gemini", GEMINI_CODEC, "gemini-2.5-flash"],
  ["cohere", COHERE_CODEC, "command-a-vision"],
  ["bedrock", BEDROCK_CODEC, "anthropic.claude-sonnet-4-5-v1:0"],
];

function crossed(codec: ProviderCodec, model: string, request: ChatRequest | Failure): Crossing | Failure {
  assert.ok(!isFailure(request), isFailure(request) ? request.message : "");
  return codec.cross(request, { model, recall: NO_RECALL, newId: () => "id" });
}

function messages(content: readonly JsonObject[]): ChatRequest | Failure {
  return ANTHROPIC_CLIENT_CODEC.decode({
    model: "m",
    max_tokens: 100,
    tools: [{ name: "look", input_schema: { type: "object" } }],
    messages: [
      { role: "user", content: "look" },
      { role: "assistant", content: [{ type: "tool_use", id: "c1", name: "look", input: {} }] },
      { role: "user", content: [...content] },
    ],
  });
}

Deno.test("a picture in the result of a tool reaches every provider, with the words beside it", () => {
  const image = { type: "image", source: { type: "base64", media_type: "image/png", data: PIXEL } };
  const request = messages([{ type: "tool_result", tool_use_id: "c1", content: [{ type: "text", text: "the sea" }, image] }]);
  for (const [name, codec, model] of PROVIDERS) {
    const crossing = crossed(codec, model, request);
    assert.ok(!isFailure(crossing), name);
    const text = JSON.stringify(crossing.body);
    assert.ok(text.includes(PIXEL) && text.includes("the sea"), `${name}: ${text}`);
    assert.deepEqual(crossing.lossy, [], name);
  }
});

Deno.test("text files are read by every provider, as documents or as words", () => {
  const file = { type: "document", source: { type: "base64", media_type: "text/plain", data: "aGVsbG8=" } };
  const request = messages([{ type: "tool_result", tool_use_id: "c1", content: "ok" }, file]);
  for (const [name, codec, model] of PROVIDERS) {
    const crossing = crossed(codec, model, request);
    assert.ok(!isFailure(crossing), `${name} ${isFailure(crossing) ? crossing.message : ""}`);
    assert.match(JSON.stringify(crossing.body), /hello|aGVsbG8=/, name);
  }
});

Deno.test("what a provider has no place for at all is refused and named, in a result of a tool too", () => {
  const pdf = { type: "document", source: { type: "base64", media_type: "application/pdf", data: "JVBERi0xLjQ=" } };
  const cohere = crossed(COHERE_CODEC, "command-a", messages([{ type: "tool_result", tool_use_id: "c1", content: [pdf] }]));
  assert.match(isFailure(cohere) ? cohere.message : "taken", /takes no file parts/);
  const video = GEMINI_CLIENT_CODEC.decode({
    model: "m",
    contents: [{ role: "user", parts: [{ inlineData: { mimeType: "video/mp4", data: "AAAA" } }, { text: "what?" }] }],
  });
  for (const [name, codec, model] of PROVIDERS.filter(([name]) => name === "responses" || name === "anthropic" || name === "cohere")) {
    const crossing = crossed(codec, model, video);
    assert.match(isFailure(crossing) ? crossing.message : `${name} took it`, /video/);
  }
});
