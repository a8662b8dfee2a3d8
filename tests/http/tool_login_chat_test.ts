/** Chat through the providers of command-line tools, as their servers want and say it: placeholder tools, thinking, endings, envelopes. */
import assert from "node:assert/strict";
import { asArray, asObject, type Json, type JsonObject, parseJson } from "../../src/kernel/json.ts";
import { IFLOW_SCENARIOS, startIflowSimulator } from "../simulators/iflow/simulator.ts";
import { QWEN_SCENARIOS, startQwenSimulator } from "../simulators/qwen/simulator.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { collect } from "../support/http_client.ts";
import { chat, chatStream, errorOf, saidText } from "./chat.ts";

const MESSAGES: Json = [{ role: "user", content: "hello" }, { role: "system", content: "be brief" }];

function choiceOf(body: Json | undefined): JsonObject {
  return asObject(asArray(asObject(body)?.choices)[0]) ?? {};
}

async function withQwen(run: (gateway: Gateway, qwen: Awaited<ReturnType<typeof startQwenSimulator>>) => Promise<void>): Promise<void> {
  await using qwen = await startQwenSimulator({ apiKeys: ["sk-qwen-11112222"] });
  await using gateway = await startGateway({ env: { ...qwen.variables(), QWEN_CODE_API_KEY_1: "sk-qwen-11112222" } });
  await run(gateway, qwen);
}

async function withIflow(run: (gateway: Gateway, iflow: Awaited<ReturnType<typeof startIflowSimulator>>) => Promise<void>): Promise<void> {
  const options = { apiKeys: ["sk-iflow-11112222"], signature: "wrong_is_403" } as const;
  await using iflow = await startIflowSimulator(options);
  await using gateway = await startGateway({ env: { ...iflow.variables(), IFLOW_API_KEY_1: "sk-iflow-11112222" } });
  await run(gateway, iflow);
}

async function streamed(gateway: Gateway, body: JsonObject): Promise<readonly string[]> {
  return await collect((await chatStream(gateway, { ...body, stream: true })).events());
}

Deno.test("Qwen Code takes what any client asks, and its placeholder is never seen", async () => {
  await withQwen(async (gateway, qwen) => {
    const body = { model: "qwen_code/coder-model", messages: MESSAGES, store: true, max_completion_tokens: 50 };
    const plain = await chat(gateway, body);
    assert.equal(saidText(plain.json), "hello", plain.text);
    qwen.fault(QWEN_SCENARIOS["q.stream.placeholder_call"]());
    const choice = choiceOf((await chat(gateway, body)).json);
    assert.deepEqual([asObject(choice.message)?.tool_calls, choice.finish_reason], [undefined, "stop"]);
    qwen.fault(QWEN_SCENARIOS["q.stream.placeholder_call"]());
    const events = await streamed(gateway, body);
    assert.equal(saidText(events), "the answer");
    assert.ok(!events.join("").includes("do_not_call_me") && !events.join("").includes("tool_calls"));
    assert.ok(events.some((data) => data.includes('"finish_reason":"stop"')));
    assert.equal(events.at(-1), "[DONE]");
  });
});

Deno.test("Qwen Code's own tool calls come through, told apart by their index", async () => {
  await withQwen(async (gateway, qwen) => {
    qwen.fault(QWEN_SCENARIOS["q.stream.tool_id_empty"]());
    const tools = [{ type: "function", function: { name: "look", strict: true, parameters: { additionalProperties: false } } }];
    const messages = [{ role: "user", content: "use the tool" }];
    const events = await streamed(gateway, { model: "qwen_code/coder-model", messages, tools });
    assert.equal(events.filter((data) => data.includes('"id":"call_0"')).length, 1);
    assert.ok(!events.join("").includes('"id":""') && !events.join("").includes('"name":null'));
  });
});

