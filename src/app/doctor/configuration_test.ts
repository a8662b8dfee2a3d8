/** Settings: sources that agree, differ or are outranked, told by names only. */
import assert from "node:assert/strict";
import { judgeConfiguration } from "./configuration.ts";

function judged(files: Readonly<Record<string, Readonly<Record<string, string>>>>, env: Readonly<Record<string, string>> = {}): string[] {
  const list = Object.entries(files).map(([path, variables]) => ({ path, variables, lines: new Map<string, number>() }));
  const reading = { problems: [], warnings: [], variables: new Map() };
  return judgeConfiguration({ sources: { env, files: list, envFile: "/w/.env" }, reading })
    .map(({ level, what, fix = "" }) => `${level} ${what} => ${fix}`);
}

Deno.test("files that agree are fine, and it is said where settings are from", () => {
  assert.deepEqual(judged({}), ["ok No .env here: only the environment is used => "]);
  assert.deepEqual(judged({ "/w/.env": { A: "1" }, "/w/b.env": { A: "1", B: "" } }), [
    "ok Settings are from .env, b.env and the environment => ",
  ]);
});

Deno.test("of files that differ the weaker one is to change; values are never shown", () => {
  assert.deepEqual(judged({ "/w/.env": { A: "one" }, "/w/b.env": { A: "two" } }), [
    "warning A differs between .env and b.env: the one in .env counts => Remove A from /w/b.env",
  ]);
});

Deno.test("a value that the environment outranks is a note, once", () => {
  assert.deepEqual(judged({ "/w/.env": { A: "1" }, "/w/b.env": { A: "1" } }, { A: "2" }).slice(1), [
    "note The environment's A is used instead of the one in .env => unset A",
  ]);
});
