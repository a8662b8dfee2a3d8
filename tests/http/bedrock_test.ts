/** Amazon Bedrock: identities of AWS sign their calls, keys of Bedrock travel as they are. */
import assert from "node:assert/strict";
import { asArray, asObject } from "../../src/kernel/json.ts";
import { reply } from "../simulators/steps.ts";
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

Deno.test("models that can be called are listed with the profiles that reach others, and the lists are signed", async () => {
  await using gateway = await startGateway({ others: { BEDROCK: {} }, env: { BEDROCK_API_KEY_1: undefined, ...AWS } });
  const listed = async () => {
    const rows = asArray(asObject((await requestJson(`${gateway.baseUrl}/models`)).json)?.data).map(asObject);
    return rows.filter((row) => row?.owned_by === "bedrock").map((row) => row?.id);
  };
  assert.deepEqual(await listed(), [
    "bedrock/amazon.nova-lite-v1:0",
    "bedrock/amazon.titan-embed-text-v2:0",
    "bedrock/us.anthropic.claude-sonnet-4-5-v1:0",
  ]);
  const asked = gateway.simulators.BEDROCK?.requests ?? [];
  assert.deepEqual(asked.map(({ path, query }) => path.split("/").at(-1) + query).toSorted(), [
    "foundation-models",
    "inference-profiles?maxResults=1000",
  ]);
  for (const { headers } of asked) assert.match(headers.authorization ?? "", /^AWS4-HMAC-SHA256 .*\/bedrock\/aws4_request/);
});

Deno.test("models are listed without profiles where those are not to be seen", async () => {
  await using gateway = await startGateway({ others: { BEDROCK: {} }, env: { BEDROCK_API_KEY_1: undefined, ...AWS } });
  gateway.simulators.BEDROCK?.script({ path: "/inference-profiles" }).always(reply(403, { message: "not authorized to perform" }));
  assert.match((await requestJson(`${gateway.baseUrl}/models`)).text, /bedrock\/amazon\.nova-lite-v1:0/);
});
