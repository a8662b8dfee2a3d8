/** `creds remove`, `edit`, `import` and `export` as a script runs them: what changes on disk, and what must not. */
import { parse } from "dotenv";
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Folder, inFolder, jsonOf, listOf } from "./creds_program.ts";

const ONE = "sk-one-0123456789abcdef";
const TWO = "sk-two-0123456789abcdef";
const GROQ = "gsk-0123456789abcdef012";
const ENV = `# mine\nPORT=9000\nOPENAI_API_KEY="${ONE}"   # first\nOPENAI_API_KEY_2=${TWO}\nOPENAI_PRIORITY_2=1\n`;
const LOGIN = { access_token: "qat-0123456789", refresh_token: "qrt-0123456789", token_type: "Bearer", expiry_date: 4e12 };

const envOf = ({ path }: Folder) => readFile(join(path, ".env"), "utf8");
const loginPath = ({ path }: Folder) => join(path, "oauth_creds", "qwen_code_oauth_1.json");

/** Two keys and a login. */
async function withPool(work: (folder: Folder) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    await writeFile(join(folder.path, ".env"), ENV, { mode: 0o600 });
    await mkdir(join(folder.path, "oauth_creds"), { mode: 0o700 });
    await writeFile(loginPath(folder), JSON.stringify(LOGIN), { mode: 0o600 });
    await work(folder);
  });
}

Deno.test("a removed key leaves its file with everything else as it was, and the first edit keeps a copy", () =>
  withPool(async (folder) => {
    const unasked = await folder.creds(["remove", "openai:2"]);
    assert.deepEqual([unasked.code, /--yes/.test(unasked.err), await envOf(folder)], [2, true, ENV]);
    const ran = await folder.creds(["remove", "openai:2", "--yes"]);
    assert.deepEqual([ran.code, ran.out], [0, "Removed openai:2 (sk-t…cdef): OPENAI_API_KEY_2, OPENAI_PRIORITY_2 left .env\n"], ran.err);
    assert.equal(await envOf(folder), `# mine\nPORT=9000\nOPENAI_API_KEY="${ONE}"   # first\n`);
    await folder.creds(["remove", "openai:1", "--yes"]);
    assert.equal(await envOf(folder), "# mine\nPORT=9000\n");
    assert.equal(await readFile(join(folder.path, ".env.bak"), "utf8"), ENV);
    assert.equal((await stat(join(folder.path, ".env.bak"))).mode & 0o777, 0o600);
  }));

Deno.test("a removed login is moved aside with its content, and is not listed any more", () =>
  withPool(async (folder) => {
    const ran = await folder.creds(["remove", "qwen_code:1", "--yes", "--json"]);
    assert.equal(jsonOf(ran).result, "removed");
    const removed = join(folder.path, "oauth_creds", "removed");
    const [name = ""] = await readdir(removed);
    assert.deepEqual(JSON.parse(await readFile(join(removed, name), "utf8")), LOGIN);
    assert.ok(listOf(await folder.creds(["list", "--json"])).every(({ provider }) => provider !== "qwen_code"));
  }));

Deno.test("what the environment holds can only be removed there, and an unknown name is wrong usage", () =>
  withPool(async (folder) => {
    const ran = await folder.creds(["remove", "groq:1", "--yes"], { env: { GROQ_API_KEY: GROQ } });
    assert.equal(ran.code, 1);
    assert.match(ran.err, /comes from the environment of this process; unset GROQ_API_KEY there/);
    const unknown = await folder.creds(["remove", "nobody:4", "--yes"]);
    assert.deepEqual([unknown.code, /No credential is called "nobody:4"/.test(unknown.err)], [2, true]);
    assert.equal(await envOf(folder), ENV);
  }));

Deno.test("edit ranks keys by a variable beside them, and names and ranks logins in their file", () =>
  withPool(async (folder) => {
    assert.equal((await folder.creds(["edit", "openai:1", "--priority", "5"])).code, 0);
    assert.match(await envOf(folder), /^OPENAI_PRIORITY=5$/m);
    assert.equal((await folder.creds(["edit", "openai:2", "--priority", "4"])).code, 0);
    assert.match(await envOf(folder), /^OPENAI_PRIORITY_2=4$/m);
    assert.equal((await folder.creds(["edit", "qwen_code:1", "--label", "work", "--priority", "2"])).code, 0);
    const rows = listOf(await folder.creds(["list", "--json"]));
    assert.deepEqual(rows.map(({ provider, label, priority }) => [provider, label, priority]), [
      ["qwen_code", "work", 2],
      ["openai", null, 5],
      ["openai", null, 4],
    ]);
    const kept = JSON.parse(await readFile(loginPath(folder), "utf8"));
    assert.deepEqual([kept.access_token, kept.refresh_token], [LOGIN.access_token, LOGIN.refresh_token]);
  }));

Deno.test("edit refuses what cannot be, with the reason", () =>
  withPool(async (folder) => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [["openai:1"], /--priority <n> or --label <name>/],
      [["openai:1", "--label", "x"], /only logins in files can/],
      [["openai:1", "--priority", "soon"], /expected a whole number/],
      [["qwen_code:1", "--label", " "], /--label: expected a name/],
    ];
    for (const [args, pattern] of cases) {
      const ran = await folder.creds(["edit", ...args]);
      assert.deepEqual([ran.code, ran.out], [2, ""], args.join(" "));
      assert.match(ran.err, pattern);
    }
    assert.equal(await envOf(folder), ENV);
  }));

