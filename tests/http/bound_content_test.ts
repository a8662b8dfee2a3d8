/**
 * What only one account can read stays with that account: signed thoughts come back to the credential that gave them;
 * when it cannot serve, exactly they are left out; and when a provider refuses them, the request is asked again without.
 */
import assert from "node:assert/strict";
import { asArray, asObject, isObject, type JsonObject, parseJson } from "../../src/kernel/json.ts";
import { ANTHROPIC_SIGNATURE, anthropicErrorBody } from "../simulators/anthropic_api.ts";
import { answer, rateLimited, reply } from "../simulators/steps.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { type RawResponse, requestJson } from "../support/http_client.ts";

const KEYS = { ANTHROPIC_API_KEY_1: "sk-ant-alpha-1111", ANTHROPIC_API_KEY_2: "sk-ant-bravo-2222", SESSION_AFFINITY: "false" };
const MODEL = "anthropic/claude-sonnet-4-5";
const THINK = { thinking: { type: "enabled", budget_tokens: 1_024 }, max_tokens: 4_000 };
const QUESTION: JsonObject = { role: "user", content: "how much?" };

function start(): Promise<Gateway> {
  return startGateway({ others: { ANTHROPIC: {} }, env: KEYS });
}

function ask(gateway: Gateway, body: JsonObject, path = "/messages"): Promise<RawResponse> {
  return requestJson(`${gateway.baseUrl}${path}`, { body: { model: MODEL, ...body } });
}

function keysOf(gateway: Gateway): readonly (string | undefined)[] {
  return gateway.simulators.ANTHROPIC?.requests.map(({ key }) => key) ?? [];
}

/** One turn with a thought in it, whole or streamed; gives the blocks of the answer. */
async function think(gateway: Gateway, form: "whole" | "streamed"): Promise<readonly JsonObject[]> {
  gateway.simulators.ANTHROPIC?.script({}, answer({ text: "42", reasoning: "six times seven" }));
  const got = await ask(gateway, { ...THINK, messages: [QUESTION], ...(form === "streamed" ? { stream: true } : {}) });
  assert.equal(got.status, 200, got.text);
  if (form === "whole") return asArray(asObject(parseJson(got.text))?.content).filter(isObject);
  assert.match(got.text, new RegExp(ANTHROPIC_SIGNATURE));
  return [{ type: "thinking", thinking: "six times seven", signature: ANTHROPIC_SIGNATURE }, { type: "text", text: "42" }];
}

for (const form of ["whole", "streamed"] as const) {
  Deno.test(`a signed thought goes back to the credential that gave it (${form})`, async () => {
    await using gateway = await start();
    const content = await think(gateway, form);
    for (let turn = 0; turn < 3; turn++) {
      const next = await ask(gateway, {
        ...THINK,
        messages: [QUESTION, { role: "assistant", content }, { role: "user", content: "why?" }],
      });
      assert.equal(next.headers["x-keyproxy-lossy"], undefined);
    }
    assert.equal(new Set(keysOf(gateway)).size, 1);
    const plain = await ask(gateway, { max_tokens: 9, messages: [{ role: "user", content: "something else" }] });
    assert.equal(plain.status, 200);
    assert.equal(new Set(keysOf(gateway)).size, 2, "others are served by the credential with less to do");
  });
}

Deno.test("when its credential must rest, exactly the thought is left out, and the answer says so", async () => {
  await using gateway = await start();
  const content = await think(gateway, "whole");
  gateway.simulators.ANTHROPIC?.script({ key: keysOf(gateway)[0] ?? "" }).always(rateLimited({ retryAfterSeconds: 600 }));
  const next = await ask(gateway, { ...THINK, messages: [QUESTION, { role: "assistant", content }, { role: "user", content: "why?" }] });
  assert.deepEqual([next.status, next.headers["x-keyproxy-lossy"]], [200, "messages[1].content[0]"]);
  const seen = asArray(asObject(gateway.simulators.ANTHROPIC?.requests.at(-1)?.body)?.messages);
  assert.deepEqual(asObject(seen[1])?.content, [{ type: "text", text: "42" }]);
  assert.notEqual(keysOf(gateway).at(-1), keysOf(gateway)[0]);
});

