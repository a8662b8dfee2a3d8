/** The rules and the journal that every simulated login provider shares. */
import assert from "node:assert/strict";
import { FakeClock } from "../../support/fake_clock.ts";
import { openStream, requestJson, requestRaw } from "../../support/http_client.ts";
import { latch } from "../latch.ts";
import { jsonReply } from "../reply.ts";
import { hashed } from "./seeded_tokens.ts";
import { type OAuthServer, startOAuthServer } from "./server.ts";

type None = { readonly kind: never };

/** A provider that counts how often it acted. */
async function counting(): Promise<{ readonly server: OAuthServer<None>; acted(): number } & AsyncDisposable> {
  let actedCount = 0;
  const server = await startOAuthServer<None>({
    clock: new FakeClock(),
    endpoints: {
      identify: (asked) => ({ endpoint: asked.path.slice(1), account: asked.bearer }),
      answer: (asked) => {
        if (asked.path === "/broken") throw new Error("a fault of the simulator");
        return jsonReply(200, { count: ++actedCount });
      },
    },
  });
  return { server, acted: () => actedCount, [Symbol.asyncDispose]: () => server.close() };
}

Deno.test("a rule holds for its endpoint and account, after its skips, as often as it says", async () => {
  await using it = await counting();
  const fault = it.server.faults.add({
    match: { endpoint: ["a", "b"], account: "ada" },
    effect: { kind: "status", status: 429, body: { e: 1 }, headers: { "retry-after": "3" } },
    times: 2,
    skip: 1,
  });
  const ask = async (path: string, key: string) => (await requestJson(`${it.server.url}/${path}`, { key })).status;
  assert.deepEqual([await ask("a", "bob"), await ask("c", "ada"), await ask("a", "ada")], [200, 200, 200]);
  assert.deepEqual([await ask("b", "ada"), await ask("a", "ada"), await ask("a", "ada")], [429, 429, 200]);
  assert.equal(fault.usedCount, 2);
});

Deno.test("a removed rule holds no more", async () => {
  await using it = await counting();
  const fault = it.server.faults.add({ effect: { kind: "html" }, times: Infinity });
  const page = await requestRaw(`${it.server.url}/a`);
  assert.deepEqual([page.status, page.headers["content-type"], it.acted()], [502, "text/html; charset=utf-8", 0]);
  fault.remove();
  assert.equal((await requestRaw(`${it.server.url}/a`)).status, 200);
});

Deno.test("drop acts before the provider, reset after it", async () => {
  await using it = await counting();
  it.server.faults.add({ effect: { kind: "drop" } });
  await assert.rejects(requestRaw(`${it.server.url}/a`));
  assert.equal(it.acted(), 0);
  it.server.faults.add({ effect: { kind: "reset", at: "request" } });
  await assert.rejects(requestRaw(`${it.server.url}/a`));
  assert.equal(it.acted(), 1);
  const [dropped, reset] = it.server.journal.list();
  await Promise.all([dropped?.done, reset?.done]);
  for (const entry of [dropped, reset]) assert.deepEqual([entry?.status, entry?.isFinished, entry?.isAborted], [undefined, false, false]);
});

Deno.test("a hold at the request keeps the provider from acting, a later one only its answer", async () => {
  await using it = await counting();
  const early = latch();
  it.server.faults.add({ effect: { kind: "hold", until: early } });
  const first = requestRaw(`${it.server.url}/a`);
  await it.server.journal.next();
  assert.equal(it.acted(), 0);
  early.release();
  assert.equal((await first).status, 200);
  const late = latch();
  it.server.faults.add({ effect: { kind: "hold", at: "headers", until: late } });
  const opened = await openStream(`${it.server.url}/a`);
  assert.equal(it.acted(), 2);
  late.release();
  assert.equal(await opened.text(), '{"count":2}');
});

Deno.test("a client that leaves is told from one that was answered", async () => {
  await using it = await counting();
  it.server.faults.add({ effect: { kind: "hold" } });
  const leaving = new AbortController();
  const asking = requestRaw(`${it.server.url}/a`, { signal: leaving.signal });
  const entry = await it.server.journal.next({ endpoint: "a" });
  leaving.abort();
  await assert.rejects(asking);
  await entry.done;
  assert.deepEqual([entry.isAborted, entry.isFinished, it.acted()], [true, false, 0]);
});

Deno.test("the journal shows forms and headers, with secrets as hashes", async () => {
  await using it = await counting();
  const form = new URLSearchParams({ grant_type: "refresh_token", refresh_token: "r-secret", client_secret: "c-secret" });
  await requestRaw(`${it.server.url}/token?code=q-secret`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", authorization: "Bearer b-secret" },
    body: form.toString(),
  });
  const [entry] = it.server.journal.list({ endpoint: "token" });
  assert.equal(entry?.form?.grant_type, "refresh_token");
  assert.equal(entry?.token, hashed("b-secret"));
  // The account stands for itself here: this provider takes it from the token.
  assert.doesNotMatch(JSON.stringify({ ...entry, account: undefined }), /-secret/);
});

Deno.test("a fault of the simulator itself is a 500 that names it", async () => {
  await using it = await counting();
  const answer = await requestRaw(`${it.server.url}/broken`);
  assert.deepEqual([answer.status, answer.text.includes("a fault of the simulator")], [500, true]);
});

Deno.test("closing ends held requests and refuses those who wait for more", async () => {
  const it = await counting();
  it.server.faults.add({ effect: { kind: "hold" } });
  const asking = assert.rejects(requestRaw(`${it.server.url}/a`));
  await it.server.journal.next();
  const waiting = assert.rejects(it.server.journal.next(), /the simulator was closed/);
  await it.server.close();
  await Promise.all([asking, waiting]);
});
