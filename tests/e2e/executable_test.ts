/** The executable, driven as people drive it: every command does in it what it does from source, and nothing else. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import deno from "../../deno.json" with { type: "json" };
import { countTokens as countCl100k } from "gpt-tokenizer/encoding/cl100k_base";
import { countTokens as countO200k } from "gpt-tokenizer/encoding/o200k_base";
import { asObject } from "../../src/kernel/json.ts";
import { CHAT, STREAM } from "../http/chat.ts";
import { startQwenSimulator } from "../simulators/qwen/simulator.ts";
import { startSimulator } from "../simulators/server.ts";
import { answer } from "../simulators/steps.ts";
import { useExecutable } from "../support/executable.ts";
import { openStream, requestJson } from "../support/http_client.ts";
import { inFolder } from "../support/folder.ts";

/** Tokens that are no whole characters too: the tables are packed when the executable is made. */
const TEXT = "Größe 東京 🦊 naïve\u0301 — fn(x) { return 0x1f; }";
const COUNTED = [["gpt-4o", TEXT, countO200k(TEXT)], ["gpt-4", TEXT, countCl100k(TEXT)]] as const;
const KEY = "sk-local-executable-0001";
const executable = useExecutable();

Deno.test("the executable says its version and the commit it was built from, and leaves nothing behind", () =>
  inFolder(async (cwd) => {
    const line = await executable.run(["--version"], { cwd });
    assert.deepEqual([line.code, line.err], [0, ""]);
    assert.match(line.out, new RegExp(`^keyproxy ${deno.version}(?: \\([0-9a-f]{7,}(?:-changed)?\\))?\n$`));
    assert.equal((await executable.run(["version"], { cwd })).out, line.out);
    const facts = JSON.parse((await executable.run(["version", "--json"], { cwd })).out);
    assert.deepEqual([facts.version, facts.os, facts.arch], [deno.version, process.platform, process.arch]);
    assert.equal(line.out.includes(`(${facts.commit})`), facts.commit !== null);
    assert.deepEqual(await readdir(cwd), []);
  }));

Deno.test("the executable serves JSON and a stream, says it is well, and SIGTERM ends it with 0", () =>
  inFolder(async (cwd) => {
    await using simulator = await startSimulator({ keys: [KEY] });
    simulator.script({}).always(answer({ text: "one two" }));
    const program = executable.start(["serve", "--host", "127.0.0.1", "--port", "0"], {
      cwd,
      env: { LOCAL_API_BASE: simulator.baseUrl, LOCAL_API_KEY: KEY },
    });
    const url = (await program.prints(/listens on (http:\S+)/))[1] ?? "";
    const whole = await requestJson(`${url}/chat/completions`, { body: CHAT });
    assert.equal(whole.status, 200);
    assert.match(JSON.stringify(whole.json), /one two/);
    const stream = await openStream(`${url}/chat/completions`, { body: STREAM });
    assert.ok((await stream.text()).endsWith("data: [DONE]\n\n"));
    for (const [model, text, count] of COUNTED) {
      assert.equal(asObject((await requestJson(`${url}/token-count`, { body: { model, text } })).json)?.token_count, count, model);
    }
    for (const what of [[], ["--ready"]]) {
      assert.equal((await executable.run(["health", "--url", url, ...what], { cwd })).code, 0);
    }
    program.signal("SIGTERM");
    assert.equal(await program.ended, 0);
    const gone = await executable.run(["health", "--url", url], { cwd });
    assert.deepEqual([gone.code, gone.err], [1, `${url.replace("/v1", "")}/healthz: nothing listens there\n`]);
  }));

Deno.test("the executable takes a key from standard input and lists the models it opens", () =>
  inFolder(async (cwd) => {
    await using simulator = await startSimulator({ keys: [KEY], models: ["alpha", "beta"] });
    const env = { NEAR_API_BASE: simulator.baseUrl };
    const added = await executable.run(["creds", "add", "near", "--key-stdin"], { cwd, env, stdin: `${KEY}\n` });
    assert.deepEqual([added.code, added.out], [0, "Saved NEAR_API_KEY in .env\nThe key works (2 models)\n"], added.err);
    assert.equal(await readFile(join(cwd, ".env"), "utf8"), `NEAR_API_KEY=${KEY}\n`);
    const listed = await executable.run(["models", "--json"], { cwd, env });
    assert.deepEqual(JSON.parse(listed.out).map((row: { id: string }) => row.id), ["near/alpha", "near/beta"]);
  }));

