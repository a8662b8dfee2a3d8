/** Aliases, groups and patterns: where they lead and what is said when that is nowhere. */
import assert from "node:assert/strict";
import { judgeModelNames } from "./model_names.ts";

function judged(groups: Readonly<Record<string, readonly string[]>>, patterns: Readonly<Record<string, string>> = {}): string[] {
  const names = {
    groups: new Map(Object.entries(groups)),
    patterns: Object.entries(patterns).map(([pattern, target]) => ({ pattern, target })),
  };
  const facts = { names, variables: ["MODEL_ALIAS_FAST"], usable: new Set(["groq"]), known: ["groq", "openai"] };
  return judgeModelNames(facts).map(({ level, what, fix = "" }) => `${level} ${what} => ${fix}`);
}

Deno.test("names that lead to providers with credentials are fine, without names there is nothing to say", () => {
  assert.deepEqual(judged({}), []);
  assert.equal(judged({ FAST: ["groq/a"] }, { "gpt-*": "GROQ/*" }).map((it) => it.slice(0, 3)).join(), "ok ");
});

Deno.test("a name nobody can serve is a warning; one of which a part is lost a note; a slip of the pen is seen", () => {
  assert.deepEqual(judged({ FAST: ["openai/a"] }), [
    "warning MODEL_ALIAS_FAST leads to openai, which has no credential => keyproxy creds add openai",
  ]);
  assert.deepEqual(judged({ BEST: ["groq/a", "openai/b"] }), [
    "note FALLBACK_BEST leads to openai, which has no credential => keyproxy creds add openai",
  ]);
  assert.deepEqual(judged({}, { "a*": "opnai/*" }), [
    "warning MODEL_MAP a* leads to opnai, a provider nobody knows => Write openai in place of opnai",
  ]);
  assert.deepEqual(judged({}, { "a*": "zzzzzzzz/*" }), [
    "warning MODEL_MAP a* leads to zzzzzzzz, a provider nobody knows => Name a provider of this list: groq",
  ]);
});
