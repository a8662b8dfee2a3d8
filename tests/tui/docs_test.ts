/** The screens in docs/tui.md are those a person sees. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startSimulator } from "../simulators/server.ts";
import { KEYS } from "../support/screen.ts";
import { inLauncher } from "./launcher.ts";

const PAGE = readFileSync(join(import.meta.dirname ?? ".", "../../docs/tui.md"), "utf8");

Deno.test("docs/tui.md shows the launcher, a filter and a change as they are", async () => {
  const screens = [...PAGE.matchAll(/^```\n([\s\S]*?)\n```$/gm)].map(([, text = ""]) => text);
  assert.equal(screens.length, 3);
  const [launcher = "?", filter = "?", change = "?"] = screens;
  await using simulator = await startSimulator({ models: ["gpt-5", "gpt-5-mini", "gpt-5-preview", "dall-e-3"] });
  const env = `PROXY_API_KEY=kp-test-key-0123456789\nOPENAI_API_KEY=sk-0123456789abcdef\nOPENAI_API_BASE=${simulator.baseUrl}\n`;
  await inLauncher({ env, environment: { HOST: "127.0.0.1", PORT: "18999" } }, async ({ screen }) => {
    await screen.shows(/server +not running[\s\S]*Exit/);
    assert.ok(screen.text().includes(launcher), screen.text());
    await screen.press("4", /^Provider and/);
    await screen.press(`1${KEYS.enter}`, /^Providers/);
    await screen.press(`2${KEYS.enter}`, /^OpenAI/);
    await screen.press("3", /0 of 4 models hidden/);
    await screen.press("*preview*,dall*", /2 of 4 models hidden\n.*preview\n.*dall/);
    assert.equal(screen.text(), filter);
    await screen.press(KEYS.enter, /not saved/);
    assert.ok(screen.text().includes(change), screen.text());
  });
});
