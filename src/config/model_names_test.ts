/** Aliases, groups and patterns as they stand in variables. */
import assert from "node:assert/strict";
import { readGroups, readPatterns } from "./model_names.ts";

function groupsIn(variables: Readonly<Record<string, string>>) {
  const problems: string[] = [];
  const found = new Map(Object.entries(variables).map(([name, value]) => [name, { value, origin: "environment" }]));
  return { groups: readGroups(found, (variable, expected) => problems.push(`${variable}: ${expected}`)), problems };
}

Deno.test("an alias names one model, a group several in order, blanks and repetitions left out", () => {
  const { groups, problems } = groupsIn({
    MODEL_ALIAS_FAST: "groq/llama-3.1-8b",
    FALLBACK_BEST: "anthropic/claude-sonnet-4-5, openrouter/anthropic/claude-sonnet-4.5 ,,anthropic/claude-sonnet-4-5",
    FALLBACK_NOTHING: " ",
  });
  assert.deepEqual(problems, []);
  assert.deepEqual([...groups], [
    ["FAST", ["groq/llama-3.1-8b"]],
    ["BEST", ["anthropic/claude-sonnet-4-5", "openrouter/anthropic/claude-sonnet-4.5"]],
  ]);
});

Deno.test("a target without a provider and an alias for several are problems that name the variable", () => {
  const { groups, problems } = groupsIn({ MODEL_ALIAS_A: "gpt-5", MODEL_ALIAS_B: "a/x,b/y", FALLBACK_C: "a/x,y" });
  assert.equal(groups.size, 0);
  assert.deepEqual(problems, [
    "MODEL_ALIAS_A: provider/model, or several separated by commas",
    "MODEL_ALIAS_B: one provider/model (FALLBACK_<NAME> takes several)",
    "FALLBACK_C: provider/model, or several separated by commas",
  ]);
});

Deno.test("patterns are read in their order; model names may hold colons", () => {
  assert.deepEqual(readPatterns("claude-*:anthropic/*, gpt-*:openrouter/openai/gpt-5:free"), [
    { pattern: "claude-*", target: "anthropic/*" },
    { pattern: "gpt-*", target: "openrouter/openai/gpt-5:free" },
  ]);
  assert.deepEqual(readPatterns(""), []);
  for (const wrong of ["claude-*", ":a/b", "x:y", "x:a/ b"]) assert.equal(readPatterns(wrong), undefined, wrong);
});
