/** Chats with Gemini CLI's logins behind the running gateway: limits, trouble before and after the commit point, stand-ins, signatures. */
import assert from "node:assert/strict";
import { systemClock } from "../../src/kernel/clock.ts";
import { asArray, asObject, asString, type Json, type JsonObject } from "../../src/kernel/json.ts";
import { type GoogleSimulator, MODEL_CALLS, scenarios, startGoogleSimulator } from "../simulators/google/simulator.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { collect } from "../support/http_client.ts";
import { chat, chatStream, errorOf, saidText } from "./chat.ts";

const ADA = "ada@example.com";
const BOB = "bob@example.com";
const PRO = "gemini_cli/gemini-2.5-pro";
const QUESTION: Json = [{ role: "user", content: "hello big world" }];
const TOOLS: Json = [{
  type: "function",
  function: { name: "look it up!", parameters: { type: "object", properties: { x: { type: "string" } } } },
}];

type Env = Readonly<Record<string, string>>;
interface Place {
  readonly gateway: Gateway;
  readonly google: GoogleSimulator;
}

/** A gateway with a login for each account. */
async function withLogins(emails: readonly string[], run: (place: Place) => Promise<void>, env: Env = {}): Promise<void> {
  await using google = await startGoogleSimulator({ clock: systemClock, accounts: emails.map((email) => ({ email })) });
  const bundles = emails.map((email, index) => bundle(google, email, index + 1));
  await using gateway = await startGateway({
    env: { SKIP_OAUTH_INIT_CHECK: "true", SESSION_AFFINITY: "false", ...google.variables(), ...Object.assign({}, ...bundles), ...env },
  });
  await run({ gateway, google });
}

function bundle(google: GoogleSimulator, email: string, number: number): Record<string, string> {
  const grant = google.grantFor(email);
  const head = `GEMINI_CLI_${number}`;
  return {
    [`${head}_ACCESS_TOKEN`]: grant.accessToken,
    [`${head}_REFRESH_TOKEN`]: grant.refreshToken,
    [`${head}_EXPIRY_DATE`]: String(Date.now() + 3_000_000),
    [`${head}_EMAIL`]: email,
  };
}

function callsOf(google: GoogleSimulator, account?: string): number {
  return google.requests({ endpoint: MODEL_CALLS, ...(account === undefined ? {} : { account }) }).length;
}

async function events(gateway: Gateway, body: JsonObject): Promise<readonly string[]> {
  return await collect((await chatStream(gateway, { ...body, stream: true })).events());
}

Deno.test("the project is found before the first call, and only once", () =>
  withLogins([ADA], async ({ gateway, google }) => {
    for (let turn = 0; turn < 2; turn++) {
      const answer = await chat(gateway, { model: PRO, messages: QUESTION });
      assert.equal(saidText(answer.json), "hello big world", answer.text);
    }
    assert.equal(google.requests({ endpoint: "loadCodeAssist" }).length, 1);
  }));

Deno.test("a limited login rests for its quota group, and another one answers within the request", () =>
  withLogins([ADA, BOB], async ({ gateway, google }) => {
    google.fault({ match: { endpoint: MODEL_CALLS, account: ADA }, effect: scenarios["g.429.message_only"]("18h31m10s"), times: Infinity });
    for (const model of [PRO, PRO, "gemini_cli/gemini-3-pro-preview"]) {
      const answer = await chat(gateway, { model, messages: QUESTION });
      assert.equal(answer.status, 200, answer.text);
    }
    assert.equal(callsOf(google, ADA), 1, "neither the model nor its group is tried again");
    google.clearFaults();
    const flash = { model: "gemini_cli/gemini-2.5-flash", messages: QUESTION };
    for (let turn = 0; turn < 2; turn++) assert.equal((await chat(gateway, flash)).status, 200);
    assert.equal(callsOf(google, ADA), 2, "another group is free on the same login");
  }));

Deno.test("when all are limited the client learns until when", () =>
  withLogins([ADA], async ({ gateway, google }) => {
    google.fault({ match: { endpoint: MODEL_CALLS }, effect: scenarios["g.429.message_only"]("25m10.5s"), times: Infinity });
    const answer = await chat(gateway, { model: PRO, messages: QUESTION });
    assert.equal(answer.status, 429, answer.text);
    const waitS = Number(answer.headers["retry-after"]);
    assert.ok(Math.abs(waitS - 1_511) < 5, String(waitS));
  }));

Deno.test("a model's stand-in answers when nobody can serve the model", () =>
  withLogins([ADA], async ({ gateway, google }) => {
    google.fault({
      match: { endpoint: MODEL_CALLS, model: "gemini-2.5-pro" },
      effect: scenarios["g.429.message_only"]("18h"),
      times: Infinity,
    });
    const answer = await chat(gateway, { model: PRO, messages: QUESTION });
    assert.equal(saidText(answer.json), "hello big world", answer.text);
    assert.equal(google.requests({ endpoint: MODEL_CALLS }).at(-1)?.model, "gemini-2.5-flash");
    assert.equal(asObject(answer.json)?.model, PRO);
  }, { GEMINI_CLI_FALLBACK_GEMINI_2_5_PRO: "gemini_cli/gemini-2.5-flash" }));

