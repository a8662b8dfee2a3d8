/** From sources to a configuration: precedence, all problems at once, nothing secret in any message. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProviderRow } from "../providers/row.ts";
import type { Config } from "./config.ts";
import { type ConfigReading, type FlagValues, mergeVariables, parseConfig, readConfig, readSources, type Sources } from "./load.ts";
import { describeProblem, type Problem } from "./problem.ts";

const CANARY = "sk-canary-1234567890abcdefghij";

function row(id: string, prefixes: readonly string[]): ProviderRow {
  return {
    id,
    name: id,
    prefixes,
    protocol: "openai",
    baseUrl: `https://${id}.example/v1`,
    listing: null,
    auth: { kind: "bearer" },
    operations: ["chat"],
  };
}

const ROWS = [row("openai", ["OPENAI"]), row("gemini", ["GEMINI", "GOOGLE"]), row("moonshot-cn", ["MOONSHOT_CN"])];

/** Sources as `readSources` gives them, from texts. */
function sources(given: { env?: Record<string, string>; flags?: FlagValues; file?: Record<string, string> } = {}): Sources {
  const files = given.file === undefined ? [] : [{ path: "/srv/.env", variables: given.file, lines: new Map([["PORT", 7]]) }];
  return { cwd: "/srv", envFile: "/srv/.env", flags: given.flags ?? {}, env: given.env ?? {}, files, problems: [], warnings: [] };
}

function parsed(given: Parameters<typeof sources>[0]): { config: Config; warnings: readonly string[] } {
  const reading = parseConfig(sources(given), { rows: ROWS });
  assert.ok("config" in reading, "config" in reading ? "" : reading.problems.map(describeProblem).join("\n"));
  return reading;
}

function problemsOf(reading: ConfigReading): readonly Problem[] {
  assert.ok("problems" in reading);
  return reading.problems;
}

async function inFolder(files: Record<string, string | Uint8Array>, use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "keyproxy-load-"));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

Deno.test("without any source every setting has its documented default, in ms and bytes", () => {
  const { config, warnings } = parsed({});
  assert.deepEqual(warnings, []);
  assert.equal(config.host, "0.0.0.0");
  assert.equal(config.port, 8000);
  assert.equal(config.globalTimeoutMs, 30_000);
  assert.equal(config.connectTimeoutMs, 10_000);
  assert.equal(config.streamIdleTimeoutMs, 300_000);
  assert.equal(config.answerTimeoutMs, 600_000);
  assert.equal(config.heartbeatMs, 15_000);
  assert.equal(config.shutdownGraceMs, 25_000);
  assert.equal(config.dailyResetMinute, 180);
  assert.deepEqual(config.cooldownLadderMs, [10, 30, 60, 120, 300, 900, 3600].map((it) => it * 1000));
  assert.equal(config.maxBodyBytes, 33_554_432);
  assert.equal(config.logMaxBytes, 2 ** 30);
  assert.equal(config.logRetentionDays, 14);
  assert.equal(config.oauthRefreshIntervalMs, 600_000);
  assert.equal(config.maxQueue, 1000);
  assert.equal(config.isAffinityOn, true);
  assert.equal(config.isModelInfoRefreshed, true);
  assert.deepEqual(config.embedding, { isBatched: true, maxItems: 64, windowMs: 20 });
  assert.deepEqual(config.upstreamProxy, { https: null, http: null, noProxy: [] });
  assert.deepEqual(config.proxyKeys, []);
  assert.equal(config.dataDir, "/srv");
  assert.equal(config.providers.size, 0);
});

Deno.test("a flag beats the environment, the environment beats .env, .env beats the default", () => {
  const all = { flags: { port: "1" }, env: { PORT: "2" }, file: { PORT: "3" } };
  assert.equal(parsed(all).config.port, 1);
  assert.equal(parsed({ env: all.env, file: all.file }).config.port, 2);
  assert.equal(parsed({ file: all.file }).config.port, 3);
  assert.equal(parsed({ flags: { enableRequestLogging: true } }).config.isRequestLogOn, true);
  assert.equal(parsed({ flags: { port: undefined }, env: { PORT: "2" } }).config.port, 2);
});

