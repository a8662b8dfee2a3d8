/** Logins in variables: which names make one, what it lacks, and that values never show in a warning. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { plain, rowOf, variablesOf } from "../../../tests/support/grant_fixtures.ts";
import { originOf } from "../grant.ts";
import { type EnvGrant, grantsFromEnv, grantVariables, loginBringsKey } from "./grant_env.ts";

const AT = Date.UTC(2026, 0, 1);

function read(
  provider: string,
  env: Record<string, string>,
): { readonly found: readonly EnvGrant[]; readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  const found = grantsFromEnv(rowOf(provider), { variables: variablesOf(env), warn: (message) => void warnings.push(message) });
  return { found, warnings };
}

Deno.test("every variable of a Gemini CLI login is read", () => {
  const { found, warnings } = read("gemini_cli", {
    GEMINI_CLI_ACCESS_TOKEN: "ya29.a",
    GEMINI_CLI_REFRESH_TOKEN: "1//r",
    GEMINI_CLI_EXPIRY_DATE: String(AT),
    GEMINI_CLI_EMAIL: "a@example.com",
    GEMINI_CLI_PROJECT_ID: "p-1",
    GEMINI_CLI_TIER: "free-tier",
    GEMINI_CLI_CLIENT_ID: "id",
    GEMINI_CLI_CLIENT_SECRET: "s",
    GEMINI_CLI_TOKEN_URI: "https://x.example/token",
    GEMINI_CLI_UNIVERSE_DOMAIN: "googleapis.com",
    GEMINI_CLI_SCOPE: "a b",
    GEMINI_CLI_ID_TOKEN: "i",
    GEMINI_CLI_TOKEN_TYPE: "bearer",
  });
  assert.deepEqual(warnings, []);
  assert.deepEqual(found.map(({ variable, number }) => [variable, number]), [["GEMINI_CLI_ACCESS_TOKEN", null]]);
  assert.deepEqual(plain(found[0]?.grant ?? assert.fail()), {
    accessToken: "ya29.a",
    refreshToken: "1//r",
    expiresAt: AT,
    account: "a@example.com",
    projectId: "p-1",
    tier: "free-tier",
    clientId: "id",
    clientSecret: "s",
    tokenUrl: "https://x.example/token",
    universeDomain: "googleapis.com",
    scope: "a b",
    idToken: "i",
    tokenType: "bearer",
    origin: originOf("1//r"),
    apiKey: null,
    resourceUrl: null,
    checkedAt: null,
  });
});

Deno.test("numbered logins come in the order of their numbers, after the one without", () => {
  const env = Object.fromEntries(
    ["QWEN_CODE_10", "QWEN_CODE_2", "QWEN_CODE"].flatMap((head) => [[`${head}_ACCESS_TOKEN`, `a ${head}`.replace(" ", "-")], [
      `${head}_REFRESH_TOKEN`,
      `r-${head}`,
    ]]),
  );
  const { found } = read("qwen_code", { ...env, QWEN_CODE_2_RESOURCE_URL: "portal.qwen.ai" });
  assert.deepEqual(found.map(({ number, variable, grant }) => [number, variable, grant.resourceUrl]), [
    [null, "QWEN_CODE_ACCESS_TOKEN", null],
    [2, "QWEN_CODE_2_ACCESS_TOKEN", "portal.qwen.ai"],
    [10, "QWEN_CODE_10_ACCESS_TOKEN", null],
  ]);
});

Deno.test("iFlow's end is a date, and its login brings the key it is called with", () => {
  const env = {
    IFLOW_1_ACCESS_TOKEN: "a",
    IFLOW_1_REFRESH_TOKEN: "r",
    IFLOW_1_API_KEY: "sk-1",
    IFLOW_1_EXPIRY_DATE: "2026-01-01T00:00:00Z",
  };
  const { found } = read("iflow", env);
  assert.deepEqual([found[0]?.grant.expiresAt, found[0]?.grant.apiKey?.reveal()], [AT, "sk-1"]);
  const { IFLOW_1_API_KEY: _key, ...keyless } = env;
  assert.deepEqual(read("iflow", keyless).warnings, ["The login IFLOW_1_… is ignored: it lacks IFLOW_1_API_KEY."]);
  assert.deepEqual(["iflow", "qwen_code", "gemini_cli"].filter(loginBringsKey), ["iflow"]);
});

Deno.test("a key beside a Qwen login is a key of its own", () => {
  const { found } = read("qwen_code", { QWEN_CODE_ACCESS_TOKEN: "a", QWEN_CODE_REFRESH_TOKEN: "r", QWEN_CODE_API_KEY: "sk" });
  assert.equal(found[0]?.grant.apiKey, null);
  const grant = { ...found[0]?.grant ?? assert.fail(), apiKey: found[0]?.grant.accessToken ?? assert.fail() };
  const names = grantVariables({ row: rowOf("qwen_code"), grant, number: 1 }).map(([name]) => name);
  assert.ok(!names.includes("QWEN_CODE_1_API_KEY"));
});

Deno.test("what a login lacks is named, all of it, and no value", () => {
  const lacking = (env: Record<string, string>) => {
    const { found, warnings } = read("iflow", env);
    assert.deepEqual(found, []);
    return warnings;
  };
  assert.deepEqual(lacking({ IFLOW_ACCESS_TOKEN: "secret" }), [
    "The login IFLOW_… is ignored: it lacks IFLOW_REFRESH_TOKEN and IFLOW_API_KEY.",
  ]);
  assert.deepEqual(lacking({ IFLOW_2_REFRESH_TOKEN: "secret", IFLOW_2_ACCESS_TOKEN: "  ", IFLOW_2_API_KEY: "your_key" }), [
    "The login IFLOW_2_… is ignored: it lacks IFLOW_2_ACCESS_TOKEN and IFLOW_2_API_KEY.",
  ]);
  assert.deepEqual(lacking({ IFLOW_ACCESS_TOKEN: "secret\ntoken", IFLOW_REFRESH_TOKEN: "secret", IFLOW_API_KEY: "k" }), [
    "The login IFLOW_… is ignored: IFLOW_ACCESS_TOKEN holds blanks or signs beyond plain ASCII.",
  ]);
  assert.deepEqual(lacking({ IFLOW_EMAIL: "a@example.com", IFLOW_EXPIRY_DATE: "x", IFLOW_X_ACCESS_TOKEN: "secret" }), []);
});

Deno.test("blanks and quotes around a value are not part of it", () => {
  const { found } = read("qwen_code", { QWEN_CODE_ACCESS_TOKEN: ' "a" ', QWEN_CODE_REFRESH_TOKEN: "'r'\n", QWEN_CODE_EMAIL: "" });
  assert.deepEqual([found[0]?.grant.accessToken.reveal(), found[0]?.grant.refreshToken?.reveal(), found[0]?.grant.account], [
    "a",
    "r",
    null,
  ]);
});

Deno.test("an unreadable end means renewing first", () => {
  const env = { QWEN_CODE_ACCESS_TOKEN: "a", QWEN_CODE_REFRESH_TOKEN: "r", QWEN_CODE_EXPIRY_DATE: "soon" };
  assert.equal(read("qwen_code", env).found[0]?.grant.expiresAt, null);
});

Deno.test("without an address the ID token tells whose login it is", () => {
  const claims = Buffer.from(JSON.stringify({ email: "id@example.com" })).toString("base64url");
  const env = { GEMINI_CLI_ACCESS_TOKEN: "a", GEMINI_CLI_REFRESH_TOKEN: "r", GEMINI_CLI_ID_TOKEN: `h.${claims}.s` };
  assert.equal(read("gemini_cli", env).found[0]?.grant.account, "id@example.com");
  assert.equal(read("gemini_cli", { ...env, GEMINI_CLI_EMAIL: "set@example.com" }).found[0]?.grant.account, "set@example.com");
});
