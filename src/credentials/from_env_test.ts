/** Keys from the environment: whose they are, in which order, and which are dropped. */
import assert from "node:assert/strict";
import type { Variables } from "../kernel/variables.ts";
import type { Credential } from "./credential.ts";
import { credentialsFromEnv, type EnvCredentials, type EnvCredentialsOptions, type KeyedRow } from "./from_env.ts";

const BEARER = { kind: "bearer" } as const;
const ROWS: readonly KeyedRow[] = [
  { id: "openai", name: "OpenAI", prefixes: ["OPENAI"], auth: BEARER },
  { id: "gemini", name: "Gemini", prefixes: ["GEMINI", "GOOGLE"], auth: { kind: "header", name: "x-goog-api-key" } },
  { id: "azure", name: "Azure", prefixes: ["AZURE"], auth: BEARER },
  { id: "azure_ai", name: "Azure AI", prefixes: ["AZURE_AI"], auth: BEARER },
  { id: "moonshot", name: "Moonshot", prefixes: ["MOONSHOT"], auth: BEARER },
  { id: "moonshot-cn", name: "Moonshot China", prefixes: ["MOONSHOT_CN"], auth: BEARER },
  { id: "github", name: "GitHub Models", prefixes: ["GITHUB"], keyVariables: ["GITHUB_TOKEN"], auth: BEARER },
  { id: "iflow", name: "iFlow", prefixes: ["IFLOW"], auth: { kind: "oauth", takesKeys: true } },
  { id: "qwen_code", name: "Qwen Code", prefixes: ["QWEN_CODE"], auth: { kind: "oauth", takesKeys: true } },
  { id: "copilot", name: "Copilot", prefixes: ["COPILOT"], auth: { kind: "oauth" } },
  { id: "ollama", name: "Ollama", prefixes: ["OLLAMA"], auth: { kind: "none" } },
  { id: "vllm", name: "vLLM", prefixes: ["VLLM"], auth: { kind: "bearer_optional" } },
];

function read(env: Record<string, string>, more: Partial<EnvCredentialsOptions> = {}): EnvCredentials {
  const variables: Variables = new Map(Object.entries(env).map(([name, value]) => [name, { value, origin: "environment" }]));
  return credentialsFromEnv({ variables, rows: ROWS, ...more });
}

/** `provider <- variable` of every credential, in order. */
function keyOf(credential: Credential): string {
  return credential.kind === "oauth" ? "" : credential.secret.reveal();
}

function origins(env: Record<string, string>, more: Partial<EnvCredentialsOptions> = {}): string[] {
  return read(env, more).credentials.map(({ provider, source }) => `${provider} <- ${source}`);
}

Deno.test("a bare machine has no credentials and no complaints", () => {
  assert.deepEqual(read({ PATH: "/bin", HOME: "/root" }), { credentials: [], customProviders: [], apiBases: new Map(), warnings: [] });
});

Deno.test("a key's provider is the row whose prefix is exactly what stands before _API_KEY", () => {
  const names = [
    "AZURE_API_KEY",
    "AZURE_AI_API_KEY",
    "MOONSHOT_API_KEY",
    "MOONSHOT_CN_API_KEY_2",
    "OPENAI_API_KEY_TEAM_A",
    "GOOGLE_API_KEY",
  ];
  const env = Object.fromEntries(names.map((name, at) => [name, `key-number-${at}`]));
  const { credentials, warnings } = read(env);
  assert.deepEqual(warnings, []);
  assert.deepEqual(credentials.map((it) => [it.provider, it.source, it.kind, keyOf(it)]), [
    ["openai", "OPENAI_API_KEY_TEAM_A", "api_key", "key-number-4"],
    ["gemini", "GOOGLE_API_KEY", "api_key", "key-number-5"],
    ["azure", "AZURE_API_KEY", "api_key", "key-number-0"],
    ["azure_ai", "AZURE_AI_API_KEY", "api_key", "key-number-1"],
    ["moonshot", "MOONSHOT_API_KEY", "api_key", "key-number-2"],
    ["moonshot-cn", "MOONSHOT_CN_API_KEY_2", "api_key", "key-number-3"],
  ]);
});

Deno.test("keys of a provider come in natural order: plain, numbers, words, then variables of another form", () => {
  const suffixes = ["_API_KEY_10", "_API_KEY_2", "_API_KEY_B", "_API_KEY", "_API_KEY_1", "_TOKEN_2", "_TOKEN"];
  const env = Object.fromEntries(suffixes.map((suffix, at) => [`GITHUB${suffix}`, `key-${at}`]));
  assert.deepEqual(
    origins(env).map((it) => it.replace("github <- GITHUB", "")),
    ["_API_KEY", "_API_KEY_1", "_API_KEY_2", "_API_KEY_10", "_API_KEY_B", "_TOKEN", "_TOKEN_2"],
  );
});

Deno.test("keys are trimmed, also of quotes that were left in place", () => {
  const { credentials } = read({ OPENAI_API_KEY: "  key-one \r", OPENAI_API_KEY_2: '"key-two"' });
  assert.deepEqual(credentials.map(keyOf), ["key-one", "key-two"]);
});

