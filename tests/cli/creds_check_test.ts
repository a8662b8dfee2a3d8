/** `creds check`: each verdict from a real answer, the exit code, and nobody tried who was not meant. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../src/kernel/clock.ts";
import { startGoogleSimulator } from "../simulators/google/simulator.ts";
import { startQwenSimulator } from "../simulators/qwen/simulator.ts";
import { startSimulator } from "../simulators/server.ts";
import { htmlPage, insufficientQuota, rateLimited, serverError, stall } from "../simulators/steps.ts";
import { type Folder, inFolder, listOf } from "./creds_program.ts";

const GOOD = "sk-good-0123456789abcdef";
const BAD = "sk-bad-0123456789abcdef";

async function results(folder: Folder, args: readonly string[], env: Readonly<Record<string, string>>) {
  const ran = await folder.creds(["check", ...args, "--json"], { env });
  return {
    code: ran.code,
    rows: listOf(ran).map(({ provider, number, result }) => `${String(provider)}:${String(number)} ${String(result)}`),
  };
}

Deno.test("keys are tried by the provider's list; one that is rejected makes the exit code 1", () =>
  inFolder(async (folder) => {
    await using simulator = await startSimulator({ keys: [GOOD], models: ["alpha"] });
    const env = {
      NEAR_API_BASE: simulator.baseUrl,
      NEAR_API_KEY: GOOD,
      NEAR_API_KEY_2: BAD,
      FAR_API_BASE: "http://127.0.0.1:9/v1",
      FAR_API_KEY: GOOD,
    };
    assert.deepEqual(await results(folder, [], env), { code: 1, rows: ["far:1 unreachable", "near:1 valid", "near:2 rejected"] });
    assert.deepEqual(await results(folder, ["near:1"], env), { code: 0, rows: ["near:1 valid"] });
    assert.deepEqual(await results(folder, ["far"], env), { code: 0, rows: ["far:1 unreachable"] });
    assert.ok(simulator.requests.every(({ path }) => path === "/v1/models"), "a model was asked");
    const text = await folder.creds(["check", "near"], { env });
    assert.match(text.out, /^ {2}near:1 {2}sk-g…cdef {2}valid +1 model$/m);
    assert.match(text.out, /^ {2}near:2 {2}sk-b…cdef {2}rejected$/m);
    assert.ok(!`${text.out}${text.err}`.includes(BAD));
    const unknown = await folder.creds(["check", "nobody"], { env });
    assert.deepEqual([unknown.code, /No credential is called "nobody"/.test(unknown.err)], [2, true]);
  }));

Deno.test("where the list proves nothing one token of a known model is asked for", () =>
  inFolder(async (folder) => {
    await using simulator = await startSimulator({ keys: [GOOD], models: ["alpha"] });
    const env = { OPENROUTER_API_BASE: simulator.baseUrl, OPENROUTER_API_KEY: GOOD, OPENROUTER_API_KEY_2: BAD };
    const models = { OPENROUTER_MODELS: '["alpha"]' };
    assert.deepEqual(await results(folder, [], { ...env, ...models }), { code: 1, rows: ["openrouter:1 valid", "openrouter:2 rejected"] });
    assert.ok(simulator.requests.every(({ path }) => path === "/v1/chat/completions"));
    assert.deepEqual(await results(folder, [], env), { code: 0, rows: ["openrouter:1 not_checkable", "openrouter:2 not_checkable"] });
  }));

Deno.test("limits and trouble are told apart from a bad key", () =>
  inFolder(async (folder) => {
    await using simulator = await startSimulator({ keys: [GOOD] });
    const env = { NEAR_API_BASE: simulator.baseUrl, NEAR_API_KEY: GOOD };
    const answers = [[rateLimited({}), "limited"], [serverError(), "unreachable"], [insufficientQuota(), "limited"], [
      htmlPage(200),
      "unreachable",
    ]] as const;
    for (const [step, verdict] of answers) {
      simulator.clearScripts();
      simulator.script({}, step);
      assert.deepEqual(await results(folder, [], env), { code: 0, rows: [`near:1 ${verdict}`] }, step.name);
    }
  }));

Deno.test("logins are renewed when they are due and tried by what costs nothing", () =>
  inFolder(async (folder) => {
    await using google = await startGoogleSimulator({ clock: systemClock });
    await using qwen = await startQwenSimulator({});
    const [ada, li] = [google.grantFor(), qwen.login("li@example.com")];
    const env = {
      ...google.variables(),
      ...qwen.variables(),
      GEMINI_CLI_1_ACCESS_TOKEN: ada.accessToken,
      GEMINI_CLI_1_REFRESH_TOKEN: ada.refreshToken,
      GEMINI_CLI_1_EXPIRY_DATE: "1000",
      QWEN_CODE_1_ACCESS_TOKEN: li.accessToken,
      QWEN_CODE_1_REFRESH_TOKEN: li.refreshToken,
    };
    assert.deepEqual(await results(folder, [], env), { code: 0, rows: ["gemini_cli:1 valid", "qwen_code:1 valid"] });
    google.revoke(ada.account);
    qwen.revoke("li@example.com");
    assert.deepEqual(await results(folder, [], env), { code: 1, rows: ["gemini_cli:1 rejected", "qwen_code:1 rejected"] });
  }));

Deno.test("interrupted in the middle it exits 130", () =>
  inFolder(async (folder) => {
    await using simulator = await startSimulator({});
    simulator.script({}, stall());
    const running = folder.start(["check"], { env: { NEAR_API_BASE: simulator.baseUrl, NEAR_API_KEY: GOOD } });
    await simulator.nextRequest();
    running.interrupt();
    const ran = await running.ended;
    assert.deepEqual([ran.code, ran.out, ran.err], [130, "", "Cancelled\n"]);
  }));

Deno.test("without credentials nothing is wrong", () =>
  inFolder(async (folder) => {
    await writeFile(join(folder.path, ".env"), "");
    const ran = await folder.creds(["check"]);
    assert.deepEqual([ran.code, ran.out.startsWith("No credentials yet")], [0, true]);
  }));
