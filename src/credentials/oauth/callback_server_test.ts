/** The callback server, called by real sockets: who counts, who does not, what the browser sees, and that nothing is left. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { connect, type Socket } from "node:net";
import { FakeClock } from "../../../tests/support/fake_clock.ts";
import { rowOf } from "../../../tests/support/oauth_call.ts";
import { type Callback, type CallbackOptions, type GoodReturn, openCallback, type Outcome } from "./callback_server.ts";
import type { CodeFlow } from "./row.ts";

const STATE = "the-state";

interface Opened {
  readonly callback: Callback;
  readonly port: number;
  readonly clock: FakeClock;
  readonly returns: GoodReturn[];
  readonly strays: string[];
  /** A page or whatever else is at the path; redirects are not followed. */
  get(path: string, init?: RequestInit): Promise<{ readonly status: number; readonly text: string; readonly headers: Headers }>;
}

function flowOf(provider: string): CodeFlow {
  const { flow } = rowOf(provider);
  assert.ok(flow.kind === "code");
  return flow;
}

async function open(outcome: Outcome | "too_late", more: Partial<CallbackOptions> = {}): Promise<Opened> {
  const [returns, strays]: [GoodReturn[], string[]] = [[], []];
  const clock = new FakeClock();
  const callback = await openCallback({
    flow: flowOf("gemini_cli"),
    port: 0,
    state: STATE,
    clock,
    onReturn(returned, finish) {
      if (outcome === "too_late") return "too_late";
      returns.push(returned);
      finish(outcome);
      return "taken";
    },
    onStray: (why) => strays.push(why),
    ...more,
  });
  const port = Number(new URL(callback.redirectUri).port);
  const get: Opened["get"] = async (path, init) => {
    const reply = await fetch(`http://127.0.0.1:${port}${path}`, { redirect: "manual", ...init });
    return { status: reply.status, text: await reply.text(), headers: reply.headers };
  };
  return { callback, port, clock, returns, strays, get };
}

/** True when nothing listens. */
async function isFree(port: number, host = "127.0.0.1"): Promise<boolean> {
  const socket = connect({ port, host });
  const isOpen = await new Promise<boolean>((resolve) => socket.once("connect", () => resolve(true)).once("error", () => resolve(false)));
  socket.destroy();
  return !isOpen;
}

async function connected(port: number, text: string): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.write(text);
  return socket;
}

