/** What can be changed is what the schema knows. */
import assert from "node:assert/strict";
import { GROUPS, SETTINGS } from "../config/schema.ts";
import { providerNames } from "../kernel/variables.ts";
import { CATALOG, findRow } from "../providers/catalog.ts";
import { type Editable, groupEditables, priorityEditable, providerEditables } from "./editable.ts";

const GROUP_IDS = Object.keys(GROUPS).filter((it): it is keyof typeof GROUPS => it in GROUPS);

Deno.test("every setting of the schema can be changed, and its own example and default pass its check", () => {
  const all = GROUP_IDS.flatMap(groupEditables);
  assert.deepEqual(
    all.map(({ name }) => name).toSorted(),
    Object.values(SETTINGS).map(({ env }) => env).filter((it) => it !== "PROXY_API_KEY").toSorted(),
  );
  for (const { name, check, example, fallback } of all) {
    assert.equal(check(example), undefined, name);
    if (fallback !== "") assert.equal(check(fallback), undefined, name);
  }
  const port = all.find(({ name }) => name === "PORT");
  assert.equal(port?.check("x"), "Expected a whole number from 0 to 65535");
});

Deno.test("a provider's variables take the name that is used already, else the first", () => {
  const variables = new Map([["IGNORE_MODELS_GOOGLE", { value: "x", origin: "environment" }]]);
  const names = providerNames([{ id: "gemini", prefixes: ["GEMINI", "GOOGLE"] }], variables);
  const { ignore, whitelist, limit } = providerEditables("gemini", findRow("gemini"), { names, variables });
  assert.deepEqual([ignore.name, ignore.aliases], ["IGNORE_MODELS_GOOGLE", ["IGNORE_MODELS_GEMINI"]]);
  assert.deepEqual([whitelist.name, whitelist.aliases], ["WHITELIST_MODELS_GEMINI", ["WHITELIST_MODELS_GOOGLE"]]);
  assert.match(limit.check("many") ?? "", /^Expected a whole number/);
});

Deno.test("logins bring their variables, keys their rank", () => {
  const known = { names: providerNames(CATALOG, new Map()), variables: new Map() };
  const names = (of: readonly Editable[]) => of.map(({ name }) => name);
  assert.ok(names(providerEditables("gemini_cli", findRow("gemini_cli"), known).login).includes("GEMINI_CLI_PROJECT_ID"));
  assert.deepEqual(providerEditables("openai", findRow("openai"), known).login, []);
  assert.equal(priorityEditable("OPENAI_API_KEY_TEAM_A")?.name, "OPENAI_PRIORITY_TEAM_A");
  assert.equal(priorityEditable("HF_TOKEN"), undefined);
});
