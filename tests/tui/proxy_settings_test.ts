/** The proxy settings on a screen: each changed and saved where it belongs, and nothing lost on the way. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { KEYS } from "../support/screen.ts";
import { envText, inLauncher, MENU, READY } from "./launcher.ts";

const SETTINGS_SCREEN = /^Proxy settings\n[\s\S]*Reset to defaults/;
const config = (cwd: string) => {
  const { last_updated, ...rest } = JSON.parse(readFileSync(join(cwd, "launcher_config.json"), "utf8"));
  assert.match(last_updated, /^\d{4}-\d\d-\d\dT/);
  return rest;
};

Deno.test("host, port and request log go into launcher_config.json, are used by the next start, and can be reset", () =>
  inLauncher({ env: READY, files: { "launcher_config.json": '{"theme": "dark"}' } }, async ({ screen, cwd }) => {
    await screen.shows(MENU);
    await screen.press("2", SETTINGS_SCREEN);
    await screen.press("1", /^Host\n[\s\S]*› 127\.0\.0\.1/);
    await screen.press(`${KEYS.ctrlU}no host${KEYS.enter}`, /Expected an address or host name/);
    await screen.press(`${KEYS.ctrlU}localhost${KEYS.enter}`, /Host +localhost {2}\(launcher_config\.json\)/);
    await screen.press("2", /^Port\n/);
    await screen.press(`${KEYS.ctrlU}70000${KEYS.enter}`, /Expected a whole number from 0 to 65535/);
    await screen.press(`${KEYS.ctrlU}18473${KEYS.enter}`, /Port +18473 {2}\(launcher_config\.json\)/);
    await screen.press("3", /^Request log\n/);
    await screen.press("1", /Request log +on {2}\(launcher_config\.json\)/);
    assert.deepEqual(config(cwd), { theme: "dark", host: "localhost", port: 18473, enable_request_logging: true });
    await screen.press(KEYS.escape, /address +http:\/\/localhost:18473\/v1[\s\S]*request log +on[\s\S]*server +not running/);
    await screen.press("2", SETTINGS_SCREEN);
    await screen.press("5", /^Reset to defaults\n/);
    await screen.press(KEYS.enter, /^Proxy settings\n[\s\S]*Port +18473/);
    await screen.press("5", /^Reset to defaults\n/);
    await screen.press("2", /Host +127\.0\.0\.1 {2}\(\.env\)[\s\S]*Port +0 {2}\(\.env\)/);
    assert.deepEqual(config(cwd), { theme: "dark" });
    assert.equal(envText(cwd), READY);
  }));

Deno.test("the proxy key is shown in part, made anew, set and removed, each after a question", () =>
  inLauncher({ env: READY }, async ({ screen, cwd }) => {
    await screen.shows(MENU);
    await screen.press("2", /Proxy key +kp-…6789 {2}\(\.env\)/);
    await screen.press("4", /^Proxy key\n[\s\S]*Now: kp-…6789/);
    await screen.press("1", /^A new proxy key\n[\s\S]*old key is refused/);
    await screen.press("1", SETTINGS_SCREEN);
    assert.equal(envText(cwd), READY);
    await screen.press("4", /^Proxy key\n/);
    await screen.press("1", /^A new proxy key\n/);
    const [, key = "?"] = await screen.press("2", /only now:\n\n {4}(kp-[0-9A-Za-z]{32})\n/);
    assert.match(envText(cwd), new RegExp(`^PROXY_API_KEY=${key}\n`));
    await screen.press(KEYS.enter, new RegExp(`Proxy key +kp-…${key.slice(-4)}`));
    await screen.press("4", /^Proxy key\n/);
    await screen.press("2", /^Your own proxy key\n/);
    await screen.press(`short${KEYS.enter}`, /› •{5}\n[\s\S]*at least 8 characters/);
    await screen.press(`${KEYS.ctrlU}my-own-proxy-key${KEYS.enter}`, /^Another proxy key\n/);
    await screen.press("2", /^Saved\n/);
    assert.match(envText(cwd), /^PROXY_API_KEY=my-own-proxy-key\n/);
    await screen.press(KEYS.enter, SETTINGS_SCREEN);
    await screen.press("4", /^Proxy key\n/);
    await screen.press("3", /^No proxy key\n[\s\S]*Every program on this machine/);
    await screen.press("2", /^Removed\n/);
    assert.doesNotMatch(envText(cwd), /PROXY_API_KEY/);
    await screen.press(KEYS.enter, SETTINGS_SCREEN);
    await screen.press("1", /^Host\n/);
    await screen.press(`${KEYS.ctrlU}0.0.0.0${KEYS.enter}`, /^No proxy key is set\n/);
    await screen.press(KEYS.escape, SETTINGS_SCREEN);
    assert.ok(!existsSync(join(cwd, "launcher_config.json")));
  }));

Deno.test("a host that locks out clients of other machines is asked about first", () =>
  inLauncher({ env: READY.replace("127.0.0.1", "0.0.0.0") }, async ({ screen, cwd }) => {
    await screen.shows(MENU);
    await screen.press("2", /Host +0\.0\.0\.0 {2}\(\.env\)/);
    await screen.press("1", /^Host\n/);
    await screen.press(`${KEYS.ctrlU}127.0.0.1${KEYS.enter}`, /^This machine only\n[\s\S]*locked out/);
    await screen.press(KEYS.enter, /Host +0\.0\.0\.0 {2}\(\.env\)/);
    assert.ok(!existsSync(join(cwd, "launcher_config.json")));
    await screen.press("1", /^Host\n/);
    await screen.press(`${KEYS.ctrlU}127.0.0.1${KEYS.enter}`, /^This machine only\n/);
    await screen.press("2", /Host +127\.0\.0\.1 {2}\(launcher_config\.json\)/);
  }));

Deno.test("a proxy key of the environment is not edited", () =>
  inLauncher({ env: "OPENAI_API_KEY=sk-0123456789abcdef\n", environment: { PROXY_API_KEY: "kp-from-outside-01" } }, async ({ screen }) => {
    await screen.shows(MENU);
    await screen.press("2", /Proxy key +kp-…e-01 {2}\(environment\)/);
    await screen.press("4", /comes from the environment, which is stronger than \.env/);
  }));

Deno.test("a corrupt launcher_config.json is left alone until the user agrees to rename it", () =>
  inLauncher({ env: READY, files: { "launcher_config.json": "{ port: 1" } }, async ({ screen, cwd }) => {
    await screen.shows(/! launcher_config\.json is left alone: it is not valid JSON → 2\n[\s\S]*Exit/);
    await screen.press("2", SETTINGS_SCREEN);
    await screen.press("2", /^Port\n/);
    await screen.press(`${KEYS.ctrlU}9000${KEYS.enter}`, /^launcher_config\.json is left alone\n[\s\S]*Mend it/);
    await screen.press(KEYS.enter, SETTINGS_SCREEN);
    assert.equal(readFileSync(join(cwd, "launcher_config.json"), "utf8"), "{ port: 1");
    await screen.press("2", /^Port\n/);
    await screen.press(`${KEYS.ctrlU}9000${KEYS.enter}`, /is left alone\n/);
    await screen.press("2", /Port +9000 {2}\(launcher_config\.json\)/);
    assert.deepEqual(config(cwd), { port: 9000 });
    const [aside = "?"] = readdirSync(cwd).filter((name) => name.endsWith(".bad"));
    assert.equal(readFileSync(join(cwd, aside), "utf8"), "{ port: 1");
  }));