for (
  const text of ["", "  ", "YOUR_API_KEY", "your-key-here", "sk-...", "changeme", "CHANGE_ME", "<your key>", "xxxx", "two words", "ключ"]
) {
  Deno.test(`the key ${JSON.stringify(text)} is dropped with one warning`, () => {
    const { credentials, warnings } = read({ OPENAI_API_KEY: text, OPENAI_API_KEY_2: "real-key" });
    assert.deepEqual(credentials.map(({ source }) => source), ["OPENAI_API_KEY_2"]);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", /^OPENAI_API_KEY is ignored: /);
  });
}

Deno.test("a key that is there twice is used once; the warning names both variables", () => {
  const { credentials, warnings } = read({ GEMINI_API_KEY: "same", GOOGLE_API_KEY: " same ", OPENAI_API_KEY: "same" });
  assert.deepEqual(credentials.map(({ source }) => source), ["OPENAI_API_KEY", "GEMINI_API_KEY"]);
  assert.deepEqual(warnings, ["GOOGLE_API_KEY is ignored: it holds the same key as GEMINI_API_KEY."]);
});

Deno.test("P_PRIORITY ranks the key with the same number or word", () => {
  const { credentials } = read({
    OPENAI_API_KEY: "a",
    OPENAI_API_KEY_2: "b",
    OPENAI_API_KEY_TEAM_A: "c",
    OPENAI_API_KEY_3: "d",
    OPENAI_PRIORITY: "1",
    OPENAI_PRIORITY_2: "2",
    OPENAI_PRIORITY_TEAM_A: " 7 ",
  });
  assert.deepEqual(credentials.map(({ source, priority }) => [source, priority]), [
    ["OPENAI_API_KEY", 1],
    ["OPENAI_API_KEY_2", 2],
    ["OPENAI_API_KEY_3", 0],
    ["OPENAI_API_KEY_TEAM_A", 7],
  ]);
});

Deno.test("P_API_BASE with an unknown name makes a custom provider, with or without a key", () => {
  const found = read({
    MY_SERVER_API_BASE: "http://127.0.0.1:8080/v1/chat/completions/",
    OTHER_API_BASE: "https://x.example/v1/",
    OTHER_API_KEY: "key",
  });
  assert.deepEqual(found.customProviders, [
    { id: "my_server", baseUrl: "http://127.0.0.1:8080/v1" },
    { id: "other", baseUrl: "https://x.example/v1" },
  ]);
  assert.deepEqual(found.credentials.map(({ provider, kind, source, display }) => [provider, kind, source, display]), [
    ["my_server", "none", "MY_SERVER_API_BASE", "no key"],
    ["other", "api_key", "OTHER_API_KEY", "…"],
  ]);
  assert.deepEqual([found.apiBases.size, found.warnings], [0, []]);
});

Deno.test("P_API_BASE of a known provider replaces its address; a missing key is named", () => {
  const found = read({ GOOGLE_API_BASE: "https://relay.example/v1", OPENAI_API_BASE: "https://{RESOURCE}.example", OPENAI_API_KEY: "key" });
  assert.deepEqual([...found.apiBases], [["openai", "https://{RESOURCE}.example"], ["gemini", "https://relay.example/v1"]]);
  assert.deepEqual(found.customProviders, []);
  assert.deepEqual(found.warnings, ["GOOGLE_API_BASE is set, but Gemini has no key: set GEMINI_API_KEY."]);
});

Deno.test("a server on one's own machine joins only when something speaks of it", () => {
  assert.deepEqual(origins({ OPENAI_API_KEY: "key" }), ["openai <- OPENAI_API_KEY"]);
  assert.deepEqual(origins({ OLLAMA_API_BASE: "http://127.0.0.1:11434/v1" }), ["ollama <- OLLAMA_API_BASE"]);
  assert.deepEqual(origins({}, { mentioned: ["vllm", "openai"] }), ["vllm <- vllm"]);
  assert.deepEqual(origins({ VLLM_API_KEY: "key" }), ["vllm <- VLLM_API_KEY"]);
  assert.deepEqual(origins({ VLLM_API_KEY: "", OLLAMA_API_KEY: "YOUR_KEY" }), []);
  const ollama = read({ OLLAMA_API_KEY: "ollama" });
  assert.deepEqual(ollama.credentials.map(({ kind }) => kind), ["none"]);
  assert.deepEqual(ollama.warnings, ["OLLAMA_API_KEY is not sent: Ollama takes no key."]);
});

