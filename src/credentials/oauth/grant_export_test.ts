/** Exports load again: every format, read by what will read it, gives the login that was exported. */
import { parse } from "dotenv";
import fc from "fast-check";
import assert from "node:assert/strict";
import { anyGrant, plain, rowOf, someGrant, variablesOf } from "../../../tests/support/grant_fixtures.ts";
import { isPlaceholder } from "../../kernel/variables.ts";
import type { Grant } from "../grant.ts";
import { grantsFromEnv } from "./grant_env.ts";
import { EXPORT_FORMATS, type ExportedGrant, type ExportFormat, exportGrants } from "./grant_export.ts";

const NOW = Date.UTC(2026, 5, 1);
const PROVIDERS = ["gemini_cli", "qwen_code", "iflow"] as const;

function textOf(items: readonly ExportedGrant[], format: ExportFormat): string {
  const exported = exportGrants(items, { format, now: NOW });
  return "text" in exported ? exported.text : assert.fail(exported.problem);
}

function problemOf(items: readonly ExportedGrant[], format: ExportFormat): string {
  const exported = exportGrants(items, { format, now: NOW });
  return "problem" in exported ? exported.problem : assert.fail("it was exported");
}

/** Each format as the program it is for reads it. */
const READERS: Readonly<Record<ExportFormat, (text: string) => Record<string, string>>> = {
  env: (text) => parse(text),
  json: (text) => JSON.parse(text),
  // Docker: # at the start of a line is a comment, all behind the first = is the value.
  docker: (text) => {
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
  },
  // A shell: single quotes hold everything, \' stands between them.
  shell: (text) => {
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    return Object.fromEntries(lines.map((line) => {
      const [, name = "", quoted = ""] = /^export (\w+)=((?:'[^']*'|\\')+)$/.exec(line) ?? assert.fail(line);
      return [name, [...quoted.matchAll(/'([^']*)'|\\'/g)].map(([, inside]) => inside ?? "'").join("")];
    }));
  },
};

function readBack(provider: string, env: Record<string, string>): Grant[] {
  const warn = (message: string) => assert.fail(message);
  return grantsFromEnv(rowOf(provider), { variables: variablesOf(env), warn }).map(({ grant }) => grant);
}

/** What variables carry of a grant. */
function carried(provider: string, grant: Grant): Record<string, unknown> {
  return plain({ ...grant, checkedAt: null, apiKey: provider === "iflow" ? grant.apiKey : null });
}

