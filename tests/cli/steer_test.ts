/** `keyproxy creds reset|disable|enable` and `keyproxy reload` as processes: what the running server does, and what is said where none can. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CHAT, KEY_A, KEY_B } from "../http/chat.ts";
import { type Simulator, startSimulator } from "../simulators/server.ts";
import { reply } from "../simulators/steps.ts";
import { deadPort } from "../support/dead_port.ts";
import { startAdminServer } from "../support/admin_server.ts";
import { requestJson } from "../support/http_client.ts";
import { startProgram } from "../support/process.ts";
import { credentialStatus, providerStatus, quietCredential, quietReport } from "../support/status_reports.ts";
import { type Folder, inFolder, jsonOf, listOf } from "./creds_program.ts";

const CLIENT = "kp-client-0123456789";

interface Served {
  readonly folder: Folder;
  readonly simulator: Simulator;
  readonly url: string;
  /** Status of one request. */
  ask(): Promise<number>;
}

/** A server with one key, started in the folder and stopped at the end. */
function whileServing(work: (served: Served) => Promise<void>, args: readonly string[] = []): Promise<void> {
  return inFolder(async (folder) => {
    await using simulator = await startSimulator();
    await writeFile(join(folder.path, ".env"), envOf(simulator));
    await writeFile(join(folder.path, "settings.conf"), envOf(simulator));
    const program = startProgram(["serve", "--host", "127.0.0.1", "--port", "0", ...args], { cwd: folder.path });
    const url = (await program.prints(/listens on (http:\S+)\/v1/))[1] ?? "";
    const ask = async () => (await requestJson(`${url}/v1/chat/completions`, { key: CLIENT, body: CHAT })).status;
    try {
      await work({ folder, simulator, url, ask });
    } finally {
      program.signal("SIGTERM");
      await program.ended;
    }
  });
}

function envOf({ baseUrl }: Simulator): string {
  return `PROXY_API_KEY=${CLIENT}\nLOCAL_API_BASE=${baseUrl}\nLOCAL_API_KEY_1=${KEY_A}\n`;
}

Deno.test("a credential is taken out of use and put back, by any of its names, and the last one is warned of", () =>
  whileServing(async ({ folder, url, ask }) => {
    assert.equal(await ask(), 200);
    const off = await folder.creds(["disable", "local:1"]);
    assert.equal(off.code, 0, off.err);
    assert.match(off.out, /^local:1 \(sk-a\S+\) is now disabled(: .+)?\n$/);
    assert.match(off.err, /No credential of local is left that can be used now; keyproxy creds enable local:1 brings this one back/);
    assert.equal(await ask(), 503);
    const on = await folder.creds(["enable", "LOCAL_API_KEY_1", "--url", `${url}/v1/`]);
    assert.deepEqual([on.code, on.err], [0, ""]);
    assert.match(on.out, /is now ready\n$/);
    assert.equal(await ask(), 200);
    const json = jsonOf(await folder.creds(["disable", "local", "--json"]));
    const { id } = json;
    assert.match(String(id), /^local:[0-9a-f]{12}$/);
    assert.deepEqual([json["result"], json["provider"], json["number"], json["state"], json["until"]], [
      "disabled",
      "local",
      1,
      "disabled",
      null,
    ]);
    const back = jsonOf(await folder.creds(["enable", String(id), "--json"]));
    assert.deepEqual([back["result"], back["id"], back["state"], back["reason"]], ["enabled", id, "ready", ""]);
  }));

Deno.test("a credential that rests is reset, and serves again at once", () =>
  whileServing(async ({ folder, simulator, ask }) => {
    simulator.script({ key: KEY_A }, reply(401, { error: { message: "no such key" } }));
    assert.notEqual(await ask(), 200);
    const before = jsonOf(await folder.program(["status", "--json"]));
    assert.match(JSON.stringify(before["providers"]), /"state":"quarantined"/);
    const reset = await folder.creds(["reset", "local:1"]);
    assert.deepEqual([reset.code, reset.err], [0, ""]);
    assert.match(reset.out, /is now ready\n$/);
    simulator.clearScripts();
    assert.equal(await ask(), 200);
  }));

Deno.test("what was added since is known after a reload", () =>
  whileServing(async ({ folder, simulator, url }) => {
    await writeFile(join(folder.path, ".env"), `${envOf(simulator)}LOCAL_API_KEY_2=${KEY_B}\n`);
    const early = await folder.creds(["disable", "local:2"]);
    assert.deepEqual([early.code, early.out], [1, ""]);
    assert.match(early.err, /does not know local:2: keyproxy reload makes it read its configuration anew/);
    const text = await folder.program(["reload"]);
    assert.deepEqual([text.code, text.out], [0, `The server at ${url} read its configuration anew; it is in force\n`], text.err);
    const off = await folder.creds(["disable", "local:2"]);
    assert.deepEqual([off.code, off.err], [0, ""], "another one is left");
    assert.deepEqual(jsonOf(await folder.program(["reload", "--json"])), { is_in_force: true, url, problems: [] });
  }));

