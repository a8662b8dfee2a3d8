/** What OpenAI's Responses promises beside the answer itself: numbers of events that go on, and requests that are repeated. */
import assert from "node:assert/strict";
import { asArray, asObject, asString, isObject, type JsonObject, parseJson } from "../../src/kernel/json.ts";
import { answer, reset } from "../simulators/steps.ts";
import { responsesEvent } from "../simulators/responses_api.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { type RawResponse, requestJson } from "../support/http_client.ts";

const MODEL = "openai/gpt-5";

function start(): Promise<Gateway> {
  return startGateway({ others: { OPENAI: {} } });
}

function ask(gateway: Gateway, body: JsonObject): Promise<RawResponse> {
  return requestJson(`${gateway.baseUrl}/responses`, { body: { model: MODEL, input: "one two three four", ...body } });
}

function eventsIn(text: string): readonly JsonObject[] {
  return text.split("\n").flatMap((line) => line.startsWith("data: ") ? parseJson(line.slice(6)) ?? [] : []).filter(isObject);
}

function assertNumbered(text: string): void {
  const events = eventsIn(text);
  assert.deepEqual(events.map(({ sequence_number }) => sequence_number), events.map((_, at) => at));
}

Deno.test("a relayed stream that breaks off ends with an error event that has the next number", async () => {
  await using gateway = await start();
  for (const chunkCount of [6, 7]) {
    gateway.simulators.OPENAI?.script({}, reset({ chunkCount }));
    const cut = await ask(gateway, { stream: true });
    assert.equal(eventsIn(cut.text).at(-1)?.type, "error");
    assertNumbered(cut.text);
  }
});

Deno.test("so does one that the provider fails; a whole one is numbered through", async () => {
  await using gateway = await start();
  const error = responsesEvent({ type: "error", message: "The server had an error", code: "server_error" });
  gateway.simulators.OPENAI?.script({}, { ...answer(), edits: [{ edit: "replace_rest", keepCount: 5, text: error }] });
  const failed = await ask(gateway, { stream: true });
  assert.match(String(eventsIn(failed.text).at(-1)?.message), /server had an error/i);
  assertNumbered(failed.text);
  assertNumbered((await ask(gateway, { stream: true })).text);
});

Deno.test("an answer that goes on from an earlier one says which one, whole and as a stream, relayed and translated", async () => {
  await using gateway = await start();
  for (const model of [MODEL, "local/gpt-5"]) {
    const first = asObject(parseJson((await ask(gateway, { model })).text));
    const id = asString(first?.id) ?? "";
    assert.equal(first?.previous_response_id ?? null, null);
    const whole = asObject(parseJson((await ask(gateway, { model, previous_response_id: id })).text));
    assert.equal(whole?.previous_response_id, id, model);
    const kept = await requestJson(`${gateway.baseUrl}/responses/${asString(whole?.id)}`);
    assert.equal(asObject(kept.json)?.previous_response_id, id);
    const streamed = eventsIn((await ask(gateway, { model, previous_response_id: id, stream: true })).text);
    const responses = streamed.map(({ response }) => response).filter(isObject);
    assert.ok(responses.length >= 3, model);
    assert.deepEqual(new Set(responses.map(({ previous_response_id }) => previous_response_id)), new Set([id]), model);
    const sent = gateway.simulators[model === MODEL ? "OPENAI" : "LOCAL"]?.requests.at(-1)?.body;
    assert.equal(asObject(sent)?.previous_response_id, undefined, "the provider does not know it");
    assert.ok(asArray(asObject(sent)?.input ?? asObject(sent)?.messages).length >= 3);
  }
});
