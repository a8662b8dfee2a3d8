/** Logins exported on one machine and used on another that has nothing but the exported variables. */
import { parse } from "dotenv";
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/kernel/clock.ts";
import { type GoogleSimulator, startGoogleSimulator } from "../simulators/google/simulator.ts";
import { type IflowSimulator, startIflowSimulator } from "../simulators/iflow/simulator.ts";
import { type QwenSimulator, startQwenSimulator } from "../simulators/qwen/simulator.ts";
import { type Folder, inFolder } from "../cli/creds_program.ts";
import { requestJson } from "../support/http_client.ts";
import { startProgram } from "../support/process.ts";

const MODELS = ["gemini_cli/gemini-2.5-flash", "qwen_code/coder-model", "iflow/glm-4.6"];

interface World {
  readonly google: GoogleSimulator;
  readonly qwen: QwenSimulator;
  readonly iflow: IflowSimulator;
  /** A machine that is logged in everywhere. */
  readonly home: Folder;
  /** Variables that point at the simulators. */
  readonly env: Readonly<Record<string, string>>;
}

async function withLogins(work: (world: World) => Promise<void>): Promise<void> {
  await using google = await startGoogleSimulator({ clock: systemClock });
  await using qwen = await startQwenSimulator({});
  await using iflow = await startIflowSimulator({});
  await inFolder(async (home) => {
    const creds = join(home.path, "oauth_creds");
    await mkdir(creds, { mode: 0o700 });
    const put = (name: string, file: object) => writeFile(join(creds, `${name}_oauth_1.json`), JSON.stringify(file), { mode: 0o600 });
    await put("gemini_cli", google.toolFile(google.grantFor()));
    const li = qwen.login("li@example.com");
    await put("qwen_code", tokens(li, { resource_url: li.resourceUrl }));
    const mei = iflow.login("mei@example.com");
    await put("iflow", tokens(mei, { apiKey: mei.apiKey, email: "mei@example.com" }));
    await work({ google, qwen, iflow, home, env: { ...google.variables(), ...qwen.variables(), ...iflow.variables() } });
  });
}

interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresAt: number;
}

function tokens({ accessToken, refreshToken, expiresAt }: Tokens, more: Readonly<Record<string, string>>) {
  return { access_token: accessToken, refresh_token: refreshToken, token_type: "Bearer", expiry_date: expiresAt, ...more };
}

async function exported({ home, env }: World, format: string): Promise<string> {
  const ran = await home.creds(["export", "all", "--format", format], { env });
  assert.deepEqual([ran.code, ran.err], [0, ""]);
  return ran.out;
}

/** Serves on a machine that has these variables and nothing else, asks every model, and gives what was printed. */
async function serveElsewhere(
  env: Readonly<Record<string, string>>,
  act: (ask: () => Promise<void>) => Promise<void>,
  prepare: (folder: string) => Promise<void> = () => Promise.resolve(),
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "keyproxy-elsewhere-"));
  try {
    await prepare(folder);
    const program = startProgram(["serve", "--host", "127.0.0.1", "--port", "0"], { cwd: folder, env });
    const url = (await program.prints(/listens on (http:\S+)/))[1] ?? "";
    await act(async () => {
      const answers = await Promise.all(
        MODELS.map((model) => requestJson(`${url}/chat/completions`, { body: { model, messages: [{ role: "user", content: "hello" }] } })),
      );
      assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200], answers.map(({ text }) => text).join("\n") + program.output());
    });
    program.signal("SIGTERM");
    assert.equal(await program.ended, 0, program.output());
    return program.output();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const once = (ask: () => Promise<void>) => ask();

function assertNoSecret(output: string, variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (/TOKEN$|SECRET|API_KEY/.test(name)) assert.ok(!output.includes(value), `${name} was printed`);
  }
}

Deno.test("the env, json and docker forms serve every login on a machine that has nothing else", () =>
  withLogins(async (world) => {
    for (const format of ["env", "json", "docker"]) {
      const text = await exported(world, format);
      const variables: Record<string, string> = format === "json" ? JSON.parse(text) : parse(text);
      assert.ok(variables.GEMINI_CLI_1_ACCESS_TOKEN !== undefined, format);
      assertNoSecret(await serveElsewhere({ ...world.env, ...variables }, once), variables);
    }
  }));

Deno.test("the env form as a .env file, and the shell form as a shell reads it, serve too", () =>
  withLogins(async (world) => {
    const text = await exported(world, "env");
    await serveElsewhere(world.env, once, (folder) => writeFile(join(folder, ".env"), text, { mode: 0o600 }));
    const shell = await exported(world, "shell");
    const lines = [...shell.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name = "", value = ""]) => [name, value]);
    await serveElsewhere({ ...world.env, ...Object.fromEntries(lines) }, once);
  }));

Deno.test("tokens that have ended meanwhile are renewed there, once each, and serve again after a restart", () =>
  withLogins(async (world) => {
    const { google, qwen, iflow, env } = world;
    const variables = parse(await exported(world, "env"));
    const ended = Object.fromEntries(Object.keys(variables).filter((name) => name.endsWith("EXPIRY_DATE")).map((name) => [name, "1000"]));
    google.expireAccessTokens();
    qwen.expireTokens();
    iflow.expireTokens();
    const all = { ...env, ...variables, ...ended, SKIP_OAUTH_INIT_CHECK: "true" };
    const folder = await mkdtemp(join(tmpdir(), "keyproxy-kept-"));
    try {
      const kept = { ...all, KEYPROXY_DATA_DIR: folder };
      const output = await serveElsewhere(kept, async (ask) => {
        await ask();
        await ask();
      });
      assertNoSecret(output, variables);
      assert.deepEqual([google, qwen, iflow].map((it) => it.requests({ endpoint: "refresh" }).length), [1, 1, 1]);
      // The refresh tokens of the variables were used up by rotation: only what was kept can serve now.
      await serveElsewhere(kept, once);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }));

Deno.test("where nothing can be written the logins serve all the same, and it is said what a restart will cost", () =>
  withLogins(async (world) => {
    const variables = parse(await exported(world, "env"));
    const ended = Object.fromEntries(Object.keys(variables).filter((name) => name.endsWith("EXPIRY_DATE")).map((name) => [name, "1000"]));
    world.qwen.expireTokens();
    // A file stands where the folder would be made: not even root can write into it.
    const output = await serveElsewhere(
      { ...world.env, ...variables, ...ended },
      once,
      (folder) => writeFile(join(folder, "oauth_creds"), "not a folder"),
    );
    assert.match(output, /renewed logins cannot be kept/);
    assertNoSecret(output, variables);
  }));