Deno.test("a blank value counts as not given", () => {
  assert.equal(parsed({ env: { PORT: "  " }, file: { PORT: "3" } }).config.port, 3);
  assert.equal(parsed({ env: { PORT: "" } }).config.port, 8000);
});

Deno.test("the merged environment names the origin of each value and keeps blank ones", () => {
  const merged = mergeVariables(sources({ env: { A: "1", B: "" }, file: { A: "2", B: "3", C: "" } }));
  assert.deepEqual([...merged], [
    ["A", { value: "1", origin: "environment" }],
    ["B", { value: "3", origin: "/srv/.env" }],
    ["C", { value: "", origin: "/srv/.env" }],
  ]);
});

Deno.test("all problems are told at once, with variable, value, expectation, file and line", () => {
  const reading = parseConfig(
    sources({
      env: {
        GLOBAL_TIMEOUT: "soon",
        ROTATION_MODE_OPENAI: "random",
        OPENAI_MODELS: "gpt-5",
        GEMINI_PRIORITY_2: "-1",
        OPENAI_API_BASE: "ftp://x",
      },
      file: { PORT: "70000" },
      flags: { logLevel: "loud" },
    }),
    { rows: ROWS },
  );
  const problems = problemsOf(reading);
  assert.deepEqual(problems.map((it) => it.variable).sort(), [
    "--log-level",
    "GEMINI_PRIORITY_2",
    "GLOBAL_TIMEOUT",
    "OPENAI_API_BASE",
    "OPENAI_MODELS",
    "PORT",
    "ROTATION_MODE_OPENAI",
  ]);
  const port = problems.find((it) => it.variable === "PORT");
  assert.deepEqual(port, { variable: "PORT", value: "70000", expected: "a whole number from 0 to 65535", file: "/srv/.env", line: 7 });
  assert.equal(port === undefined ? "" : describeProblem(port), 'PORT="70000" in /srv/.env:7: expected a whole number from 0 to 65535');
});

const REFUSED: readonly (readonly [string, string])[] = [
  ["GLOBAL_TIMEOUT", "NaN"],
  ["GLOBAL_TIMEOUT", "-1"],
  ["GLOBAL_TIMEOUT", "0"],
  ["GLOBAL_TIMEOUT", "604801"],
  ["GLOBAL_TIMEOUT", "1e3"],
  ["GLOBAL_TIMEOUT", "Infinity"],
  ["PORT", "0x50"],
  ["PORT", "80.5"],
  ["HOST", "http://127.0.0.1"],
  ["HOST", "127.0.0.1:8000"],
  ["MAX_QUEUE", "-1"],
  ["DAILY_RESET_TIME_UTC", "24:00"],
  ["COOLDOWN_LADDER", "10,,30"],
  ["COOLDOWN_LADDER", "10,x"],
  ["SESSION_AFFINITY", "maybe"],
  ["LOG_LEVEL", "toString"],
  ["LOG_FORMAT", "xml"],
  ["CORS_ORIGINS", "https://a.example/path"],
  ["CORS_ORIGINS", "a.example"],
  ["HTTPS_PROXY", "socks5://127.0.0.1:1080"],
  ["MAX_CONCURRENT_REQUESTS_PER_KEY_OPENAI", "1.5"],
  ["OPENAI_MODELS", '{"a": {"option": {}}}'],
  ["OPENAI_MODELS", "[1]"],
  ["OPENAI_MODELS", "[broken"],
];

for (const [variable, value] of REFUSED) {
  Deno.test(`${variable}=${value} is refused by name`, () => {
    const problems = problemsOf(parseConfig(sources({ env: { [variable]: value } }), { rows: ROWS }));
    assert.deepEqual(problems.map((it) => it.variable), [variable]);
  });
}

