/** Changes that wait: what they are, what they make, what of them is secret. */
import assert from "node:assert/strict";
import type { Sources } from "../config/load.ts";
import { fileValue, isSecretVariable, needRestart, NOTHING_PENDING, withChange, withPending } from "./pending.ts";

const SOURCES: Sources = {
  cwd: "/srv",
  envFile: "/srv/.env",
  flags: {},
  env: {},
  files: [{ path: "/srv/.env", variables: { MAX_QUEUE: "5", OPENAI_API_KEY: "sk-0123456789abcdef" }, lines: new Map([["MAX_QUEUE", 1]]) }],
  problems: [],
  warnings: [],
};

Deno.test("a change back to what the file says is no change", () => {
  const changed = withChange(NOTHING_PENDING, { name: "MAX_QUEUE", value: "7", before: "5" });
  assert.deepEqual([...changed], [["MAX_QUEUE", "7"]]);
  assert.equal(withChange(changed, { name: "MAX_QUEUE", value: "5", before: "5" }).size, 0);
  assert.equal(withChange(NOTHING_PENDING, { name: "HOST", value: null, before: undefined }).size, 0);
});

Deno.test("the sources after saving hold the changes in .env, which need not exist", () => {
  const pending = new Map([["MAX_QUEUE", null], ["HOST", "::1"]]);
  assert.deepEqual(withPending(SOURCES, "/srv/.env", pending).files[0]?.variables, { OPENAI_API_KEY: "sk-0123456789abcdef", HOST: "::1" });
  assert.deepEqual(withPending({ ...SOURCES, files: [] }, "/srv/.env", pending).files, [
    { path: "/srv/.env", variables: { HOST: "::1" }, lines: new Map() },
  ]);
  assert.equal(fileValue(SOURCES, "/srv/.env", "MAX_QUEUE"), "5");
});

Deno.test("secrets are known by their names, and so is what only a new start takes up", () => {
  for (const name of ["PROXY_API_KEY", "OPENAI_API_KEY_2", "QWEN_CODE_1_ACCESS_TOKEN", "IFLOW_CLIENT_SECRET", "HTTPS_PROXY"]) {
    assert.ok(isSecretVariable(name), name);
  }
  for (const name of ["OPENAI_API_BASE", "MAX_CONCURRENT_REQUESTS_PER_KEY_OPENAI", "PORT", "GEMINI_CLI_TOKEN_URL"]) {
    assert.ok(!isSecretVariable(name), name);
  }
  assert.deepEqual(needRestart(["MAX_QUEUE", "PORT", "KEYPROXY_DATA_DIR"]), ["PORT", "KEYPROXY_DATA_DIR"]);
});
