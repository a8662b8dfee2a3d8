/** What must hold for every row of the catalog: unique names, valid addresses, no claim without its reason. */
import assert from "node:assert/strict";
import { CATALOG, customRow, findRow, rowByPrefix } from "./catalog.ts";
import { allowsStreamUsage, hasQuirk, QUIRK_NAMES } from "./quirks.ts";
import type { ProviderRow } from "./row.ts";

function repeated(words: readonly string[]): string[] {
  return words.filter((word, index) => words.indexOf(word) !== index);
}

/** The ids of the rows a claim does not hold for. */
function without(claim: (row: ProviderRow) => boolean): string[] {
  return CATALOG.filter((row) => !claim(row)).map((row) => row.id);
}

function filled(template: string): string {
  return template.replace(/^\{[A-Z0-9_]+\}/, "https://host.example").replaceAll(/\{[A-Z][A-Z0-9_]*\}/g, "place");
}

Deno.test("ids, prefixes and key variables lead to one row each", () => {
  assert.deepEqual(repeated(CATALOG.map((row) => row.id)), []);
  assert.deepEqual(repeated(CATALOG.flatMap((row) => row.prefixes)), []);
  const variables = CATALOG.flatMap((row) => [...row.prefixes.map((prefix) => `${prefix}_API_KEY`), ...row.keyVariables ?? []]);
  assert.deepEqual(repeated(variables), []);
});

Deno.test("the catalog holds the providers people know, under the ids they know", () => {
  assert.ok(CATALOG.length >= 259);
  const known = ["openai", "openrouter", "groq", "mistral", "deepseek", "xai", "together_ai", "fireworks_ai", "nvidia_nim", "ollama"];
  assert.deepEqual(known.filter((id) => findRow(id) === undefined), []);
});

Deno.test("ids and prefixes have a form that model names and shells accept", () => {
  assert.deepEqual(without((row) => /^[a-z0-9][a-z0-9._-]*$/.test(row.id)), []);
  assert.deepEqual(without((row) => row.prefixes.every((prefix) => /^[A-Z0-9_]+$/.test(prefix))), []);
  assert.deepEqual(without((row) => /^[A-Z]/.test(row.prefixes[0] ?? "")), []);
  assert.deepEqual(without((row) => (row.keyVariables ?? []).every((name) => /^[A-Z][A-Z0-9_]*$/.test(name))), []);
});

Deno.test("addresses are addresses once their places are filled", () => {
  assert.deepEqual(without((row) => URL.canParse(filled(row.baseUrl))), []);
  assert.deepEqual(without((row) => !/[{}]/.test(filled(row.baseUrl)) && !row.baseUrl.endsWith("/")), []);
  assert.deepEqual(without((row) => row.listing === null || /^(?:https:\/\/|[a-z])/.test(row.listing.path)), []);
});

Deno.test("only servers on the user's machine are reached without TLS, and they need no key", () => {
  const isLoopback = (row: ProviderRow) => /^http:\/\/(?:localhost|127\.0\.0\.1):/.test(row.baseUrl);
  assert.deepEqual(without((row) => isLoopback(row) || /^(?:https:|\{)/.test(row.baseUrl)), []);
  assert.deepEqual(without((row) => row.isLocal === undefined || (isLoopback(row) && row.auth.kind === "bearer_optional")), []);
});

Deno.test("a row without an operation says why", () => {
  assert.deepEqual(without((row) => row.operations.length > 0 || row.note !== undefined), []);
  assert.deepEqual(CATALOG.filter((row) => row.operations.length === 0).map((row) => row.id).toSorted(), [
    "aleph_alpha",
    "chatgpt",
    "langgraph",
    "manus",
    "nlp_cloud",
    "nomic",
    "perplexity-agent",
    "petals",
    "replicate",
    "sagemaker",
    "sap",
    "triton",
    "watsonx",
  ]);
});

Deno.test("embeddings-only providers offer no chat, and caps are given only where there are embeddings", () => {
  for (const id of ["voyage", "jina_ai", "infinity"]) assert.deepEqual(findRow(id)?.operations, ["embeddings"], id);
  assert.deepEqual(without((row) => row.embeddingCaps === undefined || row.operations.includes("embeddings")), []);
});

Deno.test("notes are one short sentence", () => {
  assert.deepEqual(without((row) => row.note === undefined || (/^\S.*\.$/.test(row.note) && row.note.length <= 130)), []);
});

Deno.test("no row passes for another program", () => {
  const names = CATALOG.flatMap((row) => Object.keys(row.headers ?? {}));
  assert.deepEqual(names.filter((name) => /user-agent|editor|originator|integration/i.test(name)), []);
});

Deno.test("every quirk is used by a row", () => {
  assert.deepEqual(QUIRK_NAMES.filter((name) => !CATALOG.some((row) => hasQuirk(row, name))), []);
});

Deno.test("no row asks for a name of max tokens and for its opposite", () => {
  assert.deepEqual(without((row) => !(hasQuirk(row, "max_tokens_only") && hasQuirk(row, "max_completion_tokens_only"))), []);
});

Deno.test("usage on a stream is not asked of a provider that refuses the question", () => {
  assert.deepEqual(["mistral", "openai"].map((id) => allowsStreamUsage(findRow(id) ?? {})), [false, true]);
});

Deno.test("a prefix finds its row, also an alternate one", () => {
  assert.equal(rowByPrefix("TOGETHERAI")?.id, "together_ai");
  assert.equal(rowByPrefix("WAFER_AI")?.id, "wafer.ai");
  assert.equal(rowByPrefix("NOBODY"), undefined);
  assert.equal(findRow("nobody"), undefined);
});

Deno.test("a custom provider takes an optional key and offers every operation", () => {
  assert.deepEqual(customRow({ id: "my_box", baseUrl: "http://10.0.0.5:9000/v1" }), {
    id: "my_box",
    name: "my_box",
    prefixes: ["MY_BOX"],
    protocol: "openai",
    baseUrl: "http://10.0.0.5:9000/v1",
    listing: { path: "models", shape: "openai" },
    auth: { kind: "bearer_optional" },
    operations: ["chat", "completions", "embeddings"],
  });
});
