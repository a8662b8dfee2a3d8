/**
 * Canary secrets: an upstream key that the provider echoes everywhere it can, and a client key, never come
 * out of the proxy: not to the client, not into any file.
 */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { answer, errorAnswer, htmlPage, invalidJson, rawEvents, reply, sseError } from "../simulators/steps.ts";
import type { Step } from "../simulators/step.ts";
import { CHAT, chat, STREAM } from "../http/chat.ts";
import { startGateway } from "../support/gateway.ts";
import { openStream, requestRaw } from "../support/http_client.ts";

const UPSTREAM = "sk-canary-UPSTREAM-7d1f9a2b";
const OTHER = "sk-canary-OTHER-55e0c3aa";
const CLIENT = "kp-canary-CLIENT-0a9b8c7d6e";

const echo = `Incorrect API key provided: ${UPSTREAM}. Send "Authorization: Bearer ${UPSTREAM}"`;
const STEPS: Readonly<Record<string, Step>> = {
  "a 401": errorAnswer(401, { message: echo, type: "invalid_request_error", code: "invalid_api_key" }),
  "a 400": errorAnswer(400, { message: echo, param: UPSTREAM, type: "invalid_request_error" }),
  "a 429": errorAnswer(429, { message: echo }),
  "a 500": errorAnswer(500, { message: echo }),
  "text": reply(500, `oops ${UPSTREAM}`, { "content-type": "text/plain" }),
  "HTML": htmlPage(502),
  "no JSON": invalidJson(),
  "an error inside a 200": reply(200, { error: { message: echo, code: 401 } }),
  "an error as the first event": sseError({ message: echo }),
  "an error in mid-stream": sseError({ message: echo }, { afterCount: 2 }),
  "a stream that breaks off": rawEvents(`data: {"choices":[{"delta":{"content":"a"}}]}\n\n`),
  "response headers": { ...answer({ text: "fine" }), headers: { "set-cookie": `k=${UPSTREAM}`, "x-echo": UPSTREAM } },
};

/** Everything below a directory as one text; binary files too. */
async function everythingIn(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = await Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name), "latin1")));
  return texts.join("\n") + entries.map((entry) => entry.name).join("\n");
}

Deno.test("no secret comes out, whatever the provider does with it", async () => {
  const env = {
    LOCAL_API_KEY_1: UPSTREAM,
    LOCAL_API_KEY_2: OTHER,
    PROXY_API_KEY: CLIENT,
    GLOBAL_TIMEOUT: "1",
    ENABLE_REQUEST_LOGGING: "true",
  };
  const shown: string[] = [];
  let written = "";
  for (const [name, step] of Object.entries(STEPS)) {
    await using gateway = await startGateway({ env });
    gateway.simulator.script({}).always(step);
    const admin = `http://127.0.0.1:${gateway.port}/admin`;
    const events = await openStream(`${admin}/events`, { key: CLIENT });
    assert.equal(events.status, 200);
    for (const body of [CHAT, STREAM]) {
      const got = await chat(gateway, body, { key: CLIENT, headers: { "x-api-key": CLIENT, cookie: `session=${CLIENT}` } });
      shown.push(`${name}: ${got.text} ${JSON.stringify(got.headers)}`);
    }
    // A client is told its own words, so only the admin routes are looked at here.
    await chat(gateway, { ...CHAT, model: `nowhere/${OTHER}` }, { key: CLIENT, headers: { "x-request-id": UPSTREAM } });
    const status = await requestRaw(`${admin}/status`, { headers: { authorization: `Bearer ${CLIENT}` } });
    assert.equal(status.status, 200);
    assert.match(status.text, /\[redacted\]/);
    gateway.app.stop();
    const told = await events.text();
    assert.match(told, /event: request/);
    shown.push(status.text, told);
    for (const path of ["/models", "/providers", "/nothing"]) {
      const got = await requestRaw(`${gateway.baseUrl}${path}`, { headers: { authorization: `Bearer ${CLIENT}` } });
      shown.push(got.text, JSON.stringify(got.headers));
    }
    const wrong = await chat(gateway, CHAT, { key: `${CLIENT}x` });
    assert.equal(wrong.status, 401);
    shown.push(wrong.text);
    await gateway.running(0);
    await gateway.app.close();
    written += await everythingIn(gateway.dataDir);
  }
  assert.ok(written.includes("attempts.jsonl") && written.includes("failures.log") && written.includes("keyproxy.db"));
  for (const secret of [UPSTREAM, OTHER, CLIENT]) {
    for (const text of shown) assert.ok(!text.includes(secret), `${secret} reached a client: ${text.slice(0, 300)}`);
    assert.ok(!written.includes(secret), `${secret} reached a file near "${near(written, secret)}"`);
  }
});

function near(text: string, secret: string): string {
  const at = text.indexOf(secret);
  return text.slice(Math.max(at - 150, 0), at + 20);
}
