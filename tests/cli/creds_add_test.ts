/** `creds add` for keys: where they are written, what is tried first, what is refused; never a question without a terminal. */
import assert from "node:assert/strict";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startSimulator } from "../simulators/server.ts";
import { type Folder, inFolder, jsonOf } from "./creds_program.ts";

const KEY = "sk-good-0123456789abcdef";
const OTHER = "sk-other-0123456789abcdef";
const BAD = "sk-bad-0123456789abcdef";

async function envOf({ path }: Folder): Promise<string> {
  return await readFile(join(path, ".env"), "utf8");
}

/** A provider that takes two keys, under the name `near`. */
async function withProvider(
  work: (folder: Folder, at: { readonly env: { readonly NEAR_API_BASE: string }; readonly url: string }) => Promise<void>,
): Promise<void> {
  await using simulator = await startSimulator({ keys: [KEY, OTHER], models: ["alpha", "beta"] });
  await inFolder((folder) => work(folder, { env: { NEAR_API_BASE: simulator.baseUrl }, url: simulator.baseUrl }));
}

Deno.test("a key from standard input is tried and written under the next free name, by its owner readable only", () =>
  withProvider(async (folder, { env }) => {
    await writeFile(join(folder.path, ".env"), "# mine\nPORT=9000\n");
    const first = await folder.creds(["add", "near", "--key-stdin"], { input: `${KEY}\n`, env });
    assert.deepEqual([first.code, first.out], [0, "Saved NEAR_API_KEY in .env\nThe key works (2 models)\n"], first.err);
    const second = await folder.creds(["add", "near", "--key-stdin", "--priority", "2", "--json"], { input: OTHER, env });
    assert.deepEqual([jsonOf(second).variable, jsonOf(second).check], ["NEAR_API_KEY_2", "valid"]);
    assert.equal(await envOf(folder), `# mine\nPORT=9000\nNEAR_API_KEY=${KEY}\nNEAR_API_KEY_2=${OTHER}\nNEAR_PRIORITY_2=2\n`);
    assert.equal((await stat(join(folder.path, ".env"))).mode & 0o777, 0o600);
    assert.ok(!(first.out + first.err + second.out + second.err).includes(KEY.slice(4)));
  }));

Deno.test("a key that is there already is said, not written twice", () =>
  withProvider(async (folder, { env }) => {
    const inEnvironment = { ...env, NEAR_API_KEY: KEY };
    const ran = await folder.creds(["add", "near", "--key-stdin"], { input: KEY, env: inEnvironment });
    assert.deepEqual([ran.code, ran.out], [0, "This key is there already: NEAR_API_KEY (environment)\n"]);
    await assert.rejects(envOf(folder));
    await folder.creds(["add", "near", "--key-stdin"], { input: OTHER, env: inEnvironment });
    assert.equal(await envOf(folder), `NEAR_API_KEY_2=${OTHER}\n`);
  }));

Deno.test("a rejected key is not written and exits 1, unless nobody wants it tried", () =>
  withProvider(async (folder, { env }) => {
    const refused = await folder.creds(["add", "near", "--key-stdin"], { input: BAD, env });
    assert.deepEqual([refused.code, refused.out], [1, ""]);
    assert.match(refused.err, /The key was rejected: .*401[\s\S]*Nothing was written/);
    await assert.rejects(envOf(folder));
    const kept = await folder.creds(["add", "near", "--key-stdin", "--no-verify"], { input: BAD, env });
    assert.deepEqual([kept.code, await envOf(folder)], [0, `NEAR_API_KEY=${BAD}\n`]);
  }));

Deno.test("a provider of one's own is added by its address, with or without a key", () =>
  withProvider(async (folder, { url }) => {
    const mine = await folder.creds(["add", "mine", "--custom", "--base-url", `${url}/chat/completions`, "--key-env", "MY_KEY"], {
      env: { MY_KEY: KEY },
    });
    assert.deepEqual([mine.code, await envOf(folder)], [0, `MINE_API_BASE=${url}\nMINE_API_KEY=${KEY}\n`], mine.err);
    const open = await folder.creds(["add", "open-one", "--custom", "--base-url", "http://127.0.0.1:9/v1"]);
    assert.equal(open.code, 0);
    assert.match(open.out, /Saved OPEN_ONE_API_BASE in \.env\nNot verified, open_one cannot be reached: /);
    const known = await folder.creds(["add", "groq", "--custom", "--base-url", url]);
    assert.deepEqual([known.code, /this is Groq; leave --custom out/.test(known.err)], [2, true]);
    const bad = await folder.creds(["add", "third", "--custom", "--base-url", "not a url"]);
    assert.deepEqual([bad.code, /--base-url: expected an http/.test(bad.err)], [2, true]);
  }));

Deno.test("a list that answers anybody proves nothing: the key is written and called not verified", () =>
  inFolder(async (folder) => {
    await using simulator = await startSimulator({ keys: [KEY] });
    const env = { OPENROUTER_API_BASE: simulator.baseUrl };
    const ran = await folder.creds(["add", "openrouter", "--key-stdin", "--json"], { input: BAD, env });
    assert.deepEqual([ran.code, jsonOf(ran).check, jsonOf(ran).variable], [0, "not_checkable", "OPENROUTER_API_KEY"], ran.err);
    assert.equal(simulator.requests.length, 0);
  }));

