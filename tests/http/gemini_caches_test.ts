/** Google's cached contents: made, seen, changed and used with the credential that made them, and left out where it cannot serve. */
import assert from "node:assert/strict";
import { asObject, asString, type JsonObject } from "../../src/kernel/json.ts";
import { rateLimited } from "../simulators/steps.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { requestJson } from "../support/http_client.ts";

const KEYS = { GEMINI_API_KEY_1: "AIza-alpha-1111", GEMINI_API_KEY_2: "AIza-bravo-2222", SESSION_AFFINITY: "false" };
const CONTENTS = [{ role: "user", parts: [{ text: "hello" }] }];

function start(env: Readonly<Record<string, string>> = {}): Promise<Gateway> {
  return startGateway({ others: { GEMINI: {} }, env: { ...KEYS, ...env } });
}

function url(gateway: Gateway, path: string): string {
  return `http://127.0.0.1:${gateway.port}/v1beta/${path}`;
}

function seen(gateway: Gateway) {
  return gateway.simulators.GEMINI?.requests ?? [];
}

async function create(gateway: Gateway): Promise<string> {
  const got = await requestJson(url(gateway, "cachedContents"), {
    body: { model: "models/gemini/gemini-2.5-flash", contents: CONTENTS, ttl: "300s" },
  });
  assert.equal(got.status, 200, got.text);
  assert.equal(asObject(got.json)?.model, "models/gemini/gemini-2.5-flash");
  return asString(asObject(got.json)?.name) ?? "";
}

function generate(gateway: Gateway, cachedContent: string, model = "gemini/gemini-2.5-flash") {
  return requestJson(url(gateway, `models/${model}:generateContent`), { body: { contents: CONTENTS, cachedContent } });
}

Deno.test("a cached content is made under the provider's name of the model, and everything about it goes to the key that made it", async () => {
  await using gateway = await start();
  const name = await create(gateway);
  assert.match(name, /^cachedContents\/c[0-9a-f]{12}~[0-9a-f]{12}$/);
  const [made] = seen(gateway);
  assert.deepEqual(made?.body, { model: "models/gemini-2.5-flash", contents: CONTENTS, ttl: "300s" });
  for (let turn = 0; turn < 3; turn++) {
    const got = await generate(gateway, name);
    assert.deepEqual([got.status, got.headers["x-keyproxy-lossy"]], [200, undefined], got.text);
  }
  assert.deepEqual(asObject(seen(gateway).at(-1)?.body)?.cachedContent, name.split("~")[0]);
  assert.equal(asObject((await requestJson(url(gateway, name))).json)?.name, name);
  const changed = await fetch(url(gateway, `${name}?updateMask=ttl&key=not-for-google`), {
    method: "PATCH",
    body: JSON.stringify({ ttl: "600s" }),
  });
  assert.equal(changed.status, 200, await changed.text());
  const patch = seen(gateway).at(-1);
  assert.deepEqual([patch?.method, patch?.body, patch?.query], ["PATCH", { ttl: "600s" }, "?updateMask=ttl"]);
  const gone = await fetch(url(gateway, name), { method: "DELETE" });
  assert.deepEqual([gone.status, await gone.text()], [200, "{}"]);
  assert.deepEqual(new Set(seen(gateway).map(({ key }) => key)), new Set([made?.key]));
});

Deno.test("a list is turned over with the key it began with", async () => {
  await using gateway = await start();
  const first = asObject((await requestJson(url(gateway, "cachedContents?pageSize=1"))).json);
  const token = asString(first?.nextPageToken) ?? "";
  for (let turn = 0; turn < 2; turn++) await requestJson(url(gateway, `cachedContents?pageSize=1&pageToken=${encodeURIComponent(token)}`));
  assert.deepEqual(seen(gateway).map(({ query }) => query), ["?pageSize=1", ...Array(2).fill("?pageSize=1&pageToken=page-2")]);
  assert.equal(new Set(seen(gateway).map(({ key }) => key)).size, 1);
});

