/** `keyproxy doctor` as a process: a sound setup, every trouble it knows with its fix, and a folder it leaves as it was. */
import assert from "node:assert/strict";
import { chmod, mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "../../src/kernel/clock.ts";
import { startGoogleSimulator } from "../simulators/google/simulator.ts";
import { startSimulator } from "../simulators/server.ts";
import { errorAnswer, reply, serverError, stall, withHeaders } from "../simulators/steps.ts";
import { startProgram } from "../support/process.ts";
import { type Folder, inFolder, jsonOf } from "./creds_program.ts";

const GOOD = "sk-good-0123456789abcdef";
const BAD = "sk-bad-0123456789abcdef";
const PROXY_KEY = "kp-0123456789abcdefABCDEF0123456789";

interface Shown {
  readonly code: number | string;
  readonly text: string;
  readonly lines: readonly string[];
}

/** Findings as `level what => fix`. */
async function examined(folder: Folder, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Shown> {
  const ran = await folder.program(["doctor", "--json", ...args], { env: { PORT: "0", ...env } });
  const { findings } = jsonOf(ran);
  assert.ok(Array.isArray(findings), ran.err);
  const lines = findings.map(({ level, what, fix }) => `${level} ${what} => ${fix}`);
  return { code: ran.code, text: `${ran.out}${ran.err}`, lines };
}

function has({ lines }: Shown, pattern: RegExp): void {
  assert.ok(lines.some((line) => pattern.test(line)), `${pattern} is not in\n${lines.join("\n")}`);
}

function hasNot({ lines }: Shown, pattern: RegExp): void {
  assert.ok(!lines.some((line) => pattern.test(line)), `${pattern} is in\n${lines.join("\n")}`);
}

Deno.test("a sound setup has nothing to complain of, exits 0 and stays as it was", () =>
  inFolder(async (folder) => {
    await using simulator = await startSimulator({ keys: [GOOD], models: ["alpha"] });
    const text =
      `PROXY_API_KEY=${PROXY_KEY}\nPORT=0\nNEAR_API_BASE=${simulator.baseUrl}\nNEAR_API_KEY=${GOOD}\nMODEL_ALIAS_FAST=near/alpha\n`;
    await writeFile(join(folder.path, ".env"), text, { mode: 0o600 });
    const ran = await folder.program(["doctor"]);
    assert.equal(ran.code, 0, `${ran.out}${ran.err}`);
    assert.match(ran.out, /\nEverything looks good\n$/);
    assert.match(ran.out, /^ {2}ok {7}near: http:\/\/127\.0\.0\.1:\d+\/v1 answers/m);
    assert.match(ran.out, /^ {2}ok {7}near:1 sk-g…cdef works: 1 model$/m);
    assert.match(ran.out, /^ {2}ok {7}The clock agrees with 127\.0\.0\.1$/m);
    assert.ok(!/warning|error/.test(ran.out), ran.out);
    assert.ok(!`${ran.out}${ran.err}`.includes(GOOD) && !ran.out.includes(PROXY_KEY), "a secret was printed");
    assert.deepEqual(await readdir(folder.path), [".env"]);
  }));

Deno.test("a key is sent nowhere while the address it was meant for cannot be used", () =>
  inFolder(async (folder) => {
    await using proxy = await startSimulator();
    // Whatever is called by its name would pass here.
    const outside = { HTTPS_PROXY: proxy.baseUrl.replace(/\/v1$/, ""), HTTP_PROXY: proxy.baseUrl.replace(/\/v1$/, "") };
    const found = await examined(folder, [], { ...outside, OPENAI_API_BASE: "127.0.0.1:9/v1", OPENAI_API_KEY: GOOD });
    has(found, /^error OPENAI_API_BASE: expected an http:/);
    hasNot(found, /api\.openai\.com/);
  }));

Deno.test("an empty folder leads to the first steps, in lines of 80 columns", () =>
  inFolder(async (folder) => {
    const ran = await folder.program(["doctor"], { env: { PORT: "0" } });
    assert.equal(ran.code, 1);
    assert.match(ran.out, /error {4}No PROXY_API_KEY[^→]*→ keyproxy init\n/);
    assert.match(ran.out, /warning {2}There is no provider key[^→]*→ keyproxy creds add\n/);
    assert.match(ran.out, /\n1 error, 1 warning\. Next: keyproxy init\n$/);
    assert.ok(ran.out.split("\n").every((line) => line.length <= 80), ran.out);
    assert.deepEqual(await readdir(folder.path), []);
  }));

Deno.test("every problem of a broken .env is a finding, and all else is looked at all the same", () =>
  inFolder(async (folder) => {
    await using simulator = await startSimulator({ keys: [GOOD], models: ["alpha"] });
    const lines = [
      "GLOBAL_TIMEOUT=soon",
      "this is no assignment",
      "KEYPROXY_PROT=1",
      "MAX_CONCURRENT_REQUESTS_PER_KEY_OPENIA=2",
      `NEAR_API_BASE=${simulator.baseUrl}`,
      `NEAR_API_KEY=${GOOD}`,
      "OPENAI_API_KEY=sk-...",
      "MINE_API_KEY=abcdefgh12345678",
    ];
    await writeFile(join(folder.path, ".env"), lines.join("\n"), { mode: 0o600 });
    const found = await examined(folder, [], { HOST: "127.0.0.1" });
    assert.equal(found.code, 1);
    has(found, /^error GLOBAL_TIMEOUT="soon" in .*\.env:1: expected a number of seconds.* => Correct line 1 of .*\.env/);
    has(found, /^error \.env line 2.* => Correct line 2 of /);
    has(found, /^warning KEYPROXY_PROT is ignored.* => Rename KEYPROXY_PROT to \w+ in .*\.env/);
    has(found, /^warning MAX_CONCURRENT_REQUESTS_PER_KEY_OPENIA is ignored.* => Rename .* to MAX_CONCURRENT_REQUESTS_PER_KEY_OPENAI/);
    has(found, /^warning OPENAI_API_KEY is ignored: it still holds the text of an example => Put the real key into OPENAI_API_KEY/);
    has(found, /^warning MINE_API_KEY .* => .*MINE_API_BASE/);
    has(found, /^ok near:1 sk-g…cdef works/);
  }));

Deno.test("files that contradict each other, and the environment that outranks them, are told of without values", () =>
  inFolder(async (folder) => {
    await writeFile(join(folder.path, ".env"), `GROQ_API_KEY=${GOOD}\nLOG_LEVEL=debug\n`, { mode: 0o600 });
    await writeFile(join(folder.path, "more.env"), `GROQ_API_KEY=${BAD}\n`, { mode: 0o644 });
    const found = await examined(folder, ["--offline"], { LOG_LEVEL: "error", HOST: "127.0.0.1" });
    has(
      found,
      /^warning GROQ_API_KEY differs between \.env and more\.env: the one in \.env counts => Remove GROQ_API_KEY from .*more\.env/,
    );
    has(found, /^note The environment's LOG_LEVEL is used instead of the one in \.env => unset LOG_LEVEL/);
    has(found, /^warning Others on this machine can read the secrets in .*more\.env \(mode 644\) => chmod 600 .*more\.env/);
    assert.ok(!found.text.includes(GOOD) && !found.text.includes(BAD), "a secret was printed");
  }));

Deno.test("open modes, a damaged launcher file, a damaged database and a lock of the dead", () =>
  inFolder(async (folder) => {
    const logins = join(folder.path, "oauth_creds");
    await mkdir(logins, { mode: 0o755 });
    await chmod(logins, 0o755);
    const lock = join(logins, "gemini_cli_oauth_1.json.lock");
    await writeFile(lock, "{}");
    await utimes(lock, 1_000, 1_000);
    await writeFile(join(folder.path, "launcher_config.json"), '{"host": ');
    await writeFile(join(folder.path, "keyproxy.db"), "this is no database, however long it may be. ".repeat(40), { mode: 0o600 });
    await chmod(folder.path, 0o777);
    const before = await readdir(folder.path);
    const found = await examined(folder, ["--offline"], { HOST: "127.0.0.1" });
    has(found, /^warning Others on this machine can read the secrets in .*oauth_creds \(mode 755\) => chmod 700 .*oauth_creds/);
    has(found, /^warning Everybody on this machine can change .* \(mode 777\) => chmod o-w /);
    has(found, /^warning .*The launcher does not use .*launcher_config\.json: it is not valid JSON => mv .*launcher_config\.json/);
    has(found, /^warning .*keyproxy\.db is damaged .* => mv /);
    has(found, /^note .*\.lock was left behind .* => rm .*\.lock/);
    assert.equal(found.code, 0);
    assert.deepEqual(await readdir(folder.path), before);
  }));

Deno.test("a database is looked at without leaving files beside it; one of a newer program is an error", () =>
  inFolder(async (folder) => {
    const path = join(folder.path, "keyproxy.db");
    const database = new DatabaseSync(path);
    database.exec("PRAGMA journal_mode = WAL; CREATE TABLE x (a); PRAGMA user_version = 99");
    database.close();
    await chmod(path, 0o600);
    const found = await examined(folder, ["--offline"], { HOST: "127.0.0.1" });
    has(found, /^error .*keyproxy\.db was written by a newer keyproxy \(schema version 99\).* => Use the newer keyproxy, or mv /);
    assert.equal(found.code, 1);
    assert.deepEqual(await readdir(folder.path), ["keyproxy.db"]);
  }));

Deno.test("a file where the data directory should be is an error; a directory that is missing is not, and is not made", () =>
  inFolder(async (folder) => {
    await writeFile(join(folder.path, "taken"), "");
    const blocked = await examined(folder, ["--offline", "--data-dir", "taken/data"], { HOST: "127.0.0.1" });
    has(blocked, /^error The data directory .*taken\/data cannot be used: .*taken is not a directory => KEYPROXY_DATA_DIR=/);
    assert.equal(blocked.code, 1);
    const missing = await examined(folder, ["--offline", "--data-dir", "new/data"], { HOST: "127.0.0.1" });
    has(missing, /^ok Data directory .*new\/data is made at first start/);
    assert.deepEqual(await readdir(folder.path), ["taken"]);
  }));

Deno.test("a port of somebody else is an error with another to take; our own server is recognised, also of another version", () =>
  inFolder(async (folder) => {
    const pages = { foreign: "<html>", older: '{"name":"keyproxy","version":"0.0.1"}' };
    for (const [page, body] of Object.entries(pages)) {
      const server = createServer((_, response) => void response.end(body));
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
      const { port } = server.address() as AddressInfo;
      const found = await examined(folder, ["--offline"], { HOST: "127.0.0.1", PORT: `${port}` });
      if (page === "foreign") has(found, new RegExp(`^error Port ${port} is taken by another program .* => PORT=${port + 1}$`));
      else has(found, /^warning The running server is version 0\.0\.1, this is .* => Stop the server/);
      assert.equal(found.code, page === "foreign" ? 1 : 0);
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
    const program = startProgram(["serve", "--host", "127.0.0.1", "--port", "0"], { cwd: folder.path });
    const [, port] = await program.prints(/listens on http:\/\/127\.0\.0\.1:(\d+)/);
    const found = await examined(folder, ["--offline"], { HOST: "127.0.0.1", PORT: `${port}` });
    has(found, new RegExp(`^ok keyproxy [\\d.]+ is running at http://127\\.0\\.0\\.1:${port}/v1`));
    program.signal("SIGTERM");
    await program.ended;
  }));

Deno.test("a host that is not ours or does not resolve is an error", () =>
  inFolder(async (folder) => {
    const foreign = await examined(folder, ["--offline"], { HOST: "192.0.2.1", PROXY_API_KEY: PROXY_KEY });
    has(foreign, /^error HOST 192\.0\.2\.1 is no address of this machine => HOST=127\.0\.0\.1/);
    const unresolved = await examined(folder, [], { HOST: "nowhere.invalid", PROXY_API_KEY: PROXY_KEY });
    has(unresolved, /^error HOST nowhere\.invalid does not resolve \(\w+\) => HOST=127\.0\.0\.1/);
  }));

Deno.test("a provider that is down, a bad key, a limit and trouble at the provider are told apart", () =>
  inFolder(async (folder) => {
    await using simulator = await startSimulator({ keys: [GOOD], models: ["alpha"] });
    const env = {
      HOST: "127.0.0.1",
      NEAR_API_BASE: simulator.baseUrl,
      NEAR_API_KEY: GOOD,
      NEAR_API_KEY_2: BAD,
      FAR_API_BASE: "http://127.0.0.1:9/v1",
      FAR_API_KEY: GOOD,
    };
    const found = await examined(folder, [], env);
    assert.equal(found.code, 1);
    has(
      found,
      /^error far: http:\/\/127\.0\.0\.1:9\/v1 cannot be reached: .*ECONNREFUSED.* => Start the server of far, or set FAR_API_BASE/,
    );
    hasNot(found, /far:1/);
    has(found, /^ok near:1 sk-g…cdef works/);
    has(found, /^error near:2 sk-b…cdef is rejected.* => Put a valid key into NEAR_API_KEY_2/);
    assert.ok(!found.text.includes(GOOD) && !found.text.includes(BAD), "a secret was printed");
    const one = await examined(folder, ["--provider", "far"], env);
    hasNot(one, /near/);
    simulator.script({ path: "/v1" }, serverError(503));
    const trouble = await examined(folder, ["--provider", "near"], env);
    has(trouble, /^warning near: .* answers with status 503 => Wait/);
    const offline = await examined(folder, ["--offline"], env);
    assert.equal(offline.code, 0);
    has(offline, /^ok near:2 sk-b…cdef is there; it was not tried/);
  }));

Deno.test("what a provider says is stripped of control characters and of the key", () =>
  inFolder(async (folder) => {
    await using simulator = await startSimulator({ keys: [GOOD] });
    simulator.script({ path: "/v1/models" }, errorAnswer(401, { message: `\u001b[31mno\u0007 ${GOOD}\nsecond line`, type: "invalid" }));
    const found = await examined(folder, [], { HOST: "127.0.0.1", NEAR_API_BASE: simulator.baseUrl, NEAR_API_KEY: GOOD });
    has(found, /^error near:1 .* is rejected: /);
    assert.ok(!found.text.includes(GOOD), "a secret was printed");
    // deno-lint-ignore no-control-regex
    assert.ok(found.lines.every((line) => !/[\x00-\x1f\x7f]/.test(line)), found.text);
  }));

Deno.test("a clock that is wrong is seen by the date of an answer", () =>
  inFolder(async (folder) => {
    await using simulator = await startSimulator({ keys: [GOOD], models: ["alpha"] });
    const date = new Date(systemClock.now() - 600_000).toUTCString();
    simulator.script({ path: "/v1" }, withHeaders(reply(404, "no"), { date }));
    const found = await examined(folder, [], { HOST: "127.0.0.1", NEAR_API_BASE: simulator.baseUrl, NEAR_API_KEY: GOOD });
    has(found, /^warning The clock is (599|60\d) s ahead of 127\.0\.0\.1.* => sudo/);
  }));

Deno.test("logins: one that has ended, one that expired, one the provider restricts; none is renewed", () =>
  inFolder(async (folder) => {
    await using google = await startGoogleSimulator({ clock: systemClock });
    const ada = google.grantFor();
    const env = {
      HOST: "127.0.0.1",
      ...google.variables(),
      GEMINI_CLI_1_ACCESS_TOKEN: ada.accessToken,
      GEMINI_CLI_1_REFRESH_TOKEN: ada.refreshToken,
      GEMINI_CLI_1_EXPIRY_DATE: "1000",
      GEMINI_CLI_2_ACCESS_TOKEN: "ya29.ended-0123456789",
      GEMINI_CLI_2_EXPIRY_DATE: "1000",
    };
    const found = await examined(folder, [], env);
    has(found, /^warning gemini_cli: this kind of login is restricted.* => Without such a licence use an API key/);
    has(found, /^note gemini_cli:\d .*expired and is renewed at its next use.* => keyproxy creds check gemini_cli:\d/);
    assert.ok(!found.text.includes(ada.refreshToken), "a secret was printed");
    assert.deepEqual(await readdir(folder.path), []);
    const ended = {
      HOST: "127.0.0.1",
      ...google.variables(),
      GEMINI_CLI_OAUTH_1: join(folder.path, "ended.json"),
    };
    await writeFile(join(folder.path, "ended.json"), JSON.stringify({ access_token: "ya29.ended-0123456789", expiry_date: 1000 }), {
      mode: 0o600,
    });
    has(await examined(folder, [], ended), /^error gemini_cli:1 .* needs a new login.* => keyproxy creds add gemini_cli/);
  }));

Deno.test("proxies: one that is down, a local provider behind it, an entry of NO_PROXY that means nothing", () =>
  inFolder(async (folder) => {
    const env = {
      HOST: "127.0.0.1",
      HTTP_PROXY: "http://user:hunter2-hunter2@127.0.0.1:9",
      NO_PROXY: "10.0.0.0/8",
      NEAR_API_BASE: "http://127.0.0.1:9/v1",
      NEAR_API_KEY: GOOD,
    };
    const found = await examined(folder, [], env);
    has(found, /^error No connection to the proxy 127\.0\.0\.1:9 of HTTP_PROXY: ECONNREFUSED => Start the proxy/);
    has(found, /^warning Calls to near on this machine would go through the proxy => NO_PROXY=10\.0\.0\.0\/8,127\.0\.0\.1/);
    has(found, /^warning NO_PROXY does not understand "10\.0\.0\.0\/8"/);
    assert.ok(!found.text.includes("hunter2"), "a secret was printed");
  }));

Deno.test("names of models that lead nowhere, weak keys and a missing part of an address", () =>
  inFolder(async (folder) => {
    const found = await examined(folder, ["--offline"], {
      PROXY_API_KEY: "short",
      KEYPROXY_ADMIN_KEY: "short",
      GROQ_API_KEY: GOOD,
      CLOUDFLARE_API_KEY: GOOD,
      MODEL_ALIAS_FAST: "openai/gpt-5",
      FALLBACK_BEST: "groq/llama,anthropic/claude",
      MODEL_MAP: "gpt-*:opnai/*",
    });
    has(found, /^warning MODEL_ALIAS_FAST leads to openai, which has no credential => keyproxy creds add openai/);
    has(found, /^note FALLBACK_BEST leads to anthropic.* => keyproxy creds add anthropic/);
    has(found, /^warning MODEL_MAP gpt-\* leads to opnai, a provider nobody knows => Write openai in place of opnai/);
    has(found, /^warning PROXY_API_KEY is short or simple.* => /);
    has(found, /^warning KEYPROXY_ADMIN_KEY is also a proxy key.* => Give KEYPROXY_ADMIN_KEY a value of its own/);
    has(found, /^error cloudflare: its address needs CLOUDFLARE_ACCOUNT_ID => CLOUDFLARE_ACCOUNT_ID=/);
  }));

Deno.test("wrong usage exits 2 with one line; a file that is not there is a finding", () =>
  inFolder(async (folder) => {
    const unknown = await folder.program(["doctor", "--provider", "opnai"]);
    assert.deepEqual([unknown.code, unknown.out, unknown.err], [2, "", 'No provider is called "opnai". Did you mean openai?\n']);
    assert.equal((await folder.program(["doctor", "--nonsense"])).code, 2);
    const found = await examined(folder, ["--offline", "--env-file", "gone.env"]);
    assert.equal(found.code, 1);
    has(found, /^error --env-file in .*gone\.env: expected a file that can be read \(ENOENT\) => Name a file that exists/);
  }));

Deno.test("interrupted while a provider is silent it ends at once with 130", () =>
  inFolder(async (folder) => {
    await using simulator = await startSimulator({});
    simulator.script({}, stall());
    const env = { NEAR_API_BASE: simulator.baseUrl, NEAR_API_KEY: GOOD, PORT: "0" };
    const program = startProgram(["doctor"], { cwd: folder.path, env });
    await simulator.nextRequest();
    program.signal("SIGINT");
    assert.equal(await program.ended, 130);
    assert.equal(program.output(), "Cancelled\n");
  }));
