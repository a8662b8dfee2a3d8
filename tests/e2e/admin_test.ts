/** A server as a process, steered by its admin routes: found by its note, reloaded, watched, stopped. */
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AdminError } from "../../src/app/admin_client.ts";
import { serverOf } from "../../src/app/server_place.ts";
import { readSetup } from "../../src/app/setup.ts";
import { startSimulator } from "../simulators/server.ts";
import { CHAT } from "../http/chat.ts";
import { requestJson } from "../support/http_client.ts";
import { startProgram } from "../support/process.ts";
import { inFolder } from "../support/folder.ts";

const KEY_A = "sk-alpha-11112222";
const KEY_B = "sk-bravo-33334444";
const CLIENT = "kp-client-0123456789";
const SERVE = ["serve", "--host", "127.0.0.1", "--port", "0"];

/** The client of whoever works in this folder. */
async function clientIn(cwd: string) {
  const setup = await readSetup({ cwd, env: {} });
  assert.ok("config" in setup);
  return serverOf(setup);
}

Deno.test("the server of a folder is found whatever its port, says how it is, and is gone when it ends", () =>
  inFolder(async (folder) => {
    await using simulator = await startSimulator();
    await writeFile(join(folder, ".env"), `PROXY_API_KEY=${CLIENT}\nLOCAL_API_BASE=${simulator.baseUrl}\nLOCAL_API_KEY_1=${KEY_A}\n`);
    const program = startProgram(SERVE, { cwd: folder });
    await program.prints(/listens on/);
    const client = await clientIn(folder);
    const status = await client.status();
    assert.equal(status.pid, program.child.pid);
    const asked = await requestJson(`${client.url}/v1/chat/completions`, { key: CLIENT, body: CHAT });
    assert.equal(asked.status, 200);
    const id = (await client.status()).providers[0]?.credentials[0]?.id ?? "";
    await client.change(id, "disable");
    assert.equal((await requestJson(`${client.url}/v1/chat/completions`, { key: CLIENT, body: CHAT })).status, 503);
    program.signal("SIGTERM");
    assert.equal(await program.ended, 0);
    assert.ok(!(await readdir(folder)).includes("server.json"));

    const again = startProgram(SERVE, { cwd: folder });
    await again.prints(/listens on/);
    const next = await clientIn(folder);
    assert.equal((await next.status()).providers[0]?.credentials[0]?.state, "disabled", "over a restart");
    await next.change(id, "enable");
    assert.equal((await requestJson(`${next.url}/v1/chat/completions`, { key: CLIENT, body: CHAT })).status, 200);
    again.signal("SIGKILL");
    await again.ended;
    const left = await readFile(join(folder, "server.json"), "utf8");
    assert.ok(left.includes(next.url));
    assert.notEqual((await clientIn(folder)).url, next.url, "a crashed server's note is not believed");
  }));

Deno.test("a second server on the same data directory warns of the first one", () =>
  inFolder(async (folder) => {
    const first = startProgram(SERVE, { cwd: folder });
    await first.prints(/listens on/);
    const { url } = await clientIn(folder);
    const second = startProgram(SERVE, { cwd: folder });
    await second.prints(/listens on/);
    assert.ok(second.output().includes(`A server at ${url} uses ${folder} too: give one of them another --data-dir`), second.output());
    assert.doesNotMatch(first.output(), /another --data-dir/);
    for (const program of [second, first]) {
      program.signal("SIGTERM");
      assert.equal(await program.ended, 0);
    }
  }));

Deno.test("a reload by the admin route reads .env anew: with mistakes it names them and changes nothing", () =>
  inFolder(async (folder) => {
    await using simulator = await startSimulator();
    const good = `PROXY_API_KEY=${CLIENT}\nLOCAL_API_BASE=${simulator.baseUrl}\nLOCAL_API_KEY_1=${KEY_A}\n`;
    const config = join(folder, "settings.conf");
    await writeFile(config, good);
    const program = startProgram([...SERVE, "--env-file", config], { cwd: folder });
    const url = (await program.prints(/listens on (http:\S+)\/v1/))[1] ?? "";
    const setup = await readSetup({ cwd: folder, env: {}, envFile: config });
    assert.ok("config" in setup);
    const client = serverOf(setup, { url });
    await writeFile(config, `${good}GLOBAL_TIMEOUT=never\nhalf a line\n`);
    const problems = await client.reload();
    assert.equal(problems.length, 2, problems.join("\n"));
    assert.ok(problems.some((problem) => /GLOBAL_TIMEOUT="never" in .*settings\.conf:4/.test(problem)), problems.join("\n"));
    assert.equal((await client.status()).providers[0]?.credentials.length, 1);
    await writeFile(config, `${good}LOCAL_API_KEY_2=${KEY_B}\nKEYPROXY_ADMIN_KEY=kp-admin-0123456789\n`);
    assert.deepEqual(await client.reload(), []);
    await assert.rejects(client.status(), (error) => error instanceof AdminError && error.kind === "refused");
    const admin = await readSetup({ cwd: folder, env: {}, envFile: config });
    assert.ok("config" in admin);
    assert.equal((await serverOf(admin, { url }).status()).providers[0]?.credentials.length, 2);
    program.signal("SIGTERM");
    assert.equal(await program.ended, 0);
  }));

Deno.test("an open dashboard does not hold up the end, and sees it", () =>
  inFolder(async (folder) => {
    await using simulator = await startSimulator();
    const env = { LOCAL_API_BASE: simulator.baseUrl, LOCAL_API_KEY_1: KEY_A };
    const program = startProgram(SERVE, { cwd: folder, env });
    await program.prints(/listens on/);
    const client = await clientIn(folder);
    const kinds: string[] = [];
    for await (const event of client.events(new AbortController().signal)) {
      kinds.push(event.kind);
      if (kinds.length === 1) assert.equal((await requestJson(`${client.url}/v1/chat/completions`, { body: CHAT })).status, 200);
      if (event.kind === "request") program.signal("SIGTERM");
    }
    assert.deepEqual([kinds[0], kinds.includes("request")], ["status", true]);
    const left = performance.now();
    assert.equal(await program.ended, 0);
    assert.ok(performance.now() - left < 5_000, "it waited for its grace period");
  }));
