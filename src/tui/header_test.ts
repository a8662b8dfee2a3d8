/** The head of the launcher. */
import assert from "node:assert/strict";
import { type HeaderFacts, headerLines } from "./header.ts";

const FACTS: HeaderFacts = {
  columns: 80,
  host: "127.0.0.1",
  port: 8000,
  proxyKey: "kp-…1234",
  isRequestLogOn: false,
  providerCount: 2,
  credentialCount: 3,
  server: { kind: "running", url: "http://127.0.0.1:8000", sinceMs: 250_000, inFlight: 1 },
  problems: [],
  launcherProblem: null,
};

const text = (change: Partial<HeaderFacts>) =>
  headerLines({ ...FACTS, ...change }, { proxySettings: 2, credentials: 3, settings: 4 }).map((cells) =>
    cells.map((it) => it.text).join("")
  ).join("\n");

Deno.test("the head says where the proxy is and what it has", () => {
  assert.equal(
    text({}),
    `
  address      http://127.0.0.1:8000/v1   this machine only
  proxy key    kp-…1234
  request log  off
  credentials  3 (2 providers)
  server       running for 4m10s, 1 request under way`,
  );
});

Deno.test("a server that runs elsewhere is shown with its address", () => {
  const server = { kind: "running", url: "http://127.0.0.1:41234", sinceMs: 9_000, inFlight: 0 } as const;
  assert.match(
    text({ server, port: 0 }),
    /address +any free port[\s\S]*server +running at http:\/\/127\.0\.0\.1:41234 for 9s, 0 requests/,
  );
});

Deno.test("what is missing is warned about, with the number of the item that mends it", () => {
  assert.match(text({ credentialCount: 0, providerCount: 0 }), /! No credentials yet: add a key or a login → 3$/);
  assert.match(text({ proxyKey: null }), /! No proxy key: every program on this machine may use it → 2$/);
  assert.match(text({ proxyKey: null, host: "0.0.0.0" }), /! No proxy key: it will not start → 2$/);
  assert.match(text({ launcherProblem: "it is not valid JSON" }), /! launcher_config.json is left alone: it is not valid JSON → 2$/);
  assert.match(text({ problems: [{ variable: "PORT", value: "x", expected: "a number" }] }), /! PORT="x": expected a number → 4$/);
  assert.ok(!text({}).includes("!"));
});

Deno.test("a warning too long for the screen is broken, so that its number is seen", () => {
  const launcherProblem = 'expected "host" to be an address or host name without a port, such as 127.0.0.1';
  const lines = text({ launcherProblem }).split("\n").slice(-2);
  assert.deepEqual(lines.map((it) => [it.slice(0, 4), it.length < 80]), [["  ! ", true], ["    ", true]]);
  assert.match(lines[1] ?? "", / → 2$/);
});

Deno.test("credentials are not called none while the configuration cannot be read", () => {
  const problems = [{ variable: "PORT", value: "x", expected: "a number" }];
  assert.match(text({ problems, credentialCount: 0, providerCount: 0 }), /credentials +not counted: the configuration has problems/);
});
