/** Keys of clients and of the admin routes: each fault has its level, and none is ever shown. */
import assert from "node:assert/strict";
import { Secret } from "../../kernel/secret.ts";
import { judgeClientKeys } from "./client_keys.ts";

const GOOD = "kp-0123456789abcdefABCDEF";

function levels(host: string, proxyKeys: readonly string[], adminKeys: readonly string[] = []): string[] {
  const secrets = (texts: readonly string[]) => texts.map((it) => new Secret(it));
  const found = judgeClientKeys({ config: { host, proxyKeys: secrets(proxyKeys), adminKeys: secrets(adminKeys) }, variables: new Map() });
  for (const text of [...proxyKeys, ...adminKeys]) assert.ok(!JSON.stringify(found).includes(text), "a key is in a finding");
  return found.map(({ level }) => level);
}

Deno.test("no key is an error where others reach the server, and a note on this machine", () => {
  assert.deepEqual(levels("0.0.0.0", []), ["error"]);
  assert.deepEqual(levels("127.0.0.1", []), ["note"]);
  assert.deepEqual(levels("0.0.0.0", [GOOD]), ["ok"]);
});

Deno.test("keys that can be guessed weigh more where others reach the server; keys that cannot be sent are errors", () => {
  assert.deepEqual(levels("0.0.0.0", ["changeme"]), ["error"]);
  assert.deepEqual(levels("127.0.0.1", ["changeme"]), ["warning"]);
  assert.deepEqual(levels("0.0.0.0", ["tiny0123"]), ["warning"]);
  assert.deepEqual(levels("::1", ["aaaaaaaaaaaaaaaaaaaaaaaa"]), ["note"]);
  assert.deepEqual(levels("127.0.0.1", [`${GOOD} x`]), ["error"]);
  assert.deepEqual(levels("127.0.0.1", [`"${GOOD}`]), ["error"]);
});

Deno.test("an admin key that is a proxy key too is told of", () => {
  assert.deepEqual(levels("0.0.0.0", [GOOD, `${GOOD}2`], [`${GOOD}2`]), ["warning"]);
  assert.deepEqual(levels("0.0.0.0", [GOOD], [`${GOOD}3`]), ["ok"]);
});
