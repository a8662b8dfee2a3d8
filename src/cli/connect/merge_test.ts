/** Settings laid into files of tools: what was there stays, what is ours is there once, and twice is as once. */
import fc from "fast-check";
import assert from "node:assert/strict";
import { parseJson } from "../../kernel/json.ts";
import { merged } from "./merge.ts";
import { TOOLS, type Wanted } from "./tools.ts";

const TARGET = { root: "http://127.0.0.1:8000", key: "kp-a-key", model: "local/m" };

function wantedBy(id: string): Wanted {
  const file = TOOLS.find((tool) => tool.id === id)?.plan(TARGET).file;
  assert.ok(file !== undefined);
  return file;
}

Deno.test("JSON: other settings stay, also beside ours", () => {
  const text = JSON.stringify({ theme: "dark", env: { EDITOR: "vi", ANTHROPIC_BASE_URL: "https://old.example" } });
  assert.deepEqual(parseJson(merged(text, wantedBy("claude-code")) ?? ""), {
    theme: "dark",
    env: { EDITOR: "vi", ANTHROPIC_BASE_URL: TARGET.root, ANTHROPIC_AUTH_TOKEN: "kp-a-key", ANTHROPIC_MODEL: "local/m" },
  });
});

Deno.test("JSON that cannot be read is left alone", () => {
  for (const text of ["{ // a comment\n}", "[]", "not json"]) assert.equal(merged(text, wantedBy("claude-code")), undefined);
});

Deno.test("TOML: comments, other tables and what a person added to ours stay; keys before the first table stay before it", () => {
  const text = [
    "# my settings",
    'model = "old"',
    "",
    "[model_providers.keyproxy] # ours",
    'base_url = "http://old.example/v1"',
    "request_max_retries = 2",
    "",
    "[profiles.fast]",
    'model = "other"',
    "",
  ].join("\n");
  assert.equal(
    merged(text, wantedBy("codex")),
    [
      'model_provider = "keyproxy"',
      "# my settings",
      'model = "local/m"',
      "",
      "[model_providers.keyproxy]",
      'name = "keyproxy"',
      'base_url = "http://127.0.0.1:8000/v1"',
      'wire_api = "responses"',
      'env_key = "KEYPROXY_API_KEY"',
      "request_max_retries = 2",
      "",
      "[profiles.fast]",
      'model = "other"',
      "",
    ].join("\n"),
  );
});

Deno.test("variables: lines in place, comments kept, new ones at the end", () => {
  assert.equal(
    merged("# mine\nGEMINI_API_KEY=old\nOTHER=1\n", wantedBy("gemini-cli")),
    "# mine\nGEMINI_API_KEY=kp-a-key\nOTHER=1\nGOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8000\nGEMINI_MODEL=local/m\n",
  );
});

Deno.test("merging twice is as merging once, whatever was there", () => {
  const lines = fc.constantFrom(
    "# x",
    "a = 1",
    'model = "q"',
    "[t]",
    "[model_providers.keyproxy]",
    "b = [1]",
    "",
    "GEMINI_API_KEY=z",
    "X=1",
  );
  fc.assert(fc.property(fc.array(lines, { maxLength: 8 }), fc.constantFrom("codex", "gemini-cli"), (given, id) => {
    // A variable or table that stands there twice is no TOML.
    const once = merged(`${given.join("\n")}\n`, wantedBy(id));
    if (once !== undefined) assert.equal(merged(once, wantedBy(id)), once);
  }));
});

Deno.test("TOML that is none, or has our table in another form, is left alone", () => {
  const texts = [
    "this is [not toml\n= 3\n",
    '[model_providers]\nkeyproxy = { name = "old" }\n',
    'model_providers.keyproxy.name = "old"\n',
    'prompt = """\nmodel = 5\n"""\n',
    '"model_provider" = "openai"\n',
  ];
  for (const text of texts) assert.equal(merged(text, wantedBy("codex")), undefined, text);
  assert.ok(merged('notify = [\n  ["x"],\n]\nat = 1979-05-27T07:32:00Z\n', wantedBy("codex")) !== undefined);
});

Deno.test("env: of several lines for a variable all are replaced, and a longer value is not broken", () => {
  const twice = merged("GEMINI_API_KEY=one\nexport GEMINI_API_KEY=two\n", wantedBy("gemini-cli")) ?? "";
  assert.equal(twice.match(/^GEMINI_API_KEY=kp-a-key$/gm)?.length, 2);
  assert.equal(merged('NOTE="a\nGEMINI_API_KEY=inside\n"\n', wantedBy("gemini-cli")), undefined);
});
