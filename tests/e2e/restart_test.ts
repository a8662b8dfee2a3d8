/** `keyproxy serve` as a process: start-up errors, reload, stopping, and what a crash leaves behind. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import net from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { asArray, asObject } from "../../src/kernel/json.ts";
import { latch } from "../simulators/latch.ts";
import { startSimulator } from "../simulators/server.ts";
import { answer, rateLimited, withHold } from "../simulators/steps.ts";
import { CHAT, STREAM, until } from "../http/chat.ts";
import { openStream, requestJson } from "../support/http_client.ts";
import { type Program, runProgram, startProgram } from "../support/process.ts";
import { inFolder } from "../support/folder.ts";

const KEY_A = "sk-alpha-11112222";
const KEY_B = "sk-bravo-33334444";
const SERVE = ["serve", "--host", "127.0.0.1", "--port", "0"];

async function urlOf(program: Program): Promise<string> {
  return (await program.prints(/listens on (http:\S+)/))[1] ?? "";
}

async function providerOf(url: string) {
  return asObject(asArray(asObject((await requestJson(`${url}/providers`)).json)?.data)[0]);
}

Deno.test("mistakes of configuration end the start with 2, all of them at once, each with its place", () =>
  inFolder(async (folder) => {
    await writeFile(join(folder, ".env"), "PROXY_API_KEY=kp-0123456789abcdef\nthis is no assignment\nPORT=many\n");
    const { code, output } = await runProgram(SERVE.slice(0, 3), { cwd: folder, env: { GLOBAL_TIMEOUT: "-1" } });
    assert.equal(code, 2);
    assert.match(output, /\.env:2/);
    assert.match(output, /PORT="many" in \S+\.env:3/);
    assert.match(output, /GLOBAL_TIMEOUT="-1"/);
    assert.ok(!output.includes("    at "), output);
  }));

Deno.test("without a proxy key other machines are not let in: exit 2 and the line to add", () =>
  inFolder(async (folder) => {
    const { code, output } = await runProgram(["--port", "0"], { cwd: folder });
    assert.equal(code, 2);
    assert.match(output, /PROXY_API_KEY=kp-[0-9A-Za-z]{32}\n/);
  }));

Deno.test("a port in use is one clear line and exit 2", () =>
  inFolder(async (folder) => {
    const holder = net.createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => holder.once("listening", resolve));
    const address = holder.address();
    const port = typeof address === "object" && address !== null ? String(address.port) : "";
    const { code, output } = await runProgram(["serve", "--host", "127.0.0.1", "--port", port], { cwd: folder });
    holder.close();
    assert.equal(code, 2);
    assert.match(output, new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${port}: the port is in use`));
  }));

Deno.test("an unknown command or flag is a usage error with a hint", () =>
  inFolder(async (folder) => {
    const flag = await runProgram(["serve", "--prot", "1"], { cwd: folder });
    assert.deepEqual([flag.code, /Did you mean --port/.test(flag.output)], [2, true]);
    const command = await runProgram(["sevre"], { cwd: folder });
    assert.deepEqual([command.code, /Did you mean serve/.test(command.output)], [2, true]);
    assert.equal((await runProgram([], { cwd: folder })).code, 2);
  }));

Deno.test("an edited .env and SIGHUP take effect without a restart; a broken .env changes nothing", () =>
  inFolder(async (folder) => {
    await using simulator = await startSimulator();
    const env = (keys: string) => `LOCAL_API_BASE=${simulator.baseUrl}\n${keys}`;
    await writeFile(join(folder, ".env"), env(`LOCAL_API_KEY_1=${KEY_A}\n`));
    const program = startProgram(SERVE, { cwd: folder });
    const url = await urlOf(program);
    assert.equal((await providerOf(url))?.credential_count, 1);
    await writeFile(join(folder, ".env"), env(`LOCAL_API_KEY_1=${KEY_A}\nLOCAL_API_KEY_2=${KEY_B}\n`));
    await program.prints(/Configuration reloaded/);
    assert.equal((await providerOf(url))?.credential_count, 2);
    await writeFile(join(folder, ".env"), env("a broken line\n"));
    program.signal("SIGHUP");
    await program.prints(/Configuration kept as it was: .*\.env:2/);
    assert.equal((await requestJson(`${url}/chat/completions`, { body: CHAT })).status, 200);
    program.signal("SIGTERM");
    assert.equal(await program.ended, 0);
  }));

Deno.test("SIGTERM lets a running stream finish and then exits 0; a second signal leaves at once", () =>
  inFolder(async (folder) => {
    await using simulator = await startSimulator();
    const gate = latch();
    simulator.script({}).always(withHold(answer({ text: "one two" }), gate, { chunkCount: 2 }));
    const env = { LOCAL_API_BASE: simulator.baseUrl, LOCAL_API_KEY_1: KEY_A, MAX_CONCURRENT_REQUESTS_PER_KEY_LOCAL: "0" };
    const patient = startProgram(SERVE, { cwd: folder, env });
    const stream = await openStream(`${await urlOf(patient)}/chat/completions`, { body: STREAM });
    patient.signal("SIGTERM");
    await patient.prints(/finishing 1 running request/);
    gate.release();
    assert.ok((await stream.text()).endsWith("data: [DONE]\n\n"));
    assert.equal(await patient.ended, 0);

    simulator.clearScripts();
    simulator.script({}).always(withHold(answer({ text: "one two" }), latch(), { chunkCount: 2 }));
    const hasty = startProgram(SERVE, { cwd: folder, env });
    const cut = await openStream(`${await urlOf(hasty)}/chat/completions`, { body: STREAM });
    hasty.signal("SIGINT");
    await hasty.prints(/finishing 1 running request/);
    hasty.signal("SIGINT");
    assert.equal(await hasty.ended, 130);
    cut.close();
  }));

Deno.test("SIGTERM lets a client read a whole answer to its end, however slowly it reads", () =>
  inFolder(async (folder) => {
    await using simulator = await startSimulator();
    const text = "x".repeat(16 * 1024 * 1024);
    simulator.script({}, answer({ text }));
    const program = startProgram(SERVE, { cwd: folder, env: { LOCAL_API_BASE: simulator.baseUrl, LOCAL_API_KEY_1: KEY_A } });
    const reader = await openStream(`${await urlOf(program)}/chat/completions`, { body: CHAT });
    program.signal("SIGTERM");
    await program.prints(/finishing 1 running request/);
    assert.ok((await reader.text()).includes(text));
    assert.equal(await program.ended, 0);
  }));

Deno.test("kill -9 costs neither rests nor counters that were a second old", () =>
  inFolder(async (folder) => {
    await using simulator = await startSimulator();
    simulator.script({ key: KEY_A }, rateLimited({ retryAfterSeconds: 3_000 }));
    const env = { LOCAL_API_BASE: simulator.baseUrl, LOCAL_API_KEY_1: KEY_A, LOCAL_API_KEY_2: KEY_B };
    const first = startProgram(SERVE, { cwd: folder, env });
    const url = await urlOf(first);
    assert.equal((await requestJson(`${url}/chat/completions`, { body: CHAT })).status, 200);
    const before = JSON.stringify(stateOf(await providerOf(url)));
    await flushed(join(folder, "keyproxy.db"));
    first.signal("SIGKILL");
    assert.equal(await first.ended, "SIGKILL");
    const second = startProgram(SERVE, { cwd: folder, env });
    const after = JSON.stringify(stateOf(await providerOf(await urlOf(second))));
    assert.equal(after, before);
    second.signal("SIGTERM");
    assert.equal(await second.ended, 0);
  }));

function stateOf(provider: ReturnType<typeof asObject>) {
  return asArray(provider?.credentials).map((credential) => {
    const { state, until, today } = asObject(credential) ?? {};
    return { state, until, today };
  });
}

/** Waits until the database holds both keys' counters; another process may read while the server writes. */
async function flushed(path: string): Promise<void> {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    await until(() => database.prepare("SELECT count(*) AS rows FROM usage").get()?.rows === 2);
  } finally {
    database.close();
  }
}

Deno.test("where nothing can be written it serves all the same, with one warning", () =>
  inFolder(async (folder) => {
    await using simulator = await startSimulator();
    // What is in the way of every file it would write holds for root too, whom modes do not stop.
    const dataDir = join(folder, "full");
    await mkdir(join(dataDir, "keyproxy.db"), { recursive: true });
    for (const name of ["logs", "oauth_creds"]) await writeFile(join(dataDir, name), "");
    const env = { LOCAL_API_BASE: simulator.baseUrl, KEYPROXY_DATA_DIR: dataDir };
    const program = startProgram(SERVE, { cwd: folder, env });
    const url = await urlOf(program);
    assert.equal((await requestJson(`${url}/chat/completions`, { body: CHAT })).status, 200);
    program.signal("SIGTERM");
    assert.equal(await program.ended, 0);
    assert.equal(program.output().match(/Cannot keep state/g)?.length, 1);
  }));