/** A folder as the Python proxy leaves it, with one file that is broken. */
async function oldProxy({ path }: Folder): Promise<void> {
  const old = join(path, "old");
  await mkdir(join(old, "oauth_creds"), { recursive: true });
  await writeFile(join(old, ".env"), `OPENAI_API_KEY=${TWO}\nGROQ_API_KEY=${GROQ}\nPORT=8000\nMAX_CONCURRENT_REQUESTS_PER_KEY_GROQ=3\n`);
  await writeFile(join(old, "oauth_creds", "qwen_code_oauth_1.json"), JSON.stringify({ ...LOGIN, refresh_token: "qrt-another" }));
  await writeFile(join(old, "oauth_creds", "iflow_oauth_1.json"), "{bad");
  await writeFile(join(old, "key_usage.json"), JSON.stringify({ [GROQ]: { model_cooldowns: { "groq/llama": Date.now() / 1000 + 3600 } } }));
}

Deno.test("a Python proxy's folder is taken over once: what is here stays, what is broken is told, what rests goes on resting", () =>
  withPool(async (folder) => {
    await oldProxy(folder);
    const args = ["import", "--from-folder", "old"];
    const dry = await folder.creds([...args, "--dry-run"]);
    assert.deepEqual([dry.code, await envOf(folder)], [0, ENV]);
    const ran = await folder.creds([...args, "--json"]);
    assert.deepEqual(listOf(ran).map(({ result, what, place }) => [result, String(what).split(" ")[0], place]), [
      ["problem", "all", join(folder.path, "old")],
      ["there_already", "openai", "OPENAI_API_KEY_2"],
      ["new", "groq", "GROQ_API_KEY"],
      ["kept_ours", "setting", "another value is set here"],
      ["new", "setting", "MAX_CONCURRENT_REQUESTS_PER_KEY_GROQ"],
      ["new", "the", "oauth_creds/qwen_code_oauth_2.json"],
      ["new", "1", "keyproxy.db"],
    ]);
    assert.equal(await envOf(folder), `${ENV}GROQ_API_KEY=${GROQ}\nMAX_CONCURRENT_REQUESTS_PER_KEY_GROQ=3\n`);
    assert.equal(await readFile(join(folder.path, "old", "oauth_creds", "iflow_oauth_1.json"), "utf8"), "{bad");
    const rows = listOf(await folder.creds(["list", "--json"]));
    assert.match(JSON.stringify(rows.find(({ provider }) => provider === "groq")?.resting), /"model":"llama"/);
    const again = listOf(await folder.creds([...args, "--json"]));
    assert.ok(again.every(({ result, place }) => result !== "new" || place === "keyproxy.db"), JSON.stringify(again));
    assert.ok(![dry, ran].some(({ out, err }) => [ONE, TWO, GROQ, "qrt-another"].some((secret) => (out + err).includes(secret))));
  }));

Deno.test("the login of a vendor's tool is imported by name; nothing found is said with the place that was looked at", () =>
  inFolder(async (folder) => {
    const none = await folder.creds(["import", "--from-tool", "qwen_code"]);
    assert.equal(none.code, 2);
    assert.ok(none.err.includes(folder.path));
    await mkdir(join(folder.path, ".qwen"));
    await writeFile(join(folder.path, ".qwen", "oauth_creds.json"), JSON.stringify(LOGIN), { mode: 0o600 });
    const ran = await folder.creds(["import", "--from-tool", "qwen_code", "--json"]);
    assert.deepEqual(listOf(ran).map(({ result, place }) => [result, place]), [["new", "oauth_creds/qwen_code_oauth_1.json"]]);
    const again = await folder.creds(["import", "--from-tool", "all", "--json"]);
    assert.deepEqual(listOf(again).map(({ result }) => result), ["there_already"]);
  }));

Deno.test("an export is data on standard output, or a file only its owner reads that is not replaced unasked", () =>
  withPool(async (folder) => {
    const ran = await folder.creds(["export", "qwen_code:1"]);
    assert.deepEqual([ran.code, ran.err], [0, ""]);
    assert.match(ran.out, /^#.*\n/);
    assert.match(ran.out, /^#.*2096/m);
    assert.equal(parse(ran.out).QWEN_CODE_1_REFRESH_TOKEN, LOGIN.refresh_token);
    const single = await folder.creds(["export", "qwen_code", "--unnumbered"]);
    assert.equal(parse(single.out).QWEN_CODE_REFRESH_TOKEN, LOGIN.refresh_token);
    const file = await folder.creds(["export", "all", "--output", "logins.txt"]);
    assert.deepEqual([file.code, file.out], [0, ""]);
    assert.ok(!file.err.includes(LOGIN.refresh_token));
    const path = join(folder.path, "logins.txt");
    assert.deepEqual(parse(await readFile(path, "utf8")), parse(ran.out));
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    await writeFile(path, "mine");
    const refused = await folder.creds(["export", "all", "--output", "logins.txt"]);
    assert.deepEqual([refused.code, /--force/.test(refused.err), await readFile(path, "utf8")], [2, true, "mine"]);
    assert.equal((await folder.creds(["export", "all", "--output", "logins.txt", "--force"])).code, 0);
  }));

Deno.test("what cannot be exported is said", () =>
  withPool(async (folder) => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [[], /a provider, provider:n, or all/],
      [["openai"], /openai has keys, not logins/],
      [["openai:1"], /is a key, not a login/],
      [["nobody"], /No credential is called "nobody"/],
      [["all", "--format", "yaml"], /expected one of env, json, docker, shell/],
    ];
    for (const [args, pattern] of cases) {
      const ran = await folder.creds(["export", ...args]);
      assert.deepEqual([ran.code, ran.out], [2, ""], args.join(" "));
      assert.match(ran.err, pattern);
    }
  }));
