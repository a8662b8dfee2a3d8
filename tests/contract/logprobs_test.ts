/**
 * How likely tokens were: every provider's format that tells it, whole and in pieces, reaches every client dialect
 * that has words for it, beside the text it belongs to.
 */
import { NO_RECALL } from "../../src/dialects/codec.ts";
import assert from "node:assert/strict";
import type { AnswerContext, ClientCodec, ProviderCodec } from "../../src/dialects/codec.ts";
import { COHERE_CODEC } from "../../src/dialects/cohere/codec.ts";
import { GEMINI_CODEC } from "../../src/dialects/gemini/codec.ts";
import { GEMINI_CLIENT_CODEC } from "../../src/dialects/gemini_client/codec.ts";
import { OPENAI_CHAT_CODEC } from "../../src/dialects/openai_codec/codec.ts";
import { OPENAI_UPSTREAM_CODEC } from "../../src/dialects/openai_upstream/codec.ts";
import { RESPONSES_CLIENT_CODEC } from "../../src/dialects/responses_client/codec.ts";
import { RESPONSES_UPSTREAM_CODEC } from "../../src/dialects/responses_upstream/codec.ts";
import { isFailure } from "../../src/kernel/failure.ts";
import { asArray, asObject, type Json, type JsonObject } from "../../src/kernel/json.ts";

interface Told {
  readonly codec: ProviderCodec;
  readonly model: string;
  readonly whole: JsonObject;
  readonly stream: readonly JsonObject[];
}

const openai = (token: string, logprob: number) => ({ token, logprob, bytes: null, top_logprobs: [] });
const gemini = (token: string, logProbability: number) => ({ chosenCandidates: [{ token, logProbability }], topCandidates: [] });
const finished = { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };

const PROVIDERS: Readonly<Record<string, Told>> = {
  chat: {
    codec: OPENAI_UPSTREAM_CODEC,
    model: "gpt-5",
    whole: {
      choices: [{
        index: 0,
        message: { role: "assistant", content: "one two" },
        logprobs: { content: [openai("one", -0.5), openai(" two", -0.25)] },
        finish_reason: "stop",
      }],
    },
    stream: [
      { choices: [{ index: 0, delta: { content: "one" }, logprobs: { content: [openai("one", -0.5)] } }] },
      { choices: [{ index: 0, delta: { content: " two" }, logprobs: { content: [openai(" two", -0.25)] } }] },
      finished,
    ],
  },
  responses: {
    codec: RESPONSES_UPSTREAM_CODEC,
    model: "o3-pro",
    whole: {
      status: "completed",
      output: [{
        type: "message",
        role: "assistant",
        content: [{ type: "output_text", text: "one two", annotations: [], logprobs: [openai("one", -0.5), openai(" two", -0.25)] }],
      }],
    },
    stream: [
      { type: "response.created", response: {} },
      { type: "response.output_text.delta", output_index: 0, delta: "one", logprobs: [openai("one", -0.5)] },
      { type: "response.output_text.delta", output_index: 0, delta: " two", logprobs: [openai(" two", -0.25)] },
      {
        type: "response.output_item.done",
        output_index: 0,
        item: {
          type: "message",
          content: [{ type: "output_text", text: "one two", logprobs: [openai("one", -0.5), openai(" two", -0.25)] }],
        },
      },
      { type: "response.completed", response: { status: "completed", output: [] } },
    ],
  },
  gemini: {
    codec: GEMINI_CODEC,
    model: "gemini-2.5-flash",
    whole: {
      candidates: [{
        index: 0,
        content: { parts: [{ text: "one two" }] },
        finishReason: "STOP",
        logprobsResult: {
          chosenCandidates: [{ token: "one", logProbability: -0.5 }, { token: " two", logProbability: -0.25 }],
          topCandidates: [],
        },
      }],
    },
    stream: [
      { candidates: [{ index: 0, content: { parts: [{ text: "one" }] }, logprobsResult: gemini("one", -0.5) }] },
      { candidates: [{ index: 0, content: { parts: [{ text: " two" }] }, logprobsResult: gemini(" two", -0.25), finishReason: "STOP" }] },
    ],
  },
  cohere: {
    codec: COHERE_CODEC,
    model: "command-a",
    whole: {
      message: { content: [{ type: "text", text: "one two" }] },
      logprobs: [{ text: "one", logprobs: [-0.25, -0.25] }, { text: " two", logprobs: [-0.25] }],
      finish_reason: "COMPLETE",
    },
    stream: [
      { type: "content-delta", index: 0, delta: { message: { content: { text: "one" } } }, logprobs: { text: "one", logprobs: [-0.5] } },
      { type: "content-delta", index: 0, delta: { message: { content: { text: " two" } } }, logprobs: { text: " two", logprobs: [-0.25] } },
      { type: "message-end", delta: { finish_reason: "COMPLETE" } },
    ],
  },
};

