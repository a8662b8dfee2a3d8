/** Logins behind the running gateway: renewed once for everybody, kept before use, refused tokens renewed within the request. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asArray, asObject, type JsonObject } from "../../src/kernel/json.ts";
import { IFLOW_SCENARIOS, startIflowSimulator } from "../simulators/iflow/simulator.ts";
import { QWEN_SCENARIOS, type QwenSimulator, startQwenSimulator } from "../simulators/qwen/simulator.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { requestJson } from "../support/http_client.ts";
import { chat, errorOf, saidText } from "./chat.ts";

const ASK = { model: "qwen_code/coder-model", messages: [{ role: "user", content: "hello" }] };
const ASK_IFLOW = { model: "iflow/glm-4.6", messages: [{ role: "user", content: "hello" }] };
const HOUR_MS = 3_600_000;

/** A login of Qwen as variables. `expiresAt` may lie in the past without the token being over at the simulator. */
function qwenBundle(qwen: QwenSimulator, { number = 1, account = "ada@example.com", expiresInMs = HOUR_MS } = {}): Record<string, string> {
  const login = qwen.login(account);
  const head = `QWEN_CODE_${number}`;
  return {
    [`${head}_ACCESS_TOKEN`]: login.accessToken,
    [`${head}_REFRESH_TOKEN`]: login.refreshToken,
    [`${head}_EXPIRY_DATE`]: String(Date.now() + expiresInMs),
    [`${head}_RESOURCE_URL`]: login.resourceUrl,
    [`${head}_EMAIL`]: account,
  };
}

function withQwen(
  env: (qwen: QwenSimulator) => Record<string, string>,
  run: (at: { readonly gateway: Gateway; readonly qwen: QwenSimulator }) => Promise<void>,
): Promise<void> {
  return withQwenAt(env, async (start, qwen) => {
    await using gateway = await start();
    await run({ gateway, qwen });
  });
}

/** For tests that start the gateway more than once, over one data directory. */
async function withQwenAt(
  env: (qwen: QwenSimulator) => Record<string, string>,
  run: (start: () => Promise<Gateway>, qwen: QwenSimulator) => Promise<void>,
): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), "keyproxy-logins-"));
  await using qwen = await startQwenSimulator();
  try {
    const variables = { SKIP_OAUTH_INIT_CHECK: "true", KEYPROXY_DATA_DIR: dataDir, ...qwen.variables(), ...env(qwen) };
    await run(() => startGateway({ env: variables }), qwen);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function credentialsOf(gateway: Gateway, provider: string): Promise<readonly JsonObject[]> {
  const { json } = await requestJson(`${gateway.baseUrl}/providers`, {});
  const found = asArray(asObject(json)?.data).map(asObject).find((it) => it?.id === provider);
  return asArray(found?.credentials).map((it) => asObject(it) ?? {});
}

Deno.test("a login given by variables serves at the host it names", async () => {
  await withQwen((qwen) => qwenBundle(qwen), async ({ gateway, qwen }) => {
    const answer = await chat(gateway, ASK);
    assert.equal(saidText(answer.json), "hello", answer.text);
    assert.equal(qwen.requests({ endpoint: "refresh" }).length, 0);
    const [credential] = await credentialsOf(gateway, "qwen_code");
    assert.equal(credential?.display, "ada@example.com");
    assert.equal(asObject(credential?.login)?.state, "due");
  });
});

Deno.test("twenty requests on an expired token renew it exactly once", async () => {
  await withQwen(
    (qwen) => ({ ...qwenBundle(qwen, { expiresInMs: -1000 }), MAX_CONCURRENT_REQUESTS_PER_KEY_QWEN_CODE: "0" }),
    async ({ gateway, qwen }) => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => chat(gateway, ASK)));
      assert.deepEqual(answers.map(({ status }) => status), Array.from({ length: 20 }, () => 200));
      assert.equal(qwen.requests({ endpoint: "refresh" }).length, 1);
      assert.equal(qwen.requests({ endpoint: "chat" }).length, 20);
    },
  );
});

Deno.test("a token that is refused is renewed within the request, and the client never learns of it", async () => {
  await withQwen((qwen) => qwenBundle(qwen), async ({ gateway, qwen }) => {
    qwen.fault(QWEN_SCENARIOS["q.api.401_once"]());
    const answer = await chat(gateway, ASK);
    assert.equal(saidText(answer.json), "hello", answer.text);
    assert.equal(answer.headers["x-keyproxy-attempts"], "1");
    assert.deepEqual(qwen.requests().map(({ endpoint }) => endpoint), ["chat", "refresh", "chat"]);
  });
});

Deno.test("a login that is refused right after its renewal rests, and another one serves", async () => {
  const two = (qwen: QwenSimulator) => ({ ...qwenBundle(qwen), ...qwenBundle(qwen, { number: 2, account: "bob@example.com" }) });
  await withQwen(two, async ({ gateway, qwen }) => {
    qwen.fault({ ...QWEN_SCENARIOS["q.api.401_forever"](), match: { endpoint: "chat", account: "ada@example.com" } });
    const answer = await chat(gateway, ASK);
    assert.equal(answer.status, 200, answer.text);
    assert.ok(qwen.requests({ endpoint: "refresh" }).length <= 1);
    const before = qwen.requests({ endpoint: "chat", account: "ada@example.com" }).length;
    assert.equal((await chat(gateway, ASK)).status, 200);
    assert.equal(qwen.requests({ endpoint: "chat", account: "ada@example.com" }).length, before);
  });
});

