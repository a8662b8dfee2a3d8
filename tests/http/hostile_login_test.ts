/** What a token endpoint may answer in anger or in error: the login rests or is given up, the request moves on, nothing breaks. */
import assert from "node:assert/strict";
import type { Json } from "../../src/kernel/json.ts";
import { startQwenSimulator } from "../simulators/qwen/simulator.ts";
import { startGateway } from "../support/gateway.ts";
import { chat, saidText } from "./chat.ts";

const ASK = { model: "qwen_code/coder-model", messages: [{ role: "user", content: "hello" }] };
const GOOD = { access_token: "qat-new", refresh_token: "qrt-new", token_type: "Bearer", expires_in: 3600 };

const ANSWERS: readonly (readonly [string, Json])[] = [
  ["a token with a line break in it", { ...GOOD, access_token: "qat\r\nx-injected: 1" }],
  ["a token of other alphabets", { ...GOOD, access_token: "qat-世界" }],
  ["a token that is a number", { ...GOOD, access_token: 17 }],
  ["an empty token", { ...GOOD, access_token: "" }],
  ["no token", { token_type: "Bearer", expires_in: 3600 }],
  ["a list", [GOOD]],
  ["a text", "hello"],
  ["nothing", null],
  ["a huge token", { ...GOOD, access_token: "x".repeat(4_000_000) }],
  ["another type of token", { ...GOOD, token_type: "mac" }],
  ["a host with a password", { ...GOOD, resource_url: "https://user:pass@portal.example/v1" }],
  ["a host that is a file", { ...GOOD, resource_url: "file:///etc/passwd" }],
  ["a host that is no host", { ...GOOD, resource_url: "http://[::1" }],
  ["a host with a line break", { ...GOOD, resource_url: "portal.example\r\nHost: evil" }],
  ["a life below zero", { ...GOOD, expires_in: -5 }],
  ["a life beyond all time", { ...GOOD, expires_in: 1e308 }],
  ["a life in words", { ...GOOD, expires_in: "soon" }],
];

for (const [what, body] of ANSWERS) {
  Deno.test(`a renewal that brings ${what} costs the client nothing while another login can serve`, async () => {
    await using qwen = await startQwenSimulator();
    const [bad, good] = [qwen.login("bad@example.com"), qwen.login("good@example.com")];
    const bundle = (number: number, login: typeof bad, expiresAt: number) => ({
      [`QWEN_CODE_${number}_ACCESS_TOKEN`]: login.accessToken,
      [`QWEN_CODE_${number}_REFRESH_TOKEN`]: login.refreshToken,
      [`QWEN_CODE_${number}_EXPIRY_DATE`]: String(expiresAt),
      [`QWEN_CODE_${number}_RESOURCE_URL`]: login.resourceUrl,
    });
    qwen.fault({ match: { endpoint: "refresh" }, effect: { kind: "status", status: 200, body } });
    await using gateway = await startGateway({
      env: {
        ...qwen.variables(),
        SKIP_OAUTH_INIT_CHECK: "true",
        ROTATION_MODE_QWEN_CODE: "sequential",
        ...bundle(1, bad, 1000),
        ...bundle(2, good, Date.now() + 7_200_000),
      },
    });
    for (let round = 0; round < 3; round++) {
      const answer = await chat(gateway, ASK);
      assert.equal(answer.status, 200, answer.text);
      assert.equal(saidText(answer.json), "hello");
    }
    assert.ok(qwen.requests({ endpoint: "chat" }).every(({ headers }) => !("x-injected" in headers)));
  });
}