Deno.test("a token that ended early is renewed within the request", () =>
  withLogins([ADA], async ({ gateway, google }) => {
    google.expireAccessTokens(ADA);
    const answer = await chat(gateway, { model: PRO, messages: QUESTION });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(google.requests({ endpoint: "refresh" }).length, 1);
  }));

Deno.test("an account the service has ended for is told as that, and others go on", () =>
  withLogins([ADA, BOB], async ({ gateway, google }) => {
    google.fault({
      match: { endpoint: MODEL_CALLS, account: ADA },
      effect: { kind: "denial", denial: "unsupported_client" },
      times: Infinity,
    });
    for (let turn = 0; turn < 3; turn++) {
      assert.equal((await chat(gateway, { model: PRO, messages: QUESTION })).status, 200);
    }
    assert.equal(callsOf(google, ADA), 1);
    const provider = gateway.app.snapshot().providers.get("gemini_cli");
    const states = provider?.pool.credentials().map((it) => it.kind === "oauth" ? it.login.state().kind : "");
    assert.ok(states?.includes("withdrawn"), String(states));
  }));

Deno.test("what ends without an answer is tried on another login; what broke off after the first text is told", async () => {
  for (const stream of ["empty", "malformed_call"] as const) {
    await withLogins([ADA, BOB], async ({ gateway, google }) => {
      google.fault({ match: { endpoint: MODEL_CALLS }, effect: { kind: "stream", stream } });
      for (const asked of [true, false]) {
        const body: JsonObject = { model: PRO, messages: QUESTION };
        const said: string = asked ? saidText(await events(gateway, body)) : saidText((await chat(gateway, body)).json);
        assert.equal(said, "hello big world", stream);
      }
      assert.equal(callsOf(google), 3);
    });
  }
  await withLogins([ADA, BOB], async ({ gateway, google }) => {
    google.fault({ match: { endpoint: MODEL_CALLS }, effect: { kind: "reset", at: { chunkCount: 2 } } });
    const data = await events(gateway, { model: "gemini_cli/sim-echo", messages: QUESTION });
    assert.ok(data.some((it) => it.includes('"error"')), data.join("\n"));
    assert.ok(!data.some((it) => it.includes('"finish_reason":"stop"')));
    assert.equal(callsOf(google), 1);
  });
});

Deno.test("a half answer is no whole one, whether streamed or not", () =>
  withLogins([ADA], async ({ gateway, google }) => {
    google.fault({ match: { endpoint: MODEL_CALLS }, effect: { kind: "stream", stream: "no_finish" }, times: Infinity });
    const whole = await chat(gateway, { model: PRO, messages: QUESTION });
    assert.equal(whole.status, 502, whole.text);
    const data = await events(gateway, { model: PRO, messages: QUESTION });
    assert.ok(data.some((it) => it.includes('"error"')), data.join("\n"));
  }));

Deno.test("signatures survive a client that drops them, and tool names come back as they were given", () =>
  withLogins([ADA], async ({ gateway, google }) => {
    const model = "gemini_cli/gemini-3-pro-preview";
    const first = await chat(gateway, { model, tools: TOOLS, messages: [{ role: "user", content: "use the tool" }] });
    const message = asObject(asObject(asArray(asObject(first.json)?.choices)[0])?.message);
    const call = asObject(asArray(message?.tool_calls)[0]);
    assert.equal(asString(asObject(call?.function)?.name), "look it up!", first.text);
    const { extra_content: signature, ...bare } = call ?? {};
    assert.ok(signature !== undefined);
    const history: Json = [
      { role: "user", content: "use the tool" },
      { role: "assistant", content: null, tool_calls: [bare] },
      { role: "tool", tool_call_id: asString(bare.id) ?? "", content: "found" },
    ];
    const second = await chat(gateway, { model, tools: TOOLS, messages: history });
    assert.equal(second.status, 200, second.text);
    const sent = JSON.stringify(google.requests({ endpoint: MODEL_CALLS }).at(-1)?.body);
    const given = asString(asObject(asObject(signature)?.google)?.thought_signature) ?? "none";
    assert.ok(sent.includes(given), "the signature the provider gave goes back to it");
  }));

Deno.test("what cannot be carried over is named, and what cannot be taken is refused by name", () =>
  withLogins([ADA], async ({ gateway }) => {
    const lossy = await chat(gateway, { model: PRO, messages: QUESTION, logit_bias: { "1": 2 } });
    assert.equal(lossy.headers["x-keyproxy-lossy"], "logit_bias");
    const image = { role: "user", content: [{ type: "image_url", image_url: { url: "https://pictures.example/a.png" } }] };
    const refused = await chat(gateway, { model: PRO, messages: [image] });
    assert.equal(refused.status, 400, refused.text);
    assert.equal(errorOf(refused.json).param, "messages[0].content[0].image_url.url");
  }));
