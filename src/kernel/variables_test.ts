/** Names of variables: which provider they mean, and their natural order. */
import assert from "node:assert/strict";
import { nameOfId, naturalOrder, providerNames, type Variables } from "./variables.ts";

const ROWS = [{ id: "ollama-cloud", prefixes: ["OC"] }, { id: "oc", prefixes: ["OTHER"] }];

function variables(env: Record<string, string>): Variables {
  return new Map(Object.entries(env).map(([name, value]) => [name, { value, origin: "environment" }]));
}

Deno.test("a provider has its prefixes and its id in capitals; a prefix outranks another's id", () => {
  const names = providerNames(ROWS, variables({}));
  assert.deepEqual(names.namesOf("ollama-cloud"), ["OC", "OLLAMA_CLOUD"]);
  assert.equal(names.idOf("OC"), "ollama-cloud");
  assert.equal(names.idOf("OTHER"), "oc");
  assert.equal(names.idOf("ollama_cloud"), undefined);
  assert.equal(nameOfId("wafer.ai-x"), "WAFER_AI_X");
});

Deno.test("an address for an unknown name announces a custom provider; blank, reserved and odd names do not", () => {
  const names = providerNames(
    ROWS,
    variables({ MINE_API_BASE: "http://x", OC_API_BASE: "http://x", BLANK_API_BASE: " ", PROXY_API_BASE: "x", _API_BASE: "x" }),
  );
  assert.deepEqual(names.custom, [{ id: "mine", name: "MINE", variable: "MINE_API_BASE" }]);
  assert.equal(names.idOf("MINE"), "mine");
});

Deno.test("natural order counts numbers as numbers", () => {
  assert.deepEqual(["B", "10", "A2", "", "2", "A10", "1"].sort(naturalOrder), ["", "1", "2", "10", "A2", "A10", "B"]);
});
