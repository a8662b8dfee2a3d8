/** The admin routes of a running server: who gets in, what each action does to real requests, and its events. */
import assert from "node:assert/strict";
import { Agent } from "node:http";
import { viewCredentials } from "../../src/app/credential_view.ts";
import { readSetup } from "../../src/app/setup.ts";
import { RELOAD_REPORT, REQUEST_REPORT, STATUS_REPORT, type StatusReport } from "../../src/gateway/status_report.ts";
import { latch } from "../simulators/latch.ts";
import { answer, rateLimited, withHold } from "../simulators/steps.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { type JsonRequest, type OpenStream, openStream, requestJson } from "../support/http_client.ts";
import { chat, chatStream, credentialsOf, errorOf, KEY_A, KEY_B, keysSeen, members, STREAM, TWO_KEYS, until } from "./chat.ts";

const CLIENT = "kp-client-0123456789";
const ADMIN = "kp-admin-0123456789";

function admin(gateway: Gateway, path: string, options: JsonRequest = {}) {
  return requestJson(`http://127.0.0.1:${gateway.port}/admin${path}`, options);
}

async function status(gateway: Gateway, options: JsonRequest = {}): Promise<StatusReport> {
  const got = await admin(gateway, "/status", options);
  assert.equal(got.status, 200, got.text);
  return STATUS_REPORT.strict().parse(got.json);
}

function post(gateway: Gateway, path: string, options: JsonRequest = {}) {
  return admin(gateway, path, { method: "POST", ...options });
}

/** Ids of the credentials of "local", in their order. */
async function idsOf(gateway: Gateway): Promise<[string, string]> {
  const [a, b] = (await status(gateway)).providers[0]?.credentials ?? [];
  return [a?.id ?? "", b?.id ?? ""];
}

Deno.test("the proxy key opens the admin routes from this machine, an admin key takes its place", async () => {
  await using gateway = await startGateway({ env: { PROXY_API_KEY: CLIENT } });
  assert.equal((await admin(gateway, "/status", { key: CLIENT })).status, 200);
  const wrong = await admin(gateway, "/status", { key: "kp-other" });
  assert.deepEqual([wrong.status, errorOf(wrong.json).code], [401, "invalid_api_key"]);
  await gateway.reload({ KEYPROXY_ADMIN_KEY: ADMIN });
  assert.equal((await admin(gateway, "/status", { key: ADMIN })).status, 200);
  const old = await admin(gateway, "/status", { key: CLIENT });
  assert.equal(old.status, 401);
  assert.match(String(errorOf(old.json).message), /KEYPROXY_ADMIN_KEY/);
  assert.equal((await chat(gateway, undefined, { key: ADMIN })).status, 401, "an admin key is no proxy key");
});

Deno.test("every admin path is guarded, whether there is something or not, and CORS does not open it", async () => {
  await using gateway = await startGateway({ env: { CORS_ORIGINS: "*" } });
  const origin = { origin: "https://evil.example" };
  for (const path of ["/status", "/events", "/nothing", "", "/credentials/x/reset"]) {
    for (const method of ["GET", "POST", "OPTIONS"]) {
      const got = await admin(gateway, path, { method, headers: { ...origin, "access-control-request-method": "POST" } });
      assert.equal(got.status, 403, `${method} ${path}`);
      assert.equal(got.headers["access-control-allow-origin"], undefined);
    }
  }
  const rebound = await admin(gateway, "/status", { headers: { host: "evil.example" } });
  assert.deepEqual([rebound.status, errorOf(rebound.json).type], [403, "permission_error"]);
});

Deno.test("the status tells of providers, credentials and the last requests", async () => {
  await using gateway = await startGateway({ env: TWO_KEYS });
  gateway.simulator.script({ key: KEY_A }, rateLimited({ retryAfterSeconds: 3_000 }));
  assert.equal((await chat(gateway, undefined, { headers: { "x-request-id": "first" } })).status, 200);
  const stream = await chatStream(gateway);
  await stream.text();
  const told = await status(gateway);
  assert.deepEqual(told.requests, { in_flight: 0, finished: 2, failed: 0 });
  assert.equal(told.pid, Deno.pid);
  const [local] = told.providers;
  assert.equal(local?.max_in_flight, 1);
  assert.equal(local?.base_url, gateway.simulator.baseUrl);
  const [a, b] = local?.credentials ?? [];
  assert.deepEqual([a?.number, a?.display, a?.state, b?.number, b?.state], [1, "sk-a…2222", "ready", 2, "ready"]);
  assert.deepEqual(a?.resting.map(({ model, reason }) => [model, reason]), [["m", "rate limit"]]);
  assert.deepEqual([a?.latencies_ms.length, b?.latencies_ms.length, b?.today.requests], [0, 2, 2]);
  const [first, second] = told.recent;
  assert.deepEqual([first?.id, first?.status, first?.is_stream, second?.is_stream], ["first", 200, false, true]);
  assert.deepEqual(first?.attempts.map(({ credential, failure }) => [credential, failure?.kind]), [[a?.id, "rate_limited"], [
    b?.id,
    undefined,
  ]]);
  assert.ok((first?.usage?.output_tokens ?? 0) > 0);
});