Deno.test("accepted spellings of odd values", () => {
  assert.equal(parsed({ env: { HOST: "[::1]" } }).config.host, "::1");
  assert.equal(parsed({ env: { LOG_LEVEL: "WARN" } }).config.logLevel, "warning");
  assert.equal(parsed({ env: { GLOBAL_TIMEOUT: " 0.5 " } }).config.globalTimeoutMs, 500);
  assert.equal(parsed({ env: { STREAM_HEARTBEAT_SECONDS: "0" } }).config.heartbeatMs, 0);
  assert.equal(parsed({ env: { MODEL_INFO_REFRESH: "off" } }).config.isModelInfoRefreshed, false);
  assert.deepEqual(parsed({ env: { CORS_ORIGINS: "https://A.example/, *" } }).config.corsOrigins, ["https://a.example", "*"]);
  assert.deepEqual(parsed({ env: { PROXY_API_KEY: " one , two,,one" } }).config.proxyKeys.map((it) => it.reveal()), ["one", "two"]);
  assert.equal(parsed({ env: { https_proxy: "proxy.example:3128" } }).config.upstreamProxy.https?.reveal(), "http://proxy.example:3128");
  assert.equal(parsed({ env: { KEYPROXY_DATA_DIR: "state" } }).config.dataDir, "/srv/state");
});

Deno.test("settings of a provider are found under each of its prefixes, its id, and for custom providers", () => {
  const { config, warnings } = parsed({
    env: {
      MAX_CONCURRENT_REQUESTS_PER_KEY_GOOGLE: "4",
      ROTATION_MODE_GEMINI: "Sequential",
      IGNORE_MODELS_MOONSHOT_CN: "a*, b,",
      MY_SERVER_API_BASE: "http://127.0.0.1:9/v1",
      MAX_CONCURRENT_REQUESTS_PER_KEY_MY_SERVER: "0",
      WHITELIST_MODELS_MY_SERVER: "x",
    },
  });
  assert.deepEqual(warnings, []);
  const nothing = { ignoreModels: [], whitelistModels: [], models: [], fallbacks: new Map() };
  assert.deepEqual(config.providers.get("gemini"), { ...nothing, maxInFlight: 4, rotation: "sequential" });
  assert.deepEqual(config.providers.get("moonshot-cn"), { ...nothing, rotation: "balanced", ignoreModels: ["a*", "b"] });
  assert.deepEqual(config.providers.get("my_server"), { ...nothing, maxInFlight: Infinity, rotation: "balanced", whitelistModels: ["x"] });
  assert.equal(config.providers.has("openai"), false);
});

Deno.test("two prefixes of one provider: the first one counts and the other is named in a warning", () => {
  const { config, warnings } = parsed({ env: { ROTATION_MODE_GOOGLE: "balanced", ROTATION_MODE_GEMINI: "sequential" } });
  assert.equal(config.providers.get("gemini")?.rotation, "sequential");
  assert.deepEqual(warnings, ["ROTATION_MODE_GOOGLE is ignored: ROTATION_MODE_GEMINI already says it for the same provider."]);
});

Deno.test("P_MODELS is a list of names or an object with ids and options", () => {
  const { config } = parsed({
    env: {
      OPENAI_MODELS: '["gpt-5", "org/gpt", "gpt-5"]',
      GEMINI_MODELS: '{"fast": {"id": "gemini-flash", "options": {"temperature": 0}}, "plain": {}}',
    },
  });
  assert.deepEqual(config.providers.get("openai")?.models, [
    { name: "gpt-5", id: "gpt-5", options: {} },
    { name: "org/gpt", id: "org/gpt", options: {} },
  ]);
  assert.deepEqual(config.providers.get("gemini")?.models, [
    { name: "fast", id: "gemini-flash", options: { temperature: 0 } },
    { name: "plain", id: "plain", options: {} },
  ]);
});

