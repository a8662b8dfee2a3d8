/** The small commands, as processes: `init`, `models`, `providers`, `version`, help. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { open, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import deno from "../../deno.json" with { type: "json" };
import { startSimulator } from "../simulators/server.ts";
import { cacheVariable, programCommand, runProgram } from "../support/process.ts";
import { inFolder } from "../support/folder.ts";

Deno.test("init writes a random proxy key once, keeps what is there, and only its owner may read the file", () =>
  inFolder(async (folder) => {
    const path = join(folder, ".env");
    await writeFile(path, "# mine\nOPENAI_API_KEY=sk-mine-0123456789\n");
    const first = await runProgram(["init"], { cwd: folder });
    const key = /kp-[0-9A-Za-z]{32}/.exec(first.output)?.[0];
    assert.equal(first.code, 0);
    const text = await readFile(path, "utf8");
    assert.ok(text.startsWith("# mine\nOPENAI_API_KEY=sk-mine-0123456789\n") && text.includes(`PROXY_API_KEY=${key}`), text);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const second = await runProgram(["init"], { cwd: folder });
    assert.equal(second.code, 0);
    assert.match(second.output, /is set already/);
    assert.equal(await readFile(path, "utf8"), text);
  }));

Deno.test("models lists what can be called, filtered, as text or JSON", () =>
  inFolder(async (folder) => {
    await using simulator = await startSimulator({ models: ["alpha", "beta"] });
    const env = { LOCAL_API_BASE: simulator.baseUrl, NEAR_API_BASE: simulator.baseUrl };
    const text = await runProgram(["models", "--search", "ALPHA"], { cwd: folder, env });
    assert.deepEqual([text.code, text.output], [0, "local/alpha\nnear/alpha\n2 models of 2 providers\n"]);
    const json = await runProgram(["models", "--provider", "near", "--json"], { cwd: folder, env });
    assert.deepEqual(JSON.parse(json.output).map((row: { id: string }) => row.id), ["near/alpha", "near/beta"]);
    const unknown = await runProgram(["models", "--provider", "far"], { cwd: folder, env });
    assert.equal(unknown.code, 2);
    assert.match(unknown.output, /Provider "far" is not configured; configured are: local, near/);
  }));

Deno.test("models of a provider that there is not is a mistake, and leaves nothing behind", () =>
  inFolder(async (folder) => {
    const { code, output } = await runProgram(["models", "--provider", "nosuch"], { cwd: folder });
    assert.deepEqual([code, output], [2, 'Provider "nosuch" is not configured; configured are: none\n']);
    assert.ok(!(await readdir(folder)).some((name) => name.startsWith("keyproxy.db")));
  }));

Deno.test("models tells what filters hide, by which rule, and who did not say what it offers", () =>
  inFolder(async (folder) => {
    await using simulator = await startSimulator({ models: ["alpha", "beta-preview", "beta"] });
    const env = {
      LOCAL_API_BASE: simulator.baseUrl,
      AWAY_API_BASE: "http://127.0.0.1:1/v1",
      IGNORE_MODELS_LOCAL: "*-preview, beta",
      WHITELIST_MODELS_LOCAL: "beta",
    };
    const shown = await runProgram(["models"], { cwd: folder, env });
    assert.equal(shown.code, 0);
    assert.match(shown.output, /local\/alpha\nlocal\/beta\n2 models of 1 provider; 1 model hidden by filters: --hidden shows it\n/);
    assert.match(shown.output, /away could not list its models: it did not answer/);
    const hidden = await runProgram(["models", "--hidden"], { cwd: folder, env });
    assert.match(hidden.output, /local\/beta-preview {2}IGNORE_MODELS_LOCAL: \*-preview\n/);
    const searched = await runProgram(["models", "--search", "preview"], { cwd: folder, env });
    assert.match(
      searched.output,
      /No model that can be called has "preview" in its id, but of those that do 1 is hidden: --hidden tells why/,
    );
    const json = await runProgram(["models", "--hidden", "--json", "--provider", "local"], { cwd: folder, env });
    assert.deepEqual(JSON.parse(json.output), [
      { id: "local/beta-preview", provider: "local", pattern: "*-preview", variable: "IGNORE_MODELS_LOCAL" },
    ]);
  }));

Deno.test("models shows limits and prices where they are known", () =>
  inFolder(async (folder) => {
    const env = { OPENAI_API_BASE: "http://127.0.0.1:1/v1", OPENAI_API_KEY: "sk-aaaaaaaaaaaaaaaaaaaa1", OPENAI_MODELS: '["gpt-4o-mini"]' };
    const text = await runProgram(["models"], { cwd: folder, env });
    assert.match(text.output, /^openai\/gpt-4o-mini +128k .*0\.15 +0\.6\b/m);
    const [row] = JSON.parse((await runProgram(["models", "--json"], { cwd: folder, env })).output);
    assert.deepEqual([row.id, row.context_length, Number(row.pricing.prompt)], ["openai/gpt-4o-mini", 128_000, 1.5e-7]);
  }));

Deno.test("providers lists the catalog and one's own, and shows what one needs", () =>
  inFolder(async (folder) => {
    const env = {
      OPENAI_API_KEY_1: "sk-aaaaaaaaaaaaaaaaaaaa1",
      OPENAI_API_KEY_2: "sk-bbbbbbbbbbbbbbbbbbbb2",
      MINE_API_BASE: "http://127.0.0.1:1/v1",
    };
    const configured = await runProgram(["providers", "--configured"], { cwd: folder, env });
    assert.match(configured.output, /^mine .*1 credential$/m);
    assert.match(configured.output, /^openai +OpenAI +OPENAI_API_KEY +openai +2 credentials$/m);
    assert.match(configured.output, /2 providers\. keyproxy providers show <id>/);
    const searched = await runProgram(["providers", "--search", "GOOGLE studio", "--json"], { cwd: folder, env });
    assert.deepEqual(JSON.parse(searched.output).map((row: { id: string }) => row.id), ["gemini"]);
    const shown = await runProgram(["providers", "show", "cloudflare"], { cwd: folder, env });
    assert.equal(shown.code, 0);
    for (const part of ["(set CLOUDFLARE_ACCOUNT_ID)", "CLOUDFLARE_API_KEY", "Quirks", "not configured", "keyproxy creds add cloudflare"]) {
      assert.ok(shown.output.includes(part), `${part}: ${shown.output}`);
    }
    // An address stays whole, so that it can be copied.
    for (const line of shown.output.split("\n")) assert.ok(line.length <= 80 || line.includes("https://"), line);
    const own = await runProgram(["providers", "show", "openai"], { cwd: folder, env });
    assert.match(own.output, /Here +openai:1 {2}sk-a…aaa1 {2}OPENAI_API_KEY_1\n/);
    const slip = await runProgram(["providers", "show", "opnai"], { cwd: folder, env });
    assert.deepEqual([slip.code, /Did you mean openai\?/.test(slip.output)], [2, true]);
  }));

Deno.test("without arguments and without a terminal the help is printed, and it is a mistake", () =>
  inFolder(async (folder) => {
    const { code, output } = await runProgram([], { cwd: folder });
    assert.equal(code, 2);
    assert.match(output, /^Usage: keyproxy /);
  }));

Deno.test("the version and the help are printed and exit 0", () =>
  inFolder(async (folder) => {
    const { output } = await runProgram(["version", "--json"], { cwd: folder });
    const { version, commit, runtime } = JSON.parse(output);
    assert.equal(version, deno.version);
    assert.match(runtime, /^(?:deno|bun) \d/);
    // Only an executable was built from some commit.
    assert.ok(commit === null || process.env["KEYPROXY_EXECUTABLE"] !== undefined, output);
    const line = `keyproxy ${deno.version}${commit === null ? "" : ` (${commit})`}\n`;
    for (const args of [["version"], ["--version"]]) {
      assert.deepEqual(await runProgram(args, { cwd: folder }), { code: 0, output: line });
    }
    const help = await runProgram(["--help"], { cwd: folder });
    assert.equal(help.code, 0);
    for (const word of ["serve", "demo", "init", "models", "Examples:"]) assert.ok(help.output.includes(word), word);
  }));

Deno.test("a slip in a word or a flag gets the nearest one", () =>
  inFolder(async (folder) => {
    for (
      const [args, nearest] of [
        [["completions", "bsh"], "bash"],
        [["--add-credentials"], "keyproxy creds add"],
        [["creds", "list", "--jsn"], "--json"],
        [["creds", "disabel"], "disable"],
        [["relaod"], "reload"],
      ] as const
    ) {
      const { code, output } = await runProgram(args, { cwd: folder });
      assert.deepEqual([code, output.includes(`Did you mean ${nearest}? keyproxy`)], [2, true], output);
    }
    const far = await runProgram(["--zzz"], { cwd: folder });
    assert.deepEqual([far.code, far.output], [2, "Unknown option '--zzz'. keyproxy serve --help lists what there is\n"]);
  }));

// A device that is always full is there on Linux.
if (existsSync("/dev/full")) {
  Deno.test("a full disk is one line and exit code 1", () =>
    inFolder(async (folder) => {
      const [command, ...before] = programCommand();
      for (const args of [["version"], ["creds", "list"], ["--help"]]) {
        await using full = await open("/dev/full", "w");
        const env = { ...cacheVariable(), HOME: folder, PATH: folder };
        const child = spawn(command, [...before, ...args], { cwd: folder, env, stdio: ["ignore", full.fd, "pipe"] });
        let said = "";
        child.stderr?.setEncoding("utf8").on("data", (piece: string) => void (said += piece));
        const code = await new Promise((done) => child.once("close", done));
        assert.equal(code, 1, args.join(" "));
        assert.match(said, /^Cannot write: .*no space left on device.*\n$/i);
      }
    }));
}
