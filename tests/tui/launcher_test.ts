import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { KEYS } from "../support/screen.ts";
import { inLauncher, MENU } from "./launcher.ts";

Deno.test("the first run makes a proxy key, shows it whole once and opens the launcher; exit leaves a sane terminal", async () => {
  await inLauncher({ env: "" }, async ({ screen, cwd }) => {
    const [, key] = await screen.shows(/Welcome\n[\s\S]*\n {4}(kp-[0-9A-Za-z]{32})\n/);
    assert.equal(readFileSync(join(cwd, ".env"), "utf8"), `PROXY_API_KEY=${key}\n`);
    await screen.press(KEYS.enter, MENU);
    assert.ok(!screen.text().includes(key ?? "?"));
    assert.match(screen.text(), new RegExp(`proxy key +kp-…${key?.slice(-4)}\\n`));
    assert.match(screen.text(), /! No credentials yet: add a key or a login → 3\n/);
    screen.type("0");
    assert.deepEqual(await screen.ended, { code: 0, isLineSane: true, isCursorShown: true, isAlternate: false });
    assert.ok(!existsSync(join(cwd, "launcher_config.json")));
  });
});

Deno.test("run the proxy serves until Ctrl-C and comes back to the menu", async () => {
  await inLauncher(
    { env: "PROXY_API_KEY=kp-test-key-0123456789\nOPENAI_API_KEY=sk-0123456789abcdef\nHOST=127.0.0.1\nPORT=0\n" },
    async ({ screen }) => {
      await screen.shows(MENU);
      const [, url] = await screen.press("1", /keyproxy listens on (http:\S+)\/v1/);
      assert.ok(!screen.isAlternate());
      assert.equal((await fetch(`${url}/healthz`).then(async (it) => [it.status, await it.body?.cancel()]))[0], 200);
      await screen.press(KEYS.ctrlC, /Press Enter to go back/);
      await screen.press(KEYS.enter, MENU);
      screen.type(KEYS.escape);
      assert.deepEqual(await screen.ended, { code: 0, isLineSane: true, isCursorShown: true, isAlternate: false });
    },
  );
});