Deno.test("names that belong to a login are no plain keys", () => {
  const login = { IFLOW_ACCESS_TOKEN: "token", IFLOW_REFRESH_TOKEN: "refresh", IFLOW_API_KEY: "part" };
  assert.deepEqual([read(login).credentials, read(login).warnings], [[], []]);
  assert.deepEqual(origins({ ...login, IFLOW_API_KEY_1: "plain" }), ["iflow <- IFLOW_API_KEY_1"]);
  const numbered = read({ IFLOW_1_ACCESS_TOKEN: "token", IFLOW_1_REFRESH_TOKEN: "refresh", IFLOW_1_API_KEY: "part" });
  assert.deepEqual([numbered.credentials, numbered.warnings], [[], []]);
  const beside = read({ IFLOW_1_ACCESS_TOKEN: "token", IFLOW_1_API_KEY: "part", IFLOW_2_API_KEY: "lost", IFLOW_API_KEY: "plain" });
  assert.deepEqual(beside.credentials.map(({ source }) => source), ["IFLOW_API_KEY"]);
  assert.deepEqual(beside.warnings, ["IFLOW_2_API_KEY is ignored: a further key is called IFLOW_API_KEY_2."]);
});

Deno.test("a blank token makes no login, so the key beside it is one", () => {
  assert.deepEqual(origins({ IFLOW_ACCESS_TOKEN: "  ", IFLOW_API_KEY: "plain" }), ["iflow <- IFLOW_API_KEY"]);
  assert.match(read({ IFLOW_1_ACCESS_TOKEN: "", IFLOW_1_API_KEY: "key" }).warnings.join(), /IFLOW_API_KEY_1/);
});

Deno.test("a provider that takes both uses plain keys, numbered and ranked", () => {
  const { credentials, warnings } = read({
    IFLOW_API_KEY_10: "ten",
    IFLOW_API_KEY_2: "two",
    IFLOW_API_KEY: "plain",
    IFLOW_PRIORITY_2: "3",
  });
  assert.deepEqual(credentials.map(({ kind, source, priority }) => [kind, source, priority]), [
    ["api_key", "IFLOW_API_KEY", 0],
    ["api_key", "IFLOW_API_KEY_2", 3],
    ["api_key", "IFLOW_API_KEY_10", 0],
  ]);
  assert.deepEqual(warnings, []);
});

Deno.test("a token for something else does not hide a key that is no part of a login", () => {
  const env = {
    OPENAI_ACCESS_TOKEN: "token",
    OPENAI_API_KEY: "key",
    OWN_API_BASE: "https://own.example/v1",
    OWN_ACCESS_TOKEN: "t",
    OWN_API_KEY: "k",
  };
  assert.deepEqual(origins(env), ["openai <- OPENAI_API_KEY", "own <- OWN_API_KEY"]);
  // Qwen's logins bring no key, so one beside them stands for itself.
  assert.deepEqual(origins({ QWEN_CODE_ACCESS_TOKEN: "t", QWEN_CODE_API_KEY: "k" }), ["qwen_code <- QWEN_CODE_API_KEY"]);
  const numbered = read({ GEMINI_2_ACCESS_TOKEN: "token", GEMINI_2_API_KEY: "key" });
  assert.deepEqual(numbered.warnings, ["GEMINI_2_API_KEY is ignored: a further key is called GEMINI_API_KEY_2."]);
});

Deno.test("a number in the wrong place is told apart from a login", () => {
  const { credentials, warnings } = read({ GEMINI_2_API_KEY: "key" });
  assert.deepEqual(credentials, []);
  assert.deepEqual(warnings, ["GEMINI_2_API_KEY is ignored: a further key is called GEMINI_API_KEY_2."]);
});

Deno.test("a provider that takes a login says so when it is given a key", () => {
  const { credentials, warnings } = read({ COPILOT_API_KEY: "key" });
  assert.deepEqual([credentials, warnings], [[], ["COPILOT_API_KEY is ignored: Copilot takes a login, not a key."]]);
});

Deno.test("PROXY_API_KEY is no provider's key", () => {
  assert.deepEqual(read({ PROXY_API_KEY: "kp-x", PROXY_API_BASE: "http://x.example", KEYPROXY_API_KEY: "x" }), read({}));
  assert.match(read({ PROXY_API_KEY_2: "kp-x" }).warnings.join(), /separated by commas/);
});

Deno.test("a key of an unknown provider: the warning says what to set, and what was perhaps meant", () => {
  assert.deepEqual(read({ NOBODY_API_KEY_2: "key" }).warnings, [
    "NOBODY_API_KEY_2 is ignored: no provider is called NOBODY. For a provider of your own set NOBODY_API_BASE to its address.",
  ]);
  const closest = (name: string, known: Iterable<string>) => [...known].find((it) => it[0] === name[0]);
  assert.match(read({ OPNAI_API_KEY: "key" }, { closest }).warnings.join(), /Did you mean OPENAI_API_KEY\?/);
});

Deno.test("no warning and no printed credential ever holds a key", () => {
  const canary = "sk-canary-1234567890abcdefghij";
  const names = [
    "OPENAI_API_KEY",
    "OPENAI_API_KEY_2",
    "NOBODY_API_KEY",
    "GEMINI_2_API_KEY",
    "COPILOT_API_KEY",
    "OLLAMA_API_KEY",
    "PROXY_API_KEY_2",
  ];
  const found = read({
    ...Object.fromEntries(names.map((name) => [name, canary])),
    GEMINI_API_KEY: `two ${canary}`,
    AZURE_API_BASE: `x:${canary}`,
  });
  assert.equal(found.warnings.length, 7);
  assert.ok(!JSON.stringify(found).includes(canary));
});
