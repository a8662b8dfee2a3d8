/** Which variables a new key takes: free names, ranks beside them, places of an address, faults of a text. */
import assert from "node:assert/strict";
import type { Variables } from "../../kernel/variables.ts";
import { providerNames } from "../../kernel/variables.ts";
import { CATALOG, findRow } from "../../providers/catalog.ts";
import { freeKeyVariable, keyFault, missingPlaces, prefixOf, priorityVariable, withChanges } from "./key_variables.ts";

function variables(values: Readonly<Record<string, string>>, origin = "/srv/.env"): Variables {
  return new Map(Object.entries(values).map(([name, value]) => [name, { value, origin }]));
}

Deno.test("a key takes the name after all that are taken, so that no other changes its number", () => {
  assert.equal(freeKeyVariable("OPENAI", variables({})), "OPENAI_API_KEY");
  assert.equal(freeKeyVariable("OPENAI", variables({ OPENAI_API_KEY: "a" })), "OPENAI_API_KEY_2");
  assert.equal(freeKeyVariable("OPENAI", variables({ OPENAI_API_KEY: "a", OPENAI_API_KEY_3: "c" })), "OPENAI_API_KEY_4");
  assert.equal(freeKeyVariable("OPENAI", variables({ OPENAI_API_KEY_1: "a" })), "OPENAI_API_KEY_2");
  assert.equal(freeKeyVariable("OPENAI", variables({ OPENAI_API_KEY_1: "" })), "OPENAI_API_KEY");
});

Deno.test("a blank or an example's text in a file is written over, but not one of the environment", () => {
  assert.equal(freeKeyVariable("OPENAI", variables({ OPENAI_API_KEY: " " })), "OPENAI_API_KEY");
  assert.equal(freeKeyVariable("OPENAI", variables({ OPENAI_API_KEY: "YOUR_KEY" })), "OPENAI_API_KEY");
  assert.equal(freeKeyVariable("OPENAI", variables({ OPENAI_API_KEY: "YOUR_KEY" }, "environment")), "OPENAI_API_KEY_2");
});

Deno.test("beside a login in variables the plain name would be a part of it", () => {
  assert.equal(freeKeyVariable("IFLOW", variables({ IFLOW_ACCESS_TOKEN: "t" })), "IFLOW_API_KEY_2");
});

Deno.test("the rank of a key has the key's own suffix", () => {
  assert.equal(priorityVariable("OPENAI_API_KEY", "OPENAI"), "OPENAI_PRIORITY");
  assert.equal(priorityVariable("OPENAI_API_KEY_2", "OPENAI"), "OPENAI_PRIORITY_2");
  assert.equal(priorityVariable("OPENAI_API_KEY_TEAM_A", "OPENAI"), "OPENAI_PRIORITY_TEAM_A");
  assert.equal(priorityVariable("GITHUB_TOKEN", "GITHUB"), undefined);
});

Deno.test("the places of an address are what the user must still say", () => {
  const row = findRow("cloudflare-ai-gateway");
  assert.ok(row !== undefined);
  assert.deepEqual(missingPlaces(row, variables({})), ["CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_GATEWAY_ID"]);
  assert.deepEqual(missingPlaces(row, variables({ CLOUDFLARE_ACCOUNT_ID: "x" })), ["CLOUDFLARE_GATEWAY_ID"]);
  assert.deepEqual(missingPlaces(row, withChanges(variables({}), { CLOUDFLARE_ACCOUNT_ID: "x", CLOUDFLARE_GATEWAY_ID: "y" }, "f")), []);
});

Deno.test("what cannot be a key is told", () => {
  assert.match(keyFault("") ?? "", /needed/);
  assert.match(keyFault("YOUR_API_KEY") ?? "", /example/);
  assert.match(keyFault("two words") ?? "", /blanks/);
  assert.equal(keyFault("sk-0123456789"), undefined);
});

Deno.test("new variables begin with the name shown in examples", () => {
  const names = providerNames(CATALOG, new Map());
  assert.equal(prefixOf("together_ai", names), "TOGETHER_AI");
  assert.equal(prefixOf("my-server", names), "MY_SERVER");
});