Deno.test("variables a provider needs are named when they are missing, and written with the key", () =>
  inFolder(async (folder) => {
    const missing = await folder.creds(["add", "cloudflare", "--key-stdin"], { input: KEY });
    assert.deepEqual([missing.code, missing.out], [2, ""]);
    assert.match(missing.err, /CLOUDFLARE_ACCOUNT_ID.*--set CLOUDFLARE_ACCOUNT_ID=<value>/);
    const foreign = await folder.creds(["add", "cloudflare", "--key-stdin", "--set", "PATH=/x"], { input: KEY });
    assert.deepEqual([foreign.code, /--set PATH: it is no variable of/.test(foreign.err)], [2, true]);
    const args = ["add", "cloudflare", "--key-stdin", "--no-verify", "--set", "CLOUDFLARE_ACCOUNT_ID=0123abcd"];
    const ran = await folder.creds(args, { input: KEY });
    assert.deepEqual([ran.code, await envOf(folder)], [0, `CLOUDFLARE_ACCOUNT_ID=0123abcd\nCLOUDFLARE_API_KEY=${KEY}\n`], ran.err);
  }));

Deno.test("a server on this machine needs no key: its address announces it", () =>
  inFolder(async (folder) => {
    await using simulator = await startSimulator({ models: ["llama"] });
    const ran = await folder.creds(["add", "ollama", "--base-url", simulator.baseUrl]);
    assert.deepEqual([ran.code, await envOf(folder)], [0, `OLLAMA_API_BASE=${simulator.baseUrl}\n`]);
    assert.match(ran.out, /works \(it answers, 1 model\)/);
    const listed = await folder.creds(["list"]);
    assert.match(listed.out, /ollama[\s\S]*no key +open +ready/);
  }));

Deno.test("without a terminal whatever is missing is an error that names the flag", () =>
  inFolder(async (folder) => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [["add"], /The provider is missing: give its id/],
      [["add", "openai"], /The key is missing: give --key-stdin or --key-env <NAME>/],
      [["add", "--custom"], /A short name for it is missing/],
      [["add", "x1", "--custom"], /--base-url <url>/],
      [["add", "qwen_code"], /--key-stdin .*--login/],
      [["remove"], /id or provider:n/],
      [["edit"], /id or provider:n/],
      [["import"], /--from-tool <provider> or --from-folder <path>/],
    ];
    for (const [args, pattern] of cases) {
      const ran = await folder.creds(args);
      assert.deepEqual([ran.code, ran.out], [2, ""], args.join(" "));
      assert.match(ran.err, pattern);
    }
  }));

Deno.test("wrong usage exits 2 and says what was meant", () =>
  inFolder(async (folder) => {
    const cases: readonly (readonly [readonly string[], string, RegExp])[] = [
      [["add", "opnai", "--key-stdin"], KEY, /No provider is called "opnai"\. Did you mean openai\?/],
      [["add", "openai", "--key-stdin"], "", /Standard input is empty/],
      [["add", "openai", "--key-stdin"], "YOUR_KEY", /text of an example/],
      [["add", "openai", "--key-stdin"], "two\nlines", /no blanks/],
      [["add", "openai", "--key-env", "NO_SUCH"], "", /NO_SUCH of --key-env is not set/],
      [["add", "openai", "--key-stdin", "--priority", "high"], KEY, /--priority "high": expected a whole number/],
      [["add", "openai", "--login"], "", /has no login/],
      [["add", "gemini_cli", "--key-stdin"], KEY, /takes a login, not a key/],
      [["add", "chatgpt", "--key-stdin"], KEY, /takes a login|cannot be used/],
    ];
    for (const [args, input, pattern] of cases) {
      const ran = await folder.creds(args, { input });
      assert.deepEqual([ran.code, ran.out], [2, ""], args.join(" "));
      assert.match(ran.err, pattern);
    }
  }));

Deno.test("a new file named by --env-file is made; a broken one is left alone", () =>
  inFolder(async (folder) => {
    const args = ["add", "openai", "--key-stdin", "--no-verify", "--env-file", "keys.conf"];
    assert.equal((await folder.creds(args, { input: KEY })).code, 0);
    assert.equal(await readFile(join(folder.path, "keys.conf"), "utf8"), `OPENAI_API_KEY=${KEY}\n`);
    await writeFile(join(folder.path, ".env"), "what is this\n");
    const ran = await folder.creds(["add", "openai", "--key-stdin", "--no-verify"], { input: OTHER });
    assert.equal(ran.code, 2);
    assert.match(ran.err, /Cannot read the configuration:\n {2}\.env line 1/);
    assert.equal(await envOf(folder), "what is this\n");
  }));

Deno.test("keys added at the same time are all kept, each under a name of its own", () =>
  inFolder(async (folder) => {
    const keys = [1, 2, 3, 4, 5, 6].map((number) => `sk-together-${number}-0123456789abcdef`);
    const runs = await Promise.all(keys.map((input) => folder.creds(["add", "openai", "--key-stdin", "--no-verify", "--json"], { input })));
    assert.deepEqual(runs.map(({ code }) => code), keys.map(() => 0), runs.map(({ err }) => err).join(""));
    const lines = (await envOf(folder)).trim().split("\n");
    assert.deepEqual(lines.map((line) => line.split("=")[1]).toSorted(), keys);
    const names = lines.map((line) => line.split("=")[0]).toSorted();
    assert.deepEqual(names, ["OPENAI_API_KEY", ...[2, 3, 4, 5, 6].map((number) => `OPENAI_API_KEY_${number}`)]);
    assert.deepEqual(runs.map((ran) => jsonOf(ran).variable).toSorted(), names);
    assert.deepEqual((await readdir(folder.path)).filter((name) => name.endsWith(".lock")), []);
  }));
