/** Logins made by a script, without a terminal: the address on standard error, data on standard output, never a question. */
import assert from "node:assert/strict";
import { systemClock } from "../../src/kernel/clock.ts";
import { type Folder, inFolder, jsonOf, listOf } from "../cli/creds_program.ts";
import { startGoogleSimulator } from "../simulators/google/simulator.ts";
import { startIflowSimulator } from "../simulators/iflow/simulator.ts";
import { startQwenSimulator } from "../simulators/qwen/simulator.ts";
import { browse, freePort, wayBack } from "../support/browser.ts";

async function accountsOf(folder: Folder, env: Readonly<Record<string, string>>) {
  return listOf(await folder.creds(["list", "--json"], { env })).map(({ provider, account, state }) => [provider, account, state]);
}

Deno.test("Gemini CLI: the callback ends the login, the result is JSON", () =>
  inFolder(async (folder) => {
    await using google = await startGoogleSimulator({ clock: systemClock });
    const env = { ...google.variables(), GEMINI_CLI_OAUTH_PORT: await freePort() };
    const running = folder.start(["add", "gemini_cli", "--accept-status", "--json"], { env });
    const [, url = ""] = await running.says(/Log in at this address:\s+(http\S+)\s/);
    await browse(url);
    const ran = await running.ended;
    assert.equal(ran.code, 0, ran.err);
    assert.equal(jsonOf(ran).provider, "gemini_cli");
    assert.doesNotMatch(ran.out + ran.err, /ya29\.sim-|1\/\/0sim-/);
    assert.deepEqual(await accountsOf(folder, env), [["gemini_cli", "ada@example.com", "ready"]]);
  }));

Deno.test("Gemini CLI: on a machine no browser reaches, the address it ended at comes by standard input", () =>
  inFolder(async (folder) => {
    await using google = await startGoogleSimulator({ clock: systemClock });
    const env = { ...google.variables(), GEMINI_CLI_OAUTH_PORT: await freePort() };
    const running = folder.start(["add", "gemini_cli", "--accept-status", "--paste-stdin"], { env });
    const [, url = ""] = await running.says(/Log in at this address:\s+(http\S+)\s/);
    running.type((await wayBack(url)).href);
    const ran = await running.ended;
    assert.deepEqual([ran.code, /oauth_creds\/gemini_cli_oauth_1\.json/.test(ran.out)], [0, true], ran.err);
  }));

Deno.test("Qwen Code and iFlow are logged in the same way", () =>
  inFolder(async (folder) => {
    await using qwen = await startQwenSimulator({});
    await using iflow = await startIflowSimulator({});
    const env = { ...qwen.variables(), ...iflow.variables(), IFLOW_OAUTH_PORT: await freePort() };
    const device = folder.start(["add", "qwen_code", "--login", "--accept-status"], { env });
    const [, code = ""] = await device.says(/shows the code (\w+), and confirm/);
    qwen.approve(code, "li@example.com");
    assert.equal((await device.ended).code, 0);
    const browser = folder.start(["add", "iflow", "--login", "--accept-status"], { env });
    const [, url = ""] = await browser.says(/Log in at this address:\s+(http\S+)\s/);
    await browse(url);
    assert.equal((await browser.ended).code, 0);
    assert.deepEqual((await accountsOf(folder, env)).map(([provider, , state]) => [provider, state]), [
      ["qwen_code", "ready"],
      ["iflow", "ready"],
    ]);
  }));

Deno.test("a login that has been restricted is not made by a script that does not say so, and a limit ends the wait", () =>
  inFolder(async (folder) => {
    await using google = await startGoogleSimulator({ clock: systemClock });
    const env = { ...google.variables(), GEMINI_CLI_OAUTH_PORT: await freePort() };
    const unsaid = await folder.creds(["add", "gemini_cli"], { env });
    assert.deepEqual([unsaid.code, unsaid.out, /--accept-status/.test(unsaid.err)], [2, "", true], unsaid.err);
    const late = await folder.creds(["add", "gemini_cli", "--accept-status", "--timeout", "1"], { env });
    assert.deepEqual([late.code, late.out], [1, ""], late.err);
    assert.match(late.err, /1 s|in time|timed out/);
  }));
