/** The text of launcher_config.json: read, edited, refused. */
import assert from "node:assert/strict";
import { editLauncherText, launcherFlags, readLauncherText } from "./launcher_config.ts";

const NOW = new Date("2026-11-28T08:00:00Z");

Deno.test("an edit keeps keys it does not know, notes the time, and null takes a key away", () => {
  const before = '{"host": "0.0.0.0", "theme": {"dark": true}, "port": 9000}';
  assert.deepEqual(JSON.parse(editLauncherText(before, { host: "127.0.0.1", port: null, enable_request_logging: true }, NOW)), {
    host: "127.0.0.1",
    theme: { dark: true },
    enable_request_logging: true,
    last_updated: "2026-11-28T08:00:00.000Z",
  });
  assert.deepEqual(JSON.parse(editLauncherText(null, { port: 1 }, NOW)), { port: 1, last_updated: "2026-11-28T08:00:00.000Z" });
});

Deno.test("a text that cannot be used says why, and is never edited", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["{", "it is not valid JSON"],
    ["[]", "expected an object"],
    ['{"port": "x"}', 'expected "port" to be a whole number from 0 to 65535'],
    ['{"host": "a b"}', 'expected "host" to be an address or host name without a port, such as 127.0.0.1'],
    ['{"enable_request_logging": 1}', 'expected "enable_request_logging" to be true or false'],
  ];
  for (const [text, why] of cases) {
    assert.deepEqual(readLauncherText(text), { kind: "corrupt", why });
    assert.throws(() => editLauncherText(text, { port: 1 }, NOW), /Cannot change launcher_config.json/);
  }
});

Deno.test("what it says are the flags of serve, and what it does not say is left to .env", () => {
  assert.deepEqual(launcherFlags({ port: 9000, enable_request_logging: false }), { port: 9000, enableRequestLogging: false });
  assert.deepEqual(launcherFlags({}), {});
});