/** Values that variables hold as they are: nothing that looks like quotes around a value, or an example. */
function isPlain(grant: Grant): boolean {
  const values = Object.values(plain(grant)).filter((value) => typeof value === "string");
  return values.every((value) => !/^(["']).*\1$/.test(value) && !isPlaceholder(value));
}

const exportable = anyGrant.filter((grant) => grant.refreshToken !== null && isPlain(grant));

for (const format of EXPORT_FORMATS) {
  Deno.test(`${format}: what is exported loads again as it was, or is not exported`, () => {
    let exportedCount = 0;
    fc.assert(
      fc.property(fc.constantFrom(...PROVIDERS), fc.array(exportable, { minLength: 1, maxLength: 3 }), (provider, grants) => {
        const items = grants.map((grant, index) => ({ row: rowOf(provider), grant, number: index + 1 }));
        const exported = exportGrants(items, { format, now: NOW });
        if ("problem" in exported) return;
        exportedCount += 1;
        const env = READERS[format](exported.text);
        assert.deepEqual(
          readBack(provider, env).map(plain),
          grants.map((grant) => carried(provider, grant)),
        );
      }),
    );
    assert.ok(exportedCount > 10, `only ${exportedCount} were exported`);
  });
}

Deno.test("a login as providers really give it is exported in every format, with and without number", () => {
  const grant = someGrant("1", {
    account: "ada@example.com",
    scope: "https://www.googleapis.com/auth/cloud-platform openid",
    tier: "free-tier",
  });
  for (const format of EXPORT_FORMATS) {
    for (const number of [1, null]) {
      const env = READERS[format](textOf([{ row: rowOf("gemini_cli"), grant, number }], format));
      assert.deepEqual(readBack("gemini_cli", env).map(plain), [carried("gemini_cli", grant)]);
    }
  }
});

Deno.test("the header says whose it is, when the token ends, and that a rotating one lives in one place", () => {
  const grant = someGrant("1", { account: "ada@example.com", resourceUrl: "portal.qwen.ai" });
  assert.equal(
    textOf([{ row: rowOf("qwen_code"), grant, number: 2 }], "env"),
    `# Qwen Code: ada@example.com. Whoever has these lines can use it: keep them secret.
# Exported 2026-06-01T00:00:00Z. The access token ends 2026-07-01T00:00:00Z; keyproxy renews it by itself.
# Each renewal ends the refresh token before it: use this login in one place only.
QWEN_CODE_2_ACCESS_TOKEN=access-1
QWEN_CODE_2_REFRESH_TOKEN=refresh-1
QWEN_CODE_2_EXPIRY_DATE=${Date.UTC(2026, 6, 1)}
QWEN_CODE_2_TOKEN_TYPE=Bearer
QWEN_CODE_2_EMAIL=ada@example.com
QWEN_CODE_2_RESOURCE_URL=portal.qwen.ai
`,
  );
  const google = textOf([{ row: rowOf("gemini_cli"), grant: { ...grant, expiresAt: null }, number: 1 }], "env");
  assert.doesNotMatch(google, /one place/);
  assert.match(google, /The access token's end is not known; keyproxy renews it/);
  assert.match(textOf([{ row: rowOf("gemini_cli"), grant: { ...grant, expiresAt: NOW }, number: 1 }], "docker"), /token ended 2026-06-01/);
});

Deno.test("an account cannot break out of its comment", () => {
  const grant = someGrant("1", { account: "a\nOPENAI_API_KEY=x\u2028b" });
  assert.match(problemOf([{ row: rowOf("qwen_code"), grant, number: 1 }], "env"), /QWEN_CODE_1_EMAIL holds a sign/);
  const [first] = textOf([{ row: rowOf("qwen_code"), grant: { ...grant, account: "a\u0007b" }, number: 1 }], "docker").split("\n");
  assert.match(first ?? "", /^# Qwen Code: a\?b\./);
});

Deno.test("iFlow's end is exported as a date", () => {
  const grant = someGrant("1");
  const env = READERS.env(textOf([{ row: rowOf("iflow"), grant: { ...grant, apiKey: grant.accessToken }, number: 1 }], "env"));
  assert.equal(env.IFLOW_1_EXPIRY_DATE, "2026-07-01T00:00:00.000Z");
});

Deno.test("two logins cannot share names; logins of two providers need no numbers", () => {
  const [one, two] = [someGrant("1"), someGrant("2")];
  const qwen = rowOf("qwen_code");
  assert.equal(
    problemOf([{ row: qwen, grant: one, number: null }, { row: qwen, grant: two, number: null }], "env"),
    "Without numbers only one login of Qwen Code can be exported: name it, such as qwen_code:1",
  );
  assert.equal(
    problemOf([{ row: qwen, grant: one, number: 3 }, { row: qwen, grant: two, number: 3 }], "json"),
    "Two logins of Qwen Code have the number 3",
  );
  const env = READERS.env(textOf([{ row: qwen, grant: one, number: null }, { row: rowOf("gemini_cli"), grant: two, number: null }], "env"));
  assert.deepEqual([env.QWEN_CODE_ACCESS_TOKEN, env.GEMINI_CLI_ACCESS_TOKEN], ["access-1", "access-2"]);
});

Deno.test("a login that would not load again is not exported, and the message holds no token", () => {
  const lost = { row: rowOf("qwen_code"), grant: someGrant("1", { refreshToken: null, account: "ada@example.com" }), number: 1 };
  assert.equal(
    problemOf([lost], "json"),
    "The login ada@example.com of Qwen Code cannot be exported, as it has nothing for QWEN_CODE_1_REFRESH_TOKEN: it cannot be renewed",
  );
  const keyless = { row: rowOf("iflow"), grant: someGrant("1"), number: null };
  assert.match(problemOf([keyless], "env"), /nothing for IFLOW_API_KEY: use it once, so that it is renewed$/);
  assert.doesNotMatch(problemOf([keyless], "env"), /access-1|refresh-1/);
});
