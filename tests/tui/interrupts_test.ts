/** Ctrl-C, signals and a lost terminal at every step: the terminal is as before, and no file is half-written. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createServer } from "node:http";
import process from "node:process";
import { KEYS, type Screen } from "../support/screen.ts";
import { envText, inLauncher, MENU, READY, SANE } from "./launcher.ts";

type Press = readonly [keys: string, shows: RegExp];

const SETTINGS: Press = ["4", /^Provider and advanced settings\n[\s\S]*Outgoing/];
const PROXY: Press = ["2", /^Proxy settings\n/];
const ROTATION: Press = ["8", /^Choosing and resting keys\n/];
const QUEUE: Press = ["3", /^MAX_QUEUE\n/];
const CHANGED: Press = [`${KEYS.ctrlU}9${KEYS.enter}`, /1 change not saved/];

const STEPS: Readonly<Record<string, readonly Press[]>> = {
  "at the launcher": [],
  "at a menu": [PROXY],
  "at a line to write in": [PROXY, ["1", /^Host\n/]],
  "at a hidden line": [PROXY, ["4", /^Proxy key\n/], ["2", /^Your own/], ["half-a-key", /› •{10}/]],
  "at a question": [PROXY, ["4", /^Proxy key\n/], ["1", /^A new proxy key\n/]],
  "in a search": [SETTINGS, [`1${KEYS.enter}`, /^Providers\n/], ["/mist", /search: mist/]],
  "with changes not saved": [SETTINGS, ROTATION, QUEUE, CHANGED],
  "at the question about changes": [SETTINGS, ROTATION, QUEUE, CHANGED, [KEYS.escape, SETTINGS[1]], [KEYS.escape, /^Leave the settings/]],
  "after a command": [["3", /^Manage credentials/], ["2", /Press Enter to go back/]],
  "at a command's question": [["3", /^Manage credentials/], ["4", /Which one do you want to remove/]],
};

async function go(screen: Screen, presses: readonly Press[]): Promise<void> {
  await screen.shows(MENU);
  for (const [keys, pattern] of presses) await screen.press(keys, pattern);
}

for (const [where, presses] of Object.entries(STEPS)) {
  Deno.test(`Ctrl-C ${where} leaves with 130, a sane terminal and the files as they were`, () =>
    inLauncher({ env: READY }, async ({ screen, cwd }) => {
      await go(screen, presses);
      screen.type(KEYS.ctrlC);
      assert.deepEqual(await screen.ended, { code: 130, ...SANE });
      assert.equal(envText(cwd), READY);
      assert.deepEqual(readdirSync(cwd).filter((name) => /tmp$|lock$|launcher_config|\.bak$/.test(name)), []);
    }));
}

Deno.test("Ctrl-C at the welcome leaves with the key written", () =>
  inLauncher({ env: "" }, async ({ screen, cwd }) => {
    const [, key] = await screen.shows(/(kp-[0-9A-Za-z]{32})/);
    screen.type(KEYS.ctrlC);
    assert.deepEqual(await screen.ended, { code: 130, ...SANE });
    assert.equal(envText(cwd), `PROXY_API_KEY=${key}\n`);
  }));

Deno.test("a signal at a question of a command gives the terminal back as Ctrl-C does", () =>
  inLauncher({ env: READY }, async ({ screen, cwd }) => {
    await screen.shows(MENU);
    await screen.press("3", /^Manage credentials/);
    await screen.press("1", /What do you want to add\?/);
    screen.signal("SIGTERM");
    assert.deepEqual(await screen.ended, { code: 130, ...SANE });
    assert.equal(envText(cwd), READY);
  }));

Deno.test("keys typed ahead and Esc in one go are taken one after the other", () =>
  inLauncher({ env: READY }, async ({ screen }) => {
    await screen.shows(MENU);
    await screen.press(`2${KEYS.down}${KEYS.enter}`, /^Port\n/);
    await screen.press(KEYS.escape, /^Proxy settings/);
  }));

Deno.test("Ctrl-Z gives the terminal back at a menu too, and Ctrl-L draws it anew", () =>
  inLauncher({ env: READY }, async ({ screen }) => {
    await screen.shows(MENU);
    await screen.press("2", /^Proxy settings/);
    const before = screen.raw().length;
    // Where no shell takes over, the screen comes back by itself.
    await screen.press("\x1a", /^Proxy settings/);
    assert.match(JSON.stringify(screen.raw().slice(before)), /\[\?1049l.*\[\?1049h/);
    await screen.press("\f", /^Proxy settings/);
    screen.type(KEYS.ctrlC);
    assert.deepEqual(await screen.ended, { code: 130, ...SANE });
  }));

Deno.test("Ctrl-C does not wait for a server that never answers", async () => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const address = silent.address();
  assert.ok(typeof address === "object" && address !== null);
  const { port } = address;
  try {
    await inLauncher({ env: READY, environment: { PORT: String(port) } }, async ({ screen }) => {
      await screen.shows(MENU);
      await screen.press("6", /^Asking the server …$/);
      screen.type(KEYS.ctrlC);
      assert.deepEqual(await screen.ended, { code: 130, ...SANE });
    });
  } finally {
    silent.closeAllConnections();
    silent.close();
  }
});

Deno.test("SIGTERM leaves the terminal as Ctrl-C does", () =>
  inLauncher({ env: READY }, async ({ screen }) => {
    await screen.shows(MENU);
    await screen.press("2", /^Proxy settings/);
    process.kill(screen.pid(), "SIGTERM");
    assert.deepEqual(await screen.ended, { code: 130, ...SANE });
  }));