Deno.test("a refused login alone: the client is told so, with what was tried", async () => {
  await withQwen((qwen) => qwenBundle(qwen), async ({ gateway, qwen }) => {
    qwen.fault(QWEN_SCENARIOS["q.api.401_forever"]());
    const answer = await chat(gateway, ASK);
    assert.equal(answer.status, 503, answer.text);
    assert.match(String(errorOf(answer.json).message), /had just been renewed, so the provider refuses the login itself/);
    assert.deepEqual(qwen.requests().map(({ endpoint }) => endpoint), ["chat", "refresh", "chat"]);
    await chat(gateway, ASK);
    assert.equal(qwen.requests().length, 3, "a resting login is left alone");
  });
});

Deno.test("a login that has ended asks for a new one and is not asked again", async () => {
  await withQwen((qwen) => qwenBundle(qwen, { expiresInMs: -1000 }), async ({ gateway, qwen }) => {
    qwen.fault(QWEN_SCENARIOS["q.refresh.400_invalid_request"](99));
    const answer = await chat(gateway, ASK);
    assert.equal(answer.status, 503, answer.text);
    assert.match(String(errorOf(answer.json).message), /keyproxy creds add qwen_code/);
    const tries = qwen.requests({ endpoint: "refresh" }).length;
    await chat(gateway, ASK);
    assert.equal(qwen.requests({ endpoint: "refresh" }).length, tries);
    const [credential] = await credentialsOf(gateway, "qwen_code");
    assert.equal(asObject(credential?.login)?.state, "needs_login");
  });
});

Deno.test("trouble at the token endpoint is no verdict on the login", async () => {
  for (const scenario of ["q.refresh.200_html", "q.refresh.5xx"] as const) {
    await withQwen((qwen) => qwenBundle(qwen, { expiresInMs: -1000 }), async ({ gateway, qwen }) => {
      qwen.fault(QWEN_SCENARIOS[scenario](1));
      const answer = await chat(gateway, ASK, { headers: { "x-keyproxy-timeout": "1" } });
      assert.ok(answer.status >= 500, answer.text);
      const [credential] = await credentialsOf(gateway, "qwen_code");
      assert.equal(asObject(credential?.login)?.state, "failing", scenario);
    });
  }
});

Deno.test("a rotated login survives a restart although the variables still hold the old one", async () => {
  await withQwenAt((qwen) => qwenBundle(qwen, { expiresInMs: -1000 }), async (start, qwen) => {
    qwen.fault(QWEN_SCENARIOS["q.refresh.reuse_kill"]());
    await using first = await start();
    assert.equal((await chat(first, ASK)).status, 200);
    await first.close();
    await using second = await start();
    const answer = await chat(second, ASK);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(qwen.requests({ endpoint: "refresh" }).length, 1);
    const folder = join(second.app.snapshot().config.dataDir, "oauth_creds", "env");
    const [name = ""] = (await readdir(folder)).filter((it) => it.endsWith(".json"));
    assert.match(await readFile(join(folder, name), "utf8"), /"refresh_token"/);
  });
});

Deno.test("iFlow: an expired key is replaced by way of token and user information, within the request", async () => {
  await using iflow = await startIflowSimulator({ keyLife: "ends_with_token" });
  const login = iflow.login("ada@example.com");
  const bundle = {
    IFLOW_1_ACCESS_TOKEN: login.accessToken,
    IFLOW_1_REFRESH_TOKEN: login.refreshToken,
    IFLOW_1_API_KEY: login.apiKey,
    IFLOW_1_EXPIRY_DATE: new Date(Date.now() + 40 * HOUR_MS).toISOString(),
    IFLOW_1_EMAIL: "ada@example.com",
  };
  await using gateway = await startGateway({ env: { SKIP_OAUTH_INIT_CHECK: "true", ...iflow.variables(), ...bundle } });
  iflow.endKey("ada@example.com");
  const answer = await chat(gateway, ASK_IFLOW);
  assert.equal(saidText(answer.json), "hello", answer.text);
  assert.deepEqual(iflow.requests().map(({ endpoint }) => endpoint), ["chat", "refresh", "user", "chat"]);
});

Deno.test("iFlow: a key that was blocked is not renewed", async () => {
  await using iflow = await startIflowSimulator();
  const login = iflow.login("ada@example.com");
  const bundle = { IFLOW_1_ACCESS_TOKEN: login.accessToken, IFLOW_1_REFRESH_TOKEN: login.refreshToken, IFLOW_1_API_KEY: login.apiKey };
  const dated = { ...bundle, IFLOW_1_EXPIRY_DATE: String(Date.now() + 40 * HOUR_MS) };
  await using gateway = await startGateway({ env: { SKIP_OAUTH_INIT_CHECK: "true", ...iflow.variables(), ...dated } });
  iflow.fault(IFLOW_SCENARIOS["i.api.434"]());
  const answer = await chat(gateway, ASK_IFLOW);
  assert.equal(answer.status, 503, answer.text);
  assert.equal(iflow.requests({ endpoint: "refresh" }).length, 0);
});

Deno.test("iFlow: a model that does not stream answers a streaming client all the same", async () => {
  await using iflow = await startIflowSimulator({ apiKeys: ["sk-iflow-11112222"] });
  await using gateway = await startGateway({ env: { ...iflow.variables(), IFLOW_API_KEY_1: "sk-iflow-11112222" } });
  iflow.fault(IFLOW_SCENARIOS["i.api.406_stream"]());
  const answer = await chat(gateway, { ...ASK_IFLOW, stream: true });
  assert.equal(answer.status, 200, answer.text);
  assert.ok(answer.text.endsWith("data: [DONE]\n\n") && answer.text.includes("hello"));
});
