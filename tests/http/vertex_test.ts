/** Google Vertex AI: keys of the express mode, and service accounts whose tokens are asked for once and renewed. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createVerify, generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asObject, type JsonObject, parseJson } from "../../src/kernel/json.ts";
import { errorAnswer, reply } from "../simulators/steps.ts";
import { type Simulator, startSimulator } from "../simulators/server.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { requestJson } from "../support/http_client.ts";

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
