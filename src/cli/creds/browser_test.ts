/** When a browser is opened: only where there is a screen at which somebody sits. */
import assert from "node:assert/strict";
import { hasBrowser } from "./browser.ts";

Deno.test("a browser is opened only where somebody could see it", () => {
  assert.equal(hasBrowser({ DISPLAY: ":0" }, "linux"), true);
  assert.equal(hasBrowser({ WAYLAND_DISPLAY: "wayland-0" }, "linux"), true);
  assert.equal(hasBrowser({}, "linux"), false);
  assert.equal(hasBrowser({}, "darwin"), true);
  assert.equal(hasBrowser({ DISPLAY: ":10", SSH_CONNECTION: "a 1 b 2" }, "linux"), false);
});