Deno.test("a return with code and state counts, and its page tells the outcome", async () => {
  const ok = await open({ kind: "ok" });
  const good = await ok.get(`/oauth2callback?state=${STATE}&code=4%2F0abc`);
  assert.deepEqual(ok.returns, [{ kind: "code", code: "4/0abc" }]);
  assert.equal(good.status, 200);
  assert.match(good.text, /<h1[^>]*>Logged in</);
  assert.match(good.headers.get("content-type") ?? "", /^text\/html/);
  assert.match(good.headers.get("content-security-policy") ?? "", /default-src 'none'/);
  await ok.callback.close();

  const bad = await open({ kind: "failed", reason: "It <b>says</b> no" });
  const page = await bad.get(`/oauth2callback?state=${STATE}&error=access_denied&error_description=No`);
  assert.deepEqual(bad.returns, [{ kind: "error", error: "access_denied", description: "No" }]);
  assert.match(page.text, /Not logged in/);
  assert.match(page.text, /It &#60;b&#62;says&#60;\/b&#62; no/);
  await bad.callback.close();
});

Deno.test("a provider with pages of its own gets the browser back", async () => {
  const flow = flowOf("iflow");
  for (const [outcome, target] of [[{ kind: "ok" }, flow.successUrl], [{ kind: "failed", reason: "no" }, flow.failureUrl]] as const) {
    const it = await open(outcome, { flow });
    const reply = await it.get(`/oauth2callback?state=${STATE}&code=c`);
    assert.deepEqual([reply.status, reply.headers.get("location")], [302, target]);
    await it.callback.close();
  }
});

Deno.test("other paths, methods and states do not count and do not end it", async () => {
  const it = await open({ kind: "ok" });
  const table: [string, string, number][] = [
    ["GET", "/favicon.ico", 204],
    ["GET", "/", 404],
    ["GET", "/oauth2callback/", 404],
    ["GET", `/other?state=${STATE}&code=c`, 404],
    ["GET", `//oauth2callback?state=${STATE}&code=c`, 404],
    ["POST", `/oauth2callback?state=${STATE}&code=c`, 404],
    ["GET", "/oauth2callback?state=other&code=c", 400],
    ["GET", "/oauth2callback?code=c", 400],
    ["GET", "/oauth2callback?error=access_denied", 400],
    ["GET", `/oauth2callback?state=${STATE}`, 400],
  ];
  for (const [method, path, status] of table) assert.equal((await it.get(path, { method })).status, status, path);
  assert.equal(it.returns.length, 0);
  assert.deepEqual(it.strays.map((why) => why.slice(0, 24)), [
    "it belongs to another lo",
    "it does not say to which",
    "it tells of an error, bu",
    "the address holds no cod",
  ]);
  assert.equal((await it.get(`/oauth2callback?state=${STATE}&code=c`)).status, 200);
  await it.callback.close();
});

Deno.test("a return nobody waits for is told so", async () => {
  const it = await open("too_late");
  const reply = await it.get(`/oauth2callback?state=${STATE}&code=c`);
  assert.deepEqual([reply.status, /already has an answer/.test(reply.text)], [409, true]);
  await it.callback.close();
});

Deno.test("the redirect URI names the host of the row and the port that is listened at", async () => {
  const it = await open({ kind: "ok" });
  assert.equal(it.callback.redirectUri, `http://localhost:${it.port}/oauth2callback`);
  await it.callback.close();
  const other = await open({ kind: "ok" }, { flow: { ...flowOf("gemini_cli"), callbackHost: "127.0.0.1", callbackPath: "/cb" } });
  assert.equal(other.callback.redirectUri, `http://127.0.0.1:${other.port}/cb`);
  assert.ok(await isFree(other.port, "::1"));
  await other.callback.close();
});

Deno.test("a host to listen at may be given, and then it is the only one", async () => {
  const it = await open({ kind: "ok" }, { bindHost: "0.0.0.0" });
  assert.equal((await it.get("/favicon.ico")).status, 204);
  assert.ok(await isFree(it.port, "::1"));
  await it.callback.close();
});

Deno.test("a port that is taken is refused, on either address, and nothing keeps listening", async () => {
  const taken = createServer().listen({ host: "::1", port: 0 });
  // A machine without IPv6 has nothing to take.
  const hasIpv6 = await new Promise<boolean>((resolve) => taken.once("listening", () => resolve(true)).once("error", () => resolve(false)));
  if (hasIpv6) {
    const address = taken.address();
    assert.ok(typeof address === "object" && address !== null);
    await assert.rejects(open({ kind: "ok" }, { port: address.port }), { code: "EADDRINUSE" });
    assert.ok(await isFree(address.port));
    taken.close();
  }
  const it = await open({ kind: "ok" });
  await assert.rejects(open({ kind: "ok" }, { port: it.port }), { code: "EADDRINUSE" });
  await it.callback.close();
});

Deno.test("closing ends every connection: silent, half-way, and waiting for its outcome", async () => {
  const it = await open({ kind: "ok" }, { onReturn: () => "taken" });
  const sockets = [
    await connected(it.port, ""),
    await connected(it.port, "GET /oauth2callback?sta"),
    await connected(it.port, `GET /oauth2callback?state=${STATE}&code=c HTTP/1.1\r\nhost: localhost\r\n\r\n`),
  ];
  // One more, answered, so that the three before it have arrived.
  await it.get("/favicon.ico");
  const ends = sockets.map((socket) => once(socket, "close"));
  await it.callback.close();
  await Promise.all(ends);
  assert.ok(await isFree(it.port));
  assert.equal(it.clock.timerCount, 0);
});