Deno.test("credentials have the numbers that creds list gives them, logins first, and logins say how they are", async () => {
  const env = {
    IFLOW_API_KEY_1: "sk-iflow-0123456789",
    IFLOW_API_KEY_2: "sk-iflow-9876543210",
    IFLOW_1_ACCESS_TOKEN: "access-0123456789",
    IFLOW_1_REFRESH_TOKEN: "refresh-0123456789",
    IFLOW_1_API_KEY: "sk-of-the-login-0123",
    IFLOW_1_EMAIL: "ann@example.com",
    SKIP_OAUTH_INIT_CHECK: "true",
  };
  await using gateway = await startGateway({ env });
  const iflow = (await status(gateway)).providers.find(({ id }) => id === "iflow");
  const setup = await readSetup({ cwd: gateway.dataDir, env });
  assert.ok("config" in setup);
  const { views } = await viewCredentials({ ...setup, cwd: gateway.dataDir, env, now: Date.now() });
  const listed = views.filter(({ provider }) => provider === "iflow").map(({ id, number, display }) => [number, id, display]);
  assert.deepEqual(iflow?.credentials.map(({ id, number, display }) => [number, id, display]), listed);
  assert.deepEqual(iflow?.credentials.map(({ kind, login }) => [kind, login?.state]), [["oauth", "due"], ["api_key", undefined], [
    "api_key",
    undefined,
  ]]);
});

Deno.test("what clients write does not make the status large", async () => {
  await using gateway = await startGateway();
  const name = `nowhere/${"m".repeat(1_000_000)}`;
  for (let round = 0; round < 5; round++) assert.equal((await chat(gateway, { ...STREAM, model: name })).status, 404);
  const got = await admin(gateway, "/status");
  assert.equal(STATUS_REPORT.parse(got.json).recent.length, 5);
  assert.ok(got.text.length < 10_000, `${got.text.length}`);
});

Deno.test("a disabled credential finishes what it has and serves nothing more; enabled it is served to who waits", async () => {
  await using gateway = await startGateway({ env: { LOCAL_API_KEY_1: KEY_A } });
  const [id] = await idsOf(gateway);
  const gate = latch();
  gateway.simulator.script({}).always(withHold(answer({ text: "one two" }), gate, { chunkCount: 2 }));
  const running = await chatStream(gateway);
  const off = await post(gateway, `/credentials/${id}/disable`);
  assert.deepEqual([off.status, off.json], [
    200,
    { id, display: "sk-a…2222", state: "disabled", reason: "switched off by hand", until_at: null },
  ]);
  const refused = await chat(gateway);
  assert.deepEqual([refused.status, refused.headers["retry-after"]], [503, undefined]);
  const error = errorOf(refused.json);
  assert.deepEqual([error.code, error.message], ["no_credential", 'Every credential of "local" is disabled']);
  assert.deepEqual(credentialsOf(error), [{ state: "disabled", reason: "switched off by hand" }]);
  assert.equal((await requestJson(`http://127.0.0.1:${gateway.port}/readyz`)).status, 503);
  gate.release();
  assert.match(await running.text(), /\[DONE\]/);
  assert.equal(members(gateway)[0]?.state, "disabled", "the success of an older request does not enable it");
  assert.equal((await post(gateway, `/credentials/${encodeURIComponent(id)}/enable`)).status, 200);
  assert.equal((await chat(gateway)).status, 200);
});

Deno.test("disabling moves requests to the others, at once", async () => {
  await using gateway = await startGateway({ env: TWO_KEYS });
  const [a] = await idsOf(gateway);
  await post(gateway, `/credentials/${a}/disable`);
  for (let round = 0; round < 3; round++) assert.equal((await chat(gateway)).status, 200);
  assert.deepEqual(keysSeen(gateway), [KEY_B, KEY_B, KEY_B]);
  await gateway.reload({ LOCAL_API_KEY_3: "sk-third-55556666" });
  assert.equal((await status(gateway)).providers[0]?.credentials[0]?.state, "disabled", "a reload enables nobody");
});

Deno.test("a reset ends a rest, and whoever waits for it is served", async () => {
  await using gateway = await startGateway({ env: { LOCAL_API_KEY_1: KEY_A } });
  const [id] = await idsOf(gateway);
  gateway.simulator.script({}, rateLimited({ retryAfterSeconds: 20 }), answer({ text: "fine" }));
  const waiting = chat(gateway);
  await until(() => members(gateway)[0]?.state === "cooling");
  const done = await post(gateway, `/credentials/${id}/reset`);
  assert.deepEqual([done.status, members(gateway)[0]?.usableAt], [200, 0]);
  assert.equal((await waiting).status, 200);
});

