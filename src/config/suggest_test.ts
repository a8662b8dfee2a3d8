/** "Did you mean": look-alikes are named, strangers are left alone. */
import assert from "node:assert/strict";
import { providerNames, type Variables } from "../kernel/variables.ts";
import { closest, editDistance, lookAlikeWarnings } from "./suggest.ts";

function warningsFor(env: Record<string, string>, origin = "environment"): string[] {
  const variables: Variables = new Map(Object.entries(env).map(([name, value]) => [name, { value, origin }]));
  return lookAlikeWarnings(
    variables,
    providerNames([{ id: "openai", prefixes: ["OPENAI"] }, { id: "groq", prefixes: ["GROQ"] }], variables),
  );
}

Deno.test("the distance of two texts counts letters added, dropped, changed and swapped", () => {
  const table = [["", "", 0], ["", "abc", 3], ["abc", "abc", 0], ["abc", "abd", 1], ["abc", "acb", 1], ["abc", "bc", 1], [
    "kitten",
    "sitting",
    3,
  ]] as const;
  for (const [left, right, distance] of table) {
    assert.equal(editDistance(left, right), distance);
    assert.equal(editDistance(right, left), distance);
  }
});

Deno.test("the nearest name is found, and none when all are far", () => {
  assert.equal(closest("OPNEAI", ["GROQ", "OPENAI"]), "OPENAI");
  assert.equal(closest("MISTRAL", ["GROQ", "OPENAI"]), undefined);
});

Deno.test("look-alikes are named with what was probably meant", () => {
  const table: readonly (readonly [string, string])[] = [
    ["KEYPROXY_DATA_DIRS", "Did you mean KEYPROXY_DATA_DIR?"],
    ["KEYPROXY_PORT", "Did you mean PORT?"],
    ["KEYPROXY_API_KEY", "Did you mean PROXY_API_KEY?"],
    ["IGNORE_MODELS_OPNAI", "Did you mean IGNORE_MODELS_OPENAI?"],
    ["WHITELIST_MODELS_NOBODY", "A new provider needs NOBODY_API_BASE."],
    ["ROTATION_MODE_GROK", "Did you mean ROTATION_MODE_GROQ?"],
    ["MAX_CONCURRENT_REQUESTS_PER_KEY_openai", "Did you mean MAX_CONCURRENT_REQUESTS_PER_KEY_OPENAI?"],
    ["MAX_CONCURRENT_OPENAI", "Did you mean MAX_CONCURRENT_REQUESTS_PER_KEY_<PROVIDER>?"],
  ];
  for (const [name, hint] of table) {
    const [warning, ...others] = warningsFor({ [name]: "the-value" });
    assert.deepEqual(others, []);
    assert.ok(warning?.startsWith(`${name} is ignored: `), warning ?? "no warning");
    assert.ok(warning?.endsWith(hint), warning ?? "no warning");
    assert.ok(!warning?.includes("the-value"));
  }
});

Deno.test("known names, strangers and the variables of a cluster get no warning", () => {
  assert.deepEqual(
    warningsFor({
      PORT: "1",
      KEYPROXY_DATA_DIR: ".",
      KEYPROXY_ENV_FILE: "x",
      IGNORE_MODELS_OPENAI: "*",
      IGNORE_MODELS_MINE: "*",
      MINE_API_BASE: "http://x",
      PATH: "/bin",
      GLOBAL_TIMOUT: "5",
      KEYPROXY_SERVICE_HOST: "10.0.0.1",
      KEYPROXY_PORT: "tcp://10.0.0.1:8000",
      KEYPROXY_PORT_8000_TCP_ADDR: "10.0.0.1",
    }),
    [],
  );
});

Deno.test("a slip in a plain name is noticed in a file, where it can only be ours", () => {
  assert.deepEqual(warningsFor({ GLOBAL_TIMOUT: "5" }, "/srv/.env"), [
    "GLOBAL_TIMOUT is ignored: there is no such setting. Did you mean GLOBAL_TIMEOUT?",
  ]);
  assert.deepEqual(warningsFor({ http_proxy: "x", NODE_ENV: "x", GROQ_API_KEY: "x" }, "/srv/.env"), []);
});
