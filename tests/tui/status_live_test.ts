/** The live status of a real server: a key meets its limit, is refused, reset, switched off and on, and the server goes. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chat, KEY_A, KEY_B, keysSeen, TWO_KEYS } from "../http/chat.ts";
import { rateLimited, rejectedKey } from "../simulators/steps.ts";
import { startGateway } from "../support/gateway.ts";
import { KEYS, start } from "../support/screen.ts";

Deno.test("a person sees a key rest and count down, ends it, takes a key out and puts it back, and is told when the server goes", async () => {
  await using gateway = await startGateway({ env: TWO_KEYS });
  const cwd = await mkdtemp(join(tmpdir(), "keyproxy-live-"));
  const screen = start(["status", "--watch", "--url", `http://127.0.0.1:${gateway.port}`], { cwd });
  try {
    await screen.shows(/● live\n0 in flight · 0 finished[^]*\nlocal /);
    gateway.simulator.script({ key: KEY_A }, rateLimited({ retryAfterSeconds: 50 }));
    assert.equal((await chat(gateway)).status, 200);
    await screen.shows(/▸ {2}1 sk-a…2222 +● ready[^]*└ m: rate limit, free in (50|4\d)s/);
    await screen.shows(/LAST REQUESTS[^]*✔ 200 .*local:1 429 › local:2 ok/);
    await screen.shows(/free in 4[0-8]s/);
    await screen.press("r", /local:1 sk-a…2222 was reset/);
    await screen.shows(/^(?![^]*rate limit, free in)[^]*● live/);

    gateway.simulator.script({ key: KEY_A }, rejectedKey());
    assert.equal((await chat(gateway)).status, 200);
    await screen.shows(/1 sk-a…2222 +✖ quarantined [45]m[0-9]{2}s[^]*└ rejected by provider, then tried again/);
    await screen.press("r", /was reset/);
    await screen.shows(/1 sk-a…2222 +● ready/);

    await screen.press("d", /Disable local:1 sk-a…2222\?/);
    await screen.press("y", /local:1 sk-a…2222 is disabled/);
    await screen.shows(/1 sk-a…2222 +■ disabled/);
    const before = keysSeen(gateway).length;
    for (let round = 0; round < 3; round++) assert.equal((await chat(gateway)).status, 200);
    assert.deepEqual(keysSeen(gateway).slice(before), [KEY_B, KEY_B, KEY_B]);
    await screen.press("e", /Enable local:1/);
    await screen.press("y", /is enabled/);
    await screen.shows(/1 sk-a…2222 +● ready/);

    await gateway.close();
    await screen.shows(/✖ no server, \d+s old/);
    await screen.shows(/No server at .*keyproxy serve/);
    screen.type(KEYS.ctrlC);
    assert.deepEqual(await screen.ended, { code: 130, isLineSane: true, isCursorShown: true, isAlternate: false });
  } finally {
    screen.type(KEYS.ctrlC);
    await screen.ended;
    await rm(cwd, { recursive: true, force: true });
  }
});
