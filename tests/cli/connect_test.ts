/** `keyproxy connect` as a script runs it: what is shown, what is written, and what is left alone. */
import assert from "node:assert/strict";
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asObject, parseJson } from "../../src/kernel/json.ts";
import { inFolder, listOf } from "./creds_program.ts";

const KEY = "kp-0123456789abcdefghij";
const ENV = { PROXY_API_KEY: KEY, PORT: "9000" };

Deno.test("each tool is listed and shown, with the key in part unless it is asked for", async () => {
  await inFolder(async (folder) => {
    const list = await folder.program(["connect", "--json"]);
    const ids = listOf(list).map(({ id }) => String(id));
    assert.ok(ids.includes("claude-code") && ids.includes("codex") && ids.includes("gemini-cli") && ids.includes("opencode"));
    for (const id of ids) {
      const shown = await folder.program(["connect", id, "--model", "local/m"], { env: ENV });
      assert.equal(shown.code, 0, shown.err);
      assert.ok(!shown.out.includes(KEY), id);
    }
    const whole = await folder.program(["connect", "openai-sdk", "--show-key"], { env: ENV });
    assert.equal(whole.out, `# OpenAI's SDKs\nexport OPENAI_BASE_URL=http://127.0.0.1:9000/v1\nexport OPENAI_API_KEY=${KEY}\n`);
  });
});

Deno.test("--write merges, keeps the old file, and does nothing the second time", async () => {
  await inFolder(async (folder) => {
    const path = join(folder.path, ".claude/settings.json");
    await mkdir(join(folder.path, ".claude"));
    await writeFile(path, '{"theme": "dark"}');
    await chmod(path, 0o644);
    const first = await folder.program(["connect", "claude-code", "--write"], { env: ENV });
    assert.equal(first.code, 0, first.err);
    const env = asObject(asObject(parseJson(await readFile(path, "utf8")))?.env);
    assert.deepEqual(env, { ANTHROPIC_BASE_URL: "http://127.0.0.1:9000", ANTHROPIC_AUTH_TOKEN: KEY });
    assert.equal((await stat(path)).mode & 0o777, 0o600, "a key is in it now");
    const again = await folder.program(["connect", "claude-code", "--write"], { env: ENV });
    assert.match(again.out, /nothing was changed/);
    const files = await readdir(join(folder.path, ".claude"));
    assert.equal(files.filter((name) => name.endsWith(".bak")).length, 1);
    assert.ok(!(first.out + first.err).includes(KEY));
  });
});

Deno.test("a new file is for its owner alone", async () => {
  await inFolder(async (folder) => {
    assert.equal((await folder.program(["connect", "gemini-cli", "--write"], { env: ENV })).code, 0);
    const { mode } = await stat(join(folder.path, ".gemini/.env"));
    assert.equal(mode & 0o777, 0o600);
  });
});

Deno.test("a file that cannot be read is left alone, and an unknown tool is told apart from a slip", async () => {
  await inFolder(async (folder) => {
    const path = join(folder.path, ".claude/settings.json");
    await mkdir(join(folder.path, ".claude"));
    await writeFile(path, "{ // mine\n}");
    const refused = await folder.program(["connect", "claude-code", "--write"], { env: ENV });
    assert.equal(refused.code, 1);
    assert.match(refused.err, /not plain JSON. Nothing was changed/);
    assert.equal(await readFile(path, "utf8"), "{ // mine\n}");
    const slip = await folder.program(["connect", "claude-kode"]);
    assert.deepEqual([slip.code, slip.err], [
      2,
      'Cannot connect "claude-kode": no such tool is known. Did you mean claude-code? keyproxy connect lists them.\n',
    ]);
    const unwritable = await folder.program(["connect", "cursor", "--write"], { env: ENV });
    assert.equal(unwritable.code, 2);
  });
});
