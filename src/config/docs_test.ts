/** The generated files: complete, loadable, and true to the table of settings. */
import { parse } from "dotenv";
import assert from "node:assert/strict";
import { CONFIG_FILES, renderConfigPage, renderEnvExample } from "./docs.ts";
import { scanEnv } from "./env_file.ts";
import { PATTERNS } from "./provider_patterns.ts";
import { ALL_SETTINGS, ENV_FILE, flagKey, GROUPS, SETTINGS } from "./schema.ts";

Deno.test(".env.example begins with the three lines most people need, and sets nothing else", () => {
  const text = renderEnvExample();
  assert.deepEqual(Object.keys(parse(text)), ["PROXY_API_KEY", "OPENAI_API_KEY", "OPENROUTER_API_KEY"]);
  assert.deepEqual(text.split("\n").slice(2, 5), ["PROXY_API_KEY=", "OPENAI_API_KEY=", "OPENROUTER_API_KEY="]);
  assert.ok(scanEnv(text).every((it) => it.kind !== "broken"));
});

Deno.test("both files name every setting with its default, every flag and every family", () => {
  const [example, page] = [renderEnvExample(), renderConfigPage()];
  for (const { env, default: fallback, flag, help } of ALL_SETTINGS) {
    if (env !== "PROXY_API_KEY") assert.ok(example.includes(`\n# ${env}=${fallback}\n`), env);
    const row = page.split("\n").find((line) => line.startsWith(`| \`${env}\` |`));
    assert.ok(row?.includes(help), env);
    assert.ok(fallback === "" || row?.includes(`\`${fallback}\``), env);
    assert.ok(flag === undefined || row?.includes(flag.name), env);
  }
  for (const { name } of Object.values(PATTERNS)) {
    assert.ok(example.includes(name), name);
    assert.ok(page.includes(`\`${name}\``), name);
  }
  assert.ok(page.includes(ENV_FILE.flag.name));
});

Deno.test("every line of .env.example that is switched off is right when it is switched on", () => {
  const lines = renderEnvExample().split("\n").flatMap((line) => /^# ([A-Z][A-Z0-9_]*=.*)$/.exec(line)?.[1] ?? []);
  assert.ok(lines.length > ALL_SETTINGS.length);
  assert.ok(scanEnv(lines.join("\n")).every((it) => it.kind === "assignment"));
});

Deno.test("defaults and examples are values their kind accepts", () => {
  for (const setting of Object.values(SETTINGS)) {
    for (const text of [setting.default, setting.example]) assert.ok(setting.kind.schema.safeParse(text).success, `${setting.env}=${text}`);
  }
});

Deno.test("a variable, a flag and a group appear once; every group has settings", () => {
  const names = ALL_SETTINGS.flatMap(({ env, aliases }) => [env, ...aliases ?? []]);
  assert.equal(new Set(names).size, names.length);
  const flags = ALL_SETTINGS.flatMap(({ flag }) => flag === undefined ? [] : [flagKey(flag)]);
  assert.equal(new Set(flags).size, flags.length);
  assert.deepEqual([...new Set(ALL_SETTINGS.map(({ group }) => group))], Object.keys(GROUPS));
  assert.equal(flagKey({ name: "--enable-request-logging" }), "enableRequestLogging");
});

Deno.test("rendering twice gives the same bytes", () => {
  for (const { render } of CONFIG_FILES) assert.equal(render(), render());
});