Deno.test("what there is not is a 404 that names it, and leaves the connection sound", async () => {
  await using gateway = await startGateway({ env: TWO_KEYS });
  const [id] = await idsOf(gateway);
  for (const unknown of ["local:000000000000", "other:000000000000", "nothing", "a%2Fb"]) {
    const got = await post(gateway, `/credentials/${unknown}/reset`);
    assert.deepEqual([got.status, errorOf(got.json).code], [404, "not_found"]);
    assert.ok(String(errorOf(got.json).message).includes(decodeURIComponent(unknown)), got.text);
  }
  assert.equal((await post(gateway, `/credentials/${id}/explode`)).status, 404);
  assert.equal((await admin(gateway, `/credentials/${id}/reset`)).status, 404);
  assert.equal((await post(gateway, "/status")).status, 404);
  assert.equal((await admin(gateway, "/events", { method: "HEAD" })).status, 404);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let round = 0; round < 3; round++) {
    assert.equal((await post(gateway, `/credentials/${id}/reset`, { agent, body: { some: "body" } })).status, 200);
  }
  agent.destroy();
});

Deno.test("a reload says what is wrong, and what is right is in force", async () => {
  await using gateway = await startGateway({ env: { LOCAL_API_KEY_1: KEY_A } });
  await Deno.writeTextFile(`${gateway.dataDir}/.env`, "PORT=many\n");
  const bad = RELOAD_REPORT.parse((await post(gateway, "/reload")).json);
  assert.equal(bad.problems.length, 1);
  assert.match(bad.problems[0] ?? "", /PORT="many" in .*\.env:1: expected/);
  await Deno.writeTextFile(`${gateway.dataDir}/.env`, `LOCAL_API_KEY_2=${KEY_B}\n`);
  const good = await post(gateway, "/reload");
  assert.deepEqual([good.status, good.json], [200, { problems: [] }]);
  assert.equal((await status(gateway)).providers[0]?.credentials.length, 2);
});

/** The next event of a stream. */
function eventsOf(stream: OpenStream): AsyncIterator<string> {
  return stream.events()[Symbol.asyncIterator]();
}

async function next(events: AsyncIterator<string>): Promise<unknown> {
  const got = await events.next();
  assert.ok(got.done !== true, "the stream ended");
  return JSON.parse(got.value);
}

Deno.test("events tell the status at once and every second, requests as they end, with one timer for all", async () => {
  const clock = new FakeClock();
  await using gateway = await startGateway({ clock });
  const before = clock.timerCount;
  const url = `http://127.0.0.1:${gateway.port}/admin/events`;
  const streams = [await openStream(url), await openStream(url)];
  assert.equal(streams[0]?.headers["content-type"], "text/event-stream");
  const all = streams.map(eventsOf);
  for (const events of all) assert.equal(STATUS_REPORT.parse(await next(events)).at, clock.now());
  assert.equal(clock.timerCount, before + 1);
  clock.advance(1_000);
  for (const events of all) assert.equal(STATUS_REPORT.parse(await next(events)).at, clock.now());
  assert.equal((await chat(gateway)).status, 200);
  for (const events of all) assert.equal(REQUEST_REPORT.parse(await next(events)).status, 200);
  for (const stream of streams) stream.close();
  await until(() => clock.timerCount === before);
});

Deno.test("more listeners than there is room for are turned away until one leaves", async () => {
  await using gateway = await startGateway();
  const url = `http://127.0.0.1:${gateway.port}/admin/events`;
  const streams = await Promise.all(Array.from({ length: 16 }, () => openStream(url)));
  const full = await admin(gateway, "/events");
  assert.deepEqual([full.status, errorOf(full.json).code], [503, "too_many_listeners"]);
  streams[0]?.close();
  let again: OpenStream | undefined;
  while (again?.status !== 200) again = await openStream(url);
  for (const stream of [...streams, again]) stream.close();
});

Deno.test("a listener that does not read is dropped, and nobody else notices", async () => {
  const clock = new FakeClock();
  const keys = Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`LOCAL_API_KEY_${at + 1}`, `sk-many-${at}-0123456789`]));
  await using gateway = await startGateway({ clock, env: keys });
  const url = `http://127.0.0.1:${gateway.port}/admin/events`;
  const deaf = await openStream(url);
  const keen = await openStream(url);
  const events = eventsOf(keen);
  await next(events);
  const both = clock.timerCount;
  for (let second = 0; second < 200; second++) {
    clock.advance(1_000);
    await next(events);
  }
  await assert.rejects(deaf.text(), "it was cut off");
  keen.close();
  await until(() => clock.timerCount < both);
});

Deno.test("stopping ends the streams of events and leaves running answers alone", async () => {
  await using gateway = await startGateway();
  const gate = latch();
  gateway.simulator.script({}).always(withHold(answer({ text: "one two" }), gate, { chunkCount: 2 }));
  const answering = await chatStream(gateway, STREAM);
  const dashboard = await openStream(`http://127.0.0.1:${gateway.port}/admin/events`);
  gateway.app.stop();
  assert.match(await dashboard.text(), /^event: status\n/);
  const late = await admin(gateway, "/events");
  assert.deepEqual([late.status, errorOf(late.json).code], [503, "stopping"]);
  assert.equal((await status(gateway)).is_stopping, true);
  gate.release();
  assert.match(await answering.text(), /\[DONE\]/);
});
