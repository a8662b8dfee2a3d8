/**
 * Whatever JSON a client of any dialect sends, for a provider of any format, the answer is an answer in that dialect:
 * never a 500, never a stack trace, never a lease left out. And a conversation that is right for a surface, however
 * oddly it is ordered, is right for every provider.
 */
import fc from "fast-check";
import assert from "node:assert/strict";
import http from "node:http";
import process from "node:process";
import { asObject, isObject, type JsonObject, parseJson } from "../../src/kernel/json.ts";
import { until } from "../http/chat.ts";
import { answer } from "../simulators/steps.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { requestRaw } from "../support/http_client.ts";
import { type Said, type Surface, SURFACES } from "../support/surfaces.ts";

const OTHERS = { ANTHROPIC: {}, GEMINI: {}, COHERE: {}, BEDROCK: {}, OPENAI: {} };
const MODELS = [
  "local/gpt-5",
  "anthropic/claude-sonnet-4-5",
  "anthropic/claude-opus-4-7",
  "gemini/gemini-2.5-flash",
  "gemini/gemini-3-pro-preview",
  "cohere/command-a",
  "bedrock/anthropic.claude-sonnet-4-5-v1:0",
  "openai/o3-pro",
];
const RUNS = Number(process.env.FUZZ_RUNS ?? 300);

const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>("", "__proto__", "\ud800", 1e308, -1, [], {}, null, true, [null], [[]], { type: "text" }, { type: "tool_use" }, [
    {},
  ]),
);
const block = fc.oneof(
  odd,
  fc.record({
    type: fc.oneof(
      fc.constantFrom(
        "text",
        "image",
        "image_url",
        "input_text",
        "input_image",
        "tool_use",
        "tool_result",
        "thinking",
        "document",
        "message",
        "reasoning",
        "function_call",
        "function_call_output",
        "custom_tool_call",
      ),
      odd,
    ),
    text: odd,
    source: odd,
    id: odd,
    call_id: odd,
    name: odd,
    input: odd,
    content: odd,
    tool_use_id: odd,
    functionCall: odd,
    functionResponse: odd,
    inlineData: odd,
    arguments: odd,
    output: odd,
    encrypted_content: odd,
    signature: odd,
  }, { requiredKeys: ["type"] }),
);
const turn = fc.oneof(
  odd,
  fc.record({
    role: fc.oneof(fc.constantFrom("user", "assistant", "system", "model", "tool"), odd),
    content: fc.oneof(odd, fc.array(block, { maxLength: 3 })),
    parts: fc.oneof(odd, fc.array(block, { maxLength: 3 })),
    tool_calls: odd,
    reasoning_details: odd,
  }, { requiredKeys: [] }),
);
const turns = fc.oneof(fc.array(turn, { maxLength: 4 }), odd);
const fields = fc.record({
  messages: turns,
  input: fc.oneof(turns, fc.array(block, { maxLength: 4 })),
  contents: turns,
  max_tokens: fc.oneof(fc.constant(64), odd),
  system: odd,
  instructions: odd,
  systemInstruction: odd,
  tools: fc.oneof(
    odd,
    fc.array(
      fc.oneof(odd, fc.record({ name: odd, input_schema: odd, type: odd, functionDeclarations: odd, function: odd }, { requiredKeys: [] })),
      { maxLength: 2 },
    ),
  ),
  tool_choice: odd,
  toolConfig: odd,
  thinking: odd,
  reasoning: odd,
  generationConfig: odd,
  output_config: odd,
  text: odd,
  metadata: odd,
  stop_sequences: odd,
  previous_response_id: odd,
  stream: fc.oneof(fc.boolean(), odd),
}, { requiredKeys: [] });

function pathOf(surface: Surface, model: string): string {
  return surface.path({ model, isStream: false, said: [] });
}

async function atRest(gateway: Gateway): Promise<void> {
  await until(() => [...gateway.app.snapshot().providers.values()].every(({ pool }) => pool.inFlightCount === 0 && pool.queuedCount === 0));
}

Deno.test("no JSON body on any surface makes the proxy fail, for a provider of any format", async () => {
  await using gateway = await startGateway({ others: OTHERS, env: { GLOBAL_TIMEOUT: "2" } });
  const agent = new http.Agent({ keepAlive: true });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...SURFACES), fc.constantFrom(...MODELS), fields, async (surface, model, body) => {
      const sent = JSON.stringify({ ...body, model });
      const got = await requestRaw(`http://127.0.0.1:${gateway.port}${pathOf(surface, model)}`, { method: "POST", body: sent, agent });
      assert.notEqual(got.status, 500, `${got.text} ${sent}`);
      assert.ok(!/\n\s+at /.test(got.text), got.text);
      if (got.status >= 400) assert.notEqual(surface.error(asObject(parseJson(got.text)) ?? {}), "", got.text);
    }),
    { numRuns: RUNS },
  );
  agent.destroy();
  await atRest(gateway);
});

const NAMES = ["look_up", "other"];
const word = fc.stringMatching(/^[a-z]{1,8}$/);
const said = fc.oneof(
  fc.record({ by: fc.constant("user" as const), text: word }),
  fc.record({ by: fc.constant("assistant" as const), text: word }),
  fc.record({
    by: fc.constant("assistant" as const),
    calls: fc.array(
      fc.record({
        id: fc.constantFrom("call_1", "call_2", "call_3"),
        name: fc.constantFrom(...NAMES),
        arguments: fc.constant({ text: "x" }),
      }),
      {
        minLength: 1,
        maxLength: 2,
      },
    ),
  }),
  fc.record({
    by: fc.constant("tool" as const),
    id: fc.constantFrom("call_1", "call_2", "call_9"),
    name: fc.constantFrom(...NAMES),
    text: word,
  }),
);

/** Calls of one conversation have ids of their own; their order, and whether they are answered, is anything. */
function withOwnIds(given: readonly Said[]): readonly Said[] {
  let count = 0;
  return given.map((it) =>
    it.by !== "assistant" || it.calls === undefined ? it : { ...it, calls: it.calls.map((call) => ({ ...call, id: `call_${++count}` })) }
  );
}

Deno.test("a conversation in any order, with calls unanswered and results unasked, is mended for every provider", async () => {
  await using gateway = await startGateway({ others: OTHERS });
  for (const simulator of Object.values(gateway.simulators)) simulator.script({}).always(answer({ text: "fine" }));
  const agent = new http.Agent({ keepAlive: true });
  // Relayed as they are, mistakes are the client's own.
  const isNative = (surface: Surface, model: string) =>
    (surface.name === "chat completions" && model.startsWith("local/")) ||
    (surface.name === "messages" && model.startsWith("anthropic/")) ||
    (surface.name === "generateContent" && model.startsWith("gemini/")) || (surface.name === "responses" && model.startsWith("openai/"));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...SURFACES),
      fc.constantFrom(...MODELS),
      fc.array(said, { minLength: 1, maxLength: 7 }),
      fc.boolean(),
      async (surface, model, given, thinks) => {
        if (isNative(surface, model)) return;
        const question = { model, isStream: false, said: withOwnIds(given), tools: NAMES, thinks };
        const body: JsonObject = surface.body(question);
        const url = `http://127.0.0.1:${gateway.port}${surface.path(question)}`;
        const got = await requestRaw(url, { method: "POST", body: JSON.stringify(body), agent });
        assert.equal(got.status, 200, `${surface.name} over ${model}: ${got.text}`);
        assert.ok(isObject(parseJson(got.text)));
      },
    ),
    { numRuns: RUNS },
  );
  agent.destroy();
  await atRest(gateway);
});