Deno.test("Qwen Code's thinking is reasoning, whether tagged or not", async () => {
  await withQwen(async (gateway, qwen) => {
    const body = { model: "qwen_code/coder-model", messages: MESSAGES };
    for (const name of ["q.stream.think_tags", "q.stream.reasoning_content"] as const) {
      qwen.fault(QWEN_SCENARIOS[name]());
      const message = asObject(choiceOf((await chat(gateway, body)).json).message);
      assert.deepEqual([String(message?.reasoning_content).trim(), message?.content], ["hm, well", "the answer"]);
      qwen.fault(QWEN_SCENARIOS[name]());
      const events = await streamed(gateway, body);
      assert.equal(saidText(events), "the answer");
      assert.ok(events.some((data) => data.includes("reasoning_content")));
    }
  });
});

Deno.test("Qwen Code's models are known without asking, and its refusals are read", async () => {
  await withQwen(async (gateway, qwen) => {
    const ids = (await gateway.app.models()).shown.map((model) => model.id);
    assert.ok(ids.includes("qwen_code/coder-model"));
    qwen.fault(QWEN_SCENARIOS["q.api.discontinued"]());
    const refused = await chat(gateway, { model: "qwen_code/coder-model", messages: MESSAGES });
    assert.ok(refused.status >= 500, refused.text);
    assert.match(String(errorOf(refused.json).message), /discontinued/);
  });
});

Deno.test("iFlow takes what any client asks: no stream options, no empty list of tools, no effort", async () => {
  await withIflow(async (gateway, iflow) => {
    const body = { model: "iflow/glm-5", messages: MESSAGES, reasoning_effort: "high", tools: [] };
    assert.equal(saidText((await chat(gateway, body)).json), "hello");
    const events = await streamed(gateway, { ...body, stream_options: { include_usage: true } });
    assert.equal(saidText(events), "hello");
    const sent = iflow.requests({ endpoint: "chat" }).map((request) => asObject(request.body));
    for (const asked of sent) {
      assert.deepEqual(asked?.chat_template_kwargs, { enable_thinking: true, clear_thinking: false });
      assert.equal(asked?.reasoning_effort, undefined);
      assert.equal(asArray(asked?.tools).length, 1);
    }
  });
});

Deno.test("iFlow's oddities are not the client's: envelopes, endings that never come, empty usage, the placeholder", async () => {
  await withIflow(async (gateway, iflow) => {
    const body = { model: "iflow/glm-5", messages: MESSAGES };
    iflow.fault(IFLOW_SCENARIOS["i.api.200_wrapped"]());
    assert.equal(saidText((await chat(gateway, body)).json), "hello");
    for (const name of ["i.stream.no_finish", "i.stream.empty_usage", "i.stream.no_space", "i.stream.split"] as const) {
      iflow.fault(IFLOW_SCENARIOS[name]());
      const events = await streamed(gateway, body);
      assert.equal(saidText(events), "hello", name);
      const endings = events.map((data) => choiceOf(parseJson(data)).finish_reason).filter((reason) => typeof reason === "string");
      assert.deepEqual(endings, ["stop"], name);
      assert.ok(!events.some((data) => data.includes('"usage":{}')), name);
      assert.equal(events.at(-1), "[DONE]", name);
    }
    iflow.fault(IFLOW_SCENARIOS["i.stream.placeholder_call"]());
    assert.ok(!(await streamed(gateway, { ...body, tools: [] })).join("").includes("do_not_call_me"));
  });
});

Deno.test("iFlow's refusals inside a 200 are refusals", async () => {
  await withIflow(async (gateway, iflow) => {
    iflow.fault(IFLOW_SCENARIOS["i.api.435"]());
    const refused = await chat(gateway, { model: "iflow/glm-5", messages: MESSAGES, stream: true });
    const error = errorOf(refused.json);
    assert.match(String(error.message), /Model not support/);
    assert.match(JSON.stringify(error.details), /no access to this model/);
  });
});
