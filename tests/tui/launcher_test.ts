/** The launcher on a screen: the first run, every item, two sizes, no colour, no terminal. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { runProgram } from "../support/process.ts";
import { KEYS } from "../support/screen.ts";
import { envText, inLauncher, MENU, READY, SANE } from "./launcher.ts";

const ITEMS = `› 1  Run the proxy
  2  Configure proxy settings
  3  Manage credentials
  4  Provider and advanced settings
  5  Models and filters
  6  Status and usage
  7  Connect a tool
  8  Reload configuration
  9  About
  0  Exit

  Serve here until Ctrl-C, then come back.
  ↑↓ or number, Enter · Esc exit · Ctrl-C quit`;

Deno.test("the first run makes a proxy key, shows it whole once and opens the launcher; exit leaves a sane terminal", () =>
  inLauncher({ env: "" }, async ({ screen, cwd }) => {
    const [, key = "?"] = await screen.shows(/Welcome\n[\s\S]*\n {4}(kp-[0-9A-Za-z]{32})\n/);
    assert.equal(envText(cwd), `PROXY_API_KEY=${key}\n`);
    await screen.press(KEYS.enter, MENU);
    assert.ok(!screen.text().includes(key));
    assert.match(screen.text(), new RegExp(`proxy key +kp-…${key.slice(-4)}\\n`));
    assert.match(screen.text(), /! No credentials yet: add a key or a login → 3\n/);
    screen.type("0");
    assert.deepEqual(await screen.ended, { code: 0, ...SANE });
    assert.ok(!existsSync(join(cwd, "launcher_config.json")));
  }));

Deno.test("run the proxy serves until Ctrl-C and comes back to the menu", () =>
  inLauncher({ env: READY }, async ({ screen }) => {
    await screen.shows(MENU);
    for (const before of ["", "SIGINT[\\s\\S]*"]) {
      const [, url] = await screen.press("1", new RegExp(`${before}keyproxy listens on (http:\\S+)/v1`));
      assert.ok(!screen.isAlternate());
      const answer = await fetch(`${url}/healthz`);
      await answer.body?.cancel();
      assert.equal(answer.status, 200);
      await screen.press(KEYS.ctrlC, new RegExp(`${before}SIGINT[\\s\\S]*Press Enter to go back`));
      await screen.press(KEYS.enter, MENU);
    }
    screen.type(KEYS.escape);
    assert.deepEqual(await screen.ended, { code: 0, ...SANE });
  }));

for (const signal of ["SIGTERM", "SIGHUP"] as const) {
  Deno.test(`${signal} while it serves stops the server, and the launcher with it`, () =>
    inLauncher({ env: READY }, async ({ screen }) => {
      await screen.shows(MENU);
      const [, url] = await screen.press("1", /keyproxy listens on (http:\S+)\/v1/);
      screen.signal(signal);
      assert.deepEqual(await screen.ended, { code: 130, ...SANE });
      await assert.rejects(fetch(`${url}/healthz`));
    }));
}

for (const { cols, rows } of [{ cols: 80, rows: 24 }, { cols: 200, rows: 50 }]) {
  Deno.test(`the launcher at ${cols}×${rows}, without colour`, () =>
    inLauncher({ env: READY, cols, rows, environment: { NO_COLOR: "1" } }, async ({ screen }) => {
      await screen.shows(/server +not running[\s\S]*Exit/);
      const [first, ...rest] = screen.text().split("\n");
      assert.match(first ?? "", /^keyproxy \d+\.\d+\.\d+$/);
      assert.equal(
        rest.join("\n"),
        `
  address      any free port   this machine only
  proxy key    kp-…6789
  request log  off
  credentials  1 (1 provider)
  server       not running

${ITEMS}`,
      );
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(screen.raw(), /\u001b\[[0-9;]*m/);
      assert.ok(screen.isAlternate() && !screen.isCursorShown());
      screen.resize(40, 12);
      await screen.shows(/Esc exit/);
      assert.ok(screen.text().split("\n").length <= 12);
      await screen.press("k", /› 0 {2}Exit/);
      screen.type(KEYS.enter);
      assert.deepEqual(await screen.ended, { code: 0, ...SANE });
    }));
}

Deno.test("every item opens and leads back", () =>
  inLauncher({ env: READY, environment: { MODEL_INFO_REFRESH: "off", OPENAI_API_BASE: "http://127.0.0.1:9/v1" } }, async ({ screen }) => {
    await screen.shows(MENU);
    const visits: readonly (readonly [string, RegExp])[] = [
      ["2", /^Proxy settings\n[\s\S]*Reset to defaults/],
      ["3", /^Manage credentials\n[\s\S]*Export logins/],
      ["4", /^Provider and advanced settings\n[\s\S]*Outgoing connections/],
      ["5", /^Models and filters\n[\s\S]*Names without a provider/],
      ["6", /openai {2}OpenAI[\s\S]*Press Enter to go back/],
      ["7", /^Connect a tool\n[\s\S]*Claude Code/],
      ["8", /^Configuration read again\n[\s\S]*No server runs here/],
      ["9", /^keyproxy \d[\s\S]*Every screen is also a command/],
    ];
    for (const [key, pattern] of visits) {
      await screen.press(key, pattern);
      await screen.press(KEYS.escape, MENU);
    }
    await screen.press("7", /Connect a tool/);
    await screen.press(`1${KEYS.enter}`, /1 {2}Show what to set\n/);
    await screen.press("1", /Press Enter to go back/);
    assert.match(screen.text(), /127\.0\.0\.1/);
    await screen.press(KEYS.enter, /Connect a tool/);
    await screen.press(KEYS.escape, MENU);
  }));

Deno.test("credentials are listed and removed from the menu, and Esc at a question comes back", () =>
  inLauncher({ env: READY }, async ({ screen, cwd }) => {
    await screen.shows(MENU);
    await screen.press("3", /Manage credentials/);
    await screen.press("2", /OPENAI_API_KEY[\s\S]*Press Enter to go back/);
    await screen.press(KEYS.enter, /^Manage credentials/);
    await screen.press("4", /Which[\s\S]*OPENAI_API_KEY/);
    await screen.press(KEYS.escape, /^Manage credentials/);
    await screen.press("1", /What do you want to add/);
    await screen.press(KEYS.ctrlC, /Cancelled/);
    assert.deepEqual(await screen.ended, { code: 130, ...SANE });
    assert.equal(envText(cwd), READY);
  }));

Deno.test("a port in use is one clear line, and the launcher goes on", async () => {
  // The launcher asks who is there, and lets go without a word.
  const other = createServer((socket) => void socket.on("error", () => {})).listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  assert.ok(typeof address === "object" && address !== null);
  try {
    await inLauncher({ env: READY, environment: { PORT: String(address.port) } }, async ({ screen }) => {
      await screen.shows(MENU);
      await screen.press("1", /the port is in use[\s\S]*Press Enter to go back/);
      await screen.press(KEYS.enter, MENU);
    });
  } finally {
    other.close();
  }
});

Deno.test("a configuration with problems is said in the head, and the launcher goes on", () =>
  inLauncher({ env: `${READY}MAX_QUEUE=lots\n` }, async ({ screen }) => {
    await screen.shows(/! MAX_QUEUE="lots" in \.env:5: expected a whole number from 0 to 1000000 → 4\n[\s\S]*Exit/);
    await screen.press("8", /The configuration has problems[\s\S]*MAX_QUEUE/);
    await screen.press(KEYS.enter, MENU);
  }));

Deno.test("without a terminal tui says so, names the commands and exits with 2; no arguments print help", async () => {
  const cwd = Deno.makeTempDirSync();
  try {
    const tui = await runProgram(["tui"], { cwd });
    assert.equal(tui.code, 2);
    assert.match(tui.output, /^keyproxy tui needs a terminal\.[\s\S]*keyproxy serve[\s\S]*keyproxy creds/);
    assert.ok(!existsSync(join(cwd, ".env")));
    const bare = await runProgram([], { cwd });
    assert.equal(bare.code, 2);
    assert.match(bare.output, /^Usage: keyproxy/);
  } finally {
    Deno.removeSync(cwd, { recursive: true });
  }
});

Deno.test("a terminal that cannot move its cursor gets the same answer", () =>
  inLauncher({ env: READY, environment: { TERM: "dumb" } }, async ({ screen }) => {
    await screen.shows(/keyproxy tui needs a terminal/);
    assert.deepEqual(await screen.ended, { code: 2, ...SANE });
  }));

Deno.test("no arguments on a terminal open the launcher", () =>
  inLauncher({ env: READY, args: [] }, async ({ screen, cwd }) => {
    await screen.shows(MENU);
    screen.type("q");
    assert.equal((await screen.ended).code, 0);
    assert.equal(readFileSync(join(cwd, ".env"), "utf8"), READY);
  }));
