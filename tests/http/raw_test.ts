/** What is passed on as it is: pictures, sounds, forms, files and batches, each with a lease and the provider's own bytes. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { asObject, asString, parseJson } from "../../src/kernel/json.ts";
import { rateLimited, reply } from "../simulators/steps.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { requestJson } from "../support/http_client.ts";
import { assertAtRest, KEY_A, KEY_B, poolOf, TWO_KEYS } from "./chat.ts";

function start(): Promise<Gateway> {
  return startGateway({ env: TWO_KEYS });
}

const PICTURE = { created: 1, data: [{ b64_json: "cGljdHVyZQ==" }] };

Deno.test("a picture is asked for under the provider's name of the model, and comes back byte for byte", async () => {
  await using gateway = await start();
  gateway.simulator.script({ path: "/images/generations" }, reply(200, PICTURE, { "x-odd": "1" }));
  const got = await requestJson(`${gateway.baseUrl}/images/generations`, {
    body: { model: "local/gpt-image-1", prompt: "a cat", odd: { a: 1 } },
  });
  assert.deepEqual([got.status, got.text], [200, JSON.stringify(PICTURE)]);
  assert.deepEqual(gateway.simulator.requests[0]?.body, { model: "gpt-image-1", prompt: "a cat", odd: { a: 1 } });
  assert.equal(got.headers["x-keyproxy-provider"], "local");
  await assertAtRest(gateway);
});

Deno.test("a limited key is left for another one, a provider's refusal is told in its words", async () => {
  await using gateway = await start();
  gateway.simulator.script({}, rateLimited({ retryAfterSeconds: 60 }), reply(200, PICTURE));
  assert.equal((await requestJson(`${gateway.baseUrl}/moderations`, { body: { model: "local/m", input: "x" } })).status, 200);
  assert.deepEqual(gateway.simulator.requests.map(({ key }) => key), [KEY_A, KEY_B]);
  gateway.simulator.script({}, reply(400, { error: { message: "no documents", type: "invalid_request_error" } }));
  const refused = await requestJson(`${gateway.baseUrl}/rerank`, { body: { model: "local/m", query: "q", documents: [] } });
  assert.equal(refused.status, 400);
  assert.match(refused.text, /no documents/);
  const nameless = await requestJson(`${gateway.baseUrl}/images/generations`, { body: { prompt: "x" } });
  assert.deepEqual([nameless.status, asObject(asObject(parseJson(nameless.text))?.error)?.param], [400, "model"]);
  await assertAtRest(gateway);
});

Deno.test("speech is bytes of its own type, and a cut answer is a cut answer", async () => {
  await using gateway = await start();
  const sound = Buffer.from(Array.from({ length: 5_000 }, (_, at) => at % 256));
  gateway.simulator.script({}, reply(200, sound, { "content-type": "audio/mpeg" }));
  const ask = () =>
    fetch(`${gateway.baseUrl}/audio/speech`, {
      method: "POST",
      body: JSON.stringify({ model: "local/tts-1", input: "hi", voice: "alloy" }),
    });
  const got = await ask();
  assert.equal(got.headers.get("content-type"), "audio/mpeg");
  assert.deepEqual(Buffer.from(await got.arrayBuffer()), sound);
  gateway.simulator.script({}, { ...reply(200, sound), lengthErrorBytes: 10, fault: { kind: "half_close", at: { chunkCount: Infinity } } });
  await assert.rejects(ask().then((response) => response.arrayBuffer()));
  await assertAtRest(gateway);
});

Deno.test("a form goes on with its file untouched and the provider's name of the model in it", async () => {
  await using gateway = await start();
  gateway.simulator.script({ path: "/audio/transcriptions" }, reply(200, { text: "hello" }));
  const form = new FormData();
  const sound = new Uint8Array([0, 255, 13, 10, 45, 45, 1]);
  form.append("file", new Blob([sound], { type: "audio/wav" }), "a.wav");
  form.append("model", "local/whisper-1");
  form.append("language", "en");
  const got = await fetch(`${gateway.baseUrl}/audio/transcriptions`, { method: "POST", body: form });
  assert.deepEqual([got.status, await got.json()], [200, { text: "hello" }]);
  const [request] = gateway.simulator.requests;
  const sent = await new Response(Buffer.from(request?.rawBody ?? "", "latin1"), {
    headers: { "content-type": String(request?.headers["content-type"]) },
  }).text();
  assert.match(sent, /name="model"\r\n\r\nwhisper-1\r\n/);
  assert.match(sent, /name="language"\r\n\r\nen\r\n/);
  assert.equal(Number(request?.headers["content-length"]), (await new Response(form).arrayBuffer()).byteLength - "local/".length);
});

async function upload(gateway: Gateway): Promise<string> {
  gateway.simulator.script({ path: "/files" }, reply(200, { id: "file-abc", object: "file", filename: "a.jsonl" }));
  const form = new FormData();
  form.append("purpose", "batch");
  form.append("file", new Blob(["{}"]), "a.jsonl");
  const got = await fetch(`${gateway.baseUrl}/files?provider=local`, { method: "POST", body: form });
  assert.equal(got.status, 200);
  return asString(asObject(parseJson(await got.text()))?.id) ?? "";
}

Deno.test("a file stays with the credential that took it: asked for, read, used in a batch and deleted there, also after a restart", async () => {
  await using gateway = await start();
  const id = await upload(gateway);
  assert.match(id, /^file-abc~[0-9a-f]{12}$/);
  const owner = gateway.simulator.requests[0]?.key;
  gateway.simulator.script({ path: "/files/file-abc" }, reply(200, { id: "file-abc" }));
  assert.equal((await requestJson(`${gateway.baseUrl}/files/${id}`)).text, `{"id":"${id}"}`);
  gateway.simulator.script({ path: "/files/file-abc/content" }, reply(200, "line 1\n", { "content-type": "text/plain" }));
  assert.equal(await (await fetch(`${gateway.baseUrl}/files/${id}/content`)).text(), "line 1\n");
  gateway.simulator.script({ path: "/batches" }, reply(200, { id: "batch_1", input_file_id: "file-abc", output_file_id: null }));
  const batch = await requestJson(`${gateway.baseUrl}/batches`, { body: { input_file_id: id, endpoint: "/v1/chat/completions" } });
  assert.equal(asObject(batch.json)?.id, `batch_1${id.slice("file-abc".length)}`);
  assert.deepEqual(gateway.simulator.requests.at(-1)?.body, { input_file_id: "file-abc", endpoint: "/v1/chat/completions" });
  gateway.simulator.script({ path: "/files/file-abc" }, reply(200, { id: "file-abc", deleted: true }));
  assert.equal((await fetch(`${gateway.baseUrl}/files/${id}`, { method: "DELETE" })).status, 200);
  assert.deepEqual(new Set(gateway.simulator.requests.map(({ key }) => key)), new Set([owner]));
  await assertAtRest(gateway);
});

Deno.test("a file whose credential rests is not looked for with another one; one whose credential is gone is not there", async () => {
  await using gateway = await start();
  const id = await upload(gateway);
  gateway.simulator.script({}).always(rateLimited({ retryAfterSeconds: 300 }));
  assert.equal((await requestJson(`${gateway.baseUrl}/files/${id}`)).status, 429);
  assert.equal(new Set(gateway.simulator.requests.map(({ key }) => key)).size, 1);
  const gone = await requestJson(`${gateway.baseUrl}/files/file-abc~000000000000`);
  assert.equal(gone.status, 404);
  assert.match(gone.text, /not configured here any more/);
});

Deno.test("nothing else at a provider can be reached with its key", async () => {
  await using gateway = await start();
  for (
    const path of [
      "/files/%2e%2e/organization/admin_api_keys",
      "/files/a/b/c",
      "/batches/../models",
      "/files/a%2Fb",
      "/files/x?provider=nobody",
    ]
  ) {
    const got = await fetch(`${gateway.baseUrl}${path}`);
    assert.ok(got.status === 404 || got.status === 400 || path.includes("../"), `${path} ${got.status}`);
    await got.body?.cancel();
  }
  assert.deepEqual(gateway.simulator.requests.filter(({ path }) => path.includes("organization")), []);
});

Deno.test("where several providers are configured, a file needs one to be named", async () => {
  await using gateway = await startGateway({ others: { OTHER: {} } });
  const got = await requestJson(`${gateway.baseUrl}/files/file-unmarked`);
  assert.equal(got.status, 400);
  assert.match(got.text, /say which provider keeps it: add \?provider=<id>.*local, other/);
});

Deno.test("what is not there says nothing of the next file, nor of the model's chat", async () => {
  await using gateway = await startGateway({ others: { ANTHROPIC: {} } });
  const model = "anthropic/claude-sonnet-4-5";
  const picture = await requestJson(`${gateway.baseUrl}/images/generations`, { body: { model, prompt: "a cat" } });
  assert.deepEqual([picture.status, picture.text.includes("has no /images/generations")], [404, true]);
  const chat = await requestJson(`${gateway.baseUrl}/chat/completions`, { body: { model, messages: [{ role: "user", content: "hi" }] } });
  assert.equal(chat.status, 200, chat.text);
  gateway.simulator.script({}, reply(404, { error: { message: "No such File object: file-x" } }));
  const missing = await requestJson(`${gateway.baseUrl}/files/file-x?provider=local`);
  assert.deepEqual([missing.status, missing.text.includes("No such File object")], [404, true]);
  gateway.simulator.script({}, reply(200, { id: "file-y" }));
  assert.equal((await requestJson(`${gateway.baseUrl}/files/file-y?provider=local`)).status, 200);
});

Deno.test("a chat about a file goes to the key that keeps it; when that must rest, the file is left out and the answer says so", async () => {
  await using gateway = await start();
  const id = await upload(gateway);
  const owner = gateway.simulator.requests[0]?.key ?? "";
  const content = [{ type: "text", text: "what is it?" }, { type: "file", file: { file_id: id } }];
  const ask = () =>
    requestJson(`${gateway.baseUrl}/chat/completions`, { body: { model: "local/m", messages: [{ role: "user", content }] } });
  for (let turn = 0; turn < 3; turn++) assert.equal((await ask()).headers["x-keyproxy-lossy"], undefined);
  assert.deepEqual(new Set(gateway.simulator.requests.map(({ key }) => key)), new Set([owner]));
  gateway.simulator.script({ key: owner }).always(rateLimited({ retryAfterSeconds: 300 }));
  const moved = await ask();
  assert.deepEqual([moved.status, moved.headers["x-keyproxy-lossy"]], [200, "messages[0].content[1]"]);
  assert.deepEqual(asObject(gateway.simulator.requests.at(-1)?.body)?.messages, [{ role: "user", content: content.slice(0, 1) }]);
  await assertAtRest(gateway);
});

Deno.test("a conversation that goes on from an earlier answer still knows whose its file is", async () => {
  await using gateway = await startGateway({
    others: { OPENAI: {} },
    env: { OPENAI_API_KEY_1: KEY_A, OPENAI_API_KEY_2: KEY_B, SESSION_AFFINITY: "false" },
  });
  const openai = gateway.simulators.OPENAI;
  openai?.script({ path: "/files" }, reply(200, { id: "file-abc", object: "file" }));
  const form = new FormData();
  form.append("file", new Blob(["%PDF"]), "a.pdf");
  const uploaded = await fetch(`${gateway.baseUrl}/files?provider=openai`, { method: "POST", body: form });
  const id = asString(asObject(parseJson(await uploaded.text()))?.id) ?? "";
  const owner = openai?.requests[0]?.key;
  const content = [{ type: "input_text", text: "what is it?" }, { type: "input_file", file_id: id }];
  const first = await requestJson(`${gateway.baseUrl}/responses`, { body: { model: "openai/gpt-5", input: [{ role: "user", content }] } });
  assert.equal(first.status, 200, first.text);
  for (let turn = 0; turn < 3; turn++) {
    const next = await requestJson(`${gateway.baseUrl}/responses`, {
      body: { model: "openai/gpt-5", previous_response_id: asObject(first.json)?.id, input: "and why?" },
    });
    assert.equal(next.status, 200, next.text);
  }
  assert.deepEqual(new Set(openai?.requests.map(({ key }) => key)), new Set([owner]));
  assert.ok(openai?.requests.slice(1).every(({ rawBody }) => rawBody.includes('"file-abc"') && !rawBody.includes("~")));
});

Deno.test("a file that is not there, and a path that a provider lacks, say nothing about models", async () => {
  await using gateway = await start();
  gateway.simulator.script({}, reply(404, { error: { message: "No such File object: file-x", type: "invalid_request_error" } }));
  const missing = await requestJson(`${gateway.baseUrl}/files/file-x`);
  assert.equal(missing.status, 404);
  assert.match(missing.text, /"No such File object: file-x"/);
  gateway.simulator.script({}, reply(200, { id: "file-y" }));
  assert.equal((await requestJson(`${gateway.baseUrl}/files/file-y`)).status, 200);
  gateway.simulator.script({}, reply(404, { detail: "Not Found" }));
  assert.equal((await requestJson(`${gateway.baseUrl}/rerank`, { body: { model: "local/m", query: "q" } })).status, 404);
  const chat = await requestJson(`${gateway.baseUrl}/chat/completions`, {
    body: { model: "local/m", messages: [{ role: "user", content: "hi" }] },
  });
  assert.equal(chat.status, 200);
  await assertAtRest(gateway);
});

Deno.test("what an answer says of its usage is counted, and its bytes are the provider's own", async () => {
  await using gateway = await start();
  const picture = { ...PICTURE, usage: { input_tokens: 10, output_tokens: 100, total_tokens: 110 } };
  gateway.simulator.script({}, reply(200, picture));
  const got = await requestJson(`${gateway.baseUrl}/images/generations`, { body: { model: "local/gpt-image-1", prompt: "a cat" } });
  assert.equal(got.text, JSON.stringify(picture));
  await gateway.running(0);
  const counted = poolOf(gateway).report().map(({ today }) => [today.inputTokens, today.outputTokens]);
  assert.deepEqual(counted.sort(), [[0, 0], [10, 100]]);
});

Deno.test("filters of models hide no files", async () => {
  await using gateway = await startGateway({ env: { ...TWO_KEYS, IGNORE_MODELS_LOCAL: "*", WHITELIST_MODELS_LOCAL: "gpt*" } });
  await upload(gateway);
});