Deno.test("a configuration with mistakes is not taken: each is named, and the exit code is 1", () =>
  whileServing(async ({ folder, simulator, url }) => {
    const bad = `${envOf(simulator)}GLOBAL_TIMEOUT=never\nLOCAL_API_KEY_2=${KEY_B}\n`;
    // The server's file is wrong, the one here is not.
    await writeFile(join(folder.path, "settings.conf"), bad);
    const text = await folder.program(["reload"]);
    assert.deepEqual([text.code, text.out], [1, ""]);
    assert.match(text.err, /^The configuration was not taken: 1 problem\n {2}GLOBAL_TIMEOUT="never" in .*settings\.conf:4: expected .+\n/);
    assert.ok(text.err.endsWith(`The server at ${url} keeps the one it has\n`), text.err);
    // It is the one that says where the server is.
    const here = await folder.program(["reload", "--json", "--env-file", "settings.conf"]);
    const json = jsonOf(here);
    assert.deepEqual([here.code, json["is_in_force"], json["url"]], [1, false, null]);
    assert.match(String(json["problems"]), /GLOBAL_TIMEOUT/);
    const status = jsonOf(await folder.program(["status", "--json"]));
    assert.doesNotMatch(JSON.stringify(status["providers"]), /LOCAL_API_KEY_2/);
  }, ["--env-file", "settings.conf"]));

Deno.test("without a server, and with a key it refuses, they say what to do", () =>
  inFolder(async (folder) => {
    await using server = await startAdminServer(quietReport(), { key: "kp-admin-key-of-a-test" });
    const env = { PORT: await deadPort(), OPENAI_API_KEY: "sk-aaaaaaaaaaaaaaaaaaaa1" };
    for (const args of [["creds", "reset", "openai:1"], ["creds", "disable", "openai:1"], ["creds", "enable", "openai:1"], ["reload"]]) {
      const absent = await folder.program(args, { env });
      assert.deepEqual([absent.code, absent.out], [1, ""], args.join(" "));
      assert.match(
        absent.err,
        /^No server answers at http:\/\/127\.0\.0\.1:\d+\nOnly a running server .+: keyproxy serve starts one, --url/,
      );
      const refused = await folder.program([...args, "--url", server.url], { env });
      assert.deepEqual([refused.code, refused.out], [1, ""], args.join(" "));
      assert.match(refused.err, /The admin key is missing or wrong\n.*KEYPROXY_ADMIN_KEY/);
      const wrong = await folder.program([...args, "--url", "localhost"], { env });
      assert.equal(wrong.code, 2);
      const file = await folder.program([...args, "--env-file", "nowhere.env"], { env });
      assert.deepEqual([file.code, /there is no .*nowhere\.env/.test(file.err)], [2, true], file.err);
    }
    assert.deepEqual(server.asked, []);
  }));

Deno.test("credentials are those of the server that is asked; what it does not have, or could mean two, changes nothing", () =>
  inFolder(async (folder) => {
    const busy = credentialStatus("openai", 2, { display: "\u001b[31mred", state: "cooling" });
    const providers = [providerStatus("openai", { credentials: [quietCredential(), busy] })];
    await using server = await startAdminServer(quietReport({ providers }));
    const at = ["--url", server.url];
    const none = await folder.creds(["disable", "opena:1", ...at]);
    assert.deepEqual([none.code, none.out], [2, ""]);
    assert.match(none.err, /No credential is called "opena:1"\. Did you mean openai:1\?/);
    const two = await folder.creds(["reset", "openai", ...at]);
    assert.deepEqual([two.code, /name one of openai:1, openai:2/.test(two.err)], [2, true], two.err);
    const unnamed = await folder.creds(["enable", ...at]);
    assert.deepEqual([unnamed.code, /its id or provider:n/.test(unnamed.err)], [2, true], unnamed.err);
    assert.deepEqual(server.asked, []);
    const off = await folder.creds(["disable", "OPENAI_API_KEY", ...at]);
    assert.equal(off.code, 0, off.err);
    assert.match(off.err, /No credential of openai is left that can be used now/, "the other one rests");
    assert.deepEqual(server.asked, ["/admin/credentials/openai:0123456789ab/disable"]);
    server.problems = ["PORT=\u001b[31m: wrong"];
    const kept = await folder.program(["reload", ...at]);
    assert.deepEqual([kept.code, kept.err.includes("\u001b")], [1, false]);
  }));

Deno.test("a login with a name of its own is found by its account too", () =>
  inFolder(async (folder) => {
    const login = { access_token: "qat-0123456789", refresh_token: "qrt-0123456789", token_type: "Bearer", expiry_date: 4e12 };
    await mkdir(join(folder.path, "oauth_creds"), { mode: 0o700 });
    await writeFile(
      join(folder.path, "oauth_creds", "qwen_code_oauth_1.json"),
      JSON.stringify({ ...login, _proxy_metadata: { email: "me@example.com" } }),
      { mode: 0o600 },
    );
    assert.equal((await folder.creds(["edit", "qwen_code:1", "--label", "work"])).code, 0);
    const id = String(listOf(await folder.creds(["list", "--json"]))[0]?.["id"]);
    const providers = [providerStatus("qwen_code", { credentials: [credentialStatus("qwen_code", 1, { id, display: "work" })] })];
    await using server = await startAdminServer(quietReport({ providers }));
    const env = { HOST: "127.0.0.1", PORT: String(server.port) };
    for (const name of ["me@example.com", "work"]) {
      const ran = await folder.creds(["reset", name], { env });
      assert.equal(ran.code, 0, ran.err);
    }
    assert.deepEqual(server.asked, [`/admin/credentials/${id}/reset`, `/admin/credentials/${id}/reset`]);
  }));
