/**
 * Every surface over every provider's format, streaming and not: what is said arrives, what is answered comes back,
 * and a failure is told in the client's own words.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { asObject, isObject, type JsonObject, parseJson } from "../../src/kernel/json.ts";
import { encodeFrame } from "../../src/wire/event_stream.ts";
import { anthropicErrorBody, anthropicEvent } from "../simulators/anthropic_api.ts";
import { cohereEvent } from "../simulators/cohere_api.ts";
import { geminiErrorBody } from "../simulators/gemini_api.ts";
import { dataEvent, errorBody } from "../simulators/reply.ts";
import { responsesEvent } from "../simulators/responses_api.ts";
import { answer, reply, reset, stall } from "../simulators/steps.ts";
import type { Step } from "../simulators/server.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { type RawResponse, requestJson } from "../support/http_client.ts";
import { type Heard, type Question, type Surface, SURFACES } from "../support/surfaces.ts";

interface Upstream {
  readonly name: string;
  /** The environment prefix of the simulated provider. */
  readonly prefix: string;
  readonly model: string;
  readonly overloaded: Step;
  readonly refused: Step;
  /** The event with which this provider breaks off a stream. */
  readonly errorEvent: string | Uint8Array;
  /** Events until the first that says something, the start of the answer included. */
  readonly eventsBefore: number;
}

const TOO_LONG = "prompt is too long: 300000 tokens > 200000 maximum";

const UPSTREAMS: readonly Upstream[] = [
  {
    name: "OpenAI",
    prefix: "LOCAL",
    model: "local/gpt-5",
    overloaded: reply(503, errorBody({ message: "The engine is overloaded", type: "server_error" })),
    refused: reply(400, errorBody({ message: TOO_LONG, code: "context_length_exceeded" })),
    errorEvent: dataEvent(errorBody({ message: "The server had an error", type: "server_error" })),
    eventsBefore: 1,
  },
  {
    name: "Anthropic",
    prefix: "ANTHROPIC",
    model: "anthropic/claude-sonnet-4-5",
    overloaded: reply(529, anthropicErrorBody({ type: "overloaded_error", message: "Overloaded" })),
    refused: reply(400, anthropicErrorBody({ type: "invalid_request_error", message: TOO_LONG })),
    errorEvent: anthropicEvent(anthropicErrorBody({ type: "overloaded_error", message: "Overloaded" })),
    eventsBefore: 3,
  },
  {
    name: "Gemini",
    prefix: "GEMINI",
    model: "gemini/gemini-2.5-flash",
    overloaded: reply(503, geminiErrorBody(503, { status: "UNAVAILABLE", message: "The model is overloaded" })),
    refused: reply(400, geminiErrorBody(400, { status: "INVALID_ARGUMENT", message: TOO_LONG })),
    errorEvent: dataEvent(geminiErrorBody(500, { status: "INTERNAL", message: "An internal error has occurred" })),
    eventsBefore: 0,
  },
  {
    name: "OpenAI Responses",
    prefix: "OPENAI",
    model: "openai/o3-pro",
    overloaded: reply(503, errorBody({ message: "The engine is overloaded", type: "server_error" })),
    refused: reply(400, errorBody({ message: TOO_LONG, code: "context_length_exceeded" })),
    errorEvent: responsesEvent({
      type: "response.failed",
      response: { id: "resp_x", object: "response", status: "failed", error: { code: "server_error", message: "The server had an error" } },
    }),
    eventsBefore: 3,
  },
  {
    name: "Cohere",
    prefix: "COHERE",
    model: "cohere/command-a-reasoning",
    overloaded: reply(503, { message: "upstream overloaded" }),
    refused: reply(400, { message: TOO_LONG }),
    errorEvent: cohereEvent({ type: "message-end", error: "An internal error occurred" }),
    eventsBefore: 2,
  },
  {
    name: "Bedrock",
    prefix: "BEDROCK",
    model: "bedrock/anthropic.claude-sonnet-4-5-v1:0",
    overloaded: reply(503, { message: "The service is temporarily unable to handle the request." }, {
      "x-amzn-errortype": "ServiceUnavailableException",
    }),
    refused: reply(400, { message: TOO_LONG }, { "x-amzn-errortype": "ValidationException" }),
    errorEvent: encodeFrame(
      { ":message-type": "exception", ":exception-type": "modelStreamErrorException", ":content-type": "application/json" },
      '{"message":"The model had an error"}',
    ),
    eventsBefore: 1,
  },
];

