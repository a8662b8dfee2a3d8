/** The raw traffic of providers with ways of their own: kept beside the request log, without a secret in it. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asObject, parseJson } from "../../src/kernel/json.ts";
import { startQwenSimulator } from "../simulators/qwen/simulator.ts";
import { startGateway } from "../support/gateway.ts";
import { collect } from "../support/http_client.ts";
import { chat, chatStream } from "./chat.ts";

const KEY = "sk-qwen-1111222233334444";
const ASK = { model: "qwen_code/coder-model", messages: [{ role: "user", content: "hello" }] };

/** What stands in each call's folder, in the order of the calls, after the gateway has ended. */
async function trafficOf(env: Record<string, string>, work: (gateway: Awaited<ReturnType<typeof startGateway>>) => Promise<void>) {
  const dataDir = await mkdtemp(join(tmpdir(), "keyproxy-traffic-"));
  try {
    const gateway = await startGateway({ env: { ...env, KEYPROXY_DATA_DIR: dataDir } });
    try {
      await work(gateway);
    } finally {
      await gateway.close();
    }
    const root = join(dataDir, "logs", "qwen_code_logs");
    const names = await readdir(root).catch(() => []);
    return await Promise.all(
      names.toSorted().map(async (name) => {
        const read = (file: string) => readFile(join(root, name, file), "utf8");
        return { name, request: await read("request.json"), response: await read("response.json"), text: await read("response.txt") };
      }),
    );
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

Deno.test("each call is kept with what was sent and the bytes that came, and holds no key", async () => {
  await using qwen = await startQwenSimulator({ apiKeys: [KEY] });
  const env = { ...qwen.variables(), QWEN_CODE_API_KEY_1: KEY, ENABLE_REQUEST_LOGGING: "true" };
  const calls = await trafficOf(env, async (gateway) => {
    qwen.fault({ match: { endpoint: "chat" }, effect: { kind: "status", status: 503 } });
    assert.equal((await chat(gateway, ASK)).status, 200);
    await collect((await chatStream(gateway, { ...ASK, stream: true })).events());
  });
  assert.equal(calls.length, 3);
  const statuses = calls.map(({ response }) => asObject(parseJson(response))?.status);
  assert.deepEqual(statuses.toSorted(), [200, 200, 503]);
  for (const call of calls) {
    assert.match(call.request, /\/v1\/chat\/completions/);
    assert.ok(asObject(asObject(parseJson(call.request))?.body)?.messages !== undefined, call.request);
    assert.ok(!`${call.request}${call.response}${call.text}`.includes(KEY));
  }
  assert.ok(calls.some(({ text }) => text.includes("data: ") && text.includes("[DONE]")), "the stream as it came");
});

Deno.test("nothing is kept while the request log is off", async () => {
  await using qwen = await startQwenSimulator({ apiKeys: [KEY] });
  const calls = await trafficOf({ ...qwen.variables(), QWEN_CODE_API_KEY_1: KEY }, async (gateway) => {
    assert.equal((await chat(gateway, ASK)).status, 200);
  });
  assert.deepEqual(calls, []);
});
