/** Azure OpenAI: deployments in the address or in the body, and both kinds of credentials. */
import assert from "node:assert/strict";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { requestJson } from "../support/http_client.ts";

const CHAT = { model: "azure/my-gpt", messages: [{ role: "user", content: "hello" }] };

async function start(env: Readonly<Record<string, string | undefined>>): Promise<Gateway> {
  const gateway = await startGateway({ others: { AZURE: {} }, env: { AZURE_API_KEY: "azure-key-11112222", ...env } });
  // The simulator's own address ends in /v1, Azure's does not.
  const base = gateway.simulators.AZURE?.baseUrl.replace(/\/v1$/, "") ?? "";
  await gateway.reload({ AZURE_API_BASE: base });
  return gateway;
}

async function asked(gateway: Gateway, path = "/chat/completions", body: unknown = CHAT) {
  await requestJson(`${gateway.baseUrl}${path}`, { body });
  const [request] = gateway.simulators.AZURE?.requests ?? [];
  assert.ok(request !== undefined);
  return request;
}

Deno.test("without a version the deployment stands in the body, under the address of the first version", async () => {
  await using gateway = await start({});
  const request = await asked(gateway);
  assert.deepEqual([request.path, request.query, request.model], ["/openai/v1/chat/completions", "", "my-gpt"]);
  assert.equal(request.headers["api-key"], "azure-key-11112222");
  assert.equal(request.headers.authorization, undefined);
});

Deno.test("with AZURE_API_VERSION the deployment stands in the address, for every operation", async () => {
  for (const [path, body] of [["/chat/completions", CHAT], ["/embeddings", { model: "azure/my-gpt", input: "hello" }]] as const) {
    await using gateway = await start({ AZURE_API_VERSION: "2024-10-21" });
    const request = await asked(gateway, path, body);
    assert.deepEqual([request.path, request.query], [`/openai/deployments/my-gpt${path}`, "?api-version=2024-10-21"]);
  }
});

Deno.test("a token of Entra ID travels as bearer", async () => {
  await using gateway = await start({ AZURE_API_KEY: "eyJhbGciOiJub25lIn0.e30.x" });
  const request = await asked(gateway);
  assert.equal(request.headers.authorization, "Bearer eyJhbGciOiJub25lIn0.e30.x");
  assert.equal(request.headers["api-key"], undefined);
});
