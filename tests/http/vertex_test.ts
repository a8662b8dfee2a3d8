/** Google Vertex AI: keys of the express mode, and service accounts whose tokens are asked for once and renewed. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createVerify, generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asObject, isObject, type JsonObject, parseJson } from "../../src/kernel/json.ts";
import { errorAnswer, reply } from "../simulators/steps.ts";
import { type Simulator, startSimulator } from "../simulators/server.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { requestJson } from "../support/http_client.ts";
import { type Question, SURFACES } from "../support/surfaces.ts";

const CHAT = { model: "vertex_ai/gemini-2.5-flash", messages: [{ role: "user", content: "hello" }] };
const KEYS = generateKeyPairSync("rsa", { modulusLength: 2048 });

function keyFile(tokenServer: Simulator): JsonObject {
  return {
    type: "service_account",
    project_id: "my-project",
    private_key_id: "k1",
    private_key: KEYS.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    client_email: "robot@my-project.iam.gserviceaccount.com",
    token_uri: `${tokenServer.baseUrl}/token`,
  };
}

async function start(tokens: Simulator, env: Readonly<Record<string, string | undefined>>): Promise<Gateway> {
  tokens.script({ path: "/token" }).always(reply(200, { access_token: "ya29.first", expires_in: 3_600, token_type: "Bearer" }));
  return await startGateway({ others: { VERTEX_AI: {} }, env: { VERTEX_AI_API_KEY_1: undefined, ...env } });
}

function ask(gateway: Gateway) {
  return requestJson(`${gateway.baseUrl}/chat/completions`, { body: CHAT });
}

Deno.test("a key of the express mode travels in Google's header, without a project", async () => {
  await using gateway = await startGateway({ others: { VERTEX_AI: {} }, env: { VERTEX_AI_API_KEY: "express-key-1" } });
  assert.equal((await ask(gateway)).status, 200);
  const [request] = gateway.simulators.VERTEX_AI?.requests ?? [];
  assert.ok(request?.path.endsWith("/publishers/google/models/gemini-2.5-flash:generateContent"));
  assert.equal(request?.headers["x-goog-api-key"], "express-key-1");
});

Deno.test("a service account asks for one token for many requests, with a statement it signed", async () => {
  await using tokens = await startSimulator();
  await using gateway = await start(tokens, { VERTEX_AI_CREDENTIALS: JSON.stringify(keyFile(tokens)), VERTEX_AI_LOCATION: "europe-west4" });
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask(gateway)));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  assert.equal(tokens.requests.length, 1);
  const assertion = new URLSearchParams(tokens.requests[0]?.rawBody).get("assertion") ?? "";
  const [header = "", claims = "", signature = ""] = assertion.split(".");
  assert.ok(createVerify("RSA-SHA256").update(`${header}.${claims}`).verify(KEYS.publicKey, Buffer.from(signature, "base64url")));
  assert.equal(asObject(parseJson(Buffer.from(claims, "base64url").toString()))?.iss, "robot@my-project.iam.gserviceaccount.com");
  const [request] = gateway.simulators.VERTEX_AI?.requests ?? [];
  assert.equal(request?.headers.authorization, "Bearer ya29.first");
  assert.ok(
    request?.path.endsWith("/projects/my-project/locations/europe-west4/publishers/google/models/gemini-2.5-flash:generateContent"),
    request?.path,
  );
});

Deno.test("a refused token is replaced and the request asked again", async () => {
  await using tokens = await startSimulator();
  await using gateway = await start(tokens, { VERTEX_AI_CREDENTIALS: JSON.stringify(keyFile(tokens)) });
  gateway.simulators.VERTEX_AI?.script({}, errorAnswer(401, { message: "Request had invalid authentication credentials." }));
  const got = await ask(gateway);
  assert.deepEqual([got.status, got.headers["x-keyproxy-attempts"]], [200, "1"]);
  assert.equal(tokens.requests.length, 2);
});

Deno.test("an account that Google refuses is out, with Google's words; trouble at the token endpoint is no verdict", async () => {
  await using tokens = await startSimulator();
  tokens.script({ path: "/token" }, reply(502, "<html>bad gateway</html>")).always(
    reply(400, { error: "invalid_grant", error_description: "Invalid grant: account not found" }),
  );
  await using gateway = await startGateway({
    others: { VERTEX_AI: {} },
    env: { VERTEX_AI_API_KEY_1: undefined, VERTEX_AI_CREDENTIALS: JSON.stringify(keyFile(tokens)), GLOBAL_TIMEOUT: "2" },
  });
  const refused = await ask(gateway);
  assert.equal(refused.status, 503);
  assert.match(refused.text, /invalid_grant: Invalid grant: account not found/);
  assert.ok(!refused.text.includes("PRIVATE KEY"));
});

Deno.test("GOOGLE_APPLICATION_CREDENTIALS names a key file; what is none is a warning, not a failure", async () => {
  await using tokens = await startSimulator();
  await using gateway = await start(tokens, {});
  const path = join(gateway.dataDir, "key.json");
  await writeFile(path, JSON.stringify(keyFile(tokens)));
  await gateway.reload({ GOOGLE_APPLICATION_CREDENTIALS: path });
  assert.equal((await ask(gateway)).status, 200);
  await writeFile(path, "not a key");
  await gateway.reload({ GOOGLE_APPLICATION_CREDENTIALS: path });
  assert.equal((await ask(gateway)).status, 404);
});

async function startClaude(tokens: Simulator): Promise<Gateway> {
  return await start(tokens, { VERTEX_AI_CREDENTIALS: JSON.stringify(keyFile(tokens)), VERTEX_AI_LOCATION: "global" });
}

Deno.test("Claude is asked there in its own format, from every surface, whole and streamed", async (t) => {
  await using tokens = await startSimulator();
  await using gateway = await startClaude(tokens);
  for (const surface of SURFACES) {
    for (const isStream of [false, true]) {
      await t.step(`${surface.name}, ${isStream ? "streamed" : "whole"}`, async () => {
        const base = { model: "vertex_ai/claude-sonnet-4-5@20250929", isStream };
        const ask = async (question: Question) => {
          const got = await requestJson(`http://127.0.0.1:${gateway.port}${surface.path(question)}`, { body: surface.body(question) });
          assert.equal(got.status, 200, got.text);
          const lines = got.text.split("\n").filter((line) => line.startsWith("data: ") && line !== "data: [DONE]");
          return isStream
            ? surface.heardStream(lines.map((line) => parseJson(line.slice("data: ".length))).filter(isObject))
            : surface.heard(asObject(got.json) ?? {});
        };
        const said = await ask({ ...base, system: "Be kind.", said: [{ by: "user", text: "hello big world" }] });
        assert.deepEqual([said.text, said.end], ["hello big world", "stop"]);
        const called = await ask({ ...base, tools: ["look_up"], said: [{ by: "user", text: "use the tool" }] });
        assert.deepEqual(called.calls, [{ name: "look_up", arguments: { text: "use the tool" } }]);
        const request = gateway.simulators.VERTEX_AI?.requests.at(-1);
        const place = "/projects/my-project/locations/global/publishers/anthropic/models/claude-sonnet-4-5@20250929";
        assert.ok(request?.path.endsWith(`${place}:${isStream ? "streamRawPredict" : "rawPredict"}`), request?.path ?? "no request");
        assert.equal(request?.headers.authorization, "Bearer ya29.first");
      });
    }
  }
});

Deno.test("Messages go to Claude there as they are, but for the model and the version", async () => {
  await using tokens = await startSimulator();
  await using gateway = await startClaude(tokens);
  const body = { max_tokens: 9, messages: [{ role: "user", content: "hello" }], metadata: { user_id: "u" }, service_tier: "auto" };
  const got = await requestJson(`${gateway.baseUrl}/messages`, {
    body: { ...body, model: "vertex_ai/claude-haiku-4-5@20251001" },
    headers: { "anthropic-beta": "context-1m-2025-08-07" },
  });
  assert.deepEqual([got.status, asObject(got.json)?.model], [200, "vertex_ai/claude-haiku-4-5@20251001"], got.text);
  const [request] = gateway.simulators.VERTEX_AI?.requests ?? [];
  assert.deepEqual(request?.body, { anthropic_version: "vertex-2023-10-16", ...body });
  assert.equal(request?.headers["anthropic-beta"], "context-1m-2025-08-07");
});

Deno.test("a day in Anthropic's own spelling of a model finds it there too", async () => {
  await using tokens = await startSimulator();
  await using gateway = await startGateway({
    others: { VERTEX_AI: {} },
    env: {
      VERTEX_AI_API_KEY_1: undefined,
      VERTEX_AI_CREDENTIALS: JSON.stringify(keyFile(tokens)),
      MODEL_MAP: "claude-*:vertex_ai/*",
    },
  });
  tokens.script({ path: "/token" }).always(reply(200, { access_token: "ya29.first", expires_in: 3_600 }));
  const got = await requestJson(`${gateway.baseUrl}/messages`, {
    body: { model: "claude-sonnet-4-5-20250929", max_tokens: 9, messages: [{ role: "user", content: "hello" }] },
  });
  assert.equal(got.status, 200, got.text);
  assert.match(gateway.simulators.VERTEX_AI?.requests[0]?.path ?? "", /\/models\/claude-sonnet-4-5@20250929:rawPredict$/);
});

Deno.test("a key of the express mode is left for a service account where Claude is asked for, and says why where it is alone", async () => {
  await using tokens = await startSimulator();
  await using gateway = await start(tokens, { VERTEX_AI_API_KEY: "express-key-1" });
  const ask = () => requestJson(`${gateway.baseUrl}/chat/completions`, { body: { ...CHAT, model: "vertex_ai/claude-sonnet-4-5" } });
  const alone = await ask();
  assert.match(alone.text, /wants a service account/);
  assert.equal(gateway.simulators.VERTEX_AI?.requests.length, 0);
  assert.equal((await requestJson(`${gateway.baseUrl}/chat/completions`, { body: CHAT })).status, 200);
  await gateway.reload({ VERTEX_AI_API_KEY: "express-key-1", VERTEX_AI_CREDENTIALS: JSON.stringify(keyFile(tokens)) });
  assert.equal((await ask()).status, 200);
});