Deno.test("a key that sits in the wrong place shows up in no problem and no warning", () => {
  const wrong = [
    "PORT",
    "HOST",
    "GLOBAL_TIMEOUT",
    "OPENAI_MODELS",
    "ROTATION_MODE_OPENAI",
    "OPENAI_API_BASE",
    "GEMINI_PRIORITY",
    "COOLDOWN_LADDER",
  ];
  const misplaced = Object.fromEntries(wrong.map((name) => [name, CANARY]));
  const bases = { GEMINI_API_BASE: `https://user:${CANARY}@x.example/v1`, MY_API_BASE: `https://x.example/v1?key=${CANARY}` };
  const broken = problemsOf(
    parseConfig(sources({ env: { ...misplaced, ...bases, HTTPS_PROXY: `socks://a:${CANARY}@b` } }), { rows: ROWS }),
  );
  assert.ok(broken.length >= wrong.length + 2);
  assert.ok(!JSON.stringify([broken, broken.map(describeProblem)]).includes(CANARY));
  const odd = parsed({ file: { PROXY_API_KEYS: CANARY, KEYPROXY_KEY: CANARY, IGNORE_MODELS_OPNAI: CANARY, PROXY_API_KEY: CANARY } });
  assert.equal(odd.warnings.length, 3);
  assert.ok(!JSON.stringify(odd).includes(CANARY));
});

Deno.test("everything in a configuration is frozen, maps and lists included", () => {
  const { config } = parsed({ env: { OPENAI_MODELS: '{"a": {"options": {"deep": {"x": [1]}}}}', PROXY_API_KEY: "k" } });
  const queue: unknown[] = [config];
  let seenCount = 0;
  for (let value = queue.pop(); value !== undefined; value = queue.pop()) {
    if (typeof value !== "object" || value === null) continue;
    seenCount++;
    assert.ok(Object.isFrozen(value));
    queue.push(...(value instanceof Map ? value.values() : Object.values(value)));
  }
  assert.ok(seenCount > 10);
  const { providers } = config;
  assert.ok(providers instanceof Map);
  assert.throws(() => providers.set("x", {}), TypeError);
  assert.throws(() => providers.clear(), TypeError);
});

Deno.test("a placeholder left in PROXY_API_KEY is warned about", () => {
  assert.match(parsed({ env: { PROXY_API_KEY: "changeme" } }).warnings.join(), /^PROXY_API_KEY still holds/);
});

Deno.test("reads .env and then other *.env files in the order of the alphabet, none overriding a stronger one", async () => {
  const files = { ".env": "A=dot\n", "b.env": "A=b\nB=b\nC=b", "a.env": "B=a", ".env.bak": "D=bak", "x.env.tmp": "D=tmp" };
  await inFolder(files, async (folder) => {
    const read = await readSources({ cwd: folder, env: {} });
    assert.deepEqual(read.problems, []);
    const merged = mergeVariables(read);
    assert.deepEqual([...merged].map(([name, { value }]) => `${name}=${value}`).sort(), ["A=dot", "B=a", "C=b"]);
    assert.equal(merged.get("C")?.origin, join(folder, "b.env"));
  });
});

Deno.test("another env file replaces .env, by flag or by environment", async () => {
  await inFolder({ ".env": "A=dot", "other": "A=other" }, async (folder) => {
    const byFlag = await readSources({ cwd: folder, env: {}, envFile: "other" });
    const byVariable = await readSources({ cwd: folder, env: { KEYPROXY_ENV_FILE: join(folder, "other") } });
    assert.equal(mergeVariables(byFlag).get("A")?.value, "other");
    assert.equal(mergeVariables(byVariable).get("A")?.value, "other");
  });
});

Deno.test("an env file that was asked for and cannot be read is a problem", async () => {
  await inFolder({}, async (folder) => {
    const { problems } = await readSources({ cwd: folder, env: {}, envFile: "missing.env" });
    assert.deepEqual(problems, [{
      variable: "--env-file",
      expected: "a file that can be read (ENOENT)",
      file: join(folder, "missing.env"),
    }]);
  });
});

Deno.test("a container: no file, nothing but the environment", async () => {
  await inFolder({}, async (folder) => {
    const reading = parseConfig(await readSources({ cwd: folder, env: { PORT: "81" } }), { rows: ROWS });
    assert.ok("config" in reading);
    assert.equal(reading.config.port, 81);
    assert.deepEqual(reading.warnings, []);
  });
});

Deno.test("a working directory that cannot be read is a warning, and the environment still counts", async () => {
  const reading = parseConfig(await readSources({ cwd: "/nowhere-at-all/keyproxy", env: { PORT: "81" } }), { rows: ROWS });
  assert.ok("config" in reading);
  assert.equal(reading.config.port, 81);
  assert.equal(reading.warnings.length, 1);
  assert.match(reading.warnings.join(), /ENOENT/);
});

