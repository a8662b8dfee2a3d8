/** Logins as a person makes them, in a terminal: each flow to its end, and every way it goes wrong, with nothing secret on the screen. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/kernel/clock.ts";
import { startGoogleSimulator } from "../simulators/google/simulator.ts";
import { startIflowSimulator } from "../simulators/iflow/simulator.ts";
import { startQwenSimulator } from "../simulators/qwen/simulator.ts";
import { startSimulator } from "../simulators/server.ts";
import { browse, freePort, wayBack } from "../support/browser.ts";
import { inTerminal, KEYS, type TerminalSession } from "../support/terminal.ts";

/** How tokens, keys and client secrets of the simulators begin. */
const SECRETS = /ya29\.sim-|1\/\/0sim-|qat-|qrt-|SIM-not-a-real|simulated-iflow-secret/;

interface Place {
  readonly folder: string;
  /** A callback port nobody listens on. */
  readonly port: string;
  start(args: readonly string[], env: Readonly<Record<string, string>>): TerminalSession;
  /** Names in `oauth_creds/`. */
  logins(): Promise<string[]>;
}

async function inPlace(work: (place: Place) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "keyproxy-terminal-"));
  const sessions: TerminalSession[] = [];
  try {
    await work({
      folder,
      port: await freePort(),
      start(args, env) {
        const session = inTerminal(["creds", ...args], { cwd: folder, env });
        sessions.push(session);
        return session;
      },
      logins: () => readdir(join(folder, "oauth_creds")).then((names) => names.filter((name) => name.endsWith(".json")), () => []),
    });
    for (const session of sessions) assert.doesNotMatch(session.screen(), SECRETS);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The address that was shown. */
async function address(session: TerminalSession): Promise<string> {
  return (await session.shows(/Log in at this address:\s+(http\S+)/))[1] ?? "";
}

Deno.test("Gemini CLI: the status is confirmed by a key, the browser comes back, the account and its project are found", () =>
  inPlace(async ({ start, logins, port }) => {
    await using google = await startGoogleSimulator({ clock: systemClock });
    const env = { ...google.variables(), GEMINI_CLI_OAUTH_PORT: port };
    const session = start(["add", "gemini_cli"], env);
    await session.shows(/restricted since 2026-06-18[\s\S]*Go on all the same\?[\s\S]*No/);
    session.type("y");
    const page = await browse(await address(session));
    assert.equal(page.status, 200);
    await session.shows(/Logged in as ada@example\.com/);
    assert.equal(await session.ended, 0, session.screen());
    assert.deepEqual(await logins(), ["gemini_cli_oauth_1.json"]);
    const list = start(["list"], env);
    assert.equal(await list.ended, 0);
    assert.match(list.screen(), /1 {2}ada@example\.com {2}login {2}ready/);
  }));

Deno.test("Qwen Code: the code is shown large and as text, and confirming it elsewhere ends the wait", () =>
  inPlace(async ({ start, logins }) => {
    await using qwen = await startQwenSimulator({});
    const session = start(["add", "qwen_code", "--login", "--accept-status"], qwen.variables());
    const code = (await session.shows(/shows the code (\w+), and confirm/))[1] ?? "";
    assert.match(session.screen(), /█▀▀▀█[\s\S]*█████/);
    assert.ok(session.screen().includes(`${qwen.url}/authorize?user_code=${code}`));
    qwen.approve(code, "li@example.com");
    assert.equal(await session.ended, 0, session.screen());
    assert.deepEqual(await logins(), ["qwen_code_oauth_1.json"]);
  }));

Deno.test("iFlow: the login ends with the key that calls are made with", () =>
  inPlace(async ({ start, logins, folder, port }) => {
    await using iflow = await startIflowSimulator({});
    const session = start(["add", "iflow", "--login", "--accept-status"], {
      ...iflow.variables(),
      IFLOW_OAUTH_PORT: port,
    });
    await browse(await address(session));
    assert.equal(await session.ended, 0, session.screen());
    assert.deepEqual(await logins(), ["iflow_oauth_1.json"]);
    const kept: { readonly apiKey?: string; readonly api_key?: string } = JSON.parse(
      await readFile(join(folder, "oauth_creds", "iflow_oauth_1.json"), "utf8"),
    );
    const key = kept.apiKey ?? kept.api_key ?? "";
    assert.ok(key.length > 8 && !session.screen().includes(key));
  }));

Deno.test("whoever answers no to the status, or denies at the provider, is told so and nothing is kept", () =>
  inPlace(async ({ start, logins, port }) => {
    await using google = await startGoogleSimulator({ clock: systemClock });
    await using qwen = await startQwenSimulator({});
    const unwilling = start(["add", "gemini_cli"], google.variables());
    await unwilling.shows(/Go on all the same\?[\s\S]*No/);
    unwilling.type(KEYS.enter);
    assert.equal(await unwilling.ended, 1, unwilling.screen());

    google.consent.answer = "deny";
    const denied = start(["add", "gemini_cli", "--accept-status"], { ...google.variables(), GEMINI_CLI_OAUTH_PORT: port });
    await browse(await address(denied));
    assert.equal(await denied.ended, 1, denied.screen());
    assert.match(denied.screen(), /den|refus|not allow/i);

    const device = start(["add", "qwen_code", "--login", "--accept-status"], qwen.variables());
    qwen.deny((await device.shows(/shows the code (\w+), and confirm/))[1] ?? "");
    assert.equal(await device.ended, 1, device.screen());
    assert.match(device.screen(), /den|refus|not allow/i);
    assert.deepEqual(await logins(), []);
  }));

Deno.test("a callback with another state changes nothing: the login goes on waiting for its own", () =>
  inPlace(async ({ start, port }) => {
    await using google = await startGoogleSimulator({ clock: systemClock });
    const session = start(["add", "gemini_cli", "--accept-status"], { ...google.variables(), GEMINI_CLI_OAUTH_PORT: port });
    const url = await address(session);
    const back = await wayBack(url);
    const forged = new URL(back);
    forged.searchParams.set("state", "somebody-elses");
    assert.equal((await browse(forged.href)).status, 400);
    assert.equal(google.requests({ endpoint: "exchange" }).length, 0);
    await browse(back.href);
    assert.equal(await session.ended, 0, session.screen());
  }));

Deno.test("the address at which the browser ended can be pasted; what is no such address is said and the wait goes on", () =>
  inPlace(async ({ start, logins, port }) => {
    await using google = await startGoogleSimulator({ clock: systemClock });
    const session = start(["add", "gemini_cli", "--accept-status", "--no-browser"], {
      ...google.variables(),
      GEMINI_CLI_OAUTH_PORT: port,
    });
    const url = await address(session);
    const back = await wayBack(url);
    back.searchParams.set("state", "somebody-elses");
    session.type(`${back.href}${KEYS.enter}`);
    await session.shows(/That could not be used: /);
    const own = await wayBack(url);
    session.type(`${own.href}${KEYS.enter}`);
    assert.equal(await session.ended, 0, session.screen());
    assert.deepEqual(await logins(), ["gemini_cli_oauth_1.json"]);
  }));

Deno.test("Ctrl-C while it waits ends it with 130 and keeps nothing", () =>
  inPlace(async ({ start, logins, port }) => {
    await using google = await startGoogleSimulator({ clock: systemClock });
    await using qwen = await startQwenSimulator({});
    const browser = start(["add", "gemini_cli", "--accept-status"], { ...google.variables(), GEMINI_CLI_OAUTH_PORT: port });
    await browser.shows(/Ctrl-C ends the login/);
    browser.type(KEYS.ctrlC);
    const device = start(["add", "qwen_code", "--login", "--accept-status"], qwen.variables());
    await device.shows(/Ctrl-C ends the login/);
    device.type(KEYS.ctrlC);
    assert.deepEqual([await browser.ended, await device.ended], [130, 130], browser.screen() + device.screen());
    assert.deepEqual(await logins(), []);
  }));

Deno.test("a callback port that is taken is named, with the variable that chooses another", () =>
  inPlace(async ({ start }) => {
    await using google = await startGoogleSimulator({ clock: systemClock });
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const at = taken.address();
    const port = typeof at === "object" && at !== null ? String(at.port) : "";
    try {
      const session = start(["add", "gemini_cli", "--accept-status"], { ...google.variables(), GEMINI_CLI_OAUTH_PORT: port });
      assert.equal(await session.ended, 2, session.screen());
      assert.match(session.screen(), new RegExp(`${port}[\\s\\S]*GEMINI_CLI_OAUTH_PORT`));
    } finally {
      taken.close();
    }
  }));

Deno.test("a provider is found by typing its name, and its key is never on the screen", () =>
  inPlace(async ({ start, folder }) => {
    const key = "sk-good-0123456789abcdef";
    await using simulator = await startSimulator({ keys: [key], models: ["alpha"] });
    const session = start(["add"], { GROQ_API_BASE: simulator.baseUrl });
    await session.shows(/type to search[\s\S]*to select/i);
    session.type("groq");
    await session.shows(/1 match/);
    session.type(KEYS.enter);
    await session.shows(/Key of Groq \(not shown\)/);
    session.type(`${key}${KEYS.enter}`);
    assert.equal(await session.ended, 0, session.screen());
    assert.match(session.screen(), /Saved GROQ_API_KEY in \.env[\s\S]*The key works/);
    assert.ok(!session.screen().includes(key.slice(4)));
    assert.match(await readFile(join(folder, ".env"), "utf8"), new RegExp(`^GROQ_API_KEY=${key}$`, "m"));
  }));
