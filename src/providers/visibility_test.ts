/** Tests of the visibility rules, against a naive matcher that follows the definition. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { isVisible, matchesPattern } from "./visibility.ts";

const gpt5 = { provider: "openai", name: "gpt-5-mini" };

Deno.test("a model is visible when no list names it", () => {
  assert.equal(isVisible(gpt5, { whitelist: [], ignore: [] }), true);
  assert.equal(isVisible(gpt5, { whitelist: ["gpt-4*"], ignore: [] }), true);
});

Deno.test("the ignore list hides, the whitelist shows again", () => {
  assert.equal(isVisible(gpt5, { whitelist: [], ignore: ["gpt-5*"] }), false);
  assert.equal(isVisible(gpt5, { whitelist: ["*mini"], ignore: ["gpt-5*"] }), true);
});

Deno.test("ignoring everything exposes only the whitelist", () => {
  const rules = { whitelist: ["gpt-5-mini"], ignore: ["*"] };
  assert.equal(isVisible(gpt5, rules), true);
  assert.equal(isVisible({ provider: "openai", name: "gpt-5" }, rules), false);
});

Deno.test("patterns see the full id and the part after its first slash", () => {
  const nested = { provider: "openrouter", name: "openai/gpt-5" };
  for (const pattern of ["openrouter/openai/gpt-5", "openai/gpt-5", "openrouter/*", "*gpt-5"]) {
    assert.equal(isVisible(nested, { whitelist: [], ignore: [pattern] }), false, pattern);
  }
  assert.equal(isVisible(nested, { whitelist: [], ignore: ["gpt-5"] }), true);
});

Deno.test("patterns know runs, single characters, sets and ranges, without case", () => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ["GPT-*", "gpt-5", true],
    ["gpt-?", "GPT-5", true],
    ["gpt-?", "gpt-55", false],
    ["gpt-[45]", "gpt-4", true],
    ["gpt-[45]", "gpt-6", false],
    ["gpt-[4-6]", "gpt-5", true],
    ["gpt-[!45]", "gpt-6", true],
    ["gpt-[!45]", "gpt-4", false],
    ["a[]]b", "a]b", true],
    ["a[b", "a[b", true],
    ["a.c", "abc", false],
    ["", "", true],
    ["*", "", true],
    ["ключ-?", "КЛЮЧ-😀", true],
  ];
  for (const [pattern, text, expected] of rows) assert.equal(matchesPattern(pattern, text), expected, `${pattern} on ${text}`);
});

/** The definition, spelled out: exponential, so only for short texts. */
function naive(pattern: string, text: string): boolean {
  if (pattern === "") return text === "";
  if (pattern[0] === "*") return naive(pattern.slice(1), text) || (text !== "" && naive(pattern, text.slice(1)));
  if (text === "") return false;
  const set = /^\[([abc]+)\]/.exec(pattern);
  if (set !== null) return set[1]?.includes(text[0] ?? "") === true && naive(pattern.slice(set[0].length), text.slice(1));
  return (pattern[0] === "?" || pattern[0] === text[0]) && naive(pattern.slice(1), text.slice(1));
}

Deno.test("the matcher agrees with the definition", () => {
  const pattern = fc.array(fc.constantFrom("a", "b", "c", "/", "*", "?", "[ab]", "[c]"), { maxLength: 8 }).map((it) => it.join(""));
  const text = fc.string({ unit: fc.constantFrom("a", "b", "c", "/"), maxLength: 10 });
  fc.assert(fc.property(pattern, text, (p, t) => matchesPattern(p, t) === naive(p, t)), { numRuns: 2000 });
});

Deno.test("a hostile pattern on a long name comes back", () => {
  const name = "a".repeat(20_000);
  assert.equal(matchesPattern(`${"*a".repeat(100)}*b`, name), false);
  assert.equal(matchesPattern(`${"*a".repeat(100)}*`, name), true);
});
