/** Whatever JSON a client sends, the answer is an answer: never a 500, never a stack trace, never a lease left out. */
import fc from "fast-check";
import assert from "node:assert/strict";
import http from "node:http";
import process from "node:process";
import { requestRaw } from "../support/http_client.ts";
import { startGateway } from "../support/gateway.ts";
import { poolOf, until } from "../http/chat.ts";

const PATHS = ["/chat/completions", "/completions", "/embeddings", "/token-count"];
const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(
    "local/m",
    "local/sim-embed",
    "__proto__",
    "constructor",
    "local/__proto__",
    "\ud800",
    "local/\u0000",
    1e308,
    -0,
    [],
    {},
    null,
    true,
  ),
);
const message = fc.oneof(
  odd,
  fc.record({ role: fc.oneof(fc.constantFrom("user", "system", "tool"), odd), content: odd }, { requiredKeys: [] }),
);
const body = fc.record({
  model: fc.oneof({ weight: 4, arbitrary: fc.constant("local/m") }, { weight: 1, arbitrary: odd }),
  messages: fc.oneof(fc.array(message, { maxLength: 3 }), odd),
  prompt: odd,
  input: fc.oneof(odd, fc.array(odd, { maxLength: 3 })),
  text: odd,
  stream: fc.oneof(fc.boolean(), odd),
  stream_options: odd,
  tools: odd,
  metadata: odd,
  dimensions: odd,
  user: odd,
}, { requiredKeys: [] });

Deno.test("no JSON body of a client makes the proxy fail", async () => {
  await using gateway = await startGateway({ env: { GLOBAL_TIMEOUT: "2" } });
  const agent = new http.Agent({ keepAlive: true });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...PATHS), body, async (path, json) => {
      const got = await requestRaw(`${gateway.baseUrl}${path}`, { method: "POST", body: JSON.stringify(json), agent });
      assert.notEqual(got.status, 500, got.text);
      assert.ok(!/\n\s+at /.test(got.text), got.text);
      if (got.status >= 400) assert.match(got.text, /"error":\{"message":"/);
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 400) },
  );
  agent.destroy();
  await until(() => poolOf(gateway).inFlightCount === 0 && poolOf(gateway).queuedCount === 0);
});