Deno.test("the executable exports a login as variables", () =>
  inFolder(async (cwd) => {
    await using qwen = await startQwenSimulator({});
    const { accessToken, refreshToken, expiresAt, resourceUrl } = qwen.login("li@example.com");
    await mkdir(join(cwd, "oauth_creds"), { mode: 0o700 });
    await writeFile(
      join(cwd, "oauth_creds", "qwen_code_oauth_1.json"),
      JSON.stringify({
        access_token: accessToken,
        refresh_token: refreshToken,
        token_type: "Bearer",
        expiry_date: expiresAt,
        resource_url: resourceUrl,
      }),
      { mode: 0o600 },
    );
    const ran = await executable.run(["creds", "export", "all"], { cwd, env: qwen.variables() });
    assert.equal(ran.code, 0, ran.err);
    assert.ok(ran.out.includes(`QWEN_CODE_1_REFRESH_TOKEN=${refreshToken}`), "the export has the refresh token");
  }));

Deno.test("the executable plays the demonstration", () =>
  inFolder(async (cwd) => {
    const ran = await executable.run(["demo"], { cwd });
    assert.deepEqual([ran.code, ran.err], [0, ""]);
    assert.match(ran.out, /from openai import OpenAI/);
    assert.deepEqual(await readdir(cwd), []);
  }));

Deno.test("the executable says what is wrong with a setup: 1 with an error, 0 without", () =>
  inFolder(async (cwd) => {
    const open = await executable.run(["doctor", "--offline", "--json"], { cwd, env: { PORT: "0" } });
    const { errors, findings } = JSON.parse(open.out);
    assert.deepEqual([open.code, errors], [1, 1], open.out);
    assert.ok(findings.some(({ fix }: { fix: string | null }) => fix === "keyproxy init"), open.out);
    assert.equal((await executable.run(["init"], { cwd })).code, 0);
    assert.equal(
      (await executable.run(["doctor", "--offline"], { cwd, env: { PORT: "0", OPENAI_API_KEY: "sk-some-0123456789abcdef" } })).code,
      0,
    );
  }));

Deno.test("a shell that has read the executable's completions completes its commands", () =>
  inFolder(async (cwd) => {
    const script = `eval "$(keyproxy completions bash)"; COMP_LINE="keyproxy mod" COMP_POINT=12 COMP_CWORD=1
COMP_WORDS=(keyproxy mod); _keyproxy keyproxy mod keyproxy; printf '%s\\n' "\${COMPREPLY[@]}"`;
    await symlink(executable.path(), join(cwd, "keyproxy"));
    const { stdout } = await promisify(execFile)("bash", ["-c", script], {
      cwd,
      env: { HOME: cwd, PATH: `${cwd}:${process.env["PATH"] ?? ""}` },
    });
    assert.equal(stdout.trim(), "models");
  }));

Deno.test("what the runtime would read in its folder is not read behind our back", () =>
  inFolder(async (cwd) => {
    await writeFile(join(cwd, "bunfig.toml"), 'preload = ["./intruder.ts"]\n');
    await writeFile(join(cwd, "intruder.ts"), 'console.log("intruder");\n');
    await writeFile(join(cwd, "tsconfig.json"), "{ broken");
    await writeFile(join(cwd, "package.json"), "{ broken");
    await writeFile(join(cwd, "deno.json"), "{ broken");
    // Ours, but this run is told of another file: a PORT from here would be a mistake of configuration.
    await writeFile(join(cwd, ".env"), "PORT=many\n");
    await writeFile(join(cwd, "named"), "GLOBAL_TIMEOUT=20\n");
    const ran = await executable.run(["models", "--env-file", "named"], { cwd });
    assert.equal(ran.code, 0, ran.err);
    assert.ok(!/intruder|PORT|broken/.test(ran.out + ran.err), ran.out + ran.err);
  }));

Deno.test("where the working directory cannot be written the executable serves all the same", () =>
  inFolder(async (home) => {
    await using simulator = await startSimulator({ keys: [KEY] });
    // Root may write everywhere but there.
    const cwd = process.platform === "linux" ? "/proc" : "/";
    const env = { HOME: home, KEYPROXY_DATA_DIR: home, LOCAL_API_BASE: simulator.baseUrl, LOCAL_API_KEY: KEY };
    const program = executable.start(["serve", "--host", "127.0.0.1", "--port", "0"], { cwd, env });
    const url = (await program.prints(/listens on (http:\S+)/))[1] ?? "";
    assert.equal((await requestJson(`${url}/chat/completions`, { body: CHAT })).status, 200);
    program.signal("SIGTERM");
    assert.equal(await program.ended, 0, program.output());
  }));

Deno.test("an unknown option, an unknown command and no command end the executable with 2, without a stack trace", () =>
  inFolder(async (cwd) => {
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [["serve", "--prot", "1"], /Did you mean --port/],
      [["sevre"], /Did you mean serve/],
      [["health", "--url", "here"], /expected an address/],
      [["serve", "--port", "many"], /many/],
    ];
    for (const [args, expected] of wrong) {
      const ran = await executable.run(args, { cwd });
      assert.deepEqual([ran.code, ran.out], [2, ""], args.join(" "));
      assert.match(ran.err, expected);
      assert.ok(!ran.err.includes("    at "), ran.err);
    }
    assert.equal((await executable.run([], { cwd })).code, 2);
  }));
