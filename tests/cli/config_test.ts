/** `keyproxy config` as a process: values with their places, edits that are whole or none, a server that takes them up. */
import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startAdminServer } from "../support/admin_server.ts";
import { quietReport } from "../support/status_reports.ts";
import { type Folder, inFolder, jsonOf, listOf } from "./creds_program.ts";

const KEY = "sk-0123456789abcdefghij";
const PROXY_KEY = "kp-0123456789abcdefghij";
const ENV = `# mine\nMAX_QUEUE=50 # few\nOPENAI_API_KEY=${KEY}\nIGNORE_MODELS_OPENAI=dall-e-*\nSOMETHING=else\n`;

const envOf = ({ path }: Folder) => readFile(join(path, ".env"), "utf8");

function withEnv(work: (folder: Folder) => Promise<void>): Promise<void> {
  return inFolder(async (folder) => {
    await writeFile(join(folder.path, ".env"), ENV, { mode: 0o600 });
    await writeFile(join(folder.path, "team.env"), "LOG_LEVEL=debug\n");
    await work(folder);
  });
}

Deno.test("list says of every setting what is in force and where it comes from, and shows no key", () =>
  withEnv(async (folder) => {
    const env = { GLOBAL_TIMEOUT: "60", PROXY_API_KEY: PROXY_KEY };
    const rows = listOf(await folder.program(["config", "--json"], { env }));
    const of = (name: string) =>
      rows.filter((row) => row["name"] === name).map(({ group, value, source, file }) => [group, value, source, file]);
    assert.deepEqual(of("PORT"), [["server", "8000", "default", null]]);
    assert.deepEqual(of("MAX_QUEUE"), [["rotation", "50", "file", ".env"]]);
    assert.deepEqual(of("GLOBAL_TIMEOUT"), [["time", "60", "environment", null]]);
    assert.deepEqual(of("LOG_LEVEL"), [["logging", "debug", "file", "team.env"]]);
    assert.deepEqual(of("IGNORE_MODELS_OPENAI"), [["providers", "dall-e-*", "file", ".env"]]);
    assert.deepEqual(of("OPENAI_API_KEY"), [["providers", "sk-…ghij", "file", ".env"]]);
    assert.deepEqual(of("SOMETHING"), []);
    const text = await folder.program(["config", "list", "--changed"], { env });
    assert.equal(text.code, 0, text.err);
    const names = text.out.trim().split("\n").map((line) => line.split(" ")[0]);
    assert.deepEqual(names, [
      "PROXY_API_KEY",
      "GLOBAL_TIMEOUT",
      "MAX_QUEUE",
      "LOG_LEVEL",
      "IGNORE_MODELS_OPENAI",
      "OPENAI_API_KEY",
    ]);
    assert.match(text.out, /^MAX_QUEUE +50 +\.env$/m);
    assert.ok(![KEY, PROXY_KEY].some((it) => (text.out + text.err + JSON.stringify(rows)).includes(it)));
  }));

Deno.test("list and get look at a configuration with problems too, and name them; a named file must be there", () =>
  inFolder(async (folder) => {
    await writeFile(join(folder.path, ".env"), "PORT=x\nMAX_QUEUE=7\n");
    const ran = await folder.program(["config", "get", "MAX_QUEUE"]);
    assert.deepEqual([ran.code, ran.out], [0, "7\n"]);
    assert.match(ran.err, /PORT="x" in .*: expected a whole number/);
    const missing = await folder.program(["config", "--env-file", "no.env"]);
    assert.deepEqual([missing.code, /there is no .*no\.env/.test(missing.err)], [2, true]);
  }));