const FORMS = [{ isStream: false, form: "whole" }, { isStream: true, form: "streamed" }] as const;

async function ask(gateway: Gateway, surface: Surface, question: Question): Promise<RawResponse> {
  return await requestJson(`http://127.0.0.1:${gateway.port}${surface.path(question)}`, { body: surface.body(question) });
}

function heard(surface: Surface, question: Question, response: RawResponse): Heard {
  assert.equal(response.status, 200, response.text);
  return question.isStream ? surface.heardStream(eventsIn(response.text)) : surface.heard(bodyOf(response));
}

function bodyOf({ text }: RawResponse): JsonObject {
  return asObject(parseJson(text)) ?? {};
}

function eventsIn(text: string): readonly JsonObject[] {
  const lines = text.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice("data: ".length));
  return lines.filter((line) => line !== "[DONE]").map((line) => parseJson(line)).filter(isObject);
}

const PIXEL = Buffer.from("a very small picture").toString("base64");
const PREFIXES = { ANTHROPIC: {}, GEMINI: {}, COHERE: {}, BEDROCK: {}, OPENAI: {} };
/** Two keys each, so that there is another one to try. */
const TWO = {
  LOCAL_API_KEY_1: "sk-l1",
  LOCAL_API_KEY_2: "sk-l2",
  ANTHROPIC_API_KEY_1: "sk-a1",
  ANTHROPIC_API_KEY_2: "sk-a2",
  GEMINI_API_KEY_1: "g1",
  GEMINI_API_KEY_2: "g2",
  OPENAI_API_KEY_1: "o1",
  OPENAI_API_KEY_2: "o2",
  COHERE_API_KEY_1: "c1",
  COHERE_API_KEY_2: "c2",
  BEDROCK_API_KEY_1: "b1",
  BEDROCK_API_KEY_2: "b2",
};

Deno.test("text, system prompts, tools, results, pictures and thoughts cross from every surface to every provider", async (t) => {
  await using gateway = await startGateway({ others: PREFIXES });
  for (const upstream of UPSTREAMS) {
    const simulator = gateway.simulators[upstream.prefix];
    assert.ok(simulator !== undefined);
    for (const surface of SURFACES) {
      for (const { isStream, form } of FORMS) {
        const base = { model: upstream.model, isStream };
        await t.step(`${surface.name} over ${upstream.name}, ${form}`, async () => {
          const text = { ...base, system: "Be kind.", said: [{ by: "user", text: "hello big world" }] } satisfies Question;
          const said = heard(surface, text, await ask(gateway, surface, text));
          assert.deepEqual([said.text, said.reasoning, said.calls, said.end], ["hello big world", "", [], "stop"]);
          assert.ok(said.inputTokens > 0 && said.outputTokens > 0);
          assert.match(JSON.stringify(simulator.requests.at(-1)?.body), /Be kind\./);

          const tools = { ...base, tools: ["look_up", "other"], said: [{ by: "user", text: "use the tool" }] } satisfies Question;
          const called = heard(surface, tools, await ask(gateway, surface, tools));
          assert.deepEqual([called.calls, called.end], [[{ name: "look_up", arguments: { text: "use the tool" } }], "tools"]);

          const calls = [{ id: "call_1", name: "look_up", arguments: { text: "a" } }, {
            id: "call_2",
            name: "other",
            arguments: { text: "b" },
          }];
          const results = {
            ...tools,
            said: [
              { by: "user", text: "go" },
              { by: "assistant", text: "I look.", calls },
              { by: "tool", id: "call_1", name: "look_up", text: "it rains" },
              { by: "tool", id: "call_2", name: "other", text: "it snows" },
            ],
          } satisfies Question;
          assert.match(heard(surface, results, await ask(gateway, surface, results)).text, /The tool said: .*it snows/);

          const picture = { ...base, said: [{ by: "user", text: "what is this?", image: PIXEL }] } satisfies Question;
          assert.equal(heard(surface, picture, await ask(gateway, surface, picture)).end, "stop");
          assert.ok(JSON.stringify(simulator.requests.at(-1)?.body).includes(PIXEL));

          simulator.script({}, answer({ text: "42", reasoning: "six times seven" }));
          const thinking = { ...base, thinks: true, said: [{ by: "user", text: "how much?" }] } satisfies Question;
          const thought = heard(surface, thinking, await ask(gateway, surface, thinking));
          assert.deepEqual([thought.text, thought.reasoning], ["42", "six times seven"]);

          simulator.script({}, answer({ toolCalls: [{ name: "look_up", arguments: { text: "x" } }, { name: "other", arguments: {} }] }));
          const both = heard(surface, tools, await ask(gateway, surface, tools));
          assert.deepEqual(both.calls, [{ name: "look_up", arguments: { text: "x" } }, { name: "other", arguments: {} }]);

          simulator.script({}, answer({ text: "half", finishReason: "length" }));
          assert.equal(heard(surface, text, await ask(gateway, surface, text)).end, "length");
        });
      }
    }
  }
});

