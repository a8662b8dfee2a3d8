/** The configuration as it would be: new problems count, old ones do not, and a file that is no text is never edited. */
import assert from "node:assert/strict";
import type { Sources } from "../config/load.ts";
import { describeProblem } from "../config/problem.ts";
import { newProblems, openness } from "./save_check.ts";

function sourcesOf(variables: Readonly<Record<string, string>>, problems: Sources["problems"] = []): Sources {
  const files = [{ path: "/srv/.env", variables, lines: new Map<string, number>() }];
  return { cwd: "/srv", envFile: "/srv/.env", flags: {}, env: {}, files, problems, warnings: [] };
}

Deno.test("only what was not wrong before is a problem", () => {
  const known = newProblems(sourcesOf({ PORT: "x" }), []);
  assert.equal(known.length, 1);
  assert.deepEqual(newProblems(sourcesOf({ PORT: "x" }), known), []);
  assert.match(newProblems(sourcesOf({ PORT: "x", MAX_QUEUE: "y" }), known).join(), /^MAX_QUEUE="y"[^,]*$/);
});

Deno.test("a file in another encoding stays a problem though it was known", () => {
  const problem = { variable: ".env", expected: "text in UTF-8", file: "/srv/.env" };
  assert.deepEqual(newProblems(sourcesOf({}, [problem]), [describeProblem(problem)]), [describeProblem(problem)]);
  const line = { variable: ".env line 3", expected: "NAME=value", file: "/srv/.env", line: 3 };
  assert.deepEqual(newProblems(sourcesOf({}, [line]), [describeProblem(line)]), []);
});

Deno.test("an open address without a key is told, this machine alone is not", () => {
  assert.match(openness(sourcesOf({ HOST: "0.0.0.0" })) ?? "", /will not start on 0\.0\.0\.0/);
  assert.equal(openness(sourcesOf({ HOST: "127.0.0.1" })), undefined);
  assert.equal(openness(sourcesOf({ HOST: "0.0.0.0", PROXY_API_KEY: "kp-0123456789abcdef" })), undefined);
});