Deno.test("get prints what is in force, a key by its ends unless it is to be shown", () =>
  withEnv(async (folder) => {
    const cases: readonly (readonly [readonly string[], number, string])[] = [
      [["PORT"], 0, "8000\n"],
      [["MAX_QUEUE"], 0, "50\n"],
      [["ROTATION_MODE_OPENAI"], 0, "balanced\n"],
      [["OPENAI_API_KEY"], 0, "sk-…ghij\n"],
      [["OPENAI_API_KEY", "--show"], 0, `${KEY}\n`],
      [["CORS_ORIGINS"], 1, ""],
      [["SOMETHING"], 2, ""],
    ];
    for (const [args, code, out] of cases) {
      const ran = await folder.program(["config", "get", ...args]);
      assert.deepEqual([ran.code, ran.out], [code, out], `${args.join(" ")}: ${ran.err}`);
    }
    assert.match((await folder.program(["config", "get", "MAX_QUEU"])).err, /Did you mean MAX_QUEUE\?/);
    assert.equal(jsonOf(await folder.program(["config", "get", "MAX_QUEUE", "--json"]))["file"], ".env");
  }));

Deno.test("set writes all changes at once and keeps every other byte; the same again changes nothing", () =>
  withEnv(async (folder) => {
    const args = ["config", "set", "MAX_QUEUE=7", "MINE_API_BASE=http://127.0.0.1:1/v1", "ROTATION_MODE_MINE=sequential"];
    const ran = await folder.program(args);
    assert.deepEqual([ran.code, ran.out], [
      0,
      "MAX_QUEUE  50 → 7\nMINE_API_BASE  (not set) → http://127.0.0.1:1/v1\nROTATION_MODE_MINE  (not set) → sequential\n",
    ], ran.err);
    assert.equal(await envOf(folder), `${ENV.replace("=50", "=7")}MINE_API_BASE=http://127.0.0.1:1/v1\nROTATION_MODE_MINE=sequential\n`);
    const again = await folder.program([...args, "--json"]);
    assert.deepEqual([again.code, jsonOf(again)["result"], jsonOf(again)["changes"]], [0, "same", []]);
  }));

Deno.test("what cannot be is refused with the reason, and nothing is written", () =>
  withEnv(async (folder) => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [["set", "MAX_QUEUE=7", "PORT=99999"], /nothing was saved:\n {2}PORT="99999" in .*: expected a whole number/],
      [["set", "MAX_QUEU=7"], /Did you mean MAX_QUEUE\?/],
      [["set", "MAX_QUEUE"], /Expected NAME=value/],
      [["set", "MAX_QUEUE="], /keyproxy config unset MAX_QUEUE/],
      [["set", "MAX_QUEUE=1", "MAX_QUEUE=2"], /MAX_QUEUE is given twice/],
      [["set", `OPENAI_API_KEY_2=${KEY}x`], /keyproxy creds add .*config set OPENAI_API_KEY_2 --stdin/],
      [["set", `SNOWFLAKE_JWT=${KEY}x`], /config set SNOWFLAKE_JWT --stdin/],
      [["set", `PROXY_API_KEY=${KEY}x`], /by others: keyproxy config set PROXY_API_KEY --stdin/],
      [["set", "HTTPS_PROXY=http://me:secret@proxy.example:1"], /HTTPS_PROXY --stdin/],
      [["set", "A=b", "--stdin"], /one NAME/],
      [["set", "MAX_QUEUE", "--stdin"], /Standard input is empty/],
      [["set", `${KEY}x`], /Expected NAME=value/],
      [["set", `${KEY}x==`], /A variable has a name of letters/],
      [["get", `${KEY}x`], /A variable has a name of letters/],
      [["unset", "NOBODY"], /There is no setting NOBODY/],
      [["set"], /missing required argument/i],
      [["lst"], /Did you mean list\?/],
    ];
    for (const [args, pattern] of cases) {
      const ran = await folder.program(["config", ...args]);
      assert.deepEqual([ran.code, ran.out], [2, ""], args.join(" "));
      assert.match(ran.err, pattern);
      assert.ok(!ran.err.includes(`${KEY}x`) && !ran.err.includes("me:secret"), ran.err);
    }
    assert.equal(await envOf(folder), ENV);
  }));