Deno.test("a tool loop that lost its thoughts goes on without thinking", async () => {
  await using gateway = await start();
  const thought = (await think(gateway, "whole"))[0] ?? {};
  gateway.simulators.ANTHROPIC?.script({ key: keysOf(gateway)[0] ?? "" }).always(rateLimited({ retryAfterSeconds: 600 }));
  const call = { type: "tool_use", id: "toolu_1", name: "look", input: {} };
  const messages = [QUESTION, { role: "assistant", content: [thought, call] }, {
    role: "user",
    content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "rain" }],
  }];
  const next = await ask(gateway, { ...THINK, messages, tools: [{ name: "look", input_schema: { type: "object" } }] });
  assert.equal(next.status, 200, next.text);
  assert.deepEqual(asObject(gateway.simulators.ANTHROPIC?.requests.at(-1)?.body)?.thinking, { type: "disabled" });
});

Deno.test("a signature that the provider refuses is left out at once, on the same credential", async () => {
  await using gateway = await start();
  const refusal = anthropicErrorBody({
    type: "invalid_request_error",
    message: "messages.1.content.0: Invalid `signature` in `thinking` block",
  });
  gateway.simulators.ANTHROPIC?.script({}, reply(400, refusal));
  const content = [{ type: "thinking", thinking: "hm", signature: "Zm9yZWlnbg==" }, { type: "text", text: "42" }];
  const next = await ask(gateway, { ...THINK, messages: [QUESTION, { role: "assistant", content }, { role: "user", content: "why?" }] });
  assert.deepEqual([next.status, next.headers["x-keyproxy-lossy"], next.headers["x-keyproxy-attempts"]], [
    200,
    "messages[1].content[0]",
    "1",
  ]);
  const [first, second, ...more] = keysOf(gateway);
  assert.deepEqual([first, more], [second, []]);
});

Deno.test("clients of other dialects keep signed thoughts, and bring them back to their credential", async () => {
  await using gateway = await start();
  gateway.simulators.ANTHROPIC?.script({}, answer({ text: "42", reasoning: "six times seven" }));
  const told = await ask(gateway, { messages: [QUESTION], reasoning_effort: "low" }, "/chat/completions");
  const message = asObject(asObject(asArray(asObject(parseJson(told.text))?.choices)[0])?.message) ?? {};
  assert.deepEqual(message.reasoning_details, [{
    type: "reasoning.text",
    text: "six times seven",
    signature: ANTHROPIC_SIGNATURE,
    index: 0,
  }]);
  for (let turn = 0; turn < 2; turn++) {
    await ask(gateway, { messages: [QUESTION, message, { role: "user", content: "why?" }], reasoning_effort: "low" }, "/chat/completions");
    const sent = asArray(asObject(gateway.simulators.ANTHROPIC?.requests.at(-1)?.body)?.messages);
    assert.deepEqual(asArray(asObject(sent[1])?.content)[0], {
      type: "thinking",
      thinking: "six times seven",
      signature: ANTHROPIC_SIGNATURE,
    });
  }
  assert.equal(new Set(keysOf(gateway)).size, 1);
});

Deno.test("thoughts that another provider left unsigned are not sent to Anthropic when the client goes there", async () => {
  await using gateway = await start();
  gateway.simulator.script({}, answer({ text: "42", reasoning: "six times seven" }));
  const told = await requestJson(`${gateway.baseUrl}/messages`, { body: { ...THINK, model: "local/gpt-5", messages: [QUESTION] } });
  const content = asArray(asObject(parseJson(told.text))?.content).filter(isObject);
  assert.deepEqual(content.map(({ type }) => type), ["thinking", "text"]);
  const next = await ask(gateway, { ...THINK, messages: [QUESTION, { role: "assistant", content }, { role: "user", content: "why?" }] });
  assert.equal(next.status, 200, next.text);
  const sent = asArray(asObject(gateway.simulators.ANTHROPIC?.requests.at(-1)?.body)?.messages);
  assert.deepEqual(asObject(sent[1])?.content, [{ type: "text", text: "42" }]);
});