interface Heard {
  readonly codec: ClientCodec;
  /** Where the tokens of a whole answer stand. */
  readonly whole: string;
  /** Where those of one event of a stream do, and where its text does. */
  readonly delta: readonly [tokens: string, text: string];
  /** The name of a token's likelihood. */
  readonly logprob: string;
}

const CLIENTS: Readonly<Record<string, Heard>> = {
  chat: {
    codec: OPENAI_CHAT_CODEC,
    whole: "choices.0.logprobs.content",
    delta: ["choices.0.logprobs.content", "choices.0.delta.content"],
    logprob: "logprob",
  },
  responses: {
    codec: RESPONSES_CLIENT_CODEC,
    whole: "output.0.content.0.logprobs",
    delta: ["logprobs", "delta"],
    logprob: "logprob",
  },
  generate: {
    codec: GEMINI_CLIENT_CODEC,
    whole: "candidates.0.logprobsResult.chosenCandidates",
    delta: ["candidates.0.logprobsResult.chosenCandidates", "candidates.0.content.parts.0.text"],
    logprob: "logProbability",
  },
};
const CONTEXT: AnswerContext = { model: "m", id: "id", createdAtS: 0, wantsStreamUsage: false, request: {} };

/** `a.b.0.c` of a body. */
function at(body: JsonObject, path: string): Json | undefined {
  return path.split(".").reduce<Json | undefined>(
    (value, name) => Array.isArray(value) ? value[Number(name)] : asObject(value)?.[name],
    body,
  );
}

for (const [provider, { codec, model, whole, stream }] of Object.entries(PROVIDERS)) {
  for (const [client, heard] of Object.entries(CLIENTS)) {
    Deno.test(`logprobs of ${provider} in the words of ${client}`, () => {
      const request = OPENAI_CHAT_CODEC.decode({ model: "m", messages: [{ role: "user", content: "go" }], logprobs: true });
      assert.ok(!isFailure(request));
      const crossing = codec.cross(request, { model, recall: NO_RECALL, newId: () => "id" });
      assert.ok(!isFailure(crossing));
      const pairs = (shapes: Json | undefined) => asArray(shapes).map((it) => [asObject(it)?.token, asObject(it)?.[heard.logprob]]);

      const answered = heard.codec.answer(crossing.answer(whole), CONTEXT);
      assert.deepEqual(pairs(at(answered, heard.whole)), [["one", -0.5], [" two", -0.25]], JSON.stringify(answered));

      const reader = crossing.events();
      const writer = heard.codec.stream(CONTEXT);
      const events = [...stream.flatMap((event) => reader.push(event)), ...reader.end()];
      const written = [...events.flatMap((event) => writer.push(event)), ...writer.end()];
      const [tokens, text] = heard.delta;
      const told = written.filter((body) => asArray(at(body, tokens)).length > 0 && typeof at(body, text) === "string");
      assert.deepEqual(
        told.map((body) => [at(body, text), pairs(at(body, tokens))]),
        [["one", [["one", -0.5]]], [" two", [[" two", -0.25]]]],
        JSON.stringify(written),
      );
    });
  }
}