Deno.test("a configuration with problems can be mended, and a file that is no text is left as it is", () =>
  inFolder(async (folder) => {
    const path = join(folder.path, ".env");
    await writeFile(path, "PORT=x\nMAX_QUEUE=y\n");
    const first = await folder.program(["config", "set", "PORT=9000"]);
    assert.deepEqual([first.code, /still has problems/.test(first.err)], [0, true], first.err);
    assert.equal((await folder.program(["config", "unset", "MAX_QUEUE"])).code, 0);
    assert.equal(await readFile(path, "utf8"), "PORT=9000\n");
    const foreign = Uint8Array.from([0xff, 0xfe, ..."PORT=1\n".split("").flatMap((it) => [it.charCodeAt(0), 0])]);
    await writeFile(path, foreign);
    const ran = await folder.program(["config", "set", "PORT=9001"]);
    assert.deepEqual([ran.code, /UTF-8/.test(ran.err)], [2, true], ran.err);
    assert.deepEqual(new Uint8Array(await readFile(path)), foreign);
  }));

Deno.test("a key comes from standard input into a file that only its owner reads, and is never shown", () =>
  inFolder(async (folder) => {
    const args = ["config", "set", "PROXY_API_KEY", "--stdin", "--env-file", "my.env"];
    const ran = await folder.program(args, { input: `${PROXY_KEY}\n` });
    assert.deepEqual([ran.code, ran.out], [0, "PROXY_API_KEY  (not set) → kp-…ghij\n"], ran.err);
    const path = join(folder.path, "my.env");
    assert.equal(await readFile(path, "utf8"), `PROXY_API_KEY=${PROXY_KEY}\n`);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  }));

Deno.test("unset takes out what stands in the file, also what nobody reads, and says where a value still comes from", () =>
  withEnv(async (folder) => {
    const ran = await folder.program(["config", "unset", "MAX_QUEUE", "SOMETHING", "LOG_LEVEL"]);
    assert.deepEqual([ran.code, ran.out], [0, "MAX_QUEUE  50 → (not set)\nSOMETHING  else → (not set)\n"]);
    assert.match(ran.err, /LOG_LEVEL is still set in team\.env/);
    assert.equal(await envOf(folder), `# mine\nOPENAI_API_KEY=${KEY}\nIGNORE_MODELS_OPENAI=dall-e-*\n`);
  }));

Deno.test("a shell is offered the names of settings", () =>
  inFolder(async (folder) => {
    for (const words of [["get"], ["set", "PORT=1"], ["unset", "PORT"]]) {
      const ran = await folder.program(["__complete", "bash", String(words.length + 1), "config", ...words, "MAX_Q"]);
      assert.match(ran.out, /^MAX_QUEUE\t/);
    }
  }));

Deno.test("what the environment overrides is said, and so is an address that nobody guards", () =>
  inFolder(async (folder) => {
    const ran = await folder.program(["config", "set", "MAX_QUEUE=3"], { env: { MAX_QUEUE: "5" } });
    assert.equal(ran.code, 0);
    assert.match(ran.err, /MAX_QUEUE comes from the environment too, which is stronger than \.env/);
    const open = await folder.program(["config", "set", "HOST=0.0.0.0"]);
    assert.match(open.err, /Without a proxy key the proxy will not start on 0\.0\.0\.0/);
  }));

Deno.test("a running server is told, and what waits for its next start is named", () =>
  inFolder(async (folder) => {
    await using server = await startAdminServer(quietReport(), { key: PROXY_KEY });
    const env = { HOST: "127.0.0.1", PROXY_API_KEY: PROXY_KEY };
    await writeFile(join(folder.path, ".env"), `PORT=${server.port}\n`);
    const ran = await folder.program(["config", "set", "MAX_QUEUE=3", "PORT=1"], { env });
    assert.deepEqual([ran.code, server.asked], [0, ["/admin/reload"]], ran.err);
    assert.match(ran.err, /The server at http:\/\/127\.0\.0\.1:\d+ uses it now\. Only at the next start: PORT\./);
    await writeFile(join(folder.path, ".env"), `PORT=${server.port}\n`);
    server.problems = ["no good"];
    const kept = await folder.program(["config", "set", "MAX_QUEUE=4", "--json"], { env });
    assert.match(JSON.stringify(jsonOf(kept)["news"]), /keeps what it had: no good/);
  }));
