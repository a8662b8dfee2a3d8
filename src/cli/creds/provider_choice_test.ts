/** The list a person chooses from: keys first, everything findable by name and kind. */
import assert from "node:assert/strict";
import { OAUTH_ROWS } from "../../credentials/oauth/rows.ts";
import { findRow } from "../../providers/catalog.ts";
import { CUSTOM, matchesChoice, providerChoices, providerOfLogin, takesKey } from "./provider_choice.ts";

const CHOICES = providerChoices();

Deno.test("API keys are offered before every login, and one's own provider last", () => {
  const logins = CHOICES.map(({ value }, at) => providerOfLogin(value) === undefined ? undefined : at).filter((at) => at !== undefined);
  assert.equal(logins.length, OAUTH_ROWS.length);
  const keys = CHOICES.slice(0, Math.min(...logins));
  assert.ok(keys.length > 100 && keys.every(({ value }) => findRow(value) !== undefined));
  assert.equal(CHOICES.at(-1)?.value, CUSTOM);
  assert.equal(CHOICES[0]?.value, "openai");
});

Deno.test("each choice is offered once and fits a terminal", () => {
  assert.equal(new Set(CHOICES.map(({ value }) => value)).size, CHOICES.length);
  assert.deepEqual(CHOICES.filter(({ label }) => label.length > 78).map(({ label }) => label), []);
});

Deno.test("every word of a search must be found, in name, id or kind", () => {
  const found = (text: string) => CHOICES.filter((choice) => matchesChoice(text, choice)).map(({ value }) => value);
  assert.deepEqual(found("GROQ"), ["groq"]);
  assert.ok(found("machine").includes("ollama") && !found("machine").includes("openai"));
  assert.ok(found("login ended").every((value) => providerOfLogin(value) !== undefined) && found("login ended").length > 0);
  assert.deepEqual(found("no such provider"), []);
});

Deno.test("a provider that takes only logins, or that cannot be called, has no key to add", () => {
  const takes = (id: string) => {
    const row = findRow(id);
    return row !== undefined && takesKey(row);
  };
  assert.deepEqual(["chatgpt", "github_copilot", "qwen_code", "openai"].map(takes), [false, false, true, true]);
});
