/** Amazon Bedrock: identities of AWS sign their calls, keys of Bedrock travel as they are. */
import assert from "node:assert/strict";
import { startGateway } from "../support/gateway.ts";
import { requestJson } from "../support/http_client.ts";

const CHAT = { model: "bedrock/anthropic.claude-sonnet-4-5-v1:0", messages: [{ role: "user", content: "hello" }] };
const AWS = { AWS_ACCESS_KEY_ID: "AKIA1234567890ABCDEF", AWS_SECRET_ACCESS_KEY: "a-secret-that-stays-here" };

async function headersOf(env: Readonly<Record<string, string | undefined>>) {
  await using gateway = await startGateway({ others: { BEDROCK: {} }, env: { BEDROCK_API_KEY_1: undefined, ...env } });
  const answer = await requestJson(`${gateway.baseUrl}/chat/completions`, { body: CHAT });
  assert.equal(answer.status, 200, answer.text);
  const [request] = gateway.simulators.BEDROCK?.requests ?? [];
  assert.ok(request !== undefined);
  assert.ok(request.path.endsWith("/model/anthropic.claude-sonnet-4-5-v1%3A0/converse"), request.path);
  return request;
}

Deno.test("the variables of AWS sign each call, and the secret is never sent", async () => {
  const { headers, rawBody } = await headersOf({ ...AWS, AWS_SESSION_TOKEN: "borrowed" });
  assert.match(headers.authorization ?? "", /^AWS4-HMAC-SHA256 Credential=AKIA1234567890ABCDEF\/\d{8}\/us-east-1\/bedrock\/aws4_request/);
  assert.equal(headers["x-amz-security-token"], "borrowed");
  assert.ok(!JSON.stringify([headers, rawBody]).includes(AWS.AWS_SECRET_ACCESS_KEY));
});

Deno.test("several identities are keys of their own", async () => {
  const { headers } = await headersOf({ BEDROCK_API_KEY_1: "AKIAAAAAAAAAAAAAAAAA:one" });
  assert.match(headers.authorization ?? "", /Credential=AKIAAAAAAAAAAAAAAAAA\//);
});

Deno.test("a key of Bedrock travels as bearer", async () => {
  const { headers } = await headersOf({ AWS_BEARER_TOKEN_BEDROCK: "ABSK-a-key-of-bedrock" });
  assert.equal(headers.authorization, "Bearer ABSK-a-key-of-bedrock");
});