Deno.test("a .env that is there but cannot be read stops the start; a folder of that name does not", async () => {
  await inFolder({}, async (folder) => {
    await symlink(".env", join(folder, ".env"));
    const looped = await readSources({ cwd: folder, env: {} });
    assert.deepEqual(looped.problems.map((it) => it.variable), [".env"]);
  });
  await inFolder({}, async (folder) => {
    await mkdir(join(folder, ".env"));
    const { problems, warnings } = await readSources({ cwd: folder, env: {} });
    assert.deepEqual(problems, []);
    assert.match(warnings.join(), /is ignored: it is a directory, not a file/);
  });
});

Deno.test("a broken line is a problem with file and line, and without its text", async () => {
  const text = `A=1\n\n# fine\nexport B="two\nlines"\n${CANARY}\nOPENAI_API_KEY ${CANARY}\nC='${CANARY}\n`;
  await inFolder({ ".env": text }, async (folder) => {
    const problems = problemsOf(parseConfig(await readSources({ cwd: folder, env: {} }), { rows: ROWS }));
    assert.deepEqual(problems.map(({ line, file }) => ({ line, file })), [6, 7, 8].map((line) => ({ line, file: join(folder, ".env") })));
    assert.ok(!JSON.stringify(problems).includes("canary"));
    assert.match(problems.map(describeProblem).join("\n"), /\.env line 6 in .*\.env:6: expected NAME=value/);
  });
});

Deno.test("a .env in UTF-16 is told apart from a broken one; a UTF-8 byte order mark does no harm", async () => {
  await inFolder({ ".env": new Uint8Array([0xff, 0xfe, 0x41, 0, 0x3d, 0, 0x31, 0]) }, async (folder) => {
    assert.match((await readSources({ cwd: folder, env: {} })).problems[0]?.expected ?? "", /UTF-8/);
  });
  await inFolder({ ".env": "\ufeffPORT=5\r\nA=1" }, async (folder) => {
    assert.equal(mergeVariables(await readSources({ cwd: folder, env: {} })).get("PORT")?.value, "5");
  });
});

Deno.test("a model's stand-in is named by the model's name in upper case, with or without the provider in front", () => {
  const { config } = parsed({
    env: {
      OPENAI_FALLBACK_GEMINI_3_PRO_PREVIEW: " openai/gemini-2.5-pro ",
      OPENAI_FALLBACK_GEMINI_2_5_PRO: "gemini-2.5-flash",
      OPENAI_FALLBACK_BLANK: "",
    },
  });
  assert.deepEqual([...config.providers.get("openai")?.fallbacks ?? []], [
    ["GEMINI_3_PRO_PREVIEW", "gemini-2.5-pro"],
    ["GEMINI_2_5_PRO", "gemini-2.5-flash"],
  ]);
});

Deno.test("whoever looks on gets the defaults in place of what cannot be used, and every problem with them", () => {
  const { config, problems } = readConfig(sources({ env: { PORT: "many", HOST: "127.0.0.1", GLOBAL_TIMEOUT: "soon" } }), { rows: ROWS });
  assert.deepEqual([config.port, config.host, config.globalTimeoutMs], [8000, "127.0.0.1", 30_000]);
  assert.deepEqual(problems.map(({ variable }) => variable).toSorted(), ["GLOBAL_TIMEOUT", "PORT"]);
});

Deno.test("a .env that comes and goes while it is read is there or is not, and never a fault", () =>
  inFolder({}, async (folder) => {
    let isDone = false;
    const flickering = (async () => {
      while (!isDone) {
        await writeFile(join(folder, "new"), "PORT=9000\n");
        await rename(join(folder, "new"), join(folder, ".env"));
        await rm(join(folder, ".env"));
      }
    })();
    try {
      for (let count = 0; count < 2_000; count++) assert.deepEqual((await readSources({ cwd: folder, env: {} })).problems, []);
    } finally {
      isDone = true;
      await flickering;
    }
  }));
