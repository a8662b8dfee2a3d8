/** The small commands, as processes: `init`, `models`, `version`, help. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import deno from "../../deno.json" with { type: "json" };
import { startSimulator } from "../simulators/server.ts";
import { runProgram } from "../support/process.ts";

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "keyproxy-commands-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

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