Deno.test("an overloaded provider is left for another key before anything is told, a refused request is told at once, in the client's own shape", async (t) => {
  for (const upstream of UPSTREAMS) {
    for (const surface of SURFACES) {
      for (const { isStream, form } of FORMS) {
        await t.step(`${surface.name} over ${upstream.name}, ${form}`, async () => {
          await using gateway = await startGateway({ others: PREFIXES, env: TWO });
          const simulator = gateway.simulators[upstream.prefix];
          const question = { model: upstream.model, isStream, said: [{ by: "user", text: "hello" }] } satisfies Question;
          simulator?.script({}, upstream.overloaded);
          assert.equal(heard(surface, question, await ask(gateway, surface, question)).text, "hello");
          assert.equal(simulator?.requests.length, 2);

          simulator?.script({}, upstream.refused);
          const refused = await ask(gateway, surface, question);
          assert.equal(refused.status, 400);
          assert.match(surface.error(bodyOf(refused)), /prompt is too long/);
        });
      }
    }
  }
});

Deno.test("a stream that breaks off after its first words ends with an error event of the client's dialect, never with a clean end", async (t) => {
  for (const upstream of UPSTREAMS) {
    for (const surface of SURFACES) {
      await t.step(`${surface.name} over ${upstream.name}`, async () => {
        await using gateway = await startGateway({ others: PREFIXES });
        const simulator = gateway.simulators[upstream.prefix];
        const question = { model: upstream.model, isStream: true, said: [{ by: "user", text: "one two three four" }] } satisfies Question;
        simulator?.script({}, reset({ chunkCount: upstream.eventsBefore + 2 }));
        const cut = await ask(gateway, surface, question);
        assert.equal(cut.status, 200);
        assert.match(surface.streamError(eventsIn(cut.text)) ?? "nothing", /broke|closed|connection/i);
        assert.ok(!/message_stop|response\.completed/.test(cut.text), cut.text);

        const keepCount = upstream.eventsBefore + 2;
        simulator?.script({}, { ...answer(), edits: [{ edit: "replace_rest", keepCount, text: upstream.errorEvent }] });
        const broken = await ask(gateway, surface, question);
        assert.match(surface.streamError(eventsIn(broken.text)) ?? "nothing", /error|Overloaded/);
        const pool = gateway.app.snapshot().providers.get(upstream.model.split("/")[0] ?? "")?.pool;
        assert.equal(pool?.inFlightCount, 0);
      });
    }
  }
});

Deno.test("a provider that says nothing is given up in time, on every surface with its own error", async (t) => {
  for (const surface of SURFACES) {
    await t.step(surface.name, async () => {
      await using gateway = await startGateway({ env: { GLOBAL_TIMEOUT: "0.3" } });
      gateway.simulator.script({}).always(stall());
      const question = { model: "local/m", isStream: true, said: [{ by: "user", text: "hello" }] } satisfies Question;
      const late = await ask(gateway, surface, question);
      assert.equal(late.status, 504);
      assert.notEqual(surface.error(bodyOf(late)), "");
    });
  }
});