Deno.test("a busy key is waited for; when it must rest the cached content is left out, and the answer says so", async () => {
  await using gateway = await start();
  const name = await create(gateway);
  const owner = seen(gateway)[0]?.key ?? "";
  const both = await Promise.all([generate(gateway, name), generate(gateway, name)]);
  assert.deepEqual(both.map(({ headers }) => headers["x-keyproxy-lossy"]), [undefined, undefined]);
  gateway.simulators.GEMINI?.script({ key: owner }).always(rateLimited({ retryAfterSeconds: 600 }));
  const moved = await generate(gateway, name);
  assert.deepEqual([moved.status, moved.headers["x-keyproxy-lossy"]], [200, "cachedContent"], moved.text);
  assert.notEqual(seen(gateway).at(-1)?.key, owner);
  assert.equal(asObject(seen(gateway).at(-1)?.body)?.cachedContent, undefined);
  const chat = await requestJson(`${gateway.baseUrl}/chat/completions`, {
    body: {
      model: "gemini/gemini-2.5-flash",
      messages: [{ role: "user", content: "hello" }],
      extra_body: { google: { cached_content: name } },
    },
  });
  assert.deepEqual([chat.status, chat.headers["x-keyproxy-lossy"]], [200, "extra_body.google.cached_content"], chat.text);
  assert.equal((await requestJson(url(gateway, name))).status, 429);
});

Deno.test("with KEYPROXY_STRICT a move that would lose the cached content is refused", async () => {
  await using gateway = await start({ KEYPROXY_STRICT: "true" });
  const name = await create(gateway);
  gateway.simulators.GEMINI?.script({ key: seen(gateway)[0]?.key ?? "" }).always(rateLimited({ retryAfterSeconds: 600 }));
  const got = await generate(gateway, name);
  assert.equal(got.status, 400);
  assert.match(got.text, /KEYPROXY_STRICT forbids leaving out: cachedContent/);
});

Deno.test("a name that the key does not know is the request's fault: the key stays in use", async () => {
  await using gateway = await start();
  const got = await generate(gateway, "cachedContents/somebody-elses");
  assert.equal(got.status, 403);
  assert.equal(asString(asObject(asObject(got.json)?.error)?.status), "PERMISSION_DENIED");
  assert.equal(seen(gateway).length, 1);
  assert.equal((await generate(gateway, await create(gateway))).status, 200);
});

Deno.test("only cached contents are reached, at Google alone, and mistakes are told in Google's shape", async () => {
  await using gateway = await start();
  const body: JsonObject = { contents: CONTENTS };
  const cases: readonly (readonly [path: string, method: string, body: JsonObject | undefined, status: number])[] = [
    ["cachedContents/a%2Fb", "GET", undefined, 404],
    ["cachedContents/a/permissions", "GET", undefined, 404],
    ["cachedContents/a", "POST", body, 404],
    ["cachedContents", "PATCH", body, 404],
    ["cachedContents", "POST", body, 400],
    ["cachedContents", "POST", { ...body, model: "models/local/m" }, 404],
    ["cachedContents/a~000000000000", "GET", undefined, 404],
  ];
  for (const [path, method, sent, status] of cases) {
    const got = await fetch(url(gateway, path), { method, ...(sent === undefined ? {} : { body: JSON.stringify(sent) }) });
    const error = asObject(asObject(await got.json())?.error);
    assert.deepEqual([got.status, error?.code], [status, status], `${method} ${path}`);
  }
  assert.equal(seen(gateway).length, 0);
});

Deno.test("without a provider of Google's the list says what is missing", async () => {
  await using gateway = await startGateway();
  const got = await requestJson(url(gateway, "cachedContents"));
  assert.deepEqual([got.status, got.text.includes("GEMINI_API_KEY makes one")], [404, true]);
});
