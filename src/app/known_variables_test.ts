/** Which names the configuration reads, and what is meant by those it does not. */
import assert from "node:assert/strict";
import { ALL_SETTINGS } from "../config/schema.ts";
import { PATTERNS } from "../config/provider_patterns.ts";
import { providerNames } from "../kernel/variables.ts";
import { CATALOG } from "../providers/catalog.ts";
import { knownVariable, unknownVariable } from "./known_variables.ts";

const NAMES = providerNames(CATALOG, new Map([["MINE_API_BASE", { value: "http://127.0.0.1:1/v1", origin: "environment" }]]));

Deno.test("every setting, every example of a family and every key of the catalog is known", () => {
  const examples = Object.values(PATTERNS).flatMap(({ examples }) => examples).map((it) => it.slice(0, it.indexOf("=")));
  const own = CATALOG.flatMap((row) => row.keyVariables ?? []);
  for (const name of [...ALL_SETTINGS.flatMap(({ env, aliases = [] }) => [env, ...aliases]), ...examples, ...own]) {
    if (name.startsWith("MY_SERVER_")) continue;
    assert.notEqual(knownVariable(name, NAMES), undefined, name);
  }
});

Deno.test("a variable is of the provider with the longest name that fits, new providers included", () => {
  const providerOf = (name: string) => {
    const known = knownVariable(name, NAMES);
    return known?.kind === "family" ? known.provider : known?.kind;
  };
  assert.deepEqual(
    [
      "GEMINI_CLI_MODELS",
      "GEMINI_PRIORITY_2",
      "GEMINI_CLI_1_REFRESH_TOKEN",
      "ROTATION_MODE_MINE",
      "MINE_API_KEY_TEAM_A",
      "FALLBACK_BEST",
      "PORT",
    ]
      .map(providerOf),
    ["gemini_cli", "gemini", "gemini_cli", "mine", "mine", null, "setting"],
  );
  assert.deepEqual(knownVariable("MAX_CONCURRENT_REQUESTS_PER_KEY_OLLAMA", NAMES), { kind: "family", provider: "ollama", fallback: "0" });
});

Deno.test("names that nobody reads are not known, and the nearest one is named", () => {
  for (const name of ["PATH", "MAX_QUEU", "PROXY_API_BASE", "NOBODY_MODELS", "OPENAI_REFRESH_TOKEN", "FALLBACK_", "port", ""]) {
    assert.equal(knownVariable(name, NAMES), undefined, name);
  }
  assert.match(unknownVariable("MAX_QUEU", NAMES), /Did you mean MAX_QUEUE\?/);
  assert.match(unknownVariable("port", NAMES), /Did you mean PORT\?/);
  assert.match(unknownVariable("ROTATION_MODE_OPNAI", NAMES), /Did you mean ROTATION_MODE_OPENAI\?/);
  assert.ok(!unknownVariable("sk-0123456789abcdef", NAMES).includes("0123"));
  assert.match(unknownVariable("KEYPROXY_ENV_FILE", NAMES), /cannot stand in a file/);
});
